Describe 'Get-ImageRegistryKey' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-RegistrySample -ReadOnly
    }

    AfterAll { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'lists the root keys of all hives of an image' {
        $keys = @(Get-ImageRegistryKey -Path $sample.Path)
        foreach ($expected in 'SYSTEM', 'SOFTWARE', 'DRIVERS', 'SAM', 'SECURITY') {
            $keys.Key | Should -Contain "HKEY_LOCAL_MACHINE\$expected"
        }
        $keys.Key | Should -Contain 'HKEY_USERS\.DEFAULT'
        ($keys | Where-Object Key -eq 'HKEY_LOCAL_MACHINE\SYSTEM').Hive | Should -Be '\Windows\System32\config\SYSTEM'
    }

    It 'gives a key with all that is known of it' {
        $key = Get-ImageRegistryKey HKLM\SYSTEM\Select -Path $sample.Path
        $key | Should -BeOfType ([ImageServicing.ImageRegistryKey])
        $key.Key | Should -Be 'HKEY_LOCAL_MACHINE\SYSTEM\Select'
        $key.Name | Should -Be 'Select'
        $key.SubKeyCount | Should -Be 0
        $key.ValueCount | Should -Be 4
        $key.LastWriteTime | Should -BeOfType ([datetime])
        $key.Path | Should -Be $sample.Path
        $key.PSObject.Properties['HivePath'] | Should -BeNullOrEmpty
    }

    It 'gives a key of a hive file, which has no session' {
        $key = Get-ImageRegistryKey \Select -HivePath $sample.System
        $key.Key | Should -Be '\Select'
        $key.HivePath | Should -Be $sample.System
        $key.Hive | Should -BeNullOrEmpty
        $key.PSObject.Properties['Path'] | Should -BeNullOrEmpty
    }

    It 'knows <Spelling>' -TestCases @(
        @{ Spelling = 'HKLM\SYSTEM\ControlSet001\Control' }
        @{ Spelling = 'HKEY_LOCAL_MACHINE\system\CONTROLSET001\control' }
        @{ Spelling = 'HKLM:\SYSTEM\ControlSet001\Control\' }
        @{ Spelling = 'Registry::HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Control' }
        @{ Spelling = 'Microsoft.PowerShell.Core\Registry::HKLM\SYSTEM\ControlSet001\Control' }
        @{ Spelling = 'HKLM\SYSTEM\CurrentControlSet\Control' }
    ) {
        (Get-ImageRegistryKey $Spelling -Path $sample.Path).Key | Should -BeExactly 'HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Control'
    }

    It 'goes as deep as -Depth and -Recurse say' {
        @(Get-ImageRegistryKey '\' -HivePath $sample.System) | Should -HaveCount 1
        $children = @(Get-ImageRegistryKey '\' -HivePath $sample.System -Depth 1)
        $children | Should -HaveCount (1 + $children[0].SubKeyCount)
        $all = @(Get-ImageRegistryKey '\' -HivePath $sample.System -Recurse)
        $sum = 1
        foreach ($key in $all) { $sum += $key.SubKeyCount }
        $all | Should -HaveCount $sum
        @(Get-ImageRegistryKey '\' -HivePath $sample.System -Recurse -Depth 1) | Should -HaveCount $children.Count
        if (Get-Command Measure-Object -ErrorAction Ignore) {
            (Get-ImageRegistryKey '\' -HivePath $sample.System -Recurse | Measure-Object).Count | Should -Be $all.Count
        }
    }

    It 'lists the keys that hivexregedit lists' {
        $listed = Get-HivexDump $sample.System | Where-Object { $_ -like '`[*' } | ForEach-Object { $_.Trim('[', ']') }
        $found = Get-ImageRegistryKey '\' -HivePath $sample.System -Recurse | ForEach-Object Key
        @($found).Count | Should -Be @($listed).Count
        ($found | Where-Object { $_ -notin $listed }) | Should -BeNullOrEmpty
    }

    It 'takes a session, keys and hive files from the pipeline' {
        $session = Get-Image -Mounted | Where-Object Path -eq $sample.Path
        ($session | Get-ImageRegistryKey HKLM\SYSTEM\Select).Path | Should -Be $sample.Path
        @(Get-ImageRegistryKey \ControlSet001 -HivePath $sample.System | Get-ImageRegistryKey -Depth 1) | Should -HaveCount 3
        ([System.IO.FileInfo]::new($sample.System) | Get-ImageRegistryKey \Select).HivePath | Should -Be $sample.System
        # An item has a Path and a Name, and the same session comes twice.
        @(Get-ImageItem \Windows\System32\config -Path $sample.Path | Get-ImageRegistryKey HKLM\SYSTEM\Select) | Should -HaveCount 1
    }

    It 'reports <Case>' -TestCases @(
        @{ Case = 'a key that is not there'; Key = 'HKLM\SYSTEM\None'; Id = 'RegistryItemNotFound'; Category = 'ObjectNotFound'; HResult = '80070002' }
        @{ Case = 'a name that leads to no hive'; Key = 'HKLM\NONE\x'; Id = 'InvalidName'; Category = 'InvalidArgument'; HResult = '8007007B' }
        @{ Case = 'a name without a root'; Key = 'SYSTEM'; Id = 'InvalidName'; Category = 'InvalidArgument'; HResult = '8007007B' }
    ) {
        $found = @(Get-ImageRegistryKey $Key, HKLM\SYSTEM\Select -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed)
        $found | Should -HaveCount 1
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be "$Id,ImageServicing.Cmdlets.GetImageRegistryKeyCmdlet"
        $failed[0].CategoryInfo.Category | Should -Be $Category
        $failed[0].TargetObject | Should -Be $Key
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult $HResult)
    }

    It 'says what to give when no place is given' {
        Get-ImageRegistryKey HKLM\SYSTEM -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'RegistryPlaceMissing,ImageServicing.Cmdlets.GetImageRegistryKeyCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-HivePath*'
    }

    It 'reports a hive file that <Case>' -TestCases @(
        @{ Case = 'is not there'; Content = $null; Id = 'FileNotFound' }
        @{ Case = 'is no hive'; Content = 'not a hive'; Id = 'InvalidData' }
    ) {
        $file = "$($sample.Folder)/other"
        if ($Content) { [System.IO.File]::WriteAllText($file, $Content * 1000) }
        Get-ImageRegistryKey '\' -HivePath $file -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        [System.IO.File]::Delete($file)
    }

    It 'lists the other hives when one cannot be opened' {
        $other = New-RegistrySample
        [System.IO.File]::WriteAllText("$($other.Folder)/bad", 'not a hive' * 1000)
        $null = Import-ImageItem "$($other.Folder)/bad" \Windows\System32\config\DRIVERS -Path $other.Path -Force
        $keys = Get-ImageRegistryKey -Path $other.Path -ErrorAction SilentlyContinue -ErrorVariable failed
        $keys.Key | Should -Contain 'HKEY_LOCAL_MACHINE\SYSTEM'
        $keys.Key | Should -Not -Contain 'HKEY_LOCAL_MACHINE\DRIVERS'
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'HiveUnreadable,*'
        $failed[0].TargetObject | Should -Be 'HKEY_LOCAL_MACHINE\DRIVERS'
    }

    It 'warns once of a hive that was not closed cleanly' {
        $dirty = Copy-Hive SYSTEM "$($sample.Folder)/dirty"
        Set-HiveDirty $dirty
        $keys = @(Get-ImageRegistryKey \Select, \Setup -HivePath $dirty -WarningVariable warned -WarningAction SilentlyContinue)
        $keys | Should -HaveCount 2
        $warned | Should -HaveCount 1
        "$warned" | Should -BeLike "*was not closed cleanly and its logs cannot bring it up to date*what only they hold is missing*"
    }

    It 'says that the logs brought a hive up to date' {
        $hive = [System.IO.Path]::Combine($repository, '..', 'shared', 'testdata', 'hives', 'yarp', 'BadBaseBlockHive', 'BadBaseBlockHive')
        if (-not [System.IO.File]::Exists($hive)) { Set-ItResult -Skipped -Because 'the foreign hives are not here' }
        $null = Get-ImageRegistryKey '\' -HivePath $hive -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -HaveCount 1
        "$warned" | Should -BeLike '*its logs brought it up to date: *LOG*'
    }

    It 'completes names of keys in the spelling that was begun with' {
        $path = $sample.Path
        Get-Completion "Get-ImageRegistryKey -Path '$path' -Key HKLM\SYS" | Should -Be 'HKLM\SYSTEM'
        Get-Completion "Get-ImageRegistryKey -Path '$path' -Key HKEY_LOCAL_MACHINE\SO" | Should -Be 'HKEY_LOCAL_MACHINE\SOFTWARE'
        Get-Completion "Get-ImageRegistryKey -Path '$path' -Key Registry::HKEY_USERS\.D" | Should -Be 'Registry::HKEY_USERS\.DEFAULT'
        Get-Completion "Get-ImageRegistryKey -Path '$path' -Key HKCC\" | Should -BeNullOrEmpty
        Get-Completion "Get-ImageRegistryKey -Path '$path' -Key hklm:\dr" | Should -Be 'hklm:\DRIVERS'
        Get-Completion "Get-ImageRegistryKey -Path '$path' -Key hklm\system\currentcontrolset\con" | Should -Be 'hklm\system\currentcontrolset\Control'
        Get-Completion "Get-ImageRegistryKey -HivePath '$($sample.Software)' -Key '\Microsoft\Windows " | Should -Be "'\Microsoft\Windows NT'"
        Get-Completion "Get-ImageRegistryKey -HivePath '$($sample.System)' -Key Sel" | Should -Be 'Select'
        Get-Completion "Get-ImageRegistryKey -HivePath '$($sample.System)' -Key \None\x" | Should -BeNullOrEmpty
    }

    It 'shows keys with the place they are in' {
        $output = (Invoke-Program ([System.IO.Path]::Combine($repository, 'out', 'imgsh')) '-c', "Get-ImageRegistryKey \ -Depth 1 -HivePath '$($sample.System)'").Output
        $output | Should -BeLike '*Registry: *SYSTEM*'
        $output | Should -BeLike '*\Select*'
    }
}
