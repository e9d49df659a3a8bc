Describe 'Export-ImageRegistry' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-RegistrySample
    }

    BeforeEach { $file = [System.IO.Path]::Combine($sample.Folder, [System.Guid]::NewGuid().ToString('N') + '.reg') }

    AfterAll { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'writes a key with all below it' {
        $report = Export-ImageRegistry '\DriverDatabase' $file -HivePath $sample.System
        $report | Should -BeOfType ([ImageServicing.RegistryExportReport])
        $report.FilePath | Should -Be $file
        $report.Key | Should -Be '\DriverDatabase'
        $report.KeyCount | Should -Be @(Get-ImageRegistryKey \DriverDatabase -Recurse -HivePath $sample.System).Count
        $report.ErrorCount | Should -Be 0
        $report.HivePath | Should -Be $sample.System
        [System.IO.File]::ReadAllBytes($file)[0, 1] | Should -Be 0xFF, 0xFE
        [System.IO.File]::ReadAllText($file) | Should -BeLike 'Windows Registry Editor Version 5.00*'
        Get-Leftover $sample.Folder | Should -BeNullOrEmpty
    }

    It 'uses the full names of an image' {
        $null = Export-ImageRegistry HKLM\SYSTEM\CurrentControlSet\Control\Windows $file -Path $sample.Path
        $text = [System.IO.File]::ReadAllText($file)
        $text | Should -BeLike '*`[HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Control\Windows`]*'
        $text | Should -BeLike '*"CSDBuildNumber"=dword:0000020d*'
    }

    It 'writes the name that -As says' {
        $null = Export-ImageRegistry \Select $file -HivePath $sample.System -As 'Registry::HKEY_LOCAL_MACHINE\Offline\Select'
        [System.IO.File]::ReadAllText($file) | Should -BeLike '*`[HKEY_LOCAL_MACHINE\Offline\Select`]*'
    }

    It 'writes version 4 in a code page' {
        $hive = Copy-Hive SYSTEM "$($sample.Folder)/cyrillic"
        Set-ImageRegistryValue \Select Letter ([string] [char] 0x0416) -HivePath $hive
        $null = Export-ImageRegistry \Select $file -HivePath $hive -Version 4 -CodePage 1251
        $bytes = [System.IO.File]::ReadAllBytes($file)
        [System.Text.Encoding]::ASCII.GetString($bytes) | Should -BeLike 'REGEDIT4*'
        [System.Array]::IndexOf($bytes, [byte] 0xC6) | Should -BeGreaterThan 0
    }

    It 'replaces a file only with -Force' {
        [System.IO.File]::WriteAllText($file, 'old')
        Export-ImageRegistry \Select $file -HivePath $sample.System -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        [System.IO.File]::ReadAllText($file) | Should -Be 'old'
        (Export-ImageRegistry \Select $file -HivePath $sample.System -Force).ValueCount | Should -Be 4
    }

    It 'writes no file for <Case>' -TestCases @(
        @{ Case = 'a key that is not there'; Key = '\None'; Category = 'ObjectNotFound' }
    ) {
        Export-ImageRegistry $Key $file -HivePath $sample.System -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be $Category
        $file | Should -Not -Exist
        Get-Leftover $sample.Folder | Should -BeNullOrEmpty
    }

    It 'writes nothing with -WhatIf' {
        Export-ImageRegistry \Select $file -HivePath $sample.System -WhatIf | Should -BeNullOrEmpty
        $file | Should -Not -Exist
    }

    It 'keeps the secrets of SAM unless -Force is given' {
        Export-ImageRegistry HKLM\SAM $file -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        "$($failed[0])" | Should -BeLike '*secrets*'
        (Export-ImageRegistry HKLM\SAM $file -Path $sample.Path -Force).KeyCount | Should -Be 1
    }

    It 'writes a file that hivexregedit merges to the same hive' {
        $program = Find-Program 'hivexregedit'
        if (-not $program) { Set-ItResult -Skipped -Because 'hivexregedit is not installed' }
        $null = Export-ImageRegistry \DriverDatabase $file -HivePath $sample.System -As HKEY_LOCAL_MACHINE\SYSTEM\DriverDatabase
        # It reads no UTF-16.
        [System.IO.File]::WriteAllText($file, [System.IO.File]::ReadAllText($file).Replace("`r", ''))
        $fresh = Copy-Hive SAM "$($sample.Folder)/merged"
        $merged = Invoke-Program $program '--merge', '--prefix', 'HKEY_LOCAL_MACHINE\SYSTEM', $fresh, $file
        $merged.Errors | Should -BeNullOrEmpty
        $values = @(Compare-ImageRegistry $sample.System $fresh -Key \DriverDatabase | Where-Object Item -eq Value)
        $values | Should -BeNullOrEmpty
    }

    It 'exports keys that come along the pipeline' {
        $report = Get-ImageRegistryKey HKLM\SYSTEM\Select -Path $sample.Path | Export-ImageRegistry -FilePath $file
        $report.Path | Should -Be $sample.Path
    }
}
