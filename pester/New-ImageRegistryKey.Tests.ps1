Describe 'New-ImageRegistryKey' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-RegistrySample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'creates a key in a session and gives it' {
        $key = New-ImageRegistryKey HKLM\SOFTWARE\Contoso -Path $sample.Path
        $key | Should -BeOfType ([ImageServicing.ImageRegistryKey])
        $key.Key | Should -Be 'HKEY_LOCAL_MACHINE\SOFTWARE\Contoso'
        (Get-ImageRegistryKey HKLM\SOFTWARE\contoso -Path $sample.Path).Name | Should -BeExactly 'Contoso'
    }

    It 'creates keys in a hive file, which another program reads' {
        $null = New-ImageRegistryKey \Contoso, '\Contoso\Agent [1]' -HivePath $sample.System
        (Test-RegistryHive $sample.System).DefectCount | Should -Be 0
        Get-HivexDump $sample.System | Should -Contain '[\Contoso\Agent [1]]'
    }

    It 'reports <Case>' -TestCases @(
        @{ Case = 'a key that is there'; Key = '\Select'; Id = 'ItemExists'; Category = 'ResourceExists' }
        @{ Case = 'a key whose parent is missing'; Key = '\None\Key'; Id = 'RegistryItemNotFound'; Category = 'ObjectNotFound' }
    ) {
        $before = Get-Fingerprint $sample.System
        New-ImageRegistryKey $Key -HivePath $sample.System -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failed[0].CategoryInfo.Category | Should -Be $Category
        $failed[0].TargetObject | Should -Be $Key
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
        Get-Fingerprint $sample.System | Should -Be $before
        (New-ImageRegistryKey $Key -HivePath $sample.System -Force).Key | Should -Be $Key
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-Fingerprint $sample.System
        New-ImageRegistryKey \Contoso -HivePath $sample.System -WhatIf | Should -BeNullOrEmpty
        Get-Fingerprint $sample.System | Should -Be $before
        New-ImageRegistryKey HKLM\SOFTWARE\Contoso -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        (Get-Image -Mounted | Where-Object Path -eq $sample.Path).PendingTransactions | Should -Be 0
    }

    It 'is in the image after a save, and not after a discard' {
        $null = New-ImageRegistryKey HKLM\SOFTWARE\Kept -Path $sample.Path | Save-Image
        $null = New-ImageRegistryKey HKLM\SOFTWARE\Dropped -Path $sample.Path
        Dismount-Image $sample.Path -Discard -Force
        $again = Mount-Image $sample.Image 1 -Path "$($sample.Folder)/n" -ReadOnly
        ($again | Get-ImageRegistryKey HKLM\SOFTWARE\Kept).Name | Should -Be 'Kept'
        $again | Get-ImageRegistryKey HKLM\SOFTWARE\Dropped -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'makes the keys of one place in another' {
        $null = Get-ImageRegistryKey \ControlSet001\Control -HivePath $sample.System -Recurse | New-ImageRegistryKey -HivePath $sample.Software -Force
        $expected = @(Get-ImageRegistryKey \ControlSet001\Control -HivePath $sample.System -Recurse).Key
        @(Get-ImageRegistryKey \ControlSet001\Control -HivePath $sample.Software -Recurse).Key | Should -Be $expected
    }

    It 'refuses a session that was mounted read-only' {
        $null = Mount-Image $sample.Image 2 -Path "$($sample.Folder)/r" -ReadOnly
        New-ImageRegistryKey HKLM\SOFTWARE\Contoso -Path "$($sample.Folder)/r" -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'SessionReadOnly,*'
    }

    It 'changes a hive whose logs are missing only with -Force' {
        Set-HiveDirty $sample.System
        $before = Get-Fingerprint $sample.System
        New-ImageRegistryKey \Contoso -HivePath $sample.System -ErrorAction SilentlyContinue -WarningAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'HiveDirty,*'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
        Get-Fingerprint $sample.System | Should -Be $before
        $made = New-ImageRegistryKey \Contoso -HivePath $sample.System -Force -WarningVariable warned -WarningAction SilentlyContinue
        $made.Key | Should -Be '\Contoso'
        "$warned" | Should -BeLike '*what only they hold is missing*'
        (Test-RegistryHive $sample.System).State | Should -Be 'Clean'
    }
}
