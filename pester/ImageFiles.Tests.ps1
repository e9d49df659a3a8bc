# The commands of the documentation, as they are written there, in a folder with ./tree, ./tree2 and ./volume.ntfs.

Describe 'Image files: commands that must work as written' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $start = $ExecutionContext.SessionState.Path.CurrentLocation
        $base = New-Base -WithoutImage
        1..3 | ForEach-Object {
            $noise = [byte[]]::new(7MB)
            [System.Random]::new(20 + $_).NextBytes($noise)
            [System.IO.File]::WriteAllBytes("$($base.Tree)/noise$_.bin", $noise)
        }
        $null = $ExecutionContext.SessionState.Path.SetLocation($base.Folder)
        $ErrorActionPreference = 'Stop'
    }

    AfterAll { $null = $ExecutionContext.SessionState.Path.SetLocation($start) }

    It 'New-Image | Add-Image' {
        $out = New-Image ./base.wim ./tree -Name Base -Compression Max | Add-Image ./tree2 -Name Second
        $out.ImageIndex | Should -Be 2
        (Get-Image ./base.wim | ForEach-Object ImageName) | Should -Be 'Base', 'Second'
        (Invoke-Wimlib 'verify', $base.Image).ExitCode | Should -Be 0
    }

    It 'Export-Image to an .esd and back' {
        $out = @(Export-Image ./base.wim 1 ./base.esd -Compression Recovery; Export-Image ./base.esd 1 ./back.wim)
        ($out | ForEach-Object Format) | Should -Be 'Esd', 'Wim'
        Compare-Image ./base.wim 1 ./back.wim 1 | Should -BeNullOrEmpty
    }

    It 'Expand-Image to a directory' {
        $null = Expand-Image ./base.wim 1 ./dir
        Get-Tree "$($base.Folder)/dir" | Should -Be (Get-Tree $base.Tree)
    }

    It 'Expand-Image to a volume' {
        New-Volume "$($base.Folder)/volume.ntfs"
        (Expand-Image ./base.wim 2 ./volume.ntfs).DestinationKind | Should -Be 'Ntfs'
    }

    It 'Split-Image and Join-Image' {
        $out = @(Split-Image ./base.wim ./part.swm -FileSize 20MB; Join-Image ./part.swm ./joined.wim)
        @($out | Where-Object { $_ -is [ImageServicing.ImagePart] }).Count | Should -Be 2
        @($out | Where-Object { $_ -is [ImageServicing.ImageInfo] }) | Should -HaveCount 2
    }

    It 'Get-ImageContent | Sort-Object' {
        $out = @(Get-ImageContent ./base.wim 1 '/Windows/*.dll' -Recurse | Sort-Object Length -Descending)
        ($out | ForEach-Object Name) | Should -Contain 'kernel.dll'
        $out[0].Name | Should -Be 'noise.dll'
        $out[3].Name | Should -Be 'shell.dll'
        $out | Should -HaveCount 4
    }

    It 'Compare-Image | Where-Object' {
        Compare-Image ./base.wim 1 ./joined.wim 1 | Where-Object Change -eq Changed | Should -BeNullOrEmpty
        @(Compare-Image ./base.wim 1 ./joined.wim 2 | Where-Object Change -eq Changed) | Should -Not -BeNullOrEmpty
    }

    It 'Test-Image, Set-Image and Optimize-Image -WhatIf' {
        $out = @(Test-Image ./base.wim; Set-Image ./base.wim 1 -Name 'Base 2' -Description d; Optimize-Image ./base.wim -WhatIf)
        $out | Should -HaveCount 1
        $out[0].Estimated | Should -BeTrue
        (Get-Image ./base.wim 1).ImageName | Should -Be 'Base 2'
        (Get-Image ./base.wim 1).ImageDescription | Should -Be 'd'
    }
}
