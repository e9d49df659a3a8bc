Describe 'Get-ImageContent' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-Sample
        $all = @(Get-ImageContent $sample.Image 1 -Recurse)
    }

    It 'lists the children of the root, with the image they are in' {
        $items = @(Get-ImageContent $sample.Image 1)
        $items[0] | Should -BeOfType ([ImageServicing.ImageItem])
        $items[0].ImagePath | Should -Be $sample.Image
        $items[0].ImageIndex | Should -Be 1
        $items[0].Path | Should -BeNullOrEmpty
        ($items | ForEach-Object ItemPath) | Should -Contain '\Windows'
        ($items | Where-Object { $_.ItemPath.LastIndexOf('\') -ne 0 }) | Should -BeNullOrEmpty
    }

    It 'lists every item with -Recurse, as wimlib does' {
        $listed = (Invoke-Wimlib 'dir', $sample.Image, '1').Output.Split("`n") | Where-Object { $_.Trim().Length -gt 1 } |
            ForEach-Object { $_.Trim().Replace('/', '\') }
        $found = $all | ForEach-Object ItemPath
        @($found).Count | Should -Be @($listed).Count
        ($found | Where-Object { $_ -notin $listed }) | Should -BeNullOrEmpty
    }

    It 'gives the metadata that a session gives' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path -ReadOnly
        $expected = Get-ImageItem \Windows\explorer.exe -Path $sample.Path
        $item = Get-ImageContent $sample.Image 1 \Windows\explorer.exe
        Dismount-Image $sample.Path -Discard
        foreach ($property in 'ItemPath', 'Name', 'ShortName', 'ItemType', 'Length', 'Attributes', 'CreationTime', 'LastWriteTime', 'Hash', 'SecurityDescriptor') {
            $item.$property | Should -Be $expected.$property -Because $property
        }
    }

    It 'lists a directory with <Spelling>' -TestCases @(
        @{ Spelling = '\Windows\System32' }, @{ Spelling = '/windows/system32/' }, @{ Spelling = 'Windows\SYSTEM32' }
    ) {
        $items = @(Get-ImageContent $sample.Image 1 $Spelling)
        $items | Should -Not -BeNullOrEmpty
        ($items | Where-Object ItemPath -NotLike '\Windows\System32\*') | Should -BeNullOrEmpty
    }

    It 'matches a pattern in its directory, and with -Recurse below it, too' {
        $here = @(Get-ImageContent $sample.Image 1 '/Windows/*.e*')
        $here | Should -Not -BeNullOrEmpty
        ($here | Where-Object ItemPath -NotLike '\Windows\*.e*') | Should -BeNullOrEmpty
        ($here | Where-Object { $_.ItemPath.LastIndexOf('\') -gt '\Windows'.Length }) | Should -BeNullOrEmpty
        $below = @(Get-ImageContent $sample.Image 1 '/Windows/*.*' -Recurse | ForEach-Object ItemPath)
        $expected = @($all | Where-Object ItemPath -Like '\Windows\*' | Where-Object Name -Like '*.*' | ForEach-Object ItemPath)
        $below.Count | Should -Be $expected.Count
        ($below | Where-Object { $_ -notin $expected }) | Should -BeNullOrEmpty
    }

    It 'lists nothing for a pattern that matches nothing' {
        Get-ImageContent $sample.Image 1 '\Windows\*.nothing' -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'chooses by name, and takes images from the pipeline' {
        @(Get-ImageContent $sample.Image -Name 'sample home')[0].ImageIndex | Should -Be 2
        (Get-Image $sample.Image | Get-ImageContent -ItemPath \Windows\explorer.exe | ForEach-Object ImageIndex) | Should -Be 1, 2
    }

    It 'hands items over while it lists, so that the next cmdlet can end it' {
        $seen = [System.Collections.ArrayList]::new()
        do { Get-ImageContent $sample.Image 1 -Recurse | ForEach-Object { $null = $seen.Add($_); break } } while ($false)
        $seen.Count | Should -Be 1
        $seen.Clear()
        { Get-ImageContent $sample.Image 1 -Recurse | ForEach-Object { $null = $seen.Add($_); throw 'enough' } } | Should -Throw 'enough'
        $seen.Count | Should -Be 1
        # Nothing is left in a state that harms the next call.
        @(Get-ImageContent $sample.Image 1 -Recurse).Count | Should -Be $all.Count
    }

    It 'may be used inside its own pipeline' {
        $nested = @(Get-ImageContent $sample.Image 1 | ForEach-Object { Get-ImageContent $sample.Image 1 $_.ItemPath })
        $nested | Should -Not -BeNullOrEmpty
    }

    It 'reports <Case>' -TestCases @(
        @{ Case = 'an item that is not there'; Index = 1; Item = '\None\x.txt'; Id = 'ItemNotFound'; HResult = '80070002' }
        @{ Case = 'an index that is not there'; Index = 7; Item = '\'; Id = 'ImageIndexNotFound'; HResult = 'C1510113' }
    ) {
        Get-ImageContent $sample.Image $Index $Item -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be "$Id,ImageServicing.Cmdlets.GetImageContentCmdlet"
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult $HResult)
    }

    It 'shows items with the place they are at' {
        $output = (Invoke-Program ([System.IO.Path]::Combine($repository, 'out', 'imgsh')) '-c', "Get-ImageContent '$($sample.Image)' 1").Output
        $output | Should -BeLike '*install.wim, image 1*'
        $output | Should -BeLike '*\Windows*'
    }

    It 'completes -Index and -Name from the file' {
        Get-Completion "Get-ImageContent '$($sample.Image)' " | Should -Be '1', '2'
        Get-Completion "Get-ImageContent '$($sample.Image)' -Name 'Sample H" | Should -Be "'Sample Home'"
    }
}
