Describe 'Split-Image' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $base = New-Base -WithoutImage
        1..6 | ForEach-Object {
            $noise = [byte[]]::new(100000)
            [System.Random]::new(10 + $_).NextBytes($noise)
            [System.IO.File]::WriteAllBytes("$($base.Tree)/noise$_.bin", $noise)
        }
        $null = New-Image $base.Image $base.Tree -Name Base -Compression Max | Add-Image $base.Tree2 -Name Second
    }

    BeforeEach {
        $folder = "$($base.Folder)/$([System.Guid]::NewGuid().ToString('N'))"
        $null = [System.IO.Directory]::CreateDirectory($folder)
    }

    It 'makes parts of at most the size, with DISM''s names' {
        $parts = @(Split-Image $base.Image "$folder/part.swm" -FileSize 300KB)
        $parts.Count | Should -BeGreaterThan 2
        $parts[0] | Should -BeOfType ([ImageServicing.ImagePart])
        ($parts | ForEach-Object PartNumber) | Should -Be (1..$parts.Count)
        $parts[0].ImagePath | Should -Be "$folder/part.swm"
        $parts[1].ImagePath | Should -Be "$folder/part2.swm"
        foreach ($part in $parts) {
            $part.FileSize | Should -Be ([System.IO.FileInfo]::new($part.ImagePath).Length)
            $part.FileSize | Should -BeLessOrEqual 300KB
        }
        Get-Leftover $folder | Should -BeNullOrEmpty
        (Get-Image "$folder/part.swm" | ForEach-Object ImageName) | Should -Be 'Base', 'Second'
        (Get-Image "$folder/part.swm" 1).Format | Should -Be 'Swm'
    }

    It 'makes what wimlib verifies' {
        $null = Split-Image $base.Image "$folder/part.swm" -FileSize 300KB -CheckIntegrity
        (Invoke-Wimlib 'verify', "$folder/part.swm", "--ref=$folder/part*.swm").ExitCode | Should -Be 0
    }

    It 'gives a content that is too large a part of its own, with a warning' {
        $parts = @(Split-Image $base.Image "$folder/part.swm" -FileSize 100KB -WarningVariable warnings -WarningAction SilentlyContinue)
        @($parts | Where-Object Oversized) | Should -Not -BeNullOrEmpty
        @($warnings).Count | Should -Be @($parts | Where-Object Oversized).Count
    }

    It 'refuses a size that was meant in megabytes' {
        Split-Image $base.Image "$folder/part.swm" -FileSize 4700 -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'PartSizeTooSmall,ImageServicing.Cmdlets.SplitImageCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*4700MB*'
    }

    It 'refuses parts that are there, and replaces them with -Force' {
        [System.IO.File]::WriteAllText("$folder/part.swm", 'mine')
        Split-Image $base.Image "$folder/part.swm" -FileSize 300KB -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileExists,ImageServicing.Cmdlets.SplitImageCmdlet'
        [System.IO.File]::ReadAllText("$folder/part.swm") | Should -Be 'mine'
        @(Split-Image $base.Image "$folder/part.swm" -FileSize 300KB -Force).Count | Should -BeGreaterThan 2
    }

    It 'splits a file once, however many of its images come along' {
        @(Get-Image $base.Image | Split-Image -SplitImagePath "$folder/part.swm" -FileSize 300KB | Where-Object PartNumber -eq 1) | Should -HaveCount 1
    }

    It 'changes nothing with -WhatIf' {
        Split-Image $base.Image "$folder/part.swm" -FileSize 300KB -WhatIf | Should -BeNullOrEmpty
        "$folder/part.swm" | Should -Not -Exist
    }
}
