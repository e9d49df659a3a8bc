Describe 'Export-ImageItem' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path -ReadOnly
    }

    BeforeEach { $target = "$($sample.Folder)/$([System.Guid]::NewGuid().ToString('N'))" }

    AfterAll { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'copies a file under the destination''s name, as wimlib reads it' {
        $report = Export-ImageItem \Windows\explorer.exe $target -Path $sample.Path
        $report | Should -BeOfType ([ImageServicing.ImageItemReport])
        $report.Path | Should -Be $sample.Path
        $report.ItemPath | Should -Be '\Windows\explorer.exe'
        $report.HostPath | Should -Be $target
        $report.Action | Should -Be 'Exported'
        $report.Files | Should -Be 1
        $null = Invoke-Wimlib 'extract', $sample.Image, '1', '/Windows/explorer.exe', "--dest-dir=$($sample.Folder)/wimlib"
        Get-Fingerprint $target | Should -Be (Get-Fingerprint "$($sample.Folder)/wimlib/explorer.exe")
    }

    It 'copies into a folder that is there, or that is written with a separator' {
        $null = Export-ImageItem \Windows\win.ini "$target/" -Path $sample.Path
        "$target/win.ini" | Should -Exist
        $null = Export-ImageItem \Windows\explorer.exe $target -Path $sample.Path
        "$target/explorer.exe" | Should -Exist
    }

    It 'copies a directory only with -Recurse' {
        { Export-ImageItem \Users $target -Path $sample.Path -ErrorAction Stop } | Should -Throw
        $report = Export-ImageItem \Users $target -Path $sample.Path -Recurse
        $report.Directories | Should -BeGreaterThan 1
        "$target/Default/Desktop/Read me first.txt" | Should -Exist
    }

    It 'copies what matches, and items from Get-ImageItem' {
        $null = Export-ImageItem '\Windows\*.ini' $target -Path $sample.Path
        "$target/win.ini" | Should -Exist
        $reports = Get-ImageItem '\Windows\expl*', '\Windows\win.ini' -Path $sample.Path | Export-ImageItem -Destination "$target/more/"
        ($reports | ForEach-Object ItemPath) | Should -Be '\Windows\explorer.exe', '\Windows\win.ini'
        "$target/more/explorer.exe" | Should -Exist
    }

    It 'replaces a file only with -Force' {
        [System.IO.File]::WriteAllText($target, 'mine')
        Export-ImageItem \Windows\win.ini $target -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileExists,ImageServicing.Cmdlets.ExportImageItemCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        [System.IO.File]::ReadAllText($target) | Should -Be 'mine'
        $null = Export-ImageItem \Windows\win.ini $target -Path $sample.Path -Force
        [System.IO.File]::ReadAllText($target) | Should -BeLike '; for 16-bit*'
    }

    It 'writes nothing with -WhatIf' {
        Export-ImageItem \Windows\win.ini "$target/deep/x" -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        $target | Should -Not -Exist
    }

    It 'reports an item that is not there' {
        { Export-ImageItem \none "$target/deep/x" -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'ItemNotFound,ImageServicing.Cmdlets.ExportImageItemCmdlet'
        $target | Should -Not -Exist
    }
}
