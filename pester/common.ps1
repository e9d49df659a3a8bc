# What every suite begins with. Dot-source it in the suite's first BeforeAll: . $PSScriptRoot/common.ps1
#
# It imports the staged module and gives the suite a state directory of its own, so that no test ever sees or ends a
# session of the person who runs it. Written for Pester 5; imgsh --pester runs it, too. Only the language and .NET are
# used, no commands of Microsoft.PowerShell.Utility and .Management, because imgsh has none.

$repository = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..'))
Import-Module ([System.IO.Path]::Combine($repository, 'out', 'ImageServicing', 'ImageServicing.psd1')) -ErrorAction Stop
# An error that a test does not expect ends it.
$ErrorActionPreference = 'Stop'
$env:IMGSVC_STATE_DIR = [System.IO.Path]::Combine($TestDrive, 'state')

# The folder that the example make-sample fills; `make build` or `make test` runs it.
$sampleSource = [System.IO.Path]::Combine($repository, 'out', 'sample')
if (-not [System.IO.File]::Exists([System.IO.Path]::Combine($sampleSource, 'install.wim'))) {
    throw "the sample image is missing: run 'cargo run --example make-sample -- out/sample' in $repository"
}

# A copy of the sample image in a folder of its own, and the driver packages.
function New-Sample {
    $folder = [System.IO.Path]::Combine($TestDrive, [System.Guid]::NewGuid().ToString('N').Substring(0, 8))
    $null = [System.IO.Directory]::CreateDirectory($folder)
    $image = [System.IO.Path]::Combine($folder, 'install.wim')
    [System.IO.File]::Copy([System.IO.Path]::Combine($sampleSource, 'install.wim'), $image)
    $drivers = [System.IO.Path]::Combine($sampleSource, 'drivers')
    [PSCustomObject]@{
        Folder  = $folder
        Image   = $image
        Path    = [System.IO.Path]::Combine($folder, 'm')
        Drivers = $drivers
        Good1   = [System.IO.Path]::Combine($drivers, 'good1')
        Good2   = [System.IO.Path]::Combine($drivers, 'good2')
    }
}

# A directory of files to capture: text, equal files, an empty one, a link, and content that does not compress.
function New-Tree {
    param ([string] $Path, [int] $Seed = 1, [int] $Size = 200000)
    foreach ($folder in 'Windows/System32/config', 'Windows/INF', 'Users/empty') {
        $null = [System.IO.Directory]::CreateDirectory("$Path/$folder")
    }
    $noise = [byte[]]::new($Size)
    [System.Random]::new($Seed).NextBytes($noise)
    [System.IO.File]::WriteAllBytes("$Path/Windows/System32/noise.dll", $noise)
    [System.IO.File]::WriteAllText("$Path/Windows/System32/kernel.dll", 'kernel ' * 1000)
    [System.IO.File]::WriteAllText("$Path/Windows/System32/copy.dll", 'kernel ' * 1000)
    [System.IO.File]::WriteAllText("$Path/Windows/shell.dll", "shell $Seed")
    [System.IO.File]::WriteAllText("$Path/Windows/INF/a.inf", '[Version]')
    [System.IO.File]::WriteAllText("$Path/Windows/empty.txt", '')
    [System.IO.File]::WriteAllText("$Path/hello.txt", "hello $Seed")
    $null = [System.IO.File]::CreateSymbolicLink("$Path/link.txt", 'hello.txt')
    $Path
}

# What is below a directory: the path of each item from there, and the content of files.
function Get-Tree {
    param ([string] $Path)
    $names = [System.IO.Directory]::GetFileSystemEntries($Path, '*', 'AllDirectories')
    [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
    foreach ($name in $names) {
        $below = $name.Substring($Path.Length)
        $link = [System.IO.FileInfo]::new($name).LinkTarget
        if ($link) { "$below -> $link" }
        elseif ([System.IO.Directory]::Exists($name)) { "$below/" }
        else { "$below $(Get-Fingerprint $name)" }
    }
}

# A folder with ./tree and ./tree2, and ./base.wim with both of them as images.
function New-Base {
    param ([switch] $WithoutImage)
    $folder = [System.IO.Path]::Combine($TestDrive, [System.Guid]::NewGuid().ToString('N').Substring(0, 8))
    $base = [PSCustomObject]@{
        Folder = $folder
        Tree   = New-Tree "$folder/tree" 1
        Tree2  = New-Tree "$folder/tree2" 2
        Image  = "$folder/base.wim"
    }
    if (-not $WithoutImage) {
        $null = New-Image $base.Image $base.Tree -Name Base -Compression Max | Add-Image $base.Tree2 -Name Second
    }
    $base
}

# A copy of a hive of the sample image.
function Copy-Hive {
    param ([string] $Name, [string] $Path)
    $source = [System.IO.Path]::Combine($TestDrive, "$Name.hive")
    if (-not [System.IO.File]::Exists($source)) {
        $session = [System.IO.Path]::Combine($TestDrive, "$Name.session")
        $null = Mount-Image "$sampleSource/install.wim" 1 -Path $session -ReadOnly
        try { $null = Export-ImageItem "\Windows\System32\config\$Name" $source -Path $session } finally { Dismount-Image $session -Discard }
    }
    [System.IO.File]::Copy($source, $Path, $true)
    $Path
}

# A session on a copy of the sample image, and hive files beside it.
function New-RegistrySample {
    param ([switch] $ReadOnly)
    $sample = New-Sample
    $null = Mount-Image $sample.Image 1 -Path $sample.Path -ReadOnly:$ReadOnly
    [PSCustomObject]@{
        Folder   = $sample.Folder
        Image    = $sample.Image
        Path     = $sample.Path
        Drivers  = $sample.Drivers
        System   = Copy-Hive SYSTEM "$($sample.Folder)/SYSTEM"
        Software = Copy-Hive SOFTWARE "$($sample.Folder)/SOFTWARE"
    }
}

# An answer file with a setting for now, one for Setup, and drivers on demand.
function New-AnswerFile {
    param ([string] $Path, [string] $Owner = 'Ann', [string] $DriverPath)
    $identity = 'processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS"'
    $drivers = if ($DriverPath) {
        "<component name=`"Microsoft-Windows-PnpCustomizationsNonWinPE`" $identity><DriverPaths><PathAndCredentials>" +
        "<Path>$DriverPath</Path></PathAndCredentials></DriverPaths></component>"
    }
    $lines = '<?xml version="1.0" encoding="utf-8"?>', '<unattend xmlns="urn:schemas-microsoft-com:unattend">',
        '<settings pass="offlineServicing">',
        "<component name=`"Microsoft-Windows-LUA-Settings`" $identity><EnableLUA>false</EnableLUA></component>", $drivers, '</settings>',
        '<settings pass="specialize">',
        "<component name=`"Microsoft-Windows-Shell-Setup`" $identity><RegisteredOwner>$Owner</RegisteredOwner></component>",
        '</settings>', '</unattend>', ''
    [System.IO.File]::WriteAllText($Path, $lines -join "`n")
    $Path
}

# An answer file, in a folder of its own unless a path is given; a script block may change its text.
function New-UnattendFile {
    param ([scriptblock] $Change, [string] $Path)
    $component = '<component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" ' +
        'language="neutral" versionScope="nonSxS" xmlns:wcm="http://schemas.microsoft.com/WMIConfig/2002/State">'
    $text = @"
<?xml version="1.0" encoding="utf-8"?>
<!-- first -->
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    $component
      <ComputerName>PC-1</ComputerName>
      <TimeZone>UTC</TimeZone>
    </component>
  </settings>
  <settings pass="oobeSystem">
    $component
      <UserAccounts>
        <LocalAccounts>
          <LocalAccount wcm:action="add">
            <Name>Admin</Name>
            <Group>Administrators</Group>
          </LocalAccount>
          <LocalAccount wcm:action="add">
            <Name>O'Brien</Name>
            <Password><Value>x&amp;y</Value><PlainText>true</PlainText></Password>
          </LocalAccount>
        </LocalAccounts>
      </UserAccounts>
    </component>
  </settings>
</unattend>

"@.Replace("`r`n", "`n")
    if ($Change) { $text = & $Change $text }
    if (-not $Path) {
        $folder = [System.IO.Path]::Combine($TestDrive, [System.Guid]::NewGuid().ToString('N').Substring(0, 8))
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $Path = [System.IO.Path]::Combine($folder, 'unattend.xml')
    }
    [System.IO.File]::WriteAllText($Path, $text)
    $Path
}

# A registration file of version 5.
function New-RegFile {
    param ([string] $Path, [string[]] $Lines)
    [System.IO.File]::WriteAllText($Path, "Windows Registry Editor Version 5.00`r`n`r`n" + ($Lines -join "`r`n") + "`r`n", [System.Text.Encoding]::Unicode)
    $Path
}

# hivexregedit's reading of a hive file, as lines of text. Skips the test, with the reason, when it is not installed.
function Get-HivexDump {
    param ([string] $Hive, [string] $Key = '\')
    $program = Find-Program 'hivexregedit'
    if (-not $program) { Set-ItResult -Skipped -Because 'hivexregedit is not installed' }
    $dump = Invoke-Program $program '--export', '--unsafe-printable-strings', $Hive, $Key
    if ($dump.ExitCode -ne 0) { throw $dump.Errors }
    $dump.Output.Split("`n") | ForEach-Object { $_.TrimEnd("`r") }
}

# Damages the first key of that name: its record loses the signature, so that readers do not know it.
function Edit-Hive {
    param ([string] $Path, [string] $Key)
    $bytes = [System.IO.File]::ReadAllBytes($Path)
    $text = [System.Text.Encoding]::Latin1.GetString($bytes)
    # A key node: 'nk', 74 bytes of fields, and the name.
    $found = [System.Text.RegularExpressions.Regex]::Match($text, "nk[\s\S]{74}$Key", 'None')
    if (-not $found.Success) { throw "there is no key '$Key' in $Path" }
    $bytes[$found.Index] = 0
    [System.IO.File]::WriteAllBytes($Path, $bytes)
}

# Makes a hive one that was not closed cleanly: its two sequence numbers differ, and it has no logs.
function Set-HiveDirty {
    param ([string] $Path)
    $bytes = [System.IO.File]::ReadAllBytes($Path)
    $first = [System.BitConverter]::ToUInt32($bytes, 4) + 1
    [System.BitConverter]::GetBytes([uint] $first).CopyTo($bytes, 4)
    $sum = [uint] 0
    for ($at = 0; $at -lt 508; $at += 4) { $sum = $sum -bxor [System.BitConverter]::ToUInt32($bytes, $at) }
    [System.BitConverter]::GetBytes([uint] $sum).CopyTo($bytes, 508)
    [System.IO.File]::WriteAllBytes($Path, $bytes)
}

# The hidden files that an operation writes before they get their final name: none may be left behind.
function Get-Leftover {
    param ([string] $Folder)
    [System.IO.Directory]::GetFiles($Folder, '.*') | ForEach-Object { [System.IO.Path]::GetFileName($_) }
}

# Runs a command in another shell and presses Ctrl-C once it has printed 'ready' and so many milliseconds have passed.
function Stop-Script {
    param ([string] $Script, [int] $After = 100)
    $inPwsh = $Host.Name -eq 'ConsoleHost'
    $manifest = [System.IO.Path]::Combine($repository, 'out', 'ImageServicing', 'ImageServicing.psd1')
    # A program that was started in the background ignores Ctrl-C, and so would everything it starts.
    $start = [System.Diagnostics.ProcessStartInfo]::new('/usr/bin/env')
    $shell = if ($inPwsh) { [System.Environment]::ProcessPath, '-NoProfile', '-Command' }
    else { [System.IO.Path]::Combine($repository, 'out', 'imgsh'), '-c' }
    foreach ($argument in @('--default-signal=INT') + $shell + @("Import-Module '$manifest'; 'ready'; $Script; 'never'")) {
        $start.ArgumentList.Add($argument)
    }
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $errors = $process.StandardError.ReadToEndAsync()
    $first = $process.StandardOutput.ReadLine()
    [System.Threading.Thread]::Sleep($After)
    $null = Invoke-Program '/bin/kill' '-INT', "$($process.Id)"
    $rest = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    [PSCustomObject]@{ First = $first; Rest = $rest; Errors = $errors.Result; ExitCode = $process.ExitCode }
}

# imgsh has no Sort-Object; this much of it stands in.
if ($Host.Name -ne 'ConsoleHost') {
    function Sort-Object {
        param ([string] $Property, [switch] $Descending)
        $sorted = [object[]] @($input)
        $keys = [object[]] @($sorted | ForEach-Object { $_.$Property })
        [System.Array]::Sort($keys, $sorted)
        if ($Descending) { [System.Array]::Reverse($sorted) }
        $sorted
    }
}

# The file's SHA-256, to show that it was not touched.
function Get-Fingerprint {
    param ([string] $File)
    $stream = [System.IO.File]::OpenRead($File)
    try {
        $algorithm = [System.Security.Cryptography.SHA256]::Create()
        [System.BitConverter]::ToString($algorithm.ComputeHash($stream))
    } finally {
        $stream.Dispose()
    }
}

# The full path of a program, or nothing when it is not installed.
function Find-Program {
    param ([string] $Name)
    foreach ($folder in $env:PATH.Split([System.IO.Path]::PathSeparator)) {
        $file = [System.IO.Path]::Combine($folder, $Name)
        if ([System.IO.File]::Exists($file)) { return $file }
    }
}

# Runs another program and gives its exit code and output.
function Invoke-Program {
    param ([string] $File, [string[]] $Arguments)
    $start = [System.Diagnostics.ProcessStartInfo]::new($File)
    foreach ($argument in $Arguments) { $start.ArgumentList.Add($argument) }
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $errors = $process.StandardError.ReadToEndAsync()
    $output = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    [PSCustomObject]@{ ExitCode = $process.ExitCode; Output = $output; Errors = $errors.Result }
}

# wimlib's reading of an image file. Skips the test, with the reason, when wimlib is not installed.
function Invoke-Wimlib {
    param ([string[]] $Arguments)
    $program = Find-Program 'wimlib-imagex'
    if (-not $program) {
        Set-ItResult -Skipped -Because 'wimlib-imagex is not installed'
    }
    Invoke-Program $program $Arguments
}

# A file with an empty NTFS volume. Skips the test, with the reason, when there is no program to make one.
function New-Volume {
    param ([string] $Path)
    $mkntfs = Find-Program 'mkntfs'
    if (-not $mkntfs) { $mkntfs = '/usr/sbin/mkntfs' }
    if (-not [System.IO.File]::Exists($mkntfs)) { Set-ItResult -Skipped -Because 'mkntfs is not installed' }
    $stream = [System.IO.File]::Create($Path)
    $stream.SetLength(64MB)
    $stream.Dispose()
    $made = Invoke-Program $mkntfs '-q', '-F', '-Q', $Path
    if ($made.ExitCode -ne 0) { throw $made.Errors }
}

# What Tab offers at the end of a line.
function Get-Completion {
    param ([string] $Line)
    [System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null).CompletionMatches |
        ForEach-Object CompletionText
}

# The number that PowerShell writes as 0x...: HRESULTs are negative integers.
function ConvertTo-HResult {
    param ([string] $Hexadecimal)
    [System.Convert]::ToInt32($Hexadecimal, 16)
}
