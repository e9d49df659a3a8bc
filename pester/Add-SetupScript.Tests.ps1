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

    It 'runs a step at the first logon by the answer file, or else by the registry, and says so' {
        $runOnce = 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnce'
        $added = Add-SetupScript $script -Phase FirstLogon -Path $sample.Path -WarningVariable warnings -WarningAction SilentlyContinue
        $added.Phase | Should -Be 'FirstLogon'
        $warnings[0].Message | Should -BeLike '*no answer file*RunOnce*'
        (Get-ImageRegistryValue $runOnce ImageServicing -Path $sample.Path).Value | Should -BeLike '*firstboot.cmd" FirstLogon"'
        Get-Unattend -Path $sample.Path | Should -BeNullOrEmpty
        $answers = New-AnswerFile "$($sample.Folder)/u.xml"
        $null = Add-Unattend $answers -Path $sample.Path
        Get-ImageRegistryValue $runOnce ImageServicing -Path $sample.Path -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        (Get-Unattend -Path $sample.Path).UsedPasses -join ' ' | Should -Be 'specialize oobeSystem'
        $null = Remove-SetupScript first.cmd -Path $sample.Path
        $null = Export-ImageItem '\Windows\Panther\unattend.xml' "$($sample.Folder)/back.xml" -Path $sample.Path
        Get-Fingerprint "$($sample.Folder)/back.xml" | Should -Be (Get-Fingerprint $answers)
    }

    It 'says what was changed of a script, and when SetupComplete.cmd is left out' {
        [System.IO.File]::WriteAllText("$($sample.Folder)/my script.cmd", "goto a`n:a`n")
        $added = Add-SetupScript "$($sample.Folder)/my script.cmd" -Phase SetupComplete -Path $sample.Path -WarningVariable warnings -WarningAction SilentlyContinue
        $added.Name | Should -Be 'my_script.cmd'
        ($warnings | ForEach-Object Message) -join ';' | Should -BeLike '*OEM key*CR LF*'
        { Add-SetupScript $script -Phase Later -Path $sample.Path -ErrorAction Stop } | Should -Throw
    }

    It 'changes nothing with -WhatIf' {
        Add-SetupScript $script -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        Get-SetupScript -Path $sample.Path | Should -BeNullOrEmpty
    }
}
