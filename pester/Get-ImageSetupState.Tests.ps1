Describe 'Get-ImageSetupState' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $stateKey = 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State'
    }

    BeforeEach {
        $sample = New-Sample
        $session = Mount-Image $sample.Image 1 -Path $sample.Path
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'says what is recorded, and with which facts' {
        $state = $session | Get-ImageSetupState
        $state | Should -BeOfType ([ImageServicing.ImageSetupState])
        $state.State | Should -Be 'Generalized'
        $state.IsGeneralized | Should -Be $true
        $state.IsOobePending | Should -Be $true
        $state.IsAudit | Should -Be $false
        $state.Path | Should -Be $sample.Path
        $state.ImagePath | Should -BeNullOrEmpty
        $fact = $state.Facts | Where-Object Name -EQ ImageState
        $fact.Value | Should -Be 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE'
        $fact.Key | Should -BeLike 'HKEY_LOCAL_MACHINE\SOFTWARE\*\Setup\State'
        $state.Reason | Should -BeLike '*IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE*'
    }

    It 'reads an image of a file without a session, from the pipeline too' {
        $null = Set-ImageRegistryValue $stateKey ImageState IMAGE_STATE_COMPLETE -Path $sample.Path
        # Not saved yet: the file does not say so.
        (Get-ImageSetupState $sample.Image 1).State | Should -Be 'Generalized'
        ($session | Get-ImageSetupState).State | Should -Be 'Complete'
        $session | Dismount-Image -Save
        $state = Get-Image $sample.Image -Index 1 | Get-ImageSetupState
        $state.State | Should -Be 'Complete'
        $state.IsGeneralized | Should -Be $false
        $state.ImagePath | Should -Be $sample.Image
        $state.ImageIndex | Should -Be 1
    }

    It 'has no opinion where nothing is recorded' {
        Remove-ImageRegistryKey $stateKey -Path $sample.Path -Recurse
        $state = Get-ImageSetupState -Path $sample.Path
        $state.State | Should -Be 'Unknown'
        $state.IsGeneralized | Should -BeNullOrEmpty
    }

    It 'refuses an image without Windows' {
        $base = New-Base
        { Get-ImageSetupState $base.Image 9 -ErrorAction Stop } |
            Should -Throw -ErrorId 'ImageIndexNotFound,ImageServicing.Cmdlets.GetImageSetupStateCmdlet'
        { Get-ImageSetupState $base.Image 1 -ErrorAction Stop } |
            Should -Throw -ErrorId 'ImageNotServiceable,ImageServicing.Cmdlets.GetImageSetupStateCmdlet'
    }
}
