Describe 'Add-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $base = New-Base -WithoutImage
        $null = New-Image $base.Image $base.Tree -Name Base -Compression Max
        $before = Get-Fingerprint $base.Image
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'adds an image, and emits it' {
        $image = Add-Image $base.Tree2 $base.Image -Name Second -Description d -DisplayName dn -DisplayDescription dd -Flags Core -Bootable
        @($image) | Should -HaveCount 1
        $image | Should -BeOfType ([ImageServicing.ImageInfo])
        $image.ImageIndex | Should -Be 2
        $image.ImageName | Should -Be 'Second'
        $image.ImageDescription | Should -Be 'd'
        $image.Flags | Should -Be 'Core'
        $image.ImageBootable | Should -BeTrue
        (Get-Image $base.Image | ForEach-Object ImageName) | Should -Be 'Base', 'Second'
        Get-Leftover $base.Folder | Should -BeNullOrEmpty
    }

    It 'writes what wimlib verifies and applies' {
        $null = Add-Image $base.Tree2 $base.Image -Name Second
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
        (Invoke-Wimlib 'apply', $base.Image, '2', "$($base.Folder)/applied").ExitCode | Should -Be 0
        Get-Tree "$($base.Folder)/applied" | Should -Be (Get-Tree $base.Tree2)
    }

    It 'stores only what the file has not' {
        $size = [System.IO.FileInfo]::new($base.Image).Length
        $null = Add-Image $base.Tree $base.Image -Name Again
        [System.IO.FileInfo]::new($base.Image).Length | Should -BeLessThan ($size + 20000)
    }

    It 'takes the file from the pipeline, as New-Image emits it' {
        $image = New-Image "$($base.Folder)/new.wim" $base.Tree -Name Base | Add-Image $base.Tree2 -Name Second
        $image.ImagePath | Should -Be "$($base.Folder)/new.wim"
        $image.ImageIndex | Should -Be 2
    }

    It 'takes the file first, too' {
        (Add-Image $base.Image $base.Tree2 -Name Second).ImageIndex | Should -Be 2
    }

    It 'reads only what has changed with -UpdateOf' {
        $unreadable = "$($base.Tree)/Windows/System32/kernel.dll"
        [System.IO.File]::WriteAllText("$($base.Tree)/hello.txt", 'another length')
        $times = [System.IO.File]::GetLastWriteTimeUtc($unreadable)
        [System.IO.File]::WriteAllText($unreadable, 'KERNEL ' * 1000)
        [System.IO.File]::SetLastWriteTimeUtc($unreadable, $times)
        $image = Add-Image $base.Tree $base.Image -Name Update -UpdateOf 1
        $image.ImageIndex | Should -Be 2
        # The same size and time: taken for the same file.
        $kernel = 1, 2 | ForEach-Object { (Get-ImageContent $base.Image $_ \Windows\System32\kernel.dll).Hash }
        $kernel[1] | Should -Be $kernel[0]
        $hello = 1, 2 | ForEach-Object { (Get-ImageContent $base.Image $_ \hello.txt).Hash }
        $hello[1] | Should -Not -Be $hello[0]
    }

    It 'refuses a name that is taken, with the file as it was' {
        Add-Image $base.Tree2 $base.Image -Name Base -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNameExists,ImageServicing.Cmdlets.AddImageCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult '800700B7')
        Get-Fingerprint $base.Image | Should -Be $before
    }

    It 'refuses an index to update that is not there' {
        { Add-Image $base.Tree2 $base.Image -Name Second -UpdateOf 9 -ErrorAction Stop } |
            Should -Throw -ErrorId 'ImageIndexNotFound,ImageServicing.Cmdlets.AddImageCmdlet'
        Get-Fingerprint $base.Image | Should -Be $before
    }

    It 'refuses a file that is not there' {
        { Add-Image $base.Tree2 "$($base.Folder)/none.wim" -ErrorAction Stop } |
            Should -Throw -ErrorId 'FileNotFound,ImageServicing.Cmdlets.AddImageCmdlet'
        "$($base.Folder)/none.wim" | Should -Not -Exist
    }

    It 'adds to a solid file, too' {
        $null = New-Image "$($base.Folder)/base.esd" $base.Tree
        (Add-Image $base.Tree2 "$($base.Folder)/base.esd" -Name Second).Format | Should -Be 'Esd'
        (Invoke-Wimlib 'verify', "$($base.Folder)/base.esd").ExitCode | Should -Be 0
    }

    It 'lets a session on another image go on' {
        $null = Mount-Image $base.Image 1 -Path "$($base.Folder)/m" | Import-ImageItem "$($base.Tree2)/hello.txt" \new.txt
        $null = Add-Image $base.Tree2 $base.Image -Name Second
        (Save-Image -Path "$($base.Folder)/m").Saved | Should -BeTrue
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
        @(Get-Image $base.Image) | Should -HaveCount 2
    }

    It 'changes nothing with -WhatIf' {
        Add-Image $base.Tree2 $base.Image -Name Second -WhatIf | Should -BeNullOrEmpty
        Get-Fingerprint $base.Image | Should -Be $before
    }

    It 'leaves the file as it was after Ctrl-C' -Skip:(-not ([System.IO.File]::Exists('/bin/kill') -and [System.IO.File]::Exists('/usr/bin/env'))) {
        $null = New-Tree "$($base.Folder)/large" 3 60000000
        $stopped = Stop-Script "Add-Image '$($base.Folder)/large' '$($base.Image)'"
        $stopped.First | Should -Be 'ready'
        $stopped.Rest | Should -Not -BeLike '*never*'
        Get-Fingerprint $base.Image | Should -Be $before
        Get-Leftover $base.Folder | Should -BeNullOrEmpty
    }

    It 'completes -UpdateOf from the file' {
        Get-Completion "Add-Image x -ImagePath '$($base.Image)' -UpdateOf " | Should -Be '1'
    }
}
