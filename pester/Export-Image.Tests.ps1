Describe 'Export-Image' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $base = New-Base
        $folder = $base.Folder
        $before = Get-Fingerprint $base.Image
    }

    BeforeEach { $target = "$folder/$([System.Guid]::NewGuid().ToString('N')).wim" }

    It 'copies an image to a new file, and emits it' {
        $image = Export-Image $base.Image 2 $target
        @($image) | Should -HaveCount 1
        $image | Should -BeOfType ([ImageServicing.ImageInfo])
        $image.ImagePath | Should -Be $target
        $image.ImageIndex | Should -Be 1
        $image.ImageName | Should -Be 'Second'
        $image.Compression | Should -Be 'Lzx'
        (Invoke-Wimlib 'verify', $target).ExitCode | Should -Be 0
        Compare-Image $base.Image 2 $target 1 | Should -BeNullOrEmpty
        Get-Fingerprint $base.Image | Should -Be $before
        Get-Leftover $folder | Should -BeNullOrEmpty
    }

    It 'adds to a file that is there, and replaces it with -Force' {
        $null = Export-Image $base.Image 1 $target
        (Export-Image $base.Image 2 $target).ImageIndex | Should -Be 2
        (Get-Image $target | ForEach-Object ImageName) | Should -Be 'Base', 'Second'
        (Invoke-Wimlib 'verify', $target).ExitCode | Should -Be 0
        (Export-Image $base.Image 2 $target -Force).ImageIndex | Should -Be 1
        @(Get-Image $target) | Should -HaveCount 1
    }

    It 'exports <Case>' -TestCases @(
        @{ Case = 'several numbers, in their order'; Choice = @{ Index = 2, 1 }; Expected = 'Second', 'Base' }
        @{ Case = 'a name'; Choice = @{ Name = 'second' }; Expected = , 'Second' }
        @{ Case = 'names by wildcards'; Choice = @{ Name = '*s*' }; Expected = 'Base', 'Second' }
        @{ Case = 'all'; Choice = @{ All = $true }; Expected = 'Base', 'Second' }
        @{ Case = 'with DISM''s names'; Choice = @{ SourceName = 'Base'; CompressionType = 'fast' }; Expected = , 'Base' }
    ) {
        (Export-Image $base.Image -DestinationPath $target @Choice | ForEach-Object ImageName) | Should -Be $Expected
        (Get-Image $target | ForEach-Object ImageName) | Should -Be $Expected
    }

    It 'exports what comes along the pipeline in one go' {
        $images = @(Get-Image $base.Image | Export-Image -DestinationImagePath $target)
        ($images | ForEach-Object ImageName) | Should -Be 'Base', 'Second'
        # The second file of the pipeline is added to what the first one made, also with -Force.
        $other = New-Base
        $null = Set-Image $other.Image 1 -Name Third
        ($base.Image, $other.Image | ForEach-Object { Get-Image $_ 1 } | Export-Image -DestinationPath $target -Force | ForEach-Object ImageName) |
            Should -Be 'Base', 'Third'
        @(Get-Image $target) | Should -HaveCount 2
    }

    It 'makes a solid file and a serviceable one again' {
        (Export-Image $base.Image 1 "$target.esd" -Compression Recovery).Format | Should -Be 'Esd'
        (Invoke-Wimlib 'verify', "$target.esd").ExitCode | Should -Be 0
        $back = Export-Image "$target.esd" 1 $target
        $back.Format | Should -Be 'Wim'
        $back.Compression | Should -Be 'Lzx'
        Compare-Image $base.Image 1 $target 1 | Should -BeNullOrEmpty
        (Export-Image $base.Image 1 "$target.2.esd").Format | Should -Be 'Esd'
    }

    It 'recompresses as -Compression <Word> says' -TestCases @(
        @{ Word = 'None'; Expected = 'None' }, @{ Word = 'Fast'; Expected = 'Xpress' }, @{ Word = 'Maximum'; Expected = 'Lzx' }
    ) {
        (Export-Image $base.Image 1 $target -Compression $Word).Compression | Should -Be $Expected
        (Invoke-Wimlib 'verify', $target).ExitCode | Should -Be 0
    }

    It 'names, describes and marks the image' {
        $image = Export-Image $base.Image 1 $target -DestinationName New -Description d -Bootable -CheckIntegrity
        $image.ImageName | Should -Be 'New'
        $image.ImageDescription | Should -Be 'd'
        $image.ImageBootable | Should -BeTrue
        (Invoke-Wimlib 'info', $target).Output | Should -Match 'Attributes:\s+.*Integrity info'
    }

    It 'makes a delta and makes it whole again' {
        $null = Export-Image $base.Image 1 "$target.delta" -DeltaFrom $base.Image
        [System.IO.FileInfo]::new("$target.delta").Length | Should -BeLessThan 100000
        { Export-Image "$target.delta" 1 $target -ErrorAction Stop } | Should -Throw -ErrorId 'ImageContentMissing,ImageServicing.Cmdlets.ExportImageCmdlet'
        $target | Should -Not -Exist
        $null = Export-Image "$target.delta" 1 $target -ReferencePath $base.Image
        (Invoke-Wimlib 'verify', $target).ExitCode | Should -Be 0
    }

    It 'reports an index that is not there, and exports the others' {
        $images = @(Export-Image $base.Image 9, 1 $target -ErrorAction SilentlyContinue -ErrorVariable failed)
        $images | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageIndexNotFound,ImageServicing.Cmdlets.ExportImageCmdlet'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult 'C1510113')
    }

    It 'refuses a name that the destination has, with the file as it was' {
        $null = Export-Image $base.Image 1 $target
        $kept = Get-Fingerprint $target
        Export-Image $base.Image 1 $target -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNameExists,ImageServicing.Cmdlets.ExportImageCmdlet'
        Get-Fingerprint $target | Should -Be $kept
        (Export-Image $base.Image 1 $target -DestinationName Other).ImageIndex | Should -Be 2
    }

    It 'changes nothing with -WhatIf' {
        Export-Image $base.Image 1 $target -WhatIf | Should -BeNullOrEmpty
        $target | Should -Not -Exist
    }

    It 'completes -Index and -Name from the file' {
        Get-Completion "Export-Image '$($base.Image)' " | Should -Be '1', '2'
        Get-Completion "Export-Image -SourceImagePath '$($base.Image)' -SourceName B" | Should -Be 'Base'
    }
}
