Describe 'Add-Driver' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-Sample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'adds a package and says what it did' {
        $report = Mount-Image $sample.Image 1 -Path $sample.Path | Add-Driver $sample.Good1
        @($report) | Should -HaveCount 1
        $report | Should -BeOfType ([ImageServicing.DriverReport])
        $report.Path | Should -Be $sample.Path
        $report.Status | Should -Be 'Added'
        $report.Driver | Should -Match '^oem\d+\.inf$'
        $report.OriginalFileName | Should -BeLike '*samplenet.inf'
        $report.InfPath | Should -BeLike '*good1*samplenet.inf'
        $report.ProviderName | Should -Not -BeNullOrEmpty
        $report.ClassName | Should -Be 'Net'
        $report.Version | Should -Match '^\d+(\.\d+){3}$'
        $report.Date | Should -BeOfType ([DateTime])
        $report.DriverSignature | Should -Be 'Signed'
        $report.Files | Should -Not -BeNullOrEmpty
    }

    It 'emits one object for each INF and one error for each that is refused' {
        $reports = @(Mount-Image $sample.Image 1 | Add-Driver $sample.Drivers -Recurse -ErrorAction SilentlyContinue -ErrorVariable failed)
        $reports | Should -HaveCount 6
        @($reports | Where-Object Status -eq Added) | Should -HaveCount 2
        @($reports | Where-Object Status -eq NotApplicable) | Should -HaveCount 1
        @($reports | Where-Object Status -eq Failed) | Should -HaveCount 3
        $failed | Should -HaveCount 3
        ($reports | Where-Object Status -ne Added | Where-Object { -not $_.Reason }) | Should -BeNullOrEmpty
    }

    It 'refuses <Package> with <Id>' -TestCases @(
        @{ Package = 'unsigned'; Id = 'DriverUnsigned'; Category = 'SecurityError'; HResult = 'E000022F' }
        @{ Package = 'tampered'; Id = 'DriverTampered'; Category = 'SecurityError'; HResult = 'E000024B' }
        @{ Package = 'broken'; Id = 'InvalidData'; Category = 'InvalidData'; HResult = '8007000D' }
    ) {
        $report = Mount-Image $sample.Image 1 |
            Add-Driver "$($sample.Drivers)/$Package" -ErrorAction SilentlyContinue -ErrorVariable failed
        $report.Status | Should -Be 'Failed'
        $report.Driver | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be "$Id,ImageServicing.Cmdlets.AddDriverCmdlet"
        $failed[0].CategoryInfo.Category | Should -Be $Category
        $failed[0].TargetObject | Should -Be $report.InfPath
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult $HResult)
        $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'says in which line an INF is broken' {
        $null = Mount-Image $sample.Image 1 |
            Add-Driver "$($sample.Drivers)/broken" -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].Exception.Message | Should -BeLike '*samplebroken.inf*'
        $failed[0].Exception.Message | Should -Match 'line \d+'
    }

    It 'adds an unsigned package with -ForceUnsigned, and a tampered one' {
        $reports = @(Mount-Image $sample.Image 1 |
            Add-Driver "$($sample.Drivers)/unsigned", "$($sample.Drivers)/tampered" -ForceUnsigned -ErrorAction Stop)
        ($reports | ForEach-Object { [string] $_.Status }) | Should -Be 'Added', 'Added'
        ($reports | ForEach-Object { [string] $_.DriverSignature }) | Should -Be 'Unsigned', 'Tampered'
    }

    It 'adds only what Microsoft signed with -RequireWhql, whatever else is asked for' {
        $report = Mount-Image $sample.Image 1 |
            Add-Driver $sample.Good1 -RequireWhql -ForceUnsigned -ErrorAction SilentlyContinue -ErrorVariable failed
        $report.Status | Should -Be 'Failed'
        $report.DriverSignature | Should -Be 'Signed'
        $report.SignatureVerdict | Should -Be 'SelfSigned'
        $report.SignerName | Should -Be 'ImageServicing Samples'
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'DriverUnsigned,ImageServicing.Cmdlets.AddDriverCmdlet'
    }

    It 'says which file of -TrustedRoot holds no certificate' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        Add-Driver $sample.Good1 -Path $sample.Path -TrustedRoot "$($sample.Good1)/samplenet.inf" -ErrorAction SilentlyContinue -ErrorVariable failed |
            Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidData,ImageServicing.Cmdlets.AddDriverCmdlet'
        $failed[0].Exception.Message | Should -BeLike '*samplenet.inf*'
    }

    It 'reports a package that is present already, and does not add it twice' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path | Add-Driver $sample.Good1
        (Add-Driver $sample.Good1 -Path $sample.Path).Status | Should -Be 'AlreadyPresent'
        @(Get-Driver -Path $sample.Path) | Should -HaveCount 1
    }

    It 'tells a package for another processor from one that failed' {
        $report = Mount-Image $sample.Image 1 | Add-Driver "$($sample.Drivers)/arm64only" -ErrorAction Stop
        $report.Status | Should -Be 'NotApplicable'
        $report.Reason | Should -Not -BeNullOrEmpty
    }

    It 'takes INF files, folders, wildcards and several of them' {
        $reports = @(Mount-Image $sample.Image 1 | Add-Driver "$($sample.Good1)/*.inf", $sample.Good2)
        ($reports | ForEach-Object { [string] $_.Status }) | Should -Be 'Added', 'Added'
    }

    It 'looks below the folder only with -Recurse' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        Add-Driver $sample.Drivers -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'DriverNotFound,ImageServicing.Cmdlets.AddDriverCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'reports a path that is not there and adds the others' {
        $reports = @(Mount-Image $sample.Image 1 |
            Add-Driver "$($sample.Folder)/none", "$($sample.Folder)/none*.inf", $sample.Good1 -ErrorAction SilentlyContinue -ErrorVariable failed)
        $reports | Should -HaveCount 1
        $reports[0].Status | Should -Be 'Added'
        $failed | Should -HaveCount 2
        $failed[0].FullyQualifiedErrorId | Should -Be 'DriverNotFound,ImageServicing.Cmdlets.AddDriverCmdlet'
    }

    It 'leaves the part that starts at boot out, or writes it for others, as -BootCritical says' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        $report = Add-Driver $sample.Good1 -Path $sample.Path -BootCritical Force
        $report.Status | Should -Be 'Added'
        $report.Reason | Should -BeLike '*(Force)*not proven by booting*'
        @(Get-ImageRegistryKey 'HKLM:\SYSTEM\ControlSet001\Services\samplenet' -Path $sample.Path) | Should -HaveCount 1
        $null = Remove-Driver $report.Driver -Path $sample.Path -Force
        $report = Add-Driver $sample.Good1 -Path $sample.Path -BootCritical Never
        $report.Status | Should -Be 'Added'
        Get-ImageRegistryKey 'HKLM:\SYSTEM\ControlSet001\Services\samplenet' -Path $sample.Path -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
    }

    It 'leaves to Windows Setup what only it can install, with -Defer' {
        $folder = "$($sample.Folder)/filter"
        $null = [System.IO.Directory]::CreateDirectory($folder)
        [System.IO.File]::WriteAllText("$folder/filter.sys", 'no driver')
        [System.IO.File]::WriteAllText("$folder/filter.inf", @'
[Version]
Signature = "$WINDOWS NT$"
Class = ActivityMonitor
ClassGuid = {b86dff51-a31e-4bac-b3cf-e8cfe75c9fc2}
Provider = "Sample"
DriverVer = 01/02/2024,1.2.3.4
[DefaultInstall.NTamd64]
CopyFiles = @filter.sys
[DestinationDirs]
DefaultDestDir = 13
[SourceDisksNames]
1 = "Disk"
[SourceDisksFiles]
filter.sys = 1
'@)
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        $report = Add-Driver $folder -Path $sample.Path -ForceUnsigned -Defer
        $report.Status | Should -Be 'Deferred'
        $report.Driver | Should -Be 'filter.inf'
        $report.Reason | Should -BeLike '*no devices*pnputil*'
        $driver = Get-Driver -Path $sample.Path
        $driver.State | Should -Be 'Deferred'
        $driver.Version | Should -Be '1.2.3.4'
        @(Get-ImageItem '\Windows\Setup\Scripts\SetupComplete.cmd', '\Windows\Panther\unattend.xml' -Path $sample.Path) | Should -HaveCount 2
        (Add-Driver $folder -Path $sample.Path -ForceUnsigned).Status | Should -Be 'AlreadyPresent'
        ($driver | Remove-Driver).Status | Should -Be 'Removed'
        Get-Driver -Path $sample.Path | Should -BeNullOrEmpty
        Get-ImageItem '\Windows\Setup\ImageServicing' -Path $sample.Path -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'refuses <Line> with its line, and adds the others' -TestCases @(
        @{ Line = '..\evil.sys = 1' }
        @{ Line = 'C:\evil.sys = 1' }
        @{ Line = 'evil.sys:stream = 1' }
        @{ Line = 'NUL.sys = 1' }
    ) {
        $folder = "$($sample.Folder)/evil"
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $inf = [System.IO.File]::ReadAllText("$($sample.Good1)/samplenet.inf") -replace '(?m)^samplenet\.sys = 1', $Line
        [System.IO.File]::WriteAllText("$folder/evil.inf", $inf)
        $reports = @(Mount-Image $sample.Image 1 |
            Add-Driver $folder, $sample.Good1 -ForceUnsigned -ErrorAction SilentlyContinue -ErrorVariable failed)
        ($reports | ForEach-Object { [string] $_.Status }) | Should -Be 'Failed', 'Added'
        $failed[0].Exception.Message | Should -BeLike '*evil.inf*'
        $failed[0].Exception.Message | Should -Match 'line \d+'
    }

    It 'changes nothing with -WhatIf' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        $plans = @(Add-Driver $sample.Drivers -Path $sample.Path -Recurse -WhatIf -ErrorAction Stop)
        $plans | Should -HaveCount 6
        @($plans | Where-Object Status -eq Planned) | Should -HaveCount 2
        @($plans | Where-Object Status -eq Failed | Where-Object Reason) | Should -HaveCount 3
        (Get-Image -Mounted).PendingOperations | Should -Be 0
        Get-Driver -Path $sample.Path | Should -BeNullOrEmpty
    }

    It 'plans with -WhatIf what it then does' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        $plan = Add-Driver $sample.Good1 -Path $sample.Path -WhatIf
        $report = Add-Driver $sample.Good1 -Path $sample.Path
        $report.Plan | Should -BeNullOrEmpty
        $plan.Driver | Should -Be $report.Driver
        @($plan.Plan.Files | ForEach-Object Target) -join '|' | Should -Be ($report.Files -join '|')
        foreach ($change in $plan.Plan.Registry | Where-Object { $_.Action -eq 'SetValue' -and $_.Name -ne 'ImportDate' }) {
            $value = Get-ImageRegistryValue -Path $sample.Path -Key $change.Key -Name $change.Name
            $value.Kind | Should -Be $change.Kind
            $value.Value -join ' ' | Should -Be ($change.Value -join ' ')
        }
    }

    It 'leaves the image file as it is until Save-Image' {
        $before = Get-Fingerprint $sample.Image
        $null = Mount-Image $sample.Image 1 | Add-Driver $sample.Good1
        Get-Fingerprint $sample.Image | Should -Be $before
    }

    It 'refuses a read-only session' {
        { Mount-Image $sample.Image 1 -ReadOnly | Add-Driver $sample.Good1 -ErrorAction Stop } |
            Should -Throw -ErrorId 'SessionReadOnly,ImageServicing.Cmdlets.AddDriverCmdlet'
    }

    It 'refuses a session that is not there' {
        Add-Driver $sample.Good1 -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'SessionNotFound,ImageServicing.Cmdlets.AddDriverCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'completes -Path with the sessions' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        Get-Completion 'Add-Driver x -Path ' | Should -Contain $sample.Path
    }
}
