Describe 'Set-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $base = New-Base
        $before = Get-Fingerprint $base.Image
    }

    It 'changes names and descriptions, and emits nothing' {
        Set-Image $base.Image 1 -Name 'Base 2' -Description d -DisplayName dn -DisplayDescription dd -Flags Professional | Should -BeNullOrEmpty
        $image = Get-Image $base.Image 1
        $image.ImageName | Should -Be 'Base 2'
        $image.ImageDescription | Should -Be 'd'
        $image.DisplayName | Should -Be 'dn'
        $image.DisplayDescription | Should -Be 'dd'
        $image.Flags | Should -Be 'Professional'
        (Get-Image $base.Image 2).ImageName | Should -Be 'Second'
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
        (Invoke-Wimlib 'info', $base.Image, '1').Output | Should -Match 'Name:\s+Base 2'
    }

    It 'emits the image with -PassThru' {
        $image = Set-Image $base.Image -ImageName second -Description new -PassThru
        $image | Should -BeOfType ([ImageServicing.ImageInfo])
        $image.ImageIndex | Should -Be 2
        $image.ImageDescription | Should -Be 'new'
    }

    It 'removes what is set to an empty text, and leaves the rest' {
        Set-Image $base.Image 1 -Description d -DisplayName dn
        Set-Image $base.Image 1 -Description ''
        (Get-Image $base.Image 1).ImageDescription | Should -BeNullOrEmpty
        (Get-Image $base.Image 1).DisplayName | Should -Be 'dn'
    }

    It 'marks the image to boot, and unmarks it' {
        Set-Image $base.Image 2 -Bootable
        (Get-Image $base.Image | ForEach-Object ImageBootable) | Should -Be $false, $true
        (Invoke-Wimlib 'info', $base.Image).Output | Should -Match 'Boot Index:\s+2'
        Set-Image $base.Image 2 -Bootable:$false
        (Get-Image $base.Image | ForEach-Object ImageBootable) | Should -Be $false, $false
    }

    It 'sets any element of the XML with -Property' {
        Set-Image $base.Image 1 -Property @{ 'WINDOWS/EDITIONID' = 'Enterprise'; 'BUILDNUMBER' = 7; 'KEPT' = $true }
        $image = Get-Image $base.Image 1
        $image.EditionId | Should -Be 'Enterprise'
        $image.Xml | Should -BeLike '*<BUILDNUMBER>7</BUILDNUMBER>*'
        $image.Xml | Should -BeLike '*<KEPT>true</KEPT>*'
        Set-Image $base.Image 1 -Property @{ 'BUILDNUMBER' = '' }
        (Get-Image $base.Image 1).Xml | Should -Not -BeLike '*BUILDNUMBER*'
    }

    It 'takes images from the pipeline, but not their names for new ones' {
        Get-Image $base.Image | Set-Image -Description same
        (Get-Image $base.Image | ForEach-Object ImageDescription) | Should -Be 'same', 'same'
        (Get-Image $base.Image | ForEach-Object ImageName) | Should -Be 'Base', 'Second'
    }

    It 'refuses a name that another image has' {
        Set-Image $base.Image 1 -Name Second -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNameExists,ImageServicing.Cmdlets.SetImageCmdlet'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult '800700B7')
        Get-Fingerprint $base.Image | Should -Be $before
    }

    It 'refuses an image that is not there' {
        { Set-Image $base.Image 9 -Name x -ErrorAction Stop } | Should -Throw -ErrorId 'ImageIndexNotFound,ImageServicing.Cmdlets.SetImageCmdlet'
        { Set-Image $base.Image -ImageName None -Name x -ErrorAction Stop } | Should -Throw -ErrorId 'ImageNameNotFound,ImageServicing.Cmdlets.SetImageCmdlet'
    }

    It 'changes nothing with -WhatIf, or when nothing is to be changed' {
        Set-Image $base.Image 1 -Name x -PassThru -WhatIf | Should -BeNullOrEmpty
        Set-Image $base.Image 1
        Get-Fingerprint $base.Image | Should -Be $before
    }

    It 'completes -Index and -ImageName from the file' {
        Get-Completion "Set-Image '$($base.Image)' " | Should -Be '1', '2'
        Get-Completion "Set-Image '$($base.Image)' -ImageName S" | Should -Be 'Second'
    }
}
