<#
.SYNOPSIS
Adds drivers to every image in a file, each in one save.

.EXAMPLE
out/imgsh examples/add-drivers-to-all.ps1 ./install.wim ./drivers
#>
param (
    [Parameter(Mandatory)] [string] $ImagePath,
    [Parameter(Mandatory)] [string[]] $DriverPath
)
$ErrorActionPreference = 'Stop'

foreach ($image in Get-Image $ImagePath) {
    $session = $image | Mount-Image
    try {
        $reports = $session | Add-Driver $DriverPath -Recurse -ErrorAction SilentlyContinue
        $added = @($reports | Where-Object Status -EQ Added).Count
        $null = $session | Save-Image
        "$($image.ImageName): $added of $(@($reports).Count) packages added"
        $reports | Where-Object Status -EQ Failed | ForEach-Object { "    $($_.Reason)" }
    } finally {
        # After a save there is nothing left to discard; after an error, the image is as it was.
        $session | Dismount-Image -Discard
    }
}
