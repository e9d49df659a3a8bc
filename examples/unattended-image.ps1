<#
.SYNOPSIS
Makes an image set itself up without a question: an answer file is written, tested against the image, and applied.

.DESCRIPTION
What can be done offline is done at once, and the rest is left to Windows Setup. Nothing is saved if the answer file has
a fault that Setup would stop at.

.EXAMPLE
out/imgsh examples/unattended-image.ps1 ./install.wim 1 PC-042 ./unattend.xml
#>
param (
    [Parameter(Mandatory)] [string] $ImagePath,
    [Parameter(Mandatory)] [uint32] $Index,
    [Parameter(Mandatory)] [string] $ComputerName,
    [Parameter(Mandatory)] [string] $UnattendPath,
    [string] $Locale = 'en-US',
    [string] $TimeZone = 'UTC',
    [pscredential] $Administrator
)
$ErrorActionPreference = 'Stop'

$answers = @{ ComputerName = $ComputerName; Locale = $Locale; TimeZone = $TimeZone; SkipOobe = $true; AcceptEula = $true }
if ($Administrator) { $answers.LocalAdmin = $Administrator }
$null = New-Unattend $UnattendPath @answers

$session = Mount-Image $ImagePath $Index
try {
    $findings = @($session | Test-Unattend $UnattendPath)
    $findings | ForEach-Object { '{0}, line {1}: {2}' -f $_.Severity, $_.Line, $_.Message }
    if ($findings.Severity -contains 'Error') { throw "$UnattendPath is not for this image: nothing is saved" }

    $session | Use-Unattend $UnattendPath | ForEach-Object {
        '{0,-13} {1,-16} {2}/{3}' -f $_.Result, $_.Pass, $_.Component, $_.Setting
    }
    $null = $session | Save-Image
    "Windows is $(($session | Get-ImageSetupState).State), and will be $ComputerName"
} finally {
    $session | Dismount-Image -Discard
}
