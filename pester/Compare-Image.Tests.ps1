Describe 'Compare-Image' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        [System.IO.File]::WriteAllText("$($sample.Folder)/new.txt", 'new content')
        $null = Import-ImageItem "$($sample.Folder)/new.txt" \Windows\new.txt -Path $sample.Path
        $null = Import-ImageItem "$($sample.Folder)/new.txt" \Windows\explorer.exe -Path $sample.Path -Force
        $null = Remove-ImageItem \Windows\win.ini -Path $sample.Path
        $length = (Get-ImageContent $sample.Image 1 \Windows\explorer.exe).Length
    }

    AfterAll { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'tells what a session has changed' {
        $differences = @(Compare-Image -Path $sample.Path)
        $differences[0] | Should -BeOfType ([ImageServicing.ImageDifference])
        ($differences | ForEach-Object Path) | Should -Contain $sample.Path
        $added = $differences | Where-Object Change -eq Added
        $added.ItemPath | Should -Be '\Windows\new.txt'
        $added.ReferenceLength | Should -BeNullOrEmpty
        $added.DifferenceLength | Should -Be 11
        $removed = $differences | Where-Object Change -eq Removed
        $removed.ItemPath | Should -Be '\Windows\win.ini'
        $removed.DifferenceLength | Should -BeNullOrEmpty
        $changed = $differences | Where-Object What -Contains Content
        $changed.Change | Should -Be 'Changed'
        $changed.ItemPath | Should -Be '\Windows\explorer.exe'
        $changed.ReferenceLength | Should -Be $length
        $changed.DifferenceLength | Should -Be 11
    }

    It 'takes the session from the pipeline' {
        @(Get-Image -Mounted | Compare-Image | Where-Object Change -eq Added) | Should -HaveCount 1
    }

    It 'tells nothing of images that are the same' {
        Compare-Image $sample.Image 1 $sample.Image 1 | Should -BeNullOrEmpty
    }

    It 'tells of equal items, too, with -IncludeEqual' {
        $items = @(Compare-Image $sample.Image 1 $sample.Image 1 -IncludeEqual)
        $items | Should -Not -BeNullOrEmpty
        ($items | Where-Object Change -ne Equal) | Should -BeNullOrEmpty
    }

    It 'compares two images of different files' {
        $base = New-Base
        $differences = @(Compare-Image $base.Image 1 $base.Image 2 -IgnoreTimes)
        ($differences | ForEach-Object { "$($_.Change) $($_.ItemPath) $($_.What -join ',')" }) | Should -Be @(
            'Changed \hello.txt Content', 'Changed \Windows\shell.dll Content', 'Changed \Windows\System32\noise.dll Content')
        @($differences | Where-Object Path) | Should -BeNullOrEmpty
        @(Compare-Image $base.Image 1 $base.Image 2 -ItemPath /Windows/System32 -IgnoreTimes) | Should -HaveCount 1
    }

    It 'takes the first image from the pipeline' {
        Get-Image $sample.Image 1 | Compare-Image -DifferenceImagePath $sample.Image -DifferenceIndex 1 -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'reports <Case>' -TestCases @(
        @{ Case = 'a first image that is not there'; Indexes = 9, 1 }
        @{ Case = 'a second image that is not there'; Indexes = 1, 9 }
    ) {
        Compare-Image $sample.Image $Indexes[0] $sample.Image $Indexes[1] -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageIndexNotFound,ImageServicing.Cmdlets.CompareImageCmdlet'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult 'C1510113')
    }

    It 'reports a session that is not there' {
        { Compare-Image -Path "$($sample.Folder)/none" -ErrorAction Stop } |
            Should -Throw -ErrorId 'SessionNotFound,ImageServicing.Cmdlets.CompareImageCmdlet'
    }

    It 'completes the indexes and the session' {
        Get-Completion "Compare-Image '$($sample.Image)' " | Should -Be '1', '2'
        Get-Completion "Compare-Image '$($sample.Image)' 1 '$($sample.Image)' " | Should -Be '1', '2'
        Get-Completion 'Compare-Image -Path ' | Should -Contain $sample.Path
    }
}
