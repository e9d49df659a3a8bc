Describe 'Test-Driver' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-Sample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'finds packages that are not signed, and says why' {
        $found = @(Test-Driver $sample.Drivers -Recurse | Where-Object DriverSignature -ne Signed)
        $found | Should -Not -BeNullOrEmpty
        @($found | Where-Object { -not $_.Reason }) | Should -BeNullOrEmpty
        @($found | Where-Object OriginalFileName -like '*unsigned*') | Should -HaveCount 1
    }

    It 'is one object for each INF, also for those that cannot be read' {
        $tests = @(Test-Driver $sample.Drivers -Recurse -ErrorAction Stop)
        $tests | Should -HaveCount 6
        $tests[0] | Should -BeOfType ([ImageServicing.DriverTest])
        $broken = $tests | Where-Object OriginalFileName -like '*broken*'
        $broken.Status | Should -Be 'Failed'
        $broken.Applicable | Should -BeFalse
        $broken.Reason | Should -Match 'line \d+'
        "$broken" | Should -Be $broken.OriginalFileName
    }

    It 'gives the whole plan against an image of a file, and leaves it as it is' {
        $before = Get-Fingerprint $sample.Image
        $test = Test-Driver $sample.Good1 -ImagePath $sample.Image -Index 1
        Get-Fingerprint $sample.Image | Should -Be $before
        Get-Image -Mounted | Should -BeNullOrEmpty
        $test.Status | Should -Be 'Planned'
        $test.Applicable | Should -BeTrue
        $test.Reason | Should -BeNullOrEmpty
        $test.PublishedName | Should -Be 'oem0.inf'
        $test.Files.Target | Should -Contain '\Windows\INF\oem0.inf'
        $test.Registry.Key | Should -Contain 'HKEY_LOCAL_MACHINE\SYSTEM\DriverDatabase'
        $test.Devices[0].HardwareId | Should -Not -BeNullOrEmpty
        $test.Signature.Files[0].Coverage | Should -Be 'Covered'
    }

    It 'feeds Add-Driver' {
        $session = Mount-Image $sample.Image 1 -Path $sample.Path
        $reports = @(Test-Driver $sample.Drivers -Recurse -Path $sample.Path |
            Where-Object DriverSignature -eq Signed | Where-Object Status -eq Planned | Add-Driver)
        $reports | Should -HaveCount 2
        @($reports | Where-Object Status -eq Added) | Should -HaveCount 2
        $tests = @($session | Test-Driver $sample.Good1)
        $tests[0].Status | Should -Be 'AlreadyPresent'
    }

    It 'tests for the system that is named' {
        @(Test-Driver $sample.Good1 -Architecture arm64 -WindowsVersion 10.0.26100).Applicable | Should -Be $false
        @(Test-Driver $sample.Good1 -Architecture x64).Applicable | Should -Be $true
        { Test-Driver $sample.Good1 -Architecture arm64 -ImagePath $sample.Image -ErrorAction Stop } |
            Should -Throw -ErrorId 'InvalidArgument,ImageServicing.Cmdlets.TestDriverCmdlet'
    }

    It 'says when a path is not there' {
        Test-Driver ./nothing-here.inf -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'DriverNotFound,ImageServicing.Cmdlets.TestDriverCmdlet'
    }
}
