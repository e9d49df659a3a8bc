Describe 'Copy-Image' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $base = New-Base
        $folder = $base.Folder
    }

    BeforeEach { $copy = "$folder/$([System.Guid]::NewGuid().ToString('N')).wim" }

    It 'copies a file byte for byte, and emits its images' {
        $images = @(Copy-Image $base.Image $copy)
        $images | Should -HaveCount 2
        $images[0] | Should -BeOfType ([ImageServicing.ImageInfo])
        $images[0].ImagePath | Should -Be $copy
        Get-Fingerprint $copy | Should -Be (Get-Fingerprint $base.Image)
        Get-Leftover $folder | Should -BeNullOrEmpty
    }

    It 'copies to a folder, by wildcards and from the pipeline' {
        $null = [System.IO.Directory]::CreateDirectory("$folder/backup")
        @(Copy-Image "$folder/bas*.wim" "$folder/backup") | Should -HaveCount 2
        Get-Fingerprint "$folder/backup/base.wim" | Should -Be (Get-Fingerprint $base.Image)
        @(Get-Image $base.Image | Copy-Image -DestinationPath $copy) | Should -HaveCount 2
    }

    It 'copies all parts of a set, whichever is given' {
        $parts = @(Split-Image $base.Image "$folder/part.swm" -FileSize 250KB)
        $parts.Count | Should -BeGreaterThan 1
        $null = [System.IO.Directory]::CreateDirectory("$folder/set")
        $null = Copy-Image "$folder/part2.swm" "$folder/set/copy.swm"
        Get-Fingerprint "$folder/set/copy.swm" | Should -Be (Get-Fingerprint "$folder/part.swm")
        Get-Fingerprint "$folder/set/copy2.swm" | Should -Be (Get-Fingerprint "$folder/part2.swm")
    }

    It 'refuses a file that is there, and replaces it with -Force' {
        [System.IO.File]::WriteAllText($copy, 'mine')
        Copy-Image $base.Image $copy -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileExists,ImageServicing.Cmdlets.CopyImageCmdlet'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult '80070050')
        [System.IO.File]::ReadAllText($copy) | Should -Be 'mine'
        @(Copy-Image $base.Image $copy -Force) | Should -HaveCount 2
    }

    It 'reports a file that is not there' {
        { Copy-Image "$folder/none.wim" $copy -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,ImageServicing.Cmdlets.CopyImageCmdlet'
        $copy | Should -Not -Exist
    }

    It 'changes nothing with -WhatIf' {
        Copy-Image $base.Image $copy -WhatIf | Should -BeNullOrEmpty
        $copy | Should -Not -Exist
    }
}
