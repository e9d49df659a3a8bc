Describe 'Set-ImageRegistryValue' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-RegistrySample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'works as it is written in the documentation' {
        $m = Get-Image -Mounted | Where-Object Path -eq $sample.Path
        $set = $m | Set-ImageRegistryValue 'HKLM\SOFTWARE\Contoso' Level 5 -Type DWord -PassThru
        $set | Should -BeOfType ([ImageServicing.ImageRegistryValue])
        $set.Key | Should -Be 'HKEY_LOCAL_MACHINE\SOFTWARE\Contoso'
        $set.Name | Should -Be 'Level'
        $set.Kind | Should -Be 'DWord'
        $set.Value | Should -Be 5
        $name = 'HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName'
        Set-ImageRegistryValue $name ComputerName PC1 -Path $m.Path -Force
        (Get-ImageRegistryValue $name ComputerName -Path $m.Path).Value | Should -Be 'PC1'
    }

    It 'says nothing without -PassThru, and goes into the image with a save' {
        Set-ImageRegistryValue HKLM\SOFTWARE\Contoso Level 5 -Path $sample.Path | Should -BeNullOrEmpty
        $null = Save-Image $sample.Path
        Dismount-Image $sample.Path -Discard
        $null = Mount-Image $sample.Image 1 -Path "$($sample.Folder)/n" -ReadOnly
        (Get-ImageRegistryValue HKLM\SOFTWARE\Contoso Level -Path "$($sample.Folder)/n").Value | Should -Be 5
        (Invoke-Wimlib 'verify', $sample.Image).ExitCode | Should -Be 0
    }

    It 'stores <Case> as <Kind>' -TestCases @(
        @{ Case = 'an int'; Value = 5; Kind = 'DWord'; Stored = 5 }
        @{ Case = 'a negative int'; Value = -1; Kind = 'DWord'; Stored = -1 }
        @{ Case = 'an unsigned int'; Value = [uint]::MaxValue; Kind = 'DWord'; Stored = -1 }
        @{ Case = 'a long'; Value = 5000000000L; Kind = 'QWord'; Stored = 5000000000L }
        @{ Case = 'an unsigned long'; Value = [ulong]::MaxValue; Kind = 'QWord'; Stored = -1L }
        @{ Case = 'a truth'; Value = $true; Kind = 'DWord'; Stored = 1 }
        @{ Case = 'an enumeration'; Value = [System.DayOfWeek]::Friday; Kind = 'DWord'; Stored = 5 }
        @{ Case = 'a text'; Value = 'some text'; Kind = 'String'; Stored = 'some text' }
        @{ Case = 'an empty text'; Value = ''; Kind = 'String'; Stored = '' }
        @{ Case = 'nothing'; Value = $null; Kind = 'String'; Stored = '' }
        @{ Case = 'a list of texts'; Value = @('a', 'b'); Kind = 'MultiString'; Stored = @('a', 'b') }
        @{ Case = 'an array of texts'; Value = [string[]] ('a', 'b'); Kind = 'MultiString'; Stored = @('a', 'b') }
        @{ Case = 'an array of bytes'; Value = [byte[]] (1, 2, 255); Kind = 'Binary'; Stored = @(1, 2, 255) }
        @{ Case = 'another object'; Value = [version] '1.2'; Kind = 'String'; Stored = '1.2' }
    ) {
        $set = Set-ImageRegistryValue \New Value $Value -HivePath $sample.System -PassThru
        $set.Kind | Should -Be $Kind
        $set.Value | Should -Be $Stored
        $read = Get-ImageRegistryValue \New Value -HivePath $sample.System
        $read.Kind | Should -Be $Kind
        $read.Value | Should -Be $Stored
    }

    It 'takes <Given> for a <Type>' -TestCases @(
        @{ Type = 'DWord'; Given = 4294967295L; Stored = -1 }
        @{ Type = 'DWord'; Given = '0xffffffff'; Stored = -1 }
        @{ Type = 'DWord'; Given = '42'; Stored = 42 }
        @{ Type = 'DWord'; Given = '-2'; Stored = -2 }
        @{ Type = 'DWord'; Given = 3.0; Stored = 3 }
        @{ Type = 'QWord'; Given = 7; Stored = 7 }
        @{ Type = 'QWord'; Given = '0xffffffffffffffff'; Stored = -1 }
        @{ Type = 'QWord'; Given = '18446744073709551615'; Stored = -1 }
        @{ Type = 'String'; Given = 7; Stored = '7' }
        @{ Type = 'ExpandString'; Given = '%windir%\x'; Stored = '%windir%\x' }
        @{ Type = 'MultiString'; Given = 'one'; Stored = 'one' }
        @{ Type = 'MultiString'; Given = @(); Stored = $null }
        @{ Type = 'Binary'; Given = @(1, 2, '0xff'.Length); Stored = @(1, 2, 4) }
        @{ Type = 'Binary'; Given = @(); Stored = $null }
        @{ Type = 'None'; Given = [byte[]] (1, 2); Stored = @(1, 2) }
        @{ Type = 'DWord'; Given = [byte[]] (1, 2); Stored = @(1, 2) }
    ) {
        Set-ImageRegistryValue \New Value $Given -Type $Type -HivePath $sample.System
        $read = Get-ImageRegistryValue \New Value -HivePath $sample.System
        $read.Kind | Should -Be $Type
        $read.Value | Should -Be $Stored
    }

    It 'refuses <Given> for a <Type>' -TestCases @(
        @{ Type = 'DWord'; Given = 4294967296L }
        @{ Type = 'DWord'; Given = 'five' }
        @{ Type = 'DWord'; Given = 1.5 }
        @{ Type = 'QWord'; Given = '18446744073709551616' }
        @{ Type = 'Binary'; Given = 'text' }
        @{ Type = 'Binary'; Given = @(1, 256) }
        @{ Type = 'String'; Given = @('a', 'b') }
        @{ Type = 'Unknown'; Given = [byte[]] (1, 2) }
    ) {
        $before = Get-Fingerprint $sample.System
        Set-ImageRegistryValue \Select Value $Given -Type $Type -HivePath $sample.System -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'RegistryValueInvalid,ImageServicing.Cmdlets.SetImageRegistryValueCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        Get-Fingerprint $sample.System | Should -Be $before
    }

    It 'keeps the kind of a value that is there, if the data convert to it' {
        Set-ImageRegistryValue \New Expand '%a%' -Type ExpandString -HivePath $sample.System
        Set-ImageRegistryValue \New Expand '%b%' -HivePath $sample.System
        (Get-ImageRegistryValue \New Expand -HivePath $sample.System).Kind | Should -Be 'ExpandString'
        Set-ImageRegistryValue \Select Current '3' -HivePath $sample.System
        $current = Get-ImageRegistryValue \Select Current -HivePath $sample.System
        $current.Kind | Should -Be 'DWord'
        $current.Value | Should -Be 3
        Set-ImageRegistryValue \Select Current 'text' -HivePath $sample.System
        (Get-ImageRegistryValue \Select Current -HivePath $sample.System).Kind | Should -Be 'String'
    }

    It 'sets the default value for <Spelling>' -TestCases @(@{ Spelling = '(default)' }, @{ Spelling = '' }) {
        $set = Set-ImageRegistryValue \New $Spelling text -HivePath $sample.System -PassThru
        $set.Name | Should -BeExactly ''
        (Get-ImageRegistryValue \New -HivePath $sample.System).Name | Should -BeExactly ''
    }

    It 'creates the key, and those above it with -Force' {
        Set-ImageRegistryValue \New a 1 -HivePath $sample.System
        Set-ImageRegistryValue \None\New a 1 -HivePath $sample.System -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'RegistryItemNotFound,*'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
        Set-ImageRegistryValue \None\New a 1 -HivePath $sample.System -Force
        (Get-ImageRegistryValue \None\New a -HivePath $sample.System).Value | Should -Be 1
    }

    It 'sets values from the pipeline at another place, as they are' {
        $null = Import-ImageRegistry -HivePath $sample.System -FilePath (New-RegFile "$($sample.Folder)/odd.reg" @(
            '[HKEY_LOCAL_MACHINE\SYSTEM\Select]', '"Odd"=hex(ffff0012):41,00', '"Short"=hex(4):01', '@="d"', '"Many"=hex(7):61,00,00,00,00,00'))
        Get-ImageRegistryValue \Select -HivePath $sample.System | Set-ImageRegistryValue -HivePath $sample.Software
        Get-ImageRegistryValue \Select -HivePath $sample.System | Set-ImageRegistryValue -Path $sample.Path -Key HKLM\SOFTWARE\Copied
        $expected = @(Get-ImageRegistryValue \Select -HivePath $sample.System)
        $expected | Should -HaveCount 8
        foreach ($copy in @(Get-ImageRegistryValue \Select -HivePath $sample.Software), @(Get-ImageRegistryValue HKLM\SOFTWARE\Copied -Path $sample.Path)) {
            $copy | Should -HaveCount 8
            foreach ($value in $expected) {
                $same = $copy | Where-Object Name -eq $value.Name
                $same.KindNumber | Should -Be $value.KindNumber
                $same.Value | Should -Be $value.Value
            }
        }
    }

    It 'sets a value from the pipeline in its own place, with other data or another name' {
        Get-ImageRegistryValue HKLM\SYSTEM\Select Current -Path $sample.Path | Set-ImageRegistryValue -Value 7
        (Get-ImageRegistryValue HKLM\SYSTEM\Select Current -Path $sample.Path).Value | Should -Be 7
        Get-ImageRegistryValue \Select Current -HivePath $sample.System | Set-ImageRegistryValue -Name Copy
        (Get-ImageRegistryValue \Select Copy -HivePath $sample.System).Value | Should -Be 1
    }

    It 'sets a value in every key that comes along the pipeline' {
        Get-ImageRegistryKey \ControlSet001 -Depth 1 -HivePath $sample.System | Set-ImageRegistryValue -Name Mark -Value 1
        @(Get-ImageRegistryKey \ControlSet001 -Depth 1 -HivePath $sample.System | Get-ImageRegistryValue -Name Mark) | Should -HaveCount 3
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-Fingerprint $sample.System
        Set-ImageRegistryValue \Select Current 2 -HivePath $sample.System -WhatIf -PassThru | Should -BeNullOrEmpty
        Get-Fingerprint $sample.System | Should -Be $before
    }

    It 'refuses both places for a value from the pipeline' {
        $value = Get-ImageRegistryValue \Select Current -HivePath $sample.System
        $value | Set-ImageRegistryValue -Path $sample.Path -HivePath $sample.Software -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'RegistryPlaceAmbiguous,*'
    }

    It 'leaves a hive that another program reads and finds nothing wrong with' {
        Set-ImageRegistryValue \Select Text 'some text' -HivePath $sample.System
        Set-ImageRegistryValue \Setup Big ([byte[]]::new(100000)) -HivePath $sample.System
        (Test-RegistryHive $sample.System).DefectCount | Should -Be 0
        Get-HivexDump $sample.System '\Select' | Should -Contain '"Text"=str(1):"some text"'
    }
}
