Describe 'Expand-Image' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $base = New-Base
        $folder = $base.Folder
    }

    BeforeEach { $target = "$folder/$([System.Guid]::NewGuid().ToString('N'))" }

    It 'applies an image to a directory, and says what it did' {
        $report = Expand-Image $base.Image 1 $target
        @($report) | Should -HaveCount 1
        $report | Should -BeOfType ([ImageServicing.ExpandReport])
        $report.ImagePath | Should -Be $base.Image
        $report.ImageIndex | Should -Be 1
        $report.DestinationPath | Should -Be $target
        $report.DestinationKind | Should -Be 'Directory'
        $report.Files | Should -BeGreaterThan 6
        $report.Size | Should -BeGreaterThan 200000
        Get-Tree $target | Should -Be (Get-Tree $base.Tree)
    }

    It 'applies by name, and from the pipeline' {
        $null = Expand-Image $base.Image -Name second -DestinationPath $target
        Get-Tree $target | Should -Be (Get-Tree $base.Tree2)
        $null = Get-Image $base.Image 2 | Expand-Image -ApplyPath "$target.2"
        Get-Tree "$target.2" | Should -Be (Get-Tree $base.Tree2)
    }

    It 'applies a part with -Include' {
        $report = Expand-Image $base.Image 1 $target -Include \Windows\INF, '/Windows/System32/k*.dll'
        $report.Files | Should -Be 2
        "$target/Windows/INF/a.inf" | Should -Exist
        "$target/Windows/System32/kernel.dll" | Should -Exist
        "$target/hello.txt" | Should -Not -Exist
    }

    It 'refuses a directory that is not empty, and applies over it with -Force' {
        $null = [System.IO.Directory]::CreateDirectory($target)
        [System.IO.File]::WriteAllText("$target/hello.txt", 'mine')
        [System.IO.File]::WriteAllText("$target/other.txt", 'mine')
        Expand-Image $base.Image 1 $target -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileExists,ImageServicing.Cmdlets.ExpandImageCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        [System.IO.File]::ReadAllText("$target/hello.txt") | Should -Be 'mine'
        $null = Expand-Image $base.Image 1 $target -Force
        [System.IO.File]::ReadAllText("$target/hello.txt") | Should -Be 'hello 1'
        [System.IO.File]::ReadAllText("$target/other.txt") | Should -Be 'mine'
    }

    It 'sums up in one warning what a directory cannot hold' {
        $sample = New-Sample
        $report = Expand-Image $sample.Image 1 $target -WarningVariable warnings -WarningAction SilentlyContinue
        $report.SecurityDescriptorsNotApplied | Should -BeGreaterThan 0
        $warnings | Should -HaveCount 1
        "$warnings" | Should -BeLike "*$($report.SecurityDescriptorsNotApplied) security descriptors*"
    }

    It 'applies to an NTFS volume in a file, with everything' {
        New-Volume "$target.ntfs"
        $sample = New-Sample
        $report = Expand-Image $sample.Image 1 "$target.ntfs" -WarningVariable warnings
        $report.DestinationKind | Should -Be 'Ntfs'
        $warnings | Should -BeNullOrEmpty
        # wimlib reads the volume again.
        (Invoke-Wimlib 'capture', "$target.ntfs", "$target.wim").ExitCode | Should -Be 0
        foreach ($item in '\Windows\explorer.exe', '\Windows', '\Program Files') {
            $expected = Get-ImageContent $sample.Image 1 ($item.Substring(0, $item.Length - 1) + '*') -ErrorAction Stop
            $applied = Get-ImageContent "$target.wim" 1 ($item.Substring(0, $item.Length - 1) + '*') -ErrorAction Stop
            foreach ($property in 'ItemPath', 'ShortName', 'Hash', 'SecurityDescriptor', 'Attributes', 'LastWriteTime', 'CreationTime') {
                $applied.$property | Should -Be $expected.$property -Because "$property of $item"
            }
        }
    }

    It 'reads a delta with -ReferencePath, and says what is missing without it' {
        $null = New-Image "$folder/delta.wim" $base.Tree -Name Delta -DeltaFrom $base.Image -Force
        Expand-Image "$folder/delta.wim" 1 $target -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageContentMissing,ImageServicing.Cmdlets.ExpandImageCmdlet'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-ReferencePath*'
        $null = Expand-Image "$folder/delta.wim" 1 "$target.2" -ReferencePath $base.Image
        Get-Tree "$target.2" | Should -Be (Get-Tree $base.Tree)
    }

    It 'refuses <Case> as DISM does' -TestCases @(
        @{ Case = 'an index that is not there'; Choice = @{ Index = 9 }; Id = 'ImageIndexNotFound' }
        @{ Case = 'a name that is not there'; Choice = @{ Name = 'None' }; Id = 'ImageNameNotFound' }
    ) {
        Expand-Image $base.Image -DestinationPath $target @Choice -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be "$Id,ImageServicing.Cmdlets.ExpandImageCmdlet"
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult 'C1510113')
        $target | Should -Not -Exist
    }

    It 'refuses a file that is damaged by its integrity table with -CheckIntegrity' {
        $null = New-Image "$target.wim" $base.Tree -Compression None -CheckIntegrity
        $stream = [System.IO.File]::OpenWrite("$target.wim")
        $stream.Position = 1000
        $stream.WriteByte(255)
        $stream.Dispose()
        Expand-Image "$target.wim" 1 $target -CheckIntegrity -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $target | Should -Not -Exist
    }

    It 'changes nothing with -WhatIf' {
        Expand-Image $base.Image 1 $target -WhatIf | Should -BeNullOrEmpty
        $target | Should -Not -Exist
    }

    It 'leaves nothing after Ctrl-C' -Skip:(-not ([System.IO.File]::Exists('/bin/kill') -and [System.IO.File]::Exists('/usr/bin/env'))) {
        $null = New-Tree "$folder/large" 3 60000000
        $null = New-Image "$target.wim" "$folder/large" -Compression None
        $stopped = Stop-Script "Expand-Image '$target.wim' 1 '$target'" -After 0
        $stopped.First | Should -Be 'ready'
        $stopped.Rest | Should -Not -BeLike '*never*'
        $target | Should -Not -Exist
    }

    It 'completes -Index and -Name from the file' {
        Get-Completion "Expand-Image '$($base.Image)' " | Should -Be '1', '2'
        Get-Completion "Expand-Image '$($base.Image)' -Name S" | Should -Be 'Second'
    }
}
