Describe 'Remove-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $base = New-Base
        $before = Get-Fingerprint $base.Image
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'removes an image, and says so' {
        $report = Remove-Image $base.Image 1 -Force
        @($report) | Should -HaveCount 1
        $report | Should -BeOfType ([ImageServicing.ImageRemoval])
        $report.ImagePath | Should -Be $base.Image
        $report.Removed | Should -HaveCount 1
        $report.Removed[0].ImageIndex | Should -Be 1
        $report.Removed[0].ImageName | Should -Be 'Base'
        $report.Compacted | Should -BeFalse
        $report.FileSizeAfter | Should -Be ([System.IO.FileInfo]::new($base.Image).Length)
        (Get-Image $base.Image | ForEach-Object ImageName) | Should -Be 'Second'
        (Get-Image $base.Image).ImageIndex | Should -Be 1
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
    }

    It 'gives the space back with -Compact' {
        $report = Remove-Image $base.Image 1 -Compact -Force
        $report.Compacted | Should -BeTrue
        $report.FileSizeAfter | Should -BeLessThan ($report.FileSizeBefore - 100000)
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
        Get-Leftover $base.Folder | Should -BeNullOrEmpty
    }

    It 'removes by name and wildcards' {
        $null = Remove-Image $base.Image -Name 'sec*' -Force
        (Get-Image $base.Image | ForEach-Object ImageName) | Should -Be 'Base'
    }

    It 'removes what comes along the pipeline in one go, so that numbers hold' {
        $null = Add-Image $base.Tree2 $base.Image -Name Third
        $report = Get-Image $base.Image | Where-Object ImageName -ne Second | Remove-Image -Force
        @($report) | Should -HaveCount 1
        ($report.Removed | ForEach-Object ImageIndex) | Should -Be 1, 3
        (Get-Image $base.Image | ForEach-Object ImageName) | Should -Be 'Second'
    }

    It 'asks before it removes, and does not with -Confirm:$false' {
        # Nobody can answer in a test run: the question is asked only where somebody can.
        $null = Remove-Image $base.Image 1 -Confirm:$false
        @(Get-Image $base.Image) | Should -HaveCount 1
    }

    It 'refuses an index and a name that are not there' {
        { Remove-Image $base.Image 9 -Force -ErrorAction Stop } | Should -Throw -ErrorId 'ImageIndexNotFound,ImageServicing.Cmdlets.RemoveImageCmdlet'
        { Remove-Image $base.Image -Name None -Force -ErrorAction Stop } | Should -Throw -ErrorId 'ImageNameNotFound,ImageServicing.Cmdlets.RemoveImageCmdlet'
        Remove-Image $base.Image -Name None* -Force -ErrorAction Stop | Should -BeNullOrEmpty
        Get-Fingerprint $base.Image | Should -Be $before
    }

    It 'refuses an image that is mounted for writing' {
        $null = Mount-Image $base.Image 1 -Path "$($base.Folder)/m"
        Remove-Image $base.Image 1 -Force -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult 'C1420127')
        Get-Fingerprint $base.Image | Should -Be $before
    }

    It 'changes nothing with -WhatIf' {
        Remove-Image $base.Image 1 -WhatIf | Should -BeNullOrEmpty
        Get-Fingerprint $base.Image | Should -Be $before
    }

    It 'completes -Index and -Name from the file' {
        Get-Completion "Remove-Image '$($base.Image)' " | Should -Be '1', '2'
        Get-Completion "Remove-Image '$($base.Image)' -Name " | Should -Be 'Base', 'Second'
    }
}
