Describe 'New-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $base = New-Base -WithoutImage
        $folder = $base.Folder
        $tree = $base.Tree
    }

    AfterEach { $env:SOURCE_DATE_EPOCH = $null }

    It 'captures a directory, and emits the image as Get-Image does' {
        $image = New-Image $base.Image $tree -Name Base
        @($image) | Should -HaveCount 1
        $image | Should -BeOfType ([ImageServicing.ImageInfo])
        $image.ImagePath | Should -Be $base.Image
        $image.ImageIndex | Should -Be 1
        $image.ImageName | Should -Be 'Base'
        $image.Format | Should -Be 'Wim'
        $image.FileCount | Should -BeGreaterThan 6
        (Get-Image $base.Image).ImageSize | Should -Be $image.ImageSize
        Get-Leftover $folder | Should -BeNullOrEmpty
    }

    It 'writes what wimlib verifies and applies' {
        $null = New-Image $base.Image $tree -Compression Max -CheckIntegrity
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
        (Invoke-Wimlib 'apply', $base.Image, '1', "$folder/applied").ExitCode | Should -Be 0
        Get-Tree "$folder/applied" | Should -Be (Get-Tree $tree)
        (Invoke-Wimlib 'info', $base.Image).Output | Should -Match 'Attributes:\s+.*Integrity info'
    }

    It 'takes the name of the source without -Name' {
        (New-Image $base.Image $tree).ImageName | Should -Be 'tree'
    }

    It 'compresses as -Compression <Word> says' -TestCases @(
        @{ Word = 'None'; Expected = 'None'; Format = 'Wim' }
        @{ Word = 'Fast'; Expected = 'Xpress'; Format = 'Wim' }
        @{ Word = 'Max'; Expected = 'Lzx'; Format = 'Wim' }
        @{ Word = 'maximum'; Expected = 'Lzx'; Format = 'Wim' }
        @{ Word = 'Recovery'; Expected = 'Lzms'; Format = 'Esd' }
    ) {
        $image = New-Image $base.Image $tree -Compression $Word
        $image.Compression | Should -Be $Expected
        $image.Format | Should -Be $Format
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
    }

    It 'compresses as DISM does without -Compression, and for an .esd solid' {
        (New-Image $base.Image $tree).Compression | Should -Be 'Xpress'
        (New-Image "$folder/base.esd" $tree).Format | Should -Be 'Esd'
        (New-Image "$folder/d.wim" $tree -CompressionType none).Compression | Should -Be 'None'
    }

    It 'stores what the image is called' {
        $image = New-Image $base.Image $tree -Name Base -Description d -DisplayName dn -DisplayDescription dd -Flags Professional -Bootable
        $image.ImageDescription | Should -Be 'd'
        $image.DisplayName | Should -Be 'dn'
        $image.DisplayDescription | Should -Be 'dd'
        $image.Flags | Should -Be 'Professional'
        $image.ImageBootable | Should -BeTrue
    }

    It 'stores equal files once' {
        $null = New-Image $base.Image $tree -Compression None
        $size = [System.IO.FileInfo]::new($base.Image).Length
        [System.IO.File]::Copy("$tree/Windows/System32/noise.dll", "$tree/again.dll")
        $null = New-Image "$folder/again.wim" $tree -Compression None
        [System.IO.FileInfo]::new("$folder/again.wim").Length | Should -BeLessThan ($size + 100000)
    }

    Context 'what is left out' {
        BeforeEach {
            foreach ($name in 'pagefile.sys', 'hiberfil.sys', 'kept.tmp') { [System.IO.File]::WriteAllText("$tree/$name", $name) }
        }

        It 'leaves out what DISM does, but nothing with -NoDefaultExclusion' {
            $null = New-Image $base.Image $tree
            Get-ImageContent $base.Image 1 '\*.sys' | Should -BeNullOrEmpty
            $null = New-Image "$folder/all.wim" $tree -NoDefaultExclusion
            @(Get-ImageContent "$folder/all.wim" 1 '\*.sys') | Should -HaveCount 2
        }

        It 'follows the list in -ConfigFilePath in place of the default one' {
            [System.IO.File]::WriteAllText("$folder/WimScript.ini", "[ExclusionList]`r`n*.tmp`r`n\Windows\INF`r`n")
            $null = New-Image $base.Image $tree -ConfigFilePath "$folder/WimScript.ini"
            @(Get-ImageContent $base.Image 1 '\*.sys') | Should -HaveCount 2
            Get-ImageContent $base.Image 1 '\*.tmp' | Should -BeNullOrEmpty
            Get-ImageContent $base.Image 1 '\Windows\IN*' | Should -BeNullOrEmpty
        }

        It 'warns of what an image cannot hold' -Skip:(-not [System.IO.File]::Exists('/usr/bin/mkfifo')) {
            (Invoke-Program '/usr/bin/mkfifo' "$tree/pipe").ExitCode | Should -Be 0
            $image = New-Image $base.Image $tree -WarningVariable warnings -WarningAction SilentlyContinue
            $image.ImageIndex | Should -Be 1
            "$warnings" | Should -BeLike '*pipe*'
        }
    }

    It 'makes the same bytes with -Reproducible, whatever the times of the files are' {
        $null = New-Image "$folder/1.wim" $tree -Reproducible
        [System.IO.File]::SetLastWriteTimeUtc("$tree/hello.txt", [DateTime] '2020-01-01')
        $null = New-Image "$folder/2.wim" $tree -Reproducible
        Get-Fingerprint "$folder/1.wim" | Should -Be (Get-Fingerprint "$folder/2.wim")
    }

    It 'takes the time of reproducible builds from SOURCE_DATE_EPOCH' {
        $env:SOURCE_DATE_EPOCH = '1000000000'
        $image = New-Image "$folder/1.wim" $tree
        $image.CreatedTime.ToUniversalTime() | Should -Be ([DateTime] '2001-09-09T01:46:40')
        $null = New-Image "$folder/2.wim" $tree
        Get-Fingerprint "$folder/1.wim" | Should -Be (Get-Fingerprint "$folder/2.wim")
    }

    It 'refuses a SOURCE_DATE_EPOCH that is no number' {
        $env:SOURCE_DATE_EPOCH = 'yesterday'
        { New-Image $base.Image $tree -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidArgument,ImageServicing.Cmdlets.NewImageCmdlet'
        $base.Image | Should -Not -Exist
    }

    It 'leaves out what another file holds with -DeltaFrom' {
        $null = New-Image $base.Image $tree -Compression None
        $null = New-Image "$folder/delta.wim" $tree -Compression None -DeltaFrom $base.Image
        [System.IO.FileInfo]::new("$folder/delta.wim").Length | Should -BeLessThan 100000
        (Invoke-Wimlib 'apply', "$folder/delta.wim", '1', "$folder/applied", "--ref=$($base.Image)").ExitCode | Should -Be 0
        Get-Tree "$folder/applied" | Should -Be (Get-Tree $tree)
    }

    It 'refuses a file that is there, and replaces it with -Force' {
        [System.IO.File]::WriteAllText($base.Image, 'mine')
        New-Image $base.Image $tree -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileExists,ImageServicing.Cmdlets.NewImageCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult '80070050')
        [System.IO.File]::ReadAllText($base.Image) | Should -Be 'mine'
        (New-Image $base.Image $tree -Force).ImageIndex | Should -Be 1
    }

    It 'reports a source that is not there, and leaves nothing' {
        New-Image $base.Image "$folder/none" -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileNotFound,ImageServicing.Cmdlets.NewImageCmdlet'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult '80070002')
        $base.Image | Should -Not -Exist
        Get-Leftover $folder | Should -BeNullOrEmpty
    }

    It 'takes the directory from the pipeline' {
        ([System.IO.DirectoryInfo] $tree | New-Image $base.Image).ImageName | Should -Be 'tree'
    }

    It 'changes nothing with -WhatIf' {
        New-Image $base.Image $tree -WhatIf | Should -BeNullOrEmpty
        $base.Image | Should -Not -Exist
    }

    It 'tells the bytes and the time left while it works' {
        $null = New-Tree "$folder/large" 3 60000000
        $manifest = [System.IO.Path]::Combine($repository, 'out', 'ImageServicing', 'ImageServicing.psd1')
        $clock = [System.Diagnostics.Stopwatch]::StartNew()
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
        try {
            $null = $shell.AddScript("Import-Module '$manifest'; New-Image '$($base.Image)' '$folder/large' -Compression Max")
            $shell.Invoke().ImageIndex | Should -Be 1
            $records = @($shell.Streams.Progress)
        } finally {
            $shell.Dispose()
        }
        @($records | Where-Object StatusDescription -Match '^Writing content: [0-9.,]+ MB of [0-9.,]+ MB$') | Should -Not -BeNullOrEmpty
        # An estimate is made of what takes longer than a second.
        if ($clock.Elapsed.TotalSeconds -gt 3) { @($records | Where-Object SecondsRemaining -gt 0) | Should -Not -BeNullOrEmpty }
        $records[$records.Count - 1].RecordType | Should -Be 'Completed'
    }

    It 'leaves nothing after Ctrl-C' -Skip:(-not ([System.IO.File]::Exists('/bin/kill') -and [System.IO.File]::Exists('/usr/bin/env'))) {
        $null = New-Tree "$folder/large" 3 60000000
        $stopped = Stop-Script "New-Image '$($base.Image)' '$folder/large' -Compression Max"
        $stopped.First | Should -Be 'ready'
        $stopped.Rest | Should -Not -BeLike '*never*'
        $base.Image | Should -Not -Exist
        Get-Leftover $folder | Should -BeNullOrEmpty
    }
}
