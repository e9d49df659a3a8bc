# Every example of the help runs here as it is written, in a folder that holds what the examples name. Only names that
# the sample image does not have are replaced.

BeforeDiscovery {
    $pages = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', 'PSModule', 'docs', 'en-US'))
    $examples = foreach ($page in [System.IO.Directory]::GetFiles($pages, '*-*.md')) {
        $pattern = '### (Example \d+): ([^\n]+)\n\n```powershell\n(.*?)\n```'
        foreach ($found in [System.Text.RegularExpressions.Regex]::Matches([System.IO.File]::ReadAllText($page), $pattern, 'Singleline')) {
            @{
                Cmdlet = [System.IO.Path]::GetFileNameWithoutExtension($page)
                Title  = "$($found.Groups[1].Value): $($found.Groups[2].Value)"
                Code   = $found.Groups[3].Value
            }
        }
    }
}

Describe 'The examples of the help' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $start = $ExecutionContext.SessionState.Path.CurrentLocation

        function Copy-Folder {
            param ([string] $From, [string] $To)
            $null = [System.IO.Directory]::CreateDirectory($To)
            foreach ($file in [System.IO.Directory]::GetFiles($From)) {
                [System.IO.File]::Copy($file, [System.IO.Path]::Combine($To, [System.IO.Path]::GetFileName($file)), $true)
            }
        }

        # Nobody is there to be asked.
        function Get-Credential([string] $Name = 'Somebody') { [pscredential]::new($Name, [securestring]::new()) }

        # imgsh has none of these commands; this much of them stands in.
        if ($Host.Name -ne 'ConsoleHost') {
            function Format-Table { $input }
            function Format-List { $input }
            function Get-Content([string] $Path, [switch] $Raw) {
                if ($Raw) { [System.IO.File]::ReadAllText("$folder/$Path") } else { [System.IO.File]::ReadAllLines("$folder/$Path") }
            }
            function Set-Content([string] $Path) { [System.IO.File]::WriteAllLines("$folder/$Path", [string[]] @($input)) }
            function ConvertFrom-Json { [System.Text.Json.Nodes.JsonNode]::Parse(@($input) -join "`n") }
            function Get-ChildItem([string] $Path) {
                $file = [System.IO.Path]::GetFileName($Path)
                [System.IO.DirectoryInfo]::new("$folder/$([System.IO.Path]::GetDirectoryName($Path))").GetFiles($file)
            }
        }
    }

    BeforeEach {
        $sample = New-Sample
        $folder = $sample.Folder
        Copy-Folder $sample.Good1 "$folder/drivers/good1"
        Copy-Folder $sample.Good2 "$folder/drivers/good2"
        Copy-Folder $sample.Good1 "$folder/drivers"
        Copy-Folder $sample.Good1 "$folder/nic"
        Copy-Folder $sample.Good2 "$folder/raid"
        Copy-Folder "$($sample.Drivers)/unsigned" $folder
        [System.IO.File]::Move("$folder/sampleraw.inf", "$folder/mydriver.inf")
        [System.IO.File]::Copy("$sampleSource/samples.cer", "$folder/company-root.cer")
        $null = New-UnattendFile -Path "$folder/unattend.xml"
        [System.IO.File]::WriteAllText("$folder/hosts", '127.0.0.1 localhost')
        $null = [System.IO.Directory]::CreateDirectory("$folder/scripts")
        [System.IO.File]::WriteAllText("$folder/scripts/first.cmd", 'rem')
        $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
        # Questions cannot be answered in a test run.
        $ConfirmPreference = 'None'
    }

    AfterEach {
        $env:SOURCE_DATE_EPOCH = $null
        $null = $ExecutionContext.SessionState.Path.SetLocation($start)
        Get-Image -Mounted | Dismount-Image -Discard -Force
    }

    It '<Cmdlet>, <Title>' -TestCases $examples {
        $text = $Code.Replace('Windows 11', 'Sample').Replace('-Index 6', '-Index 1').Replace('.esd 6', '.esd 1')
        if ($text.Contains('install.esd')) {
            $made = Invoke-Wimlib 'export', "$folder/install.wim", '1', "$folder/install.esd", '--solid'
            $made.ExitCode | Should -Be 0
        }
        if ($text.Contains('Mount-Image') -and $text.Contains('-CheckIntegrity') -and -not $text.Contains('Save')) {
            (Invoke-Wimlib 'optimize', "$folder/install.wim", '--check').ExitCode | Should -Be 0
        }
        if ($text -match '\./(tree|base|delta|joined|part)') {
            $null = New-Tree "$folder/tree" 1
            $null = New-Tree "$folder/tree2" 2
        }
        # Files that a command reads are there before; those that it makes are not.
        if ($text -match '\./(base|delta|joined)\.wim' -and $text -notmatch 'New-Image \./base\.wim') {
            $null = New-Image ./base.wim ./tree -Name Base
        }
        if ($text.Contains('./delta.wim') -and $text -notmatch '(New-Image|-DestinationPath) \./delta\.wim') {
            $null = New-Image ./delta.wim ./tree2 -Name Delta -DeltaFrom ./base.wim
        }
        if ($text -match 'Compare-Image .* \./joined\.wim') { [System.IO.File]::Copy("$folder/base.wim", "$folder/joined.wim") }
        if ($text -match '(Join|Copy)-Image \./part\.swm') {
            $null = New-Image ./parts.wim ./tree -Name Base | Add-Image ./tree2 -Name Second
            $null = Split-Image ./parts.wim ./part.swm -FileSize 250KB
        }
        if ($text.Contains('./backup/')) { $null = [System.IO.Directory]::CreateDirectory("$folder/backup") }
        if ($text.Contains('./volume.ntfs')) { New-Volume "$folder/volume.ntfs" }
        [System.IO.File]::WriteAllText("$folder/WimScript.ini", "[ExclusionList]`r`n*.tmp`r`n")

        # Hive files: a whole one, one that was changed, and one of which a key is damaged. Registration files.
        if ($text -match '\./(SYSTEM|broken)') {
            $null = Copy-Hive SYSTEM "$folder/SYSTEM"
            $null = Copy-Hive SYSTEM "$folder/SYSTEM.new"
            Set-ImageRegistryValue \Select Current 2 -HivePath ./SYSTEM.new
            $null = Copy-Hive SYSTEM "$folder/broken"
            Edit-Hive "$folder/broken" 'Windows'
            if ($text.Contains('-Force') -and $text.Contains('salvaged')) { [System.IO.File]::WriteAllText("$folder/salvaged", 'old') }
            if ($text.Contains('\Contoso Token')) { $null = New-ImageRegistryKey \Contoso -HivePath ./SYSTEM }
        }
        $registration = "Windows Registry Editor Version 5.00`r`n`r`n[HKEY_{0}\Contoso]`r`n`"Level`"=dword:00000005`r`n"
        [System.IO.File]::WriteAllText("$folder/tweaks.reg", $registration.Replace('{0}', 'LOCAL_MACHINE\SOFTWARE'))
        [System.IO.File]::WriteAllText("$folder/offline.reg", $registration.Replace('{0}', 'LOCAL_MACHINE\Offline'))
        [System.IO.File]::WriteAllText("$folder/user.reg", $registration.Replace('{0}', 'CURRENT_USER\Software'))
        [System.IO.File]::WriteAllText("$folder/old.reg", "REGEDIT4`r`n`r`n[HKEY_LOCAL_MACHINE\Old\Key]`r`n`"a`"=dword:1`r`n`"b`"=nothing`r`n")

        # Answer files that are read beside the first one; a command that makes that one does not find it there.
        $added = '<TimeZone>UTC</TimeZone><RegisteredOwner>Ann</RegisteredOwner>'
        foreach ($name in 'base', 'site', 'customer', 'old', 'new') {
            if (-not $text.Contains("./$name.xml")) { continue }
            $null = New-UnattendFile -Path "$folder/$name.xml" {
                param($all)
                switch ($name) {
                    'site' { $all.Replace('<TimeZone>UTC</TimeZone>', $added) }
                    { $_ -in 'customer', 'new' } { $all.Replace('PC-1', 'PC-2').Replace('x&amp;y', 'another') }
                    default { $all }
                }
            }
        }
        if ($text.Contains('./answers/')) {
            $null = [System.IO.Directory]::CreateDirectory("$folder/answers")
            $null = New-UnattendFile -Path "$folder/answers/good.xml"
        }
        if ($text.Contains('Get-Content ./unattend.json')) {
            [System.IO.File]::WriteAllText("$folder/unattend.json", (ConvertTo-UnattendJson ./unattend.xml))
        }
        if ($text.Contains('Merge-Unattend') -and -not $text.Contains('-Force')) { [System.IO.File]::Delete("$folder/unattend.xml") }

        # What the other commands of a page work on is there before: a session ./m with a few changes.
        if ($text -match '(-Path|Dismount-Image) \./m' -and $text -notmatch '\bMount-Image ') {
            $null = Mount-Image ./install.wim 1 -Path ./m
            if ($text -notmatch '-Destination|unattend\.xml \\') {
                $null = Import-ImageItem ./unattend.xml \Windows\Panther\unattend.xml -Path ./m
            }
            $null = Import-ImageItem ./hosts \Windows\setup.log -Path ./m
            $null = Import-ImageItem ./hosts '\Program Files\Old\' -Path ./m
            $null = Import-ImageItem ./hosts \Windows\Temp\ -Path ./m
            # A key to remove, and the profile of new users.
            $null = New-ImageRegistryKey HKLM\SOFTWARE\Fabrikam -Path ./m
            if ($text.Contains('-CurrentUser')) {
                $null = Export-ImageItem \Windows\System32\config\DEFAULT ./NTUSER.DAT -Path ./m
                $null = Import-ImageItem ./NTUSER.DAT \Users\Default\NTUSER.DAT -Path ./m
            }
        } elseif ($text.Contains('Windows\System32\drivers\etc\hosts')) {
            $null = Mount-Image ./install.wim 1 -Path ./m | Import-ImageItem ./mydriver.inf \Windows\System32\drivers\etc\hosts
            Dismount-Image ./m -Save
        }

        $ErrorActionPreference = 'Stop'
        $example = [scriptblock]::Create($text)
        { $null = & $example } | Should -Not -Throw
    }
}
