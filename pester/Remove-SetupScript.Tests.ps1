Describe 'Remove-SetupScript' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        $null = Add-SetupScript -Command one -Name one -Path $sample.Path
        $null = Add-SetupScript -Command two -Name two -Path $sample.Path
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'takes one out, and all of it with the last' {
        (Remove-SetupScript one -Path $sample.Path).Command | Should -Be 'one'
        @(Get-SetupScript -Path $sample.Path) | Should -HaveCount 1
        $null = Get-SetupScript -Path $sample.Path | Remove-SetupScript
        Get-Unattend -Path $sample.Path | Should -BeNullOrEmpty
        Get-ImageItem '\Windows\Setup\ImageServicing' -Path $sample.Path -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'reports a name that no script has, and changes nothing with -WhatIf' {
        { Remove-SetupScript three -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'ItemNotFound,ImageServicing.Cmdlets.RemoveSetupScriptCmdlet'
        Remove-SetupScript one -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        @(Get-SetupScript -Path $sample.Path) | Should -HaveCount 2
    }
}
