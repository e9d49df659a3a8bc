Describe 'Repair-RegistryHive' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-RegistrySample
        $broken = Copy-Hive SYSTEM "$($sample.Folder)/broken"
        Edit-Hive $broken 'Windows'
        $new = "$($sample.Folder)/salvaged"
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'saves what is whole into a new file and says what is lost' {
        $before = Get-Fingerprint $broken
        $report = Repair-RegistryHive $broken $new -WarningVariable warned -WarningAction SilentlyContinue
        $report | Should -BeOfType ([ImageServicing.RegistryRepairReport])
        $report.Hive | Should -Be $broken
        $report.HivePath | Should -Be $new
        $report.LostCount | Should -BeGreaterThan 0
        $report.Lost[0].Reason | Should -Not -BeNullOrEmpty
        "$warned" | Should -BeLike '*are lost*'
        Get-Fingerprint $broken | Should -Be $before
        (Test-RegistryHive $new).DefectCount | Should -Be 0
        $lost = @(Compare-ImageRegistry $sample.System $new | Where-Object Item -eq Key)
        $lost.Key | Should -Be '\ControlSet001\Control\Windows'
        $null = Get-HivexDump $new
        Get-Leftover $sample.Folder | Should -BeNullOrEmpty
    }

    It 'copies all of a sound hive' {
        $report = Repair-RegistryHive $sample.System $new
        $report.LostCount | Should -Be 0
        Compare-ImageRegistry $sample.System $new | Should -BeNullOrEmpty
    }

    It 'replaces a file only with -Force' {
        [System.IO.File]::WriteAllText($new, 'old')
        Repair-RegistryHive $broken $new -WarningAction SilentlyContinue -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        [System.IO.File]::ReadAllText($new) | Should -Be 'old'
        $null = Repair-RegistryHive $broken $new -Force -WarningAction SilentlyContinue
        (Test-RegistryHive $new).Sound | Should -BeTrue
    }

    It 'replaces a hive in a session' {
        $null = Import-ImageItem $broken \Windows\System32\config\SYSTEM -Path $sample.Path -Force
        (Test-RegistryHive -Path $sample.Path -Key HKLM\SYSTEM).Sound | Should -BeFalse
        $report = Repair-RegistryHive -Path $sample.Path -Key HKLM\SYSTEM -WarningAction SilentlyContinue
        $report.Path | Should -Be $sample.Path
        $report.Hive | Should -Be '\Windows\System32\config\SYSTEM'
        $report.HivePath | Should -BeNullOrEmpty
        (Test-RegistryHive -Path $sample.Path -Key HKLM\SYSTEM).Sound | Should -BeTrue
        (Get-ImageRegistryValue HKLM\SYSTEM\Select Current -Path $sample.Path).Value | Should -Be 1
    }

    It 'takes what Test-RegistryHive found' {
        $null = Import-ImageItem $broken \Windows\System32\config\SYSTEM -Path $sample.Path -Force
        $reports = @(Test-RegistryHive -Path $sample.Path | Where-Object Sound -eq $false | Repair-RegistryHive -WarningAction SilentlyContinue)
        $reports.Hive | Should -Be '\Windows\System32\config\SYSTEM'
        (Test-RegistryHive $broken | Repair-RegistryHive -Destination $new -WarningAction SilentlyContinue).HivePath | Should -Be $new
    }

    It 'writes nothing with -WhatIf' {
        Repair-RegistryHive $broken $new -WhatIf | Should -BeNullOrEmpty
        $new | Should -Not -Exist
        Repair-RegistryHive -Path $sample.Path -Key HKLM\SYSTEM -WhatIf | Should -BeNullOrEmpty
        (Get-Image -Mounted | Where-Object Path -eq $sample.Path).PendingTransactions | Should -Be 0
    }

    It 'leaves no file behind for one that is no hive' {
        [System.IO.File]::WriteAllText("$($sample.Folder)/other", 'not a hive' * 1000)
        Repair-RegistryHive "$($sample.Folder)/other" $new -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $new | Should -Not -Exist
        Get-Leftover $sample.Folder | Should -BeNullOrEmpty
    }
}
