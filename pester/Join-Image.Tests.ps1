Describe 'Join-Image' {
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
        $parts = @(Split-Image $base.Image "$folder/part.swm" -FileSize 300KB)
    }

    It 'makes one file of <Given>' -TestCases @(
        @{ Given = 'the first part'; Names = , 'part.swm' }
        @{ Given = 'another part'; Names = , 'part2.swm' }
        @{ Given = 'a pattern'; Names = , 'part*.swm' }
        @{ Given = 'a list that begins in the middle'; Names = 'part2.swm', 'part.swm' }
    ) {
        $images = @(Join-Image ($Names | ForEach-Object { "$folder/$_" }) "$folder/joined.wim" -CheckIntegrity)
        $images | Should -HaveCount 2
        $images[0] | Should -BeOfType ([ImageServicing.ImageInfo])
        $images[0].ImagePath | Should -Be "$folder/joined.wim"
        (Invoke-Wimlib 'verify', "$folder/joined.wim").ExitCode | Should -Be 0
        Compare-Image $base.Image 1 "$folder/joined.wim" 1 | Should -BeNullOrEmpty
        Get-Leftover $folder | Should -BeNullOrEmpty
    }

    It 'takes the parts from the pipeline' {
        @($parts | Join-Image -DestinationPath "$folder/joined.wim") | Should -HaveCount 2
    }

    It 'names a part that is missing' {
        [System.IO.File]::Delete("$folder/part2.swm")
        Join-Image "$folder/part.swm" "$folder/joined.wim" -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImagePartMissing,ImageServicing.Cmdlets.JoinImageCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].Exception.Message | Should -BeLike '*2*'
        "$folder/joined.wim" | Should -Not -Exist
        Get-Leftover $folder | Should -BeNullOrEmpty
    }

    It 'refuses a file that is there, and replaces it with -Force' {
        [System.IO.File]::WriteAllText("$folder/joined.wim", 'mine')
        { Join-Image "$folder/part.swm" "$folder/joined.wim" -ErrorAction Stop } |
            Should -Throw -ErrorId 'FileExists,ImageServicing.Cmdlets.JoinImageCmdlet'
        [System.IO.File]::ReadAllText("$folder/joined.wim") | Should -Be 'mine'
        @(Join-Image "$folder/part.swm" "$folder/joined.wim" -Force) | Should -HaveCount 2
    }

    It 'changes nothing with -WhatIf' {
        Join-Image "$folder/part.swm" "$folder/joined.wim" -WhatIf | Should -BeNullOrEmpty
        "$folder/joined.wim" | Should -Not -Exist
    }
}
