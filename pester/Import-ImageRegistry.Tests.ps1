Describe 'Import-ImageRegistry' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-RegistrySample
        $file = New-RegFile "$($sample.Folder)/tweaks.reg" '[HKEY_LOCAL_MACHINE\SOFTWARE\Contoso\Agent]', '"Level"=dword:00000005', '@="on"', '',
            '[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Windows]', '"CSDVersion"=-', '', '[-HKEY_LOCAL_MACHINE\SYSTEM\Setup]'
        $faulty = New-RegFile "$($sample.Folder)/faulty.reg" '[HKEY_LOCAL_MACHINE\SOFTWARE\Good]', '"a"=dword:1', '"b"=nothing', '[HKEY_LOCAL_MACHINE\NoSuchHive\Key]', '"c"=dword:1'
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'does what a file says, in one transaction' {
        $report = Import-ImageRegistry $file -Path $sample.Path
        $report | Should -BeOfType ([ImageServicing.RegistryImportReport])
        $report.FilePath | Should -Be $file
        $report.Path | Should -Be $sample.Path
        $report.Applied | Should -BeTrue
        $report.KeysCreated | Should -Be 2
        $report.KeysDeleted | Should -Be 1
        $report.ValuesSet | Should -Be 2
        $report.ValuesDeleted | Should -Be 1
        $report.ErrorCount | Should -Be 0
        (Get-Image -Mounted | Where-Object Path -eq $sample.Path).PendingTransactions | Should -Be 1
        (Get-ImageRegistryValue HKLM\SOFTWARE\Contoso\Agent -Path $sample.Path).Value | Should -Be 5, 'on'
        Get-ImageRegistryKey HKLM\SYSTEM\Setup -Path $sample.Path -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        (Get-ImageRegistryValue HKLM\SYSTEM\ControlSet001\Control\Windows -Path $sample.Path).Name | Should -Be 'CSDBuildNumber'
    }

    It 'says with -WhatIf what it would do, and does not do it' {
        $report = Import-ImageRegistry $file -Path $sample.Path -WhatIf
        $report.Applied | Should -BeFalse
        $report.KeysCreated | Should -Be 2
        $report.ValuesSet | Should -Be 2
        (Get-Image -Mounted | Where-Object Path -eq $sample.Path).PendingTransactions | Should -Be 0
        Get-ImageRegistryKey HKLM\SOFTWARE\Contoso -Path $sample.Path -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $before = Get-Fingerprint $sample.System
        $null = Import-ImageRegistry (New-RegFile "$($sample.Folder)/x.reg" '[HKEY_LOCAL_MACHINE\X\Y]') -HivePath $sample.System -WhatIf
        Get-Fingerprint $sample.System | Should -Be $before
    }

    It 'takes the name of the hive from the first key of a file, or from -Mapping' {
        $offline = New-RegFile "$($sample.Folder)/offline.reg" '[HKEY_LOCAL_MACHINE\Offline\A]', '"a"=dword:1', '[HKEY_LOCAL_MACHINE\Offline\B]'
        $null = Import-ImageRegistry $offline -HivePath $sample.System
        (Get-ImageRegistryValue \A a -HivePath $sample.System).Value | Should -Be 1
        $null = Import-ImageRegistry $offline -HivePath $sample.System -Mapping @{ 'HKLM\Offline' = '\Below' }
        (Get-ImageRegistryKey \Below -Depth 1 -HivePath $sample.System).Key | Should -Be '\Below', '\Below\A', '\Below\B'
        $null = Import-ImageRegistry $offline -Path $sample.Path -Mapping @{ 'HKEY_LOCAL_MACHINE\Offline' = 'Registry::HKLM\SOFTWARE\Mapped' }
        (Get-ImageRegistryValue HKLM\SOFTWARE\Mapped\A a -Path $sample.Path).Value | Should -Be 1
    }

    It 'takes -CurrentUser for HKEY_CURRENT_USER' {
        $user = New-RegFile "$($sample.Folder)/user.reg" '[HKEY_CURRENT_USER\Software\Contoso]', '"a"=dword:1'
        $null = Import-ImageRegistry $user -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed
        "$($failed[0])" | Should -BeLike '*no current user*'
        $null = Import-ImageItem (Copy-Hive DEFAULT "$($sample.Folder)/NTUSER.DAT") \Users\Default\NTUSER.DAT -Path $sample.Path
        (Import-ImageRegistry $user -Path $sample.Path -CurrentUser Default).Applied | Should -BeTrue
        (Get-ImageRegistryValue HKU\Default\Software\Contoso a -Path $sample.Path).Value | Should -Be 1
    }

    It 'does nothing of a file with errors, and names each with its line' {
        $report = Import-ImageRegistry $faulty -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed
        $report.Applied | Should -BeFalse
        $report.ErrorCount | Should -Be 2
        $report.Errors.Line | Should -Be 5, 6
        $failed | Should -HaveCount 2
        $failed[0].FullyQualifiedErrorId | Should -Be 'RegistrationFileInvalid,ImageServicing.Cmdlets.ImportImageRegistryCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ParserError'
        $failed[1].CategoryInfo.Category | Should -Be 'InvalidData'
        $failed[0].TargetObject | Should -Be $faulty
        "$($failed[0])" | Should -BeLike "$faulty`: line 5*"
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-SkipErrors*'
        (Get-Image -Mounted | Where-Object Path -eq $sample.Path).PendingTransactions | Should -Be 0
    }

    It 'does the rest of it with -SkipErrors' {
        $report = Import-ImageRegistry $faulty -Path $sample.Path -SkipErrors -ErrorAction SilentlyContinue -ErrorVariable failed
        $report.Applied | Should -BeTrue
        $failed | Should -HaveCount 2
        (Get-ImageRegistryValue HKLM\SOFTWARE\Good -Path $sample.Path).Name | Should -Be 'a'
    }

    It 'reports <Case>, and imports the others' -TestCases @(
        @{ Case = 'a file that is not there'; Name = 'none.reg'; Content = $null; Category = 'ObjectNotFound' }
        @{ Case = 'a file that is no registration file'; Name = 'other.reg'; Content = 'hello'; Category = 'InvalidData' }
    ) {
        $bad = "$($sample.Folder)/$Name"
        if ($Content) { [System.IO.File]::WriteAllText($bad, $Content) }
        $reports = @(Import-ImageRegistry $bad, $file -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed)
        $reports | Should -HaveCount 1
        $failed | Should -HaveCount 1
        $failed[0].CategoryInfo.Category | Should -Be $Category
        $failed[0].TargetObject | Should -Be $bad
    }

    It 'reads version 4 in the code page that is given' {
        $old = "$($sample.Folder)/old.reg"
        $bytes = [System.Text.Encoding]::ASCII.GetBytes("REGEDIT4`r`n`r`n[HKEY_LOCAL_MACHINE\SOFTWARE\Old]`r`n`"a`"=`"?`"`r`n")
        $bytes[[System.Array]::IndexOf($bytes, [byte][char]'?')] = 0xC6   # a Cyrillic letter in code page 1251
        [System.IO.File]::WriteAllBytes($old, $bytes)
        $null = Import-ImageRegistry $old -Path $sample.Path -CodePage 1251
        (Get-ImageRegistryValue HKLM\SOFTWARE\Old a -Path $sample.Path).Value | Should -Be ([string] [char] 0x0416)
        Import-ImageRegistry $old -Path $sample.Path -CodePage 9999 -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        "$($failed[0])" | Should -BeLike '*9999*'
    }

    It 'takes files from the pipeline, and wildcards' {
        $second = New-RegFile "$($sample.Folder)/tweaks2.reg" '[HKEY_LOCAL_MACHINE\SOFTWARE\Second]'
        @([System.IO.FileInfo]::new($file), [System.IO.FileInfo]::new($second) | Import-ImageRegistry -Path $sample.Path) | Should -HaveCount 2
        @(Import-ImageRegistry "$($sample.Folder)/tweaks*.reg" -Path $sample.Path) | Should -HaveCount 2
        (Get-Image -Mounted | Where-Object Path -eq $sample.Path | Import-ImageRegistry $second).Applied | Should -BeTrue
    }

    It 'imports what Export-ImageRegistry wrote to the same meaning' {
        $null = Export-ImageRegistry '\' "$($sample.Folder)/all.reg" -HivePath $sample.System
        $null = Import-ImageRegistry "$($sample.Folder)/all.reg" -HivePath (Copy-Hive SAM "$($sample.Folder)/fresh")
        Compare-ImageRegistry $sample.System "$($sample.Folder)/fresh" | Should -BeNullOrEmpty
    }

    It 'leaves a sound hive behind for every real registration file' {
        $folder = [System.IO.Path]::Combine($repository, '..', 'shared', 'testdata', 'reg')
        if (-not [System.IO.Directory]::Exists($folder)) { Set-ItResult -Skipped -Because 'the foreign registration files are not here' }
        $count = 0
        foreach ($real in [System.IO.Directory]::GetFiles($folder, '*.reg', 'AllDirectories')) {
            $null = Copy-Hive SAM "$($sample.Folder)/real"
            $report = Import-ImageRegistry $real -HivePath "$($sample.Folder)/real" -SkipErrors -ErrorAction SilentlyContinue
            if ($report.Applied) { $count++ }
            (Test-RegistryHive "$($sample.Folder)/real").DefectCount | Should -Be 0 -Because $real
        }
        $count | Should -BeGreaterThan 0
    }

    It 'ends at Ctrl-C, and the hive is as it was' {
        $lines = [System.Collections.Generic.List[string]]::new()
        for ($at = 0; $at -lt 120000; $at++) { $lines.Add("[HKEY_LOCAL_MACHINE\Big\Key$($at % 200)\Sub$at]"); $lines.Add("`"Value`"=dword:$($at.ToString('x8'))") }
        $big = New-RegFile "$($sample.Folder)/big.reg" $lines
        $before = Get-Fingerprint $sample.System
        $stopped = Stop-Script "Import-ImageRegistry '$big' -HivePath '$($sample.System)'" 100
        $stopped.First | Should -Be 'ready'
        $stopped.Rest | Should -Not -Match 'never'
        Get-Fingerprint $sample.System | Should -Be $before
        @(Get-ImageRegistryKey '\' -Depth 1 -HivePath $sample.System).Key | Should -Not -Contain '\Key1'
    }
}
