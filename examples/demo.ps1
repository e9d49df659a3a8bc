<#
.SYNOPSIS
The main job: add drivers to an image and save it, and show what changed inside.

.EXAMPLE
out/imgsh examples/demo.ps1 ./install.wim 1 ./drivers
#>
param (
    [Parameter(Mandatory)] [string] $ImagePath,
    [Parameter(Mandatory)] [uint32] $Index,
    [Parameter(Mandatory)] [string[]] $DriverPath
)

$ErrorActionPreference = 'Stop'

# Every file and directory of the image, by path.
function Read-Tree {
    $items = [System.Collections.Generic.SortedDictionary[string, object]]::new([StringComparer]::OrdinalIgnoreCase)
    $look = Mount-Image $ImagePath $Index -ReadOnly
    $look | Get-ImageItem -Recurse | ForEach-Object { $items[$_.ItemPath] = $_ }
    $look | Dismount-Image -Discard
    $items
}

# Out-Default after each step gives each kind of object its own table.
Get-Image $ImagePath | Out-Default
$before = Read-Tree

"> Mount-Image $ImagePath $Index | Add-Driver $DriverPath -Recurse | Save-Image" | Out-Default
$session = Mount-Image $ImagePath $Index
$reports = $session | Add-Driver $DriverPath -Recurse -ErrorAction SilentlyContinue
$saved = $reports | Save-Image
$reports | Out-Default
$reports | Where-Object Status -NE Added | ForEach-Object { "  $($_.Status): $($_.Reason)" } | Out-Default
$saved | Out-Default

'> Get-Driver' | Out-Default
$session | Get-Driver | Out-Default
$session | Dismount-Image -Discard

'What changed in the image (+ added, * other content, - removed):' | Out-Default
$after = Read-Tree
foreach ($path in $after.Keys) {
    $item = $after[$path]
    $length = if ($item.ItemType -eq 'Directory') { '' } else { $item.Length }
    if (-not $before.ContainsKey($path)) { '  + {0,9}  {1}' -f $length, $path }
    elseif ($item.Hash -ne $before[$path].Hash) { '  * {0,9}  {1}' -f $length, $path }
}
foreach ($path in $before.Keys) {
    if (-not $after.ContainsKey($path)) { '  -            {0}' -f $path }
}
