Describe 'Dismount-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $before = Get-Fingerprint $sample.Image
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'ends a session and emits nothing' {
        Dismount-Image $sample.Path -Discard | Should -BeNullOrEmpty
        Get-Image -Mounted | Should -BeNullOrEmpty
    }

    It 'saves before it ends the session with -Save' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        Dismount-Image $sample.Path -Save
        Get-Image -Mounted | Should -BeNullOrEmpty
        Get-Fingerprint $sample.Image | Should -Not -Be $before
        @(Mount-Image $sample.Image 1 -ReadOnly | Get-Driver) | Should -HaveCount 1
    }

    It 'saves as a further image with -Save -Append' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        $report = Dismount-Image $sample.Path -Save -Append -Name Patched -PassThru
        $report.ImageIndex | Should -Be 3
        Get-Image -Mounted | Should -BeNullOrEmpty
        Mount-Image $sample.Image 1 -ReadOnly | Get-Driver | Should -BeNullOrEmpty
        @(Mount-Image $sample.Image 3 -ReadOnly | Get-Driver) | Should -HaveCount 1
    }

    It 'drops what is staged with -Discard' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        Dismount-Image $sample.Path -Discard -Force
        Get-Fingerprint $sample.Image | Should -Be $before
        Get-Image -Mounted | Should -BeNullOrEmpty
    }

    It 'discards without a question where nobody can be asked' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        $script = "$($sample.Folder)/discard.ps1"
        [System.IO.File]::WriteAllText($script, @"
Import-Module '$repository/out/ImageServicing/ImageServicing.psd1'
Get-Image -Mounted | Dismount-Image -Discard
"@)
        $inPwsh = $Host.Name -eq 'ConsoleHost'
        $shell = if ($inPwsh) { [System.Environment]::ProcessPath } else { "$repository/out/imgsh" }
        $start = [System.Diagnostics.ProcessStartInfo]::new($shell)
        $arguments = if ($inPwsh) { '-NoProfile', '-File', $script } else { , $script }
        foreach ($argument in $arguments) { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardError = $true
        $process = [System.Diagnostics.Process]::Start($start)
        $process.StandardInput.Close()
        $errors = $process.StandardError.ReadToEndAsync()
        $process.StandardOutput.ReadToEnd() | Should -BeNullOrEmpty
        $errors.Result | Should -BeNullOrEmpty
        $process.WaitForExit()
        Get-Image -Mounted | Should -BeNullOrEmpty
        Get-Fingerprint $sample.Image | Should -Be $before
    }

    It 'ends every session of the pipeline once' {
        $other = New-Sample
        $null = Mount-Image $other.Image 1
        $null = Add-Driver $sample.Good1, $sample.Good2 -Path $sample.Path | Dismount-Image -Save
        @(Get-Image -Mounted) | Should -HaveCount 1
        Get-Image -Mounted | Dismount-Image -Discard
        Get-Image -Mounted | Should -BeNullOrEmpty
    }

    It 'emits the report of the save, or the session, with -PassThru' {
        (Dismount-Image $sample.Path -Save -PassThru) | Should -BeOfType ([ImageServicing.SaveReport])
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        (Dismount-Image $sample.Path -Discard -PassThru) | Should -BeOfType ([ImageServicing.MountedImage])
    }

    It 'frees the image file and the path for the next session' {
        Dismount-Image $sample.Path -Discard
        (Mount-Image $sample.Image 2 -Path $sample.Path).ImageIndex | Should -Be 2
    }

    It 'changes nothing with -WhatIf' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        Dismount-Image $sample.Path -Discard -WhatIf
        Dismount-Image $sample.Path -Save -WhatIf
        (Get-Image -Mounted).PendingOperations | Should -BeGreaterThan 0
        Get-Fingerprint $sample.Image | Should -Be $before
    }

    It 'ends a session whose image file is gone' {
        [System.IO.File]::Delete($sample.Image)
        Dismount-Image $sample.Path -Discard -ErrorAction Stop
        Get-Image -Mounted | Should -BeNullOrEmpty
    }

    It 'refuses a session that is not there' {
        { Dismount-Image "$($sample.Folder)/none" -Discard -ErrorAction Stop } |
            Should -Throw -ErrorId 'SessionNotFound,ImageServicing.Cmdlets.DismountImageCmdlet'
    }

    It 'does not take -Save and -Discard together' {
        { Dismount-Image $sample.Path -Save -Discard } |
            Should -Throw -ErrorId 'AmbiguousParameterSet,ImageServicing.Cmdlets.DismountImageCmdlet'
    }

    It 'completes -Path with the sessions' {
        Get-Completion 'Dismount-Image ' | Should -Contain $sample.Path
    }
}
