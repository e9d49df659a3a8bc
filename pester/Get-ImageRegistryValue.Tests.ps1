Describe 'Get-ImageRegistryValue' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-RegistrySample
        $null = Import-ImageRegistry -HivePath $sample.System -FilePath (New-RegFile "$($sample.Folder)/kinds.reg" @(
            '[HKEY_LOCAL_MACHINE\SYSTEM\Kinds]'
            '@="the default"'
            '"Text"="a\\b \"quoted\""'
            '"Expand"=hex(2):25,00,54,00,25,00,00,00'
            '"Many"=hex(7):61,00,00,00,62,00,63,00,00,00,00,00'
            '"None given"=hex(0):'
            '"Bytes"=hex:01,02,ff'
            '"Number"=dword:ffffffff'
            '"Long"=hex(b):ff,ff,ff,ff,ff,ff,ff,7f'
            '"Short"=hex(4):01,02'
            '"Odd"=hex(ffff0012):41,00'
            '"[x]"="brackets"'
        ))
        $values = @{}
        foreach ($value in Get-ImageRegistryValue \Kinds -HivePath $sample.System) { $values[$value.Name] = $value }
    }

    AfterAll { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'gives <Name> as a <Type>' -TestCases @(
        @{ Name = ''; Kind = 'String'; Type = [string]; Value = 'the default' }
        @{ Name = 'Text'; Kind = 'String'; Type = [string]; Value = 'a\b "quoted"' }
        @{ Name = 'Expand'; Kind = 'ExpandString'; Type = [string]; Value = '%T%' }
        @{ Name = 'Many'; Kind = 'MultiString'; Type = [string[]]; Value = 'a', 'bc' }
        @{ Name = 'None given'; Kind = 'None'; Type = [byte[]]; Value = $null }
        @{ Name = 'Bytes'; Kind = 'Binary'; Type = [byte[]]; Value = 1, 2, 255 }
        @{ Name = 'Number'; Kind = 'DWord'; Type = [int]; Value = -1 }
        @{ Name = 'Long'; Kind = 'QWord'; Type = [long]; Value = [long]::MaxValue }
        @{ Name = 'Short'; Kind = 'DWord'; Type = [byte[]]; Value = 1, 2 }
        @{ Name = 'Odd'; Kind = 'Unknown'; Type = [byte[]]; Value = 65, 0 }
    ) {
        $found = $values[$Name]
        $found.Kind | Should -BeOfType ([Microsoft.Win32.RegistryValueKind])
        $found.Kind | Should -Be $Kind
        $found.Value.GetType() | Should -Be $Type
        $found.Value | Should -Be $Value
        $found.Key | Should -Be '\Kinds'
        $found.HivePath | Should -Be $sample.System
        $found.PSObject.Properties['Path'] | Should -BeNullOrEmpty
    }

    It 'gives the number of a kind that has no name, and the size of the data' {
        $values['Odd'].KindNumber | Should -Be 0xffff0012L
        $values['Odd'].Size | Should -Be 2
        $values['Many'].KindNumber | Should -Be 7
    }

    It 'gives a value of an image' {
        $value = Get-ImageRegistryValue 'HKLM\SYSTEM\CurrentControlSet\Control\Windows' csdBuildNumber -Path $sample.Path
        $value | Should -BeOfType ([ImageServicing.ImageRegistryValue])
        $value.Key | Should -Be 'HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Control\Windows'
        $value.Name | Should -BeExactly 'CSDBuildNumber'
        $value.Value | Should -Be 525
        $value.Path | Should -Be $sample.Path
        $value.PSObject.Properties['HivePath'] | Should -BeNullOrEmpty
    }

    It 'gives the default value for <Spelling>' -TestCases @(@{ Spelling = '(default)' }, @{ Spelling = '(Default)' }, @{ Spelling = '' }) {
        $value = Get-ImageRegistryValue \Kinds $Spelling -HivePath $sample.System
        $value.Name | Should -BeExactly ''
        $value.Value | Should -Be 'the default'
    }

    It 'gives what matches a pattern, and nothing for one that matches nothing' {
        (Get-ImageRegistryValue \Kinds 'n*' -HivePath $sample.System).Name | Should -Be 'None given', 'Number'
        (Get-ImageRegistryValue \Kinds Text, 'l*' -HivePath $sample.System).Name | Should -Be 'Text', 'Long'
        Get-ImageRegistryValue \Kinds 'z*' -HivePath $sample.System -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'takes a name that really holds brackets for that name' {
        (Get-ImageRegistryValue \Kinds '[x]' -HivePath $sample.System).Value | Should -Be 'brackets'
    }

    It 'gives all values of a key that comes along the pipeline, which has a name itself' {
        @(Get-ImageRegistryKey \Select -HivePath $sample.System | Get-ImageRegistryValue) | Should -HaveCount 4
        @(Get-ImageRegistryKey HKLM\SYSTEM\Select -Path $sample.Path | Get-ImageRegistryValue -Name Current) | Should -HaveCount 1
    }

    It 'takes no name from a session, an item or a report' {
        $m = Get-Image -Mounted | Where-Object Path -eq $sample.Path
        @($m | Get-ImageRegistryValue HKLM\SYSTEM\Select) | Should -HaveCount 4
        @(Get-ImageItem \Windows\explorer.exe -Path $sample.Path | Get-ImageRegistryValue HKLM\SYSTEM\Select) | Should -HaveCount 4
        $named = [PSCustomObject]@{ Path = $sample.Path; Name = 'Sample Professional' }
        @($named | Get-ImageRegistryValue HKLM\SYSTEM\Select) | Should -HaveCount 4
    }

    It 'reports a value that is not there and gives the others' {
        $found = @(Get-ImageRegistryValue \Select None, Current -HivePath $sample.System -ErrorAction SilentlyContinue -ErrorVariable failed)
        $found.Name | Should -Be 'Current'
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'RegistryItemNotFound,ImageServicing.Cmdlets.GetImageRegistryValueCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].TargetObject | Should -Be '\Select\None'
    }

    It 'gives values of SAM only with -Force' {
        Get-ImageRegistryValue HKLM\SAM -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        "$($failed[0])" | Should -BeLike '*secrets*'
        $null = Set-ImageRegistryValue HKLM\SAM Secret 1 -Path $sample.Path -Force
        (Get-ImageRegistryValue HKLM\SAM Secret -Path $sample.Path -Force).Value | Should -Be 1
    }

    It 'agrees with hivexregedit on every value of a hive' {
        $dump = Get-HivexDump $sample.System
        $listed = @($dump | Where-Object { $_ -match '^(@|"(?:[^"\\]|\\.)*")=' }).Count
        @(Get-ImageRegistryKey '\' -HivePath $sample.System -Recurse | Get-ImageRegistryValue).Count | Should -Be $listed
        $dump | Should -Contain '"Number"=dword:ffffffff'
        $dump | Should -Contain '@=str(1):"the default"'
    }

    It 'completes names of values' {
        Get-Completion "Get-ImageRegistryValue -HivePath '$($sample.System)' \Select C" | Should -Be 'Current'
        Get-Completion "Get-ImageRegistryValue -HivePath '$($sample.System)' \Kinds 'None" | Should -Be "'None given'"
        Get-Completion "Get-ImageRegistryValue -Path '$($sample.Path)' HKLM\SYSTEM\Select L" | Should -Be 'LastKnownGood'
        Get-Completion "Get-ImageRegistryValue -HivePath '$($sample.System)' \None C" | Should -BeNullOrEmpty
    }

    It 'shows numbers in both notations, and the default value as PowerShell does' {
        $output = (Invoke-Program ([System.IO.Path]::Combine($repository, 'out', 'imgsh')) '-c', "Get-ImageRegistryValue \Kinds -HivePath '$($sample.System)'").Output
        $output | Should -BeLike '*(default)*'
        $output | Should -BeLike '*0xffffffff (4294967295)*'
        $output | Should -BeLike '*{a, bc}*'
        $output | Should -BeLike '*01 02 FF*'
    }
}
