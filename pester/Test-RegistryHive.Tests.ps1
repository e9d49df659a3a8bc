Describe 'Test-RegistryHive' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-RegistrySample
        $broken = Copy-Hive SYSTEM "$($sample.Folder)/broken"
        Edit-Hive $broken 'Windows'
    }

    AfterAll { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'finds nothing wrong with a sound hive' {
        $before = Get-Fingerprint $sample.System
        $test = Test-RegistryHive $sample.System
        $test | Should -BeOfType ([ImageServicing.RegistryHiveTest])
        $test.HivePath | Should -Be $sample.System
        $test.Sound | Should -BeTrue
        $test.State | Should -Be 'Clean'
        $test.DefectCount | Should -Be 0
        $test.KeyCount | Should -Be @(Get-ImageRegistryKey '\' -Recurse -HivePath $sample.System).Count
        $test.ValueCount | Should -Be @(Get-ImageRegistryKey '\' -Recurse -HivePath $sample.System | Get-ImageRegistryValue).Count
        $test.Recovery | Should -BeNullOrEmpty
        Get-Fingerprint $sample.System | Should -Be $before
    }

    It 'names every defect with its offset' {
        $test = Test-RegistryHive $broken
        $test.Sound | Should -BeFalse
        $test.DamageCount | Should -BeGreaterThan 0
        $test.Defects[0] | Should -BeOfType ([ImageServicing.RegistryHiveDefect])
        ($test.Defects | Where-Object Severity -eq Damage).Offset | Should -Not -BeNullOrEmpty
        $test.Defects[0].Text | Should -Not -BeNullOrEmpty
    }

    It 'tests all hives of an image, or the one that a key leads to' {
        $tests = @(Test-RegistryHive -Path $sample.Path)
        $tests.Key | Should -Contain 'HKEY_LOCAL_MACHINE\SOFTWARE'
        ($tests | Where-Object Sound -ne $true) | Should -BeNullOrEmpty
        $one = Test-RegistryHive -Path $sample.Path -Key HKLM\SYSTEM\CurrentControlSet\Control
        $one.Hive | Should -Be '\Windows\System32\config\SYSTEM'
        $one.Path | Should -Be $sample.Path
        @(Get-Image -Mounted | Where-Object Path -eq $sample.Path | Test-RegistryHive).Count | Should -Be $tests.Count
    }

    It 'says of a hive that was not closed cleanly what state it is in' {
        $dirty = Copy-Hive SYSTEM "$($sample.Folder)/dirty"
        Set-HiveDirty $dirty
        $before = Get-Fingerprint $dirty
        $test = Test-RegistryHive $dirty
        $test.State | Should -Be 'Dirty'
        $test.Recovery.Recovered | Should -BeFalse
        Get-Fingerprint $dirty | Should -Be $before
    }

    It 'says that a file is no hive, and tests the others' {
        [System.IO.File]::WriteAllText("$($sample.Folder)/other", 'not a hive' * 1000)
        $tests = @(Test-RegistryHive "$($sample.Folder)/other", $sample.System)
        $bad = $tests | Where-Object Hive -Like '*other'
        $bad.Sound | Should -BeFalse
        "$($bad.Defects[0])" | Should -BeLike "0x0:*does not start with 'regf'*"
        ($tests | Where-Object HivePath -eq $sample.System).Sound | Should -BeTrue
    }

    It 'takes wildcards, paths and files from the pipeline' {
        @(Test-RegistryHive "$($sample.Folder)/S*") | Should -HaveCount 2
        @($sample.System, $sample.Software | Test-RegistryHive) | Should -HaveCount 2
        @([System.IO.FileInfo]::new($sample.System) | Test-RegistryHive) | Should -HaveCount 1
    }

    It 'reports a file that is not there' {
        Test-RegistryHive "$($sample.Folder)/none" -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }
}
