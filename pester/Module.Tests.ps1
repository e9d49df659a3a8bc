BeforeDiscovery {
    $pages = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', 'PSModule', 'docs', 'en-US'))
    $cmdlets = [System.IO.Directory]::GetFiles($pages, '*-*.md') |
        ForEach-Object { @{ Name = [System.IO.Path]::GetFileNameWithoutExtension($_) } }
}

Describe 'The ImageServicing module' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $module = Get-Module ImageServicing
        $staged = [System.IO.Path]::Combine($repository, 'out', 'ImageServicing')
        $pages = [System.IO.Path]::Combine($repository, 'PSModule', 'docs', 'en-US')
    }

    It 'exports exactly what the manifest names and the pages describe' {
        $described = [System.IO.Directory]::GetFiles($pages, '*-*.md') | ForEach-Object { [System.IO.Path]::GetFileNameWithoutExtension($_) }
        $expected = [string[]] @($described)
        [System.Array]::Sort($expected, [System.StringComparer]::Ordinal)
        $exported = [string[]] @($module.ExportedCmdlets.Keys)
        [System.Array]::Sort($exported, [System.StringComparer]::Ordinal)
        $exported | Should -Be $expected
        $module.ExportedFunctions.Count | Should -Be 0
        $module.ExportedAliases.Count | Should -Be 0
        $module.ExportedVariables.Count | Should -Be 0

        $manifest = [System.IO.File]::ReadAllText("$staged/ImageServicing.psd1")
        ($expected | Where-Object { $manifest -notmatch "'$_'" }) | Should -BeNullOrEmpty
    }

    It 'is staged whole' -TestCases @(
        @{ File = 'ImageServicing.psd1' }
        @{ File = 'ImageServicing.Format.ps1xml' }
        @{ File = 'ImageServicing.Types.ps1xml' }
        @{ File = 'bin/net8.0/ImageServicing.dll' }
        @{ File = 'bin/net472/ImageServicing.dll' }
        @{ File = 'en-US/ImageServicing.dll-Help.xml' }
        @{ File = 'en-US/about_ImageServicing.help.txt' }
    ) {
        "$staged/$File" | Should -Exist
    }

    It 'ships no other assembly than its own' {
        $assemblies = [System.IO.Directory]::GetFiles($staged, '*.dll', 'AllDirectories') | ForEach-Object { [System.IO.Path]::GetFileName($_) }
        ($assemblies | Where-Object { $_ -notin 'ImageServicing.dll', 'imgsvc.dll' }) | Should -BeNullOrEmpty
    }

    It 'speaks the ABI version of the header' {
        $header = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($repository, 'include', 'imgsvc.h'))
        $header -match 'IMGSVC_ABI_VERSION\s+(\d+)' | Should -BeTrue
        $assembly = $module.ImplementingAssembly
        if (-not $assembly) { $assembly = [ImageServicing.ImageInfo].Assembly }
        $declared = $assembly.GetType('ImageServicing.Native.NativeMethods').GetField('AbiVersion', 'NonPublic,Static').GetValue($null)
        $declared | Should -Be ([int] $Matches[1])
    }

    It 'declares the functions of the header and no others' {
        $header = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($repository, 'include', 'imgsvc.h'))
        $exported = [System.Text.RegularExpressions.Regex]::Matches($header, '\b(imgsvc_[a-z_]+)\s*\(') |
            ForEach-Object { $_.Groups[1].Value } | Where-Object { $_ -notlike '*_fn' }
        $methods = [ImageServicing.ImageInfo].Assembly.GetType('ImageServicing.Native.NativeMethods').GetMethods('NonPublic,Static') |
            Where-Object Name -like 'imgsvc_*' | ForEach-Object Name
        ($methods | Where-Object { $_ -notin $exported }) | Should -BeNullOrEmpty
        ($exported | Where-Object { $_ -notin $methods }) | Should -BeNullOrEmpty
    }

    It 'keeps its layers apart: <Folder> never names <Name>' -TestCases @(
        @{ Folder = 'Native'; Name = 'System.Management.Automation' }
        @{ Folder = 'Native'; Name = 'ImageServicing.Interop' }
        @{ Folder = 'Interop'; Name = 'System.Management.Automation' }
        @{ Folder = 'Interop'; Name = 'ImageServicing.Cmdlets' }
        @{ Folder = 'Cmdlets'; Name = 'NativeMethods' }
        @{ Folder = 'Cmdlets'; Name = 'DllImport' }
        @{ Folder = 'Internal'; Name = 'NativeMethods' }
    ) {
        $files = [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($repository, 'PSModule', 'src', $Folder), '*.cs')
        $files | Should -Not -BeNullOrEmpty
        ($files | Where-Object { [System.IO.File]::ReadAllText($_).Contains($Name) }) | Should -BeNullOrEmpty
    }

    It 'explains itself in about_ImageServicing' {
        (Get-Help about_ImageServicing | ForEach-Object { "$_" }) -join '' | Should -BeLike '*Mount-Image ./install.wim 1*'
    }

    Context '<Name>' -ForEach $cmdlets {
        BeforeAll {
            $command = $module.ExportedCmdlets[$Name]
            $help = Get-Help $Name -Full
        }

        It 'has an approved verb and an output type' {
            $command.Verb | Should -BeIn 'Add', 'Compare', 'Convert', 'ConvertFrom', 'ConvertTo', 'Copy', 'Dismount', 'Expand', 'Export', 'Find', 'Get', 'Import', 'Join', 'Merge', 'Mount',
                'New', 'Optimize', 'Remove', 'Repair', 'Save', 'Set', 'Split', 'Test', 'Use'
            $command.OutputType | Should -Not -BeNullOrEmpty
        }

        It 'has a synopsis, a description and examples' {
            $help.Synopsis | Should -Not -BeNullOrEmpty
            $help.description | Should -Not -BeNullOrEmpty
            @($help.examples.example).Count | Should -BeGreaterThan 1
        }

        It 'has help for every parameter' {
            $common = [System.Management.Automation.PSCmdlet]::CommonParameters
            $documented = @($help.parameters.parameter | Where-Object { $_.description } | ForEach-Object name)
            ($command.Parameters.Keys | Where-Object { $_ -notin $common -and $_ -notin $documented }) | Should -BeNullOrEmpty
            foreach ($text in $help.parameters.parameter.description.Text) {
                $text | Should -Not -Match '##|```|CommonParameters'
            }
        }

        It 'has examples that are valid PowerShell with its own parameters' {
            foreach ($example in $help.examples.example) {
                $mistakes = $null
                $script = [System.Management.Automation.Language.Parser]::ParseInput($example.code, [ref] $null, [ref] $mistakes)
                $mistakes | Should -BeNullOrEmpty
                $calls = $script.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)
                foreach ($call in $calls) {
                    $called = $module.ExportedCmdlets[$call.GetCommandName()]
                    if (-not $called) { continue }
                    foreach ($element in $call.CommandElements) {
                        if ($element -is [System.Management.Automation.Language.CommandParameterAst]) {
                            $called.Parameters.Keys | Should -Contain $element.ParameterName -Because $example.code
                        }
                    }
                }
            }
        }

        It 'supports -WhatIf when it changes something, and only then' {
            $command.Parameters.ContainsKey('WhatIf') | Should -Be ($command.Verb -notin 'Get', 'Find', 'Compare', 'Convert', 'ConvertTo' -and $Name -notin 'Test-RegistryHive', 'Test-Unattend', 'Test-Driver')
        }
    }

    Context 'views' {
        It 'writes sizes as people read them' -TestCases @(
            @{ Bytes = 0; Text = '0 B' }
            @{ Bytes = 1023; Text = '1023 B' }
            @{ Bytes = 1024; Text = '1.0 KB' }
            @{ Bytes = 16479089353; Text = '15.3 GB' }
        ) {
            [ImageServicing.Internal._Format]::Size($Bytes).Replace(',', '.') | Should -Be $Text
        }

        It 'writes sizes in lists as DISM does' {
            [ImageServicing.Internal._Format]::Bytes(16479089353) | Should -Be '16,479,089,353 bytes'
        }

        It 'has a view for every type that the cmdlets emit' {
            $views = [xml] [System.IO.File]::ReadAllText("$staged/ImageServicing.Format.ps1xml")
            $covered = $views.Configuration.ViewDefinitions.View | ForEach-Object { $_.ViewSelectedBy.TypeName }
            $emitted = $module.ExportedCmdlets.Values | ForEach-Object { $_.OutputType } | ForEach-Object Name | Where-Object { $_ -notlike 'System.*' }
            ($emitted | Where-Object { $_ -notin $covered }) | Should -BeNullOrEmpty
        }

        It 'names only properties that exist' {
            $views = [xml] [System.IO.File]::ReadAllText("$staged/ImageServicing.Format.ps1xml")
            foreach ($view in $views.Configuration.ViewDefinitions.View) {
                $type = [ImageServicing.ImageInfo].Assembly.GetType($view.ViewSelectedBy.TypeName.Split('#')[0])
                $type | Should -Not -BeNullOrEmpty
                foreach ($node in $view.SelectNodes('.//PropertyName')) {
                    $type.GetProperty($node.InnerText) | Should -Not -BeNullOrEmpty -Because "$($view.Name) shows $($node.InnerText)"
                }
            }
        }
    }

    Context 'documents of the engine' {
        BeforeAll {
            $reader = [ImageServicing.ImageInfo].Assembly.GetType('ImageServicing.Interop.JsonReader').GetMethod('ReadArray', [System.Reflection.BindingFlags] 'NonPublic,Static')
            # The comma keeps PowerShell from unrolling the list.
            function Read-Document { param ([string] $Json) , $reader.Invoke($null, @($Json)) }
        }

        It 'reads every kind of value' {
            $values = Read-Document '[null, true, false, "a", "", 18446744073709551615, -5, 1.5, [], [ 1 ]]'
            $values.Count | Should -Be 10
            $values[0] | Should -BeNullOrEmpty
            $values[1] | Should -BeTrue
            $values[2] | Should -BeFalse
            $values[3] | Should -Be 'a'
            $values[5] | Should -Be ([ulong]::MaxValue)
            $values[6] | Should -Be -5
            $values[7] | Should -Be 1.5
            $values[9][0] | Should -Be 1
        }

        It 'reads escapes, and keeps half a surrogate pair' {
            $values = Read-Document '["\\ \" \/ \n\t", "\u00e9\ud83d\ude00", "x\ud800y"]'
            $values[0] | Should -BeExactly "\ `" / `n`t"
            $values[1] | Should -BeExactly ([string] [char] 0xE9 + [char]::ConvertFromUtf32(0x1F600))
            [int] $values[2][1] | Should -Be 0xD800
        }

        It 'refuses <Json>' -TestCases @(
            @{ Json = '[' }, @{ Json = '[1' }, @{ Json = '[1,]' }, @{ Json = '["a' }, @{ Json = '["\x"]' }, @{ Json = '["\u12"]' }
            @{ Json = '[1] 2' }, @{ Json = '[tru]' }, @{ Json = '[-]' }, @{ Json = '{}' }, @{ Json = '[{"a" 1}]' }, @{ Json = '' }
        ) {
            { Read-Document $Json } | Should -Throw "*the engine's answer is not*"
        }

        It 'refuses documents that nest too deep' {
            { Read-Document (('[' * 1000) + (']' * 1000)) } | Should -Throw '*at most 32 levels*'
        }
    }

    Context 'options for the engine' {
        BeforeAll {
            $interop = [ImageServicing.ImageInfo].Assembly
            $writerType = $interop.GetType('ImageServicing.Interop.JsonWriter')
            $options = [System.Reflection.BindingFlags] 'NonPublic,Instance'
            function Write-Document {
                param ([type] $Type, $Value)
                $writer = [System.Activator]::CreateInstance($writerType, $true)
                $null = $writerType.GetMethod('Add', $options, $null, @([string], $Type), $null).Invoke($writer, @('x', $Value))
                $writer.ToString()
            }
        }

        It 'writes <Text>' -TestCases @(
            @{ Type = [string]; Value = 'a'; Text = '{"x":"a"}' }
            @{ Type = [string]; Value = 'a"\/'; Text = '{"x":"a\"\\/"}' }
            @{ Type = [string]; Value = "`n$([char] 1)"; Text = '{"x":"\u000a\u0001"}' }
            @{ Type = [string]; Value = 'é' + [char]::ConvertFromUtf32(0x1F600); Text = '{"x":"é' + [char]::ConvertFromUtf32(0x1F600) + '"}' }
            @{ Type = [string]; Value = "$([char] 0xD800)y"; Text = '{"x":"\ud800y"}' }
            @{ Type = [string]; Value = $null; Text = '{}' }
            @{ Type = [Nullable[bool]]; Value = $true; Text = '{"x":true}' }
            @{ Type = [Nullable[bool]]; Value = $null; Text = '{}' }
            @{ Type = [Nullable[long]]; Value = -5L; Text = '{"x":-5}' }
            @{ Type = [System.Collections.Generic.IEnumerable[string]]; Value = [string[]] ('a', '['); Text = '{"x":["a","["]}' }
            @{ Type = [System.Collections.Generic.IEnumerable[string]]; Value = [string[]] @(); Text = '{"x":[]}' }
            @{ Type = [System.Collections.Generic.IEnumerable[uint]]; Value = [uint[]] (1, 2); Text = '{"x":[1,2]}' }
        ) {
            Write-Document $Type $Value | Should -BeExactly $Text
        }
    }
}
