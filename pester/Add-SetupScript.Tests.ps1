Describe 'Add-SetupScript' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $session = Mount-Image $sample.Image 1 -Path $sample.Path
        $script = "$($sample.Folder)/first.cmd"
        [System.IO.File]::WriteAllText($script, "exit /b 0`r`n")
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'puts the script into the image and the step into the plan' {
        $added = $session | Add-SetupScript $script -Description 'the first'
        $added | Should -BeOfType ([ImageServicing.SetupScript])
        $added.Name | Should -Be 'first.cmd'
        $added.Order | Should -Be 1
        $added.Path | Should -Be $sample.Path
        $added.Description | Should -Be 'the first'
        $added.SuccessCodes -join ' ' | Should -Be '0 1641 3010'
        $null = Export-ImageItem "$($added.ItemPath)\first.cmd" "$($sample.Folder)/back.cmd" -Path $sample.Path
        Get-Fingerprint "$($sample.Folder)/back.cmd" | Should -Be (Get-Fingerprint $script)
        (Get-Unattend -Path $sample.Path).UsedPasses -join ' ' | Should -Be 'specialize'
    }

    It 'takes commands, and replaces with -Force only' {
        $null = Add-SetupScript -Command 'powercfg /h off' -Name power -SuccessCode 0, 5 -Path $sample.Path
        { Add-SetupScript -Command 'powercfg /h on' -Name power -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'ItemExists,ImageServicing.Cmdlets.AddSetupScriptCmdlet'
        (Add-SetupScript -Command 'powercfg /h on' -Name power -Path $sample.Path -Force).Command | Should -Be 'powercfg /h on'
        { Add-SetupScript -Command dir -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'InvalidArgument,ImageServicing.Cmdlets.AddSetupScriptCmdlet'
    }

    It 'changes nothing with -WhatIf' {
        Add-SetupScript $script -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        Get-SetupScript -Path $sample.Path | Should -BeNullOrEmpty
    }
}
