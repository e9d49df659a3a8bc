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

    It 'chooses by hardware id and class, with wildcards' {
        $null = Add-Driver $sample.Good1, $sample.Good2 -Path $sample.Path
        $id = (Get-Driver samplenet.inf -Path $sample.Path -Detailed).Devices[0].HardwareId
        (Get-Driver -Path $sample.Path -HardwareId $id.ToLowerInvariant()).ClassName | Should -Be 'Net'
        @(Get-Driver -Path $sample.Path -HardwareId 'PCI\*') | Should -HaveCount 2
        Get-Driver -Path $sample.Path -HardwareId 'PCI' | Should -BeNullOrEmpty
        (Get-Driver -Path $sample.Path -Class 'scsi*').OriginalFileName | Should -BeLike '*samplestor.inf'
        (Get-Driver -Path $sample.Path -Class '{4d36e972-e325-11ce-bfc1-08002be10318}').ClassName | Should -Be 'Net'
        Get-Driver -Path $sample.Path -Class Net -HardwareId 'USB*' | Should -BeNullOrEmpty
        { Get-Driver samplestor.inf -Path $sample.Path -Class Net -ErrorAction Stop } |
            Should -Throw -ErrorId 'DriverNotFound,ImageServicing.Cmdlets.GetDriverCmdlet'
    }

    It 'tells devices, files and services with -Detailed' {
        $null = Add-Driver $sample.Good2 -Path $sample.Path
        (Get-Driver -Path $sample.Path).Devices | Should -BeNullOrEmpty
        $driver = Get-Driver -Path $sample.Path -Detailed
        $driver.Architecture | Should -Be 'X64'
        $driver.Intact | Should -BeTrue
        $driver.Reason | Should -BeNullOrEmpty
        $driver.Devices[0] | Should -BeOfType ([ImageServicing.DriverDevice])
        $driver.Devices[0].HardwareId | Should -BeLike 'PCI\*'
        $driver.Services[0].Name | Should -Be 'samplestor'
        $driver.Services[0].Start | Should -Be 0
        $driver.ImportDate | Should -BeGreaterThan ([System.DateTime]::Now.AddHours(-1))
        foreach ($file in $driver.Files) {
            $file.Present | Should -BeTrue
            (Get-ImageItem $file.ItemPath -Path $sample.Path).Length | Should -Be $file.Length
        }
        $lost = $driver.Files | Where-Object ItemPath -like '*.sys'
        $null = Remove-ImageItem $lost.ItemPath -Path $sample.Path
        (Get-Driver -Path $sample.Path -Detailed).Reason | Should -BeLike '*1 of its files*'
    }

    It 'chooses what is removed' {
        $null = Add-Driver $sample.Good1, $sample.Good2 -Path $sample.Path
        $provider = (Get-Driver samplenet.inf -Path $sample.Path).ProviderName
        (Get-Driver -Path $sample.Path -Class Net | Where-Object ProviderName -like "$provider*" | Remove-Driver).Status | Should -Be 'Removed'
        (Get-Driver -Path $sample.Path).ClassName | Should -Be 'SCSIAdapter'
    }

    It 'completes -HardwareId and -Class from the image' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        $id = (Get-Driver -Path $sample.Path -Detailed).Devices[0].HardwareId
        Get-Completion "Get-Driver -Path '$($sample.Path)' -HardwareId pci" | Should -Contain "'$id'"
        Get-Completion "Get-Driver -Path '$($sample.Path)' -Class " | Should -Contain 'Net'
    }
}
