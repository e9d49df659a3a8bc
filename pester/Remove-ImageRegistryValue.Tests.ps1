Describe 'Remove-ImageRegistryValue' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-RegistrySample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'removes a value and says so' {
        $removed = Remove-ImageRegistryValue \Select Failed -HivePath $sample.System
        $removed | Should -BeOfType ([ImageServicing.RegistryRemoval])
        $removed.Key | Should -Be '\Select'
        $removed.Name | Should -Be 'Failed'
        (Get-ImageRegistryValue \Select -HivePath $sample.System).Name | Should -Not -Contain 'Failed'
        (Test-RegistryHive $sample.System).DefectCount | Should -Be 0
    }

    It 'removes what matches, and the default value' {
        Set-ImageRegistryValue HKLM\SYSTEM\Select '(default)' x -Path $sample.Path
        (Remove-ImageRegistryValue HKLM\SYSTEM\Select '(default)', '*a*' -Path $sample.Path).Name | Should -Be '', 'Default', 'Failed', 'LastKnownGood'
        (Get-ImageRegistryValue HKLM\SYSTEM\Select -Path $sample.Path).Name | Should -Be 'Current'
        Remove-ImageRegistryValue HKLM\SYSTEM\Select 'z*' -Path $sample.Path -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'takes a name that really holds brackets for that name' {
        Set-ImageRegistryValue \Select '[c]*' 1 -HivePath $sample.System
        (Remove-ImageRegistryValue \Select '[c]*' -HivePath $sample.System).Name | Should -Be '[c]*'
        (Remove-ImageRegistryValue \Select '[c]*' -HivePath $sample.System).Name | Should -Be 'Current'
    }

    It 'removes values that come along the pipeline where they are' {
        $null = Get-ImageRegistryValue \Select -HivePath $sample.System | Where-Object Value -eq 1 | Remove-ImageRegistryValue
        (Get-ImageRegistryValue \Select -HivePath $sample.System).Name | Should -Be 'Failed'
        (Get-ImageRegistryValue HKLM\SYSTEM\Select Current -Path $sample.Path | Remove-ImageRegistryValue).Path | Should -Be $sample.Path
    }

    It 'removes a value of every key that comes along the pipeline' {
        Get-ImageRegistryKey \ControlSet001 -Depth 1 -HivePath $sample.System | Set-ImageRegistryValue -Name Mark -Value 1
        @(Get-ImageRegistryKey \ControlSet001 -Depth 1 -HivePath $sample.System | Remove-ImageRegistryValue -Name Mark) | Should -HaveCount 3
    }

    It 'hands the place on to the next cmdlet' {
        (Remove-ImageRegistryValue \Select Failed -HivePath $sample.System | Get-ImageRegistryKey).HivePath | Should -Be $sample.System
        (Remove-ImageRegistryValue HKLM\SYSTEM\Select Failed -Path $sample.Path | Get-ImageRegistryKey).Path | Should -Be $sample.Path
    }

    It 'reports a value that is not there and removes the others' {
        $removed = @(Remove-ImageRegistryValue \Select None, Current -HivePath $sample.System -ErrorAction SilentlyContinue -ErrorVariable failed)
        $removed.Name | Should -Be 'Current'
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'RegistryItemNotFound,ImageServicing.Cmdlets.RemoveImageRegistryValueCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].TargetObject | Should -Be '\Select\None'
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-Fingerprint $sample.System
        Remove-ImageRegistryValue \Select * -HivePath $sample.System -WhatIf | Should -BeNullOrEmpty
        Get-ImageRegistryValue \Select -HivePath $sample.System | Remove-ImageRegistryValue -WhatIf | Should -BeNullOrEmpty
        Get-Fingerprint $sample.System | Should -Be $before
    }
}
