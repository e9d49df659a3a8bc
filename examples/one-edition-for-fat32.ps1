<#
.SYNOPSIS
Takes one edition out of a file with many, compressed as well as can be serviced, in parts that fit on FAT32.

.EXAMPLE
out/imgsh examples/one-edition-for-fat32.ps1 ./install.wim Professional ./sources/install.swm
#>
param (
    [Parameter(Mandatory)] [string] $ImagePath,
    [Parameter(Mandatory)] [string] $EditionId,
    [Parameter(Mandatory)] [string] $PartPath,
    [uint64] $PartSize = 4000MB
)
$ErrorActionPreference = 'Stop'

$whole = "$PartPath.wim"
$images = @(Get-Image $ImagePath | Where-Object EditionId -EQ $EditionId)
if (-not $images) { throw "'$ImagePath' has no image of the edition '$EditionId'" }

try {
    $exported = @($images | Export-Image -DestinationPath $whole -Compression Max -Force)
    $parts = @(Split-Image $whole $PartPath -FileSize $PartSize -Force)
    $findings = @(Test-Image $PartPath)
    if ($findings) { throw "the parts are damaged: $($findings[0])" }
    "$($exported.Count) of $(@(Get-Image $ImagePath).Count) images in $($parts.Count) parts"
} finally {
    [System.IO.File]::Delete($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($whole))
}
