Describe 'Remove-ImageRegistryKey' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-RegistrySample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'removes a key and says so' {
        $removed = Remove-ImageRegistryKey \Select -HivePath $sample.System
        $removed | Should -BeOfType ([ImageServicing.RegistryRemoval])
        $removed.Key | Should -Be '\Select'
        $removed.KeyCount | Should -Be 1
        $removed.HivePath | Should -Be $sample.System
        Get-ImageRegistryKey \Select -HivePath $sample.System -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        (Test-RegistryHive $sample.System).DefectCount | Should -Be 0
        Get-HivexDump $sample.System | Should -Not -Contain '[\Select]'
    }

    It 'removes a key with subkeys only with -Recurse' {
        $before = Get-Fingerprint $sample.System
        $count = @(Get-ImageRegistryKey \ControlSet001 -Recurse -HivePath $sample.System).Count
        Remove-ImageRegistryKey \ControlSet001 -HivePath $sample.System -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].TargetObject | Should -Be '\ControlSet001'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Recurse*'
        Get-Fingerprint $sample.System | Should -Be $before
        (Remove-ImageRegistryKey \ControlSet001 -HivePath $sample.System -Recurse).KeyCount | Should -Be $count
    }

    It 'removes keys that come along the pipeline where they are, or elsewhere' {
        $null = Get-ImageRegistryKey \Select -HivePath $sample.System | Remove-ImageRegistryKey -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed
        # In an image names start otherwise.
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'InvalidName,*'
        (Get-ImageRegistryKey HKLM\SYSTEM\Setup -Path $sample.Path | Remove-ImageRegistryKey -Recurse).Path | Should -Be $sample.Path
        (Get-ImageRegistryKey \Select -HivePath $sample.System).HivePath | Should -Be $sample.System
        (Get-ImageRegistryKey \Select, \Setup -HivePath $sample.System | Remove-ImageRegistryKey -Recurse).Key | Should -Be '\Select', '\Setup'
    }

    It 'does not take a value, a difference or a session for a key' {
        $before = Get-Fingerprint $sample.System
        { Get-ImageRegistryValue \Select Current -HivePath $sample.System | Remove-ImageRegistryKey -ErrorAction Stop } | Should -Throw
        { Get-Image -Mounted | Remove-ImageRegistryKey -Recurse -ErrorAction Stop } | Should -Throw
        $other = Copy-Hive SYSTEM "$($sample.Folder)/other"
        Set-ImageRegistryValue \Select Current 9 -HivePath $other
        { Compare-ImageRegistry $sample.System $other | Remove-ImageRegistryKey -Recurse -ErrorAction Stop } | Should -Throw
        Get-Fingerprint $sample.System | Should -Be $before
        (Get-Image -Mounted | Where-Object Path -eq $sample.Path).PendingTransactions | Should -Be 0
    }

    It 'takes keys by name for the session in the pipeline' {
        $m = Get-Image -Mounted | Where-Object Path -eq $sample.Path
        ($m | Remove-ImageRegistryKey HKLM\SYSTEM\Select).Key | Should -Be 'HKEY_LOCAL_MACHINE\SYSTEM\Select'
    }

    It 'reports <Case> and removes the others' -TestCases @(
        @{ Case = 'a key that is not there'; Key = '\None'; Id = 'RegistryItemNotFound'; Category = 'ObjectNotFound' }
        @{ Case = 'the root of a hive'; Key = '\'; Id = 'InvalidArgument'; Category = 'InvalidArgument' }
    ) {
        $removed = @(Remove-ImageRegistryKey $Key, \Select -HivePath $sample.System -Recurse -ErrorAction SilentlyContinue -ErrorVariable failed)
        $removed.Key | Should -Be '\Select'
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failed[0].CategoryInfo.Category | Should -Be $Category
    }

    It 'refuses CurrentControlSet itself, which is a link' {
        Remove-ImageRegistryKey HKLM\SYSTEM\CurrentControlSet -Path $sample.Path -Recurse -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        "$($failed[0])" | Should -BeLike '*CurrentControlSet is a link*'
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-Fingerprint $sample.System
        Remove-ImageRegistryKey \Select -HivePath $sample.System -WhatIf | Should -BeNullOrEmpty
        Get-Fingerprint $sample.System | Should -Be $before
    }
}
