Describe 'Optimize-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $base = New-Base
        $null = Remove-Image $base.Image 2 -Force
        $before = Get-Fingerprint $base.Image
        $size = [System.IO.FileInfo]::new($base.Image).Length
    }

    It 'says with -WhatIf what it would save, and changes nothing' {
        $foreseen = Optimize-Image $base.Image -WhatIf
        $foreseen | Should -BeOfType ([ImageServicing.OptimizeReport])
        $foreseen.ImagePath | Should -Be $base.Image
        $foreseen.Estimated | Should -BeTrue
        $foreseen.FileSizeBefore | Should -Be $size
        $foreseen.Reclaimed | Should -BeGreaterThan 100000
        Get-Fingerprint $base.Image | Should -Be $before
        $done = Optimize-Image $base.Image
        # Without compressing anew the estimate is no guess.
        [System.Math]::Abs([long] $done.FileSizeAfter - [long] $foreseen.FileSizeAfter) | Should -BeLessThan 4096
    }

    It 'says the same in words' {
        $imgsh = [System.IO.Path]::Combine($repository, 'out', 'imgsh')
        $output = (Invoke-Program $imgsh '-c', "`$null = Optimize-Image '$($base.Image)' -WhatIf").Output
        $output | Should -Match 'What if: .*KB become .*KB, [0-9,]+ bytes are given back'
    }

    It 'gives dead space back, and keeps what the images hold' {
        $report = Optimize-Image $base.Image
        $report.Estimated | Should -BeFalse
        $report.FileSizeBefore | Should -Be $size
        $report.FileSizeAfter | Should -Be ([System.IO.FileInfo]::new($base.Image).Length)
        $report.Reclaimed | Should -Be ($report.FileSizeBefore - $report.FileSizeAfter)
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
        $null = Expand-Image $base.Image 1 "$($base.Folder)/out"
        Get-Tree "$($base.Folder)/out" | Should -Be (Get-Tree $base.Tree)
        Get-Leftover $base.Folder | Should -BeNullOrEmpty
    }

    It 'compresses anew with -Recompress and -Compression' {
        $null = New-Image "$($base.Folder)/raw.wim" $base.Tree -Compression None
        $report = Optimize-Image "$($base.Folder)/raw.wim" -Compression Max
        $report.Recompressed | Should -BeTrue
        (Get-Image "$($base.Folder)/raw.wim").Compression | Should -Be 'Lzx'
        (Optimize-Image "$($base.Folder)/raw.wim" -Recompress -Level 20).Recompressed | Should -BeTrue
        (Invoke-Wimlib 'verify', "$($base.Folder)/raw.wim").ExitCode | Should -Be 0
    }

    It 'gives and takes the integrity table with -CheckIntegrity' {
        $null = Optimize-Image $base.Image -CheckIntegrity
        (Invoke-Wimlib 'info', $base.Image).Output | Should -Match 'Attributes:\s+.*Integrity info'
        $null = Optimize-Image $base.Image
        (Invoke-Wimlib 'info', $base.Image).Output | Should -Match 'Attributes:\s+.*Integrity info'
        $null = Optimize-Image $base.Image -CheckIntegrity:$false
        (Invoke-Wimlib 'info', $base.Image).Output | Should -Not -Match 'Attributes:\s+.*Integrity info'
    }

    It 'optimizes each file once, by wildcards and from the pipeline' {
        $null = Copy-Image $base.Image "$($base.Folder)/other.wim"
        @(Optimize-Image "$($base.Folder)/*.wim") | Should -HaveCount 2
        $null = Add-Image $base.Tree2 $base.Image -Name Second
        @(Get-Image $base.Image | Optimize-Image) | Should -HaveCount 1
    }

    It 'refuses a file that is not there' {
        { Optimize-Image "$($base.Folder)/none.wim" -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,ImageServicing.Cmdlets.OptimizeImageCmdlet'
    }
}
