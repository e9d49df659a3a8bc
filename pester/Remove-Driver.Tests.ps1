Describe 'Remove-Driver' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'leaves the image as it was before the driver was added' {
        $report = Add-Driver $sample.Good1 -Path $sample.Path
        $removal = Remove-Driver $report.Driver -Path $sample.Path
        $removal | Should -BeOfType ([ImageServicing.DriverRemoval])
        $removal.Status | Should -Be 'Removed'
        $removal.Driver | Should -Be $report.Driver
        $removal.ProviderName | Should -Be $report.ProviderName
        $removal.Path | Should -Be $sample.Path
        $removal.Files | Should -Contain "\Windows\INF\$($report.Driver)"
        Get-Driver -Path $sample.Path | Should -BeNullOrEmpty
        Get-ImageRegistryKey "HKLM\SYSTEM\DriverDatabase\DriverInfFiles\$($report.Driver)" -Path $sample.Path `
            -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        foreach ($file in $report.Files) {
            Get-ImageItem $file -Path $sample.Path -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        }
    }

    It 'takes packages of Get-Driver from the pipeline, and goes on to Save-Image' {
        $null = Add-Driver $sample.Good1, $sample.Good2 -Path $sample.Path
        Get-Driver -Path $sample.Path | Where-Object ClassName -eq Net | Remove-Driver | Save-Image
        $left = @(Get-Driver -Path $sample.Path)
        $left | Should -HaveCount 1
        $left[0].ClassName | Should -Be 'SCSIAdapter'
    }

    It 'keeps what Windows may need to start, unless it is forced' {
        $null = Add-Driver $sample.Good2 -Path $sample.Path
        $removal = Remove-Driver samplestor.inf -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed
        $removal.Status | Should -Be 'Failed'
        $failed[0].FullyQualifiedErrorId | Should -Be 'DriverProtected,ImageServicing.Cmdlets.RemoveDriverCmdlet'
        $failed[0].Exception.HResult | Should -Be 0x80070032
        (Remove-Driver samplestor.inf -Path $sample.Path -Force).Status | Should -Be 'Removed'
    }

    It 'reports a name that no package has' {
        { Remove-Driver oem99.inf -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'DriverNotFound,ImageServicing.Cmdlets.RemoveDriverCmdlet'
        Remove-Driver 'none*' -Path $sample.Path -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'does not take every package for a pattern that only the path of the driver store fits' {
        $report = Add-Driver $sample.Good1 -Path $sample.Path
        Remove-Driver '*driverstore*' -Path $sample.Path | Should -BeNullOrEmpty
        @(Get-Driver -Path $sample.Path) | Should -HaveCount 1
        (Remove-Driver '*\samplenet.inf' -Path $sample.Path).Driver | Should -Be $report.Driver
    }

    It 'changes nothing with -WhatIf' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        Remove-Driver * -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        @(Get-Driver -Path $sample.Path) | Should -HaveCount 1
    }

    It 'completes -Driver with the published names' {
        $report = Add-Driver $sample.Good1 -Path $sample.Path
        Get-Completion "Remove-Driver -Path '$($sample.Path)' -Driver " | Should -Contain $report.Driver
    }
}
