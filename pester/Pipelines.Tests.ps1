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

    It 'the lines of the registry' {
        $null = Copy-Hive SYSTEM "$($sample.Folder)/SYSTEM"
        $null = Copy-Hive SYSTEM "$($sample.Folder)/SYSTEM.new"
        $null = Copy-Hive SYSTEM "$($sample.Folder)/broken"
        Edit-Hive "$($sample.Folder)/broken" 'Windows'
        Set-ImageRegistryValue \Select Current 2 -HivePath ./SYSTEM.new
        $null = New-RegFile "$($sample.Folder)/tweaks.reg" '[HKEY_LOCAL_MACHINE\SOFTWARE\Tweaked]', '"a"=dword:1'
        $m = Mount-Image ./install.wim 1
        Set-ImageRegistryValue 'HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName' ComputerName PC1 -Path $m.Path -Force

        $name = Get-ImageRegistryValue 'HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName' ComputerName -Path $m.Path
        $name.Value | Should -Be 'PC1'
        ($m | Set-ImageRegistryValue 'HKLM\SOFTWARE\Contoso' Level 5 -Type DWord -PassThru).Value | Should -Be 5
        if (Get-Command Measure-Object -ErrorAction Ignore) {
            (Get-ImageRegistryKey '\' -HivePath ./SYSTEM -Recurse | Measure-Object).Count | Should -BeGreaterThan 20
        }
        (Import-ImageRegistry ./tweaks.reg -Path $m.Path).Applied | Should -BeTrue
        (Export-ImageRegistry '\DriverDatabase' ./db.reg -HivePath ./SYSTEM).KeyCount | Should -BeGreaterThan 5
        (Test-RegistryHive ./SYSTEM).Sound | Should -BeTrue
        (Repair-RegistryHive ./broken ./salvaged -WarningAction SilentlyContinue).LostCount | Should -Be 1
        (Compare-ImageRegistry ./SYSTEM ./SYSTEM.new).Name | Should -Be 'Current'
    }

    It 'Mount-Image | Set-ImageRegistryValue | Remove-ImageRegistryKey | Save-Image' {
        $saved = Mount-Image ./install.wim 1 | Set-ImageRegistryValue HKLM\SOFTWARE\Contoso Level 5 -PassThru |
            Remove-ImageRegistryKey HKLM\SYSTEM\Setup -Recurse | Import-ImageRegistry (New-RegFile "$($sample.Folder)/a.reg" '[HKEY_LOCAL_MACHINE\SOFTWARE\A]') |
            Save-Image
        $saved.Saved | Should -BeTrue
        @(Compare-ImageRegistry -ReferenceImagePath "$sampleSource/install.wim" -ReferenceIndex 1 -DifferenceImagePath ./install.wim -DifferenceIndex 1 -Key HKLM\SOFTWARE) | Should -HaveCount 3
    }
}
