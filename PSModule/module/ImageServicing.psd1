@{
    # The assembly for this edition of PowerShell; both hold the same cmdlets.
    RootModule             = if ($PSEdition -eq 'Core') { 'bin/net8.0/ImageServicing.dll' } else { 'bin/net472/ImageServicing.dll' }
    ModuleVersion          = '0.1.0'
    GUID                   = '7c0c7c5b-5a39-4f6e-9d0b-3f5d8c8f2a61'
    Author                 = 'The ImageServicing authors'
    CompanyName            = 'The ImageServicing authors'
    Copyright              = 'The ImageServicing authors. MIT OR Apache-2.0.'
    Description            = 'Services Windows images offline, on Linux and Windows, without DISM, mounting or administrator rights.'
    CompatiblePSEditions   = @('Desktop', 'Core')
    PowerShellVersion      = '5.1'
    DotNetFrameworkVersion = '4.7.2'
    FormatsToProcess       = @('ImageServicing.Format.ps1xml')
    TypesToProcess         = @('ImageServicing.Types.ps1xml')
    CmdletsToExport        = @(
        'Add-Driver'
        'Add-Image'
        'Add-SetupScript'
        'Add-Unattend'
        'Compare-Driver'
        'Compare-Image'
        'Compare-ImageRegistry'
        'Compare-Unattend'
        'Convert-UnattendPassword'
        'ConvertFrom-UnattendJson'
        'ConvertTo-UnattendJson'
        'Copy-Image'
        'Dismount-Image'
        'Expand-Image'
        'Export-Driver'
        'Export-Image'
        'Export-ImageItem'
        'Export-ImageRegistry'
        'Find-Driver'
        'Get-Driver'
        'Get-Image'
        'Get-ImageContent'
        'Get-ImageItem'
        'Get-ImageRegistryKey'
        'Get-ImageRegistryValue'
        'Get-ImageSetupState'
        'Get-SetupScript'
        'Get-Unattend'
        'Get-UnattendSetting'
        'Import-ImageItem'
        'Import-ImageRegistry'
        'Join-Image'
        'Merge-Unattend'
        'Mount-Image'
        'New-Image'
        'New-ImageRegistryKey'
        'New-Unattend'
        'Optimize-Image'
        'Remove-Driver'
        'Remove-Image'
        'Remove-ImageItem'
        'Remove-ImageRegistryKey'
        'Remove-ImageRegistryValue'
        'Remove-SetupScript'
        'Remove-UnattendSetting'
        'Repair-RegistryHive'
        'Save-Image'
        'Set-Image'
        'Set-ImageRegistryValue'
        'Set-UnattendSetting'
        'Split-Image'
        'Test-Driver'
        'Test-Image'
        'Test-RegistryHive'
        'Test-Unattend'
        'Use-Unattend'
    )
    FunctionsToExport      = @()
    AliasesToExport        = @()
    VariablesToExport      = @()
    PrivateData            = @{
        PSData = @{
            Tags = @('PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'WIM', 'DISM', 'Driver', 'Registry', 'Image', 'Deployment')
        }
    }
}
