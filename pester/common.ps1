# What every suite begins with. Dot-source it in the suite's first BeforeAll: . $PSScriptRoot/common.ps1
#
# It imports the staged module and gives the suite a state directory of its own, so that no test ever sees or ends a
# session of the person who runs it. Written for Pester 5; imgsh --pester runs it, too. Only the language and .NET are
# used, no commands of Microsoft.PowerShell.Utility and .Management, because imgsh has none.

$repository = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..'))
Import-Module ([System.IO.Path]::Combine($repository, 'out', 'ImageServicing', 'ImageServicing.psd1')) -ErrorAction Stop
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
