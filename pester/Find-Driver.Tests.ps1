Describe 'Find-Driver' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-Sample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'finds the package of a folder that matches, and stands for its INF' {
        $all = @(Find-Driver $sample.Drivers -HardwareId 'PCI\*' -WarningAction SilentlyContinue)
        $all.Count | Should -BeGreaterThan 1
        $net = @($all | Where-Object InfPath -like '*samplenet.inf')[0]
        $found = @(Find-Driver $sample.Drivers -HardwareId $net.MatchingDeviceId.ToLowerInvariant() -WarningAction SilentlyContinue)[0]
        $found | Should -BeOfType ([ImageServicing.DriverMatch])
        "$found" | Should -Be $found.InfPath
        $found.Driver | Should -Be $found.InfPath
        $found.ClassName | Should -Be 'Net'
        $found.IdentifierScore | Should -Be 0
        $found.FeatureScore | Should -Be 255
        $found.Rank | Should -Be ($found.SignatureScore * 0x1000000 + 0xFF0000)
        $found.Path | Should -BeNullOrEmpty
    }

    It 'is an argument of Add-Driver, and comes along the pipeline' {
        $id = (Find-Driver $sample.Good1 -HardwareId '*')[0].MatchingDeviceId
        $null = Get-Image $sample.Image 1 | Mount-Image -Path $sample.Path | Add-Driver (Find-Driver $sample.Good1 -HardwareId $id) | Save-Image
        (Get-Driver -Path $sample.Path).ClassName | Should -Be 'Net'
        (Find-Driver $sample.Good2 -HardwareId 'PCI\*' -Path $sample.Path | Add-Driver -Path $sample.Path).Status | Should -Be 'Added'
        @(Get-Driver -Path $sample.Path) | Should -HaveCount 2
    }

    It 'ranks what an image has, by session and by file' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        $report = Add-Driver $sample.Good1 -Path $sample.Path
        $found = @(Find-Driver -Path $sample.Path -HardwareId 'PCI\*')
        $found[0].Driver | Should -Be $report.Driver
        $found[0].Path | Should -Be $sample.Path
        $found[0].Rank | Should -Be (Find-Driver $sample.Good1 -HardwareId 'PCI\*' -Path $sample.Path).Rank
        $null = Save-Image $sample.Path
        (Get-Image $sample.Image 1 | Find-Driver -HardwareId $found[0].MatchingDeviceId).Driver | Should -Be $report.Driver
        (Get-Image -Mounted | Find-Driver -HardwareId $found[0].MatchingDeviceId | Remove-Driver).Status | Should -Be 'Removed'
    }

    It 'warns when nothing matches, and fails without a device or for a path that is not there' {
        Find-Driver $sample.Drivers -HardwareId 'NONE\1' -WarningVariable told -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        "$told" | Should -BeLike '*no driver in*matches*'
        { Find-Driver $sample.Good1 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidArgument,ImageServicing.Cmdlets.FindDriverCmdlet'
        { Find-Driver "$($sample.Folder)/none" -HardwareId 'PCI\*' -ErrorAction Stop -WarningAction SilentlyContinue } |
            Should -Throw -ErrorId 'DriverNotFound,ImageServicing.Cmdlets.FindDriverCmdlet'
        { Find-Driver $sample.Good1 -HardwareId 'PCI\*' -WindowsVersion ten -ErrorAction Stop } | Should -Throw '*no version of Windows*'
    }

    It 'chooses by system and folder' {
        Find-Driver $sample.Good1 -HardwareId 'PCI\*' -Architecture arm64 -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        (Find-Driver $sample.Good1 -HardwareId 'PCI\*' -Architecture x64 -WindowsVersion 10.0.26100).Architecture | Should -Be 'X64'
        Find-Driver $sample.Drivers -HardwareId 'PCI\*' -Recurse:$false -WarningAction SilentlyContinue | Should -BeNullOrEmpty
    }
}
