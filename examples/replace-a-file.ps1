<#
.SYNOPSIS
Replaces a file in an image by one of yours, keeps a copy of the old one, and shows that its owner,
permissions and short name are as before.

.EXAMPLE
out/imgsh examples/replace-a-file.ps1 ./install.wim 1 '\Windows\win.ini' ./my-win.ini ./old-win.ini
#>
param (
    [Parameter(Mandatory)] [string] $ImagePath,
    [Parameter(Mandatory)] [uint32] $Index,
    [Parameter(Mandatory)] [string] $ItemPath,
    [Parameter(Mandatory)] [string] $NewFile,
    [Parameter(Mandatory)] [string] $OldFile
)
$ErrorActionPreference = 'Stop'

$session = Mount-Image $ImagePath $Index
try {
    $before = $session | Get-ImageItem $ItemPath
    $null = $session | Export-ImageItem $ItemPath $OldFile
    $null = $session | Import-ImageItem $NewFile $ItemPath -Force
    $after = $session | Get-ImageItem $ItemPath
    if ($after.SecurityDescriptor -ne $before.SecurityDescriptor -or $after.ShortName -ne $before.ShortName) {
        throw "the metadata of $ItemPath changed: nothing is saved"
    }
    $null = $session | Save-Image
    "$ItemPath`: $($before.Length) bytes replaced by $($after.Length), still $($after.SecurityDescriptor)"
} finally {
    $session | Dismount-Image -Discard
}
