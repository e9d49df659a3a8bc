<#
.SYNOPSIS
Lists the drivers of every image in a file, the inbox ones too, without changing anything.

.EXAMPLE
out/imgsh examples/report-drivers.ps1 ./install.wim
#>
param ([Parameter(Mandatory)] [string] $ImagePath)
$ErrorActionPreference = 'Stop'

foreach ($image in Get-Image $ImagePath) {
    $session = $image | Mount-Image -ReadOnly
    try {
        "$($image.ImageName) ($($image.Version))"
        $session | Get-Driver -All | ForEach-Object {
            '    {0,-12} {1,-12} {2,-14} {3}' -f $_.Driver, $_.ClassName, $_.Version, $_.ProviderName
        }
    } finally {
        $session | Dismount-Image -Discard
    }
}
