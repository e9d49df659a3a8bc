Describe 'Get-Driver' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'lists nothing in an image without added drivers' {
        Get-Driver -Path $sample.Path | Should -BeNullOrEmpty
    }

    It 'lists a staged driver with what its INF says' {
        $report = Add-Driver $sample.Good1 -Path $sample.Path
        $driver = Get-Driver -Path $sample.Path
        @($driver) | Should -HaveCount 1
        $driver | Should -BeOfType ([ImageServicing.DriverInfo])
        $driver.Path | Should -Be $sample.Path
        $driver.Driver | Should -Be $report.Driver
        $driver.OriginalFileName | Should -BeLike '*samplenet.inf*'
        $driver.Inbox | Should -BeFalse
        $driver.ClassName | Should -Be 'Net'
        $driver.ProviderName | Should -Be $report.ProviderName
        $driver.Version | Should -Be $report.Version
        $driver.Date | Should -Be $report.Date
    }

    It 'lists it after saving and mounting again, too' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        Dismount-Image $sample.Path -Save
        $drivers = @(Mount-Image $sample.Image 1 -ReadOnly | Get-Driver)
        $drivers | Should -HaveCount 1
        $drivers[0].OriginalFileName | Should -BeLike '*samplenet.inf*'
    }

    It 'chooses by published name, original name and wildcard' {
        $null = Add-Driver $sample.Good1, $sample.Good2 -Path $sample.Path
        @(Get-Driver -Path $sample.Path) | Should -HaveCount 2
        @(Get-Driver 'oem*.inf' -Path $sample.Path) | Should -HaveCount 2
        (Get-Driver 'samplestor.inf' -Path $sample.Path).ClassName | Should -Be 'SCSIAdapter'
        Get-Driver 'nothing*' -Path $sample.Path -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'reports a name that is not there' {
        { Get-Driver 'oem99.inf' -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'DriverNotFound,ImageServicing.Cmdlets.GetDriverCmdlet'
    }

    It 'lists a session once, however often it comes along' {
        $drivers = @(Add-Driver $sample.Good1, $sample.Good2 -Path $sample.Path | Get-Driver)
        $drivers | Should -HaveCount 2
    }

    It 'completes -Driver with the published names' {
        $report = Add-Driver $sample.Good1 -Path $sample.Path
        Get-Completion "Get-Driver -Path '$($sample.Path)' -Driver " | Should -Contain $report.Driver
    }
}
