Describe 'Remove-ImageItem' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'removes a file' {
        $report = Remove-ImageItem \Windows\win.ini -Path $sample.Path
        $report | Should -BeOfType ([ImageServicing.ImageItemReport])
        $report.Path | Should -Be $sample.Path
        $report.ItemPath | Should -Be '\Windows\win.ini'
        $report.Action | Should -Be 'Removed'
        Get-ImageItem '\Windows\win.in?' -Path $sample.Path | Should -BeNullOrEmpty
    }

    It 'removes one name of a file and leaves the other' {
        $null = Remove-ImageItem \Windows\System32\notepad.exe -Path $sample.Path
        (Get-ImageItem '\Windows\WinSxS\*\notepad.exe' -Path $sample.Path).LinkCount | Should -Be 1
    }

    It 'removes a directory that is not empty only with -Recurse' {
        Remove-ImageItem \Users -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'DirectoryNotEmpty,ImageServicing.Cmdlets.RemoveImageItemCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Recurse*'
        $null = Remove-ImageItem \Users -Path $sample.Path -Recurse
        Get-ImageItem '\User?' -Path $sample.Path | Should -BeNullOrEmpty
    }

    It 'removes what matches, and items from Get-ImageItem' {
        (Remove-ImageItem '\Windows\*.ini' -Path $sample.Path).ItemPath | Should -Be '\Windows\win.ini'
        $null = Get-ImageItem \Users -Path $sample.Path | Remove-ImageItem -Recurse
        Get-ImageItem \Users -Path $sample.Path | Should -BeNullOrEmpty
    }

    It 'is gone from the image file after Save-Image' {
        $null = Remove-ImageItem \Windows\win.ini -Path $sample.Path | Save-Image
        (Invoke-Wimlib 'dir', $sample.Image, '1').Output | Should -Not -BeLike '*win.ini*'
        (Invoke-Wimlib 'verify', $sample.Image).ExitCode | Should -Be 0
    }

    It 'changes nothing with -WhatIf' {
        Remove-ImageItem \Users -Path $sample.Path -Recurse -WhatIf | Should -BeNullOrEmpty
        (Get-Image -Mounted).PendingOperations | Should -Be 0
    }

    It 'reports an item that is not there and goes on' {
        $reports = @(Remove-ImageItem \none, \Windows\win.ini -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed)
        $reports | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'ItemNotFound,ImageServicing.Cmdlets.RemoveImageItemCmdlet'
    }
}
