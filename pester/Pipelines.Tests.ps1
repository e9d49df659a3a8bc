Describe 'Pipelines that must work as written' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $start = $ExecutionContext.SessionState.Path.CurrentLocation
    }

    BeforeEach {
        $sample = New-Sample
        # A folder with install.wim and drivers, as on the command line of the documentation.
        foreach ($package in 'good1', 'good2', 'unsigned') {
            $null = [System.IO.Directory]::CreateDirectory("$($sample.Folder)/drivers/$package")
            foreach ($file in [System.IO.Directory]::GetFiles("$($sample.Drivers)/$package")) {
                [System.IO.File]::Copy($file, "$($sample.Folder)/drivers/$package/$([System.IO.Path]::GetFileName($file))")
            }
        }
        $null = $ExecutionContext.SessionState.Path.SetLocation($sample.Folder)
    }

    AfterEach {
        $null = $ExecutionContext.SessionState.Path.SetLocation($start)
        Get-Image -Mounted | Dismount-Image -Discard -Force
    }

    It 'Mount-Image | Add-Driver | Save-Image' {
        $out = Mount-Image ./install.wim 1 | Add-Driver ./drivers -Recurse -ErrorAction SilentlyContinue | Save-Image
        $out.Saved | Should -BeTrue
        @(Get-Driver -Path $out.Path) | Should -HaveCount 2
        (Invoke-Wimlib 'verify', $sample.Image).ExitCode | Should -Be 0
    }

    It 'Get-Image | Where-Object | Mount-Image | Add-Driver | Where-Object' {
        $out = @(Get-Image ./install.wim | Where-Object EditionId -eq Professional | Mount-Image -Path ./m | Add-Driver ./drivers -Recurse -ErrorAction SilentlyContinue | Where-Object Status -ne Added)
        $out | Should -HaveCount 1
        $out[0].Status | Should -Be 'Failed'
        $out[0].InfPath | Should -BeLike '*sampleraw.inf'
        $out[0].Path | Should -Be ([System.IO.Path]::Combine($sample.Folder, 'm'))
    }

    It 'Get-Image -Mounted | Dismount-Image -Discard' {
        $before = Get-Fingerprint $sample.Image
        $null = Mount-Image ./install.wim 1 -Path ./m | Add-Driver ./drivers/good1
        # The question before unsaved changes are dropped cannot be answered in a test run.
        $ConfirmPreference = 'None'
        Get-Image -Mounted | Dismount-Image -Discard
        Get-Image -Mounted | Should -BeNullOrEmpty
        Get-Fingerprint $sample.Image | Should -Be $before
    }

    It 'Mount-Image | Add-Driver | Save-Image | Dismount-Image' {
        Mount-Image ./install.wim 1 | Add-Driver ./drivers/good1 | Save-Image | Dismount-Image -Discard
        Get-Image -Mounted | Should -BeNullOrEmpty
        @(Mount-Image ./install.wim 1 -ReadOnly | Get-Driver) | Should -HaveCount 1
    }
}
