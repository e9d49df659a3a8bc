Describe 'Get-ImageItem' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path -ReadOnly
    }

    AfterAll { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'lists the root by default' {
        $items = @(Get-ImageItem -Path $sample.Path)
        $items[0] | Should -BeOfType ([ImageServicing.ImageItem])
        ($items | ForEach-Object ItemPath) | Should -Contain '\Windows'
        ($items | ForEach-Object Path) | Should -Not -Contain '\Windows'
        ($items | Where-Object ItemPath -eq '\Windows').ItemType | Should -Be 'Directory'
        $items[0].Path | Should -Be $sample.Path
    }

    It 'gives <Given>, whatever the case and the separators' -TestCases @(
        @{ Given = '\Windows\win.ini' }, @{ Given = '/windows/WIN.INI' }, @{ Given = 'Windows\win.ini' }
    ) {
        $item = Get-ImageItem $Given -Path $sample.Path
        $item.ItemPath | Should -BeExactly '\Windows\win.ini'
        $item.Name | Should -BeExactly 'win.ini'
        $item.ItemType | Should -Be 'File'
        $item.Length | Should -Be 26
        $item.LastWriteTime.Kind | Should -Be 'Local'
        $item.Attributes | Should -BeOfType ([System.IO.FileAttributes])
    }

    It 'gives the SHA-1 that the file has' {
        $bytes = [System.Text.Encoding]::ASCII.GetBytes("; for 16-bit app support`r`n")
        $hash = [System.BitConverter]::ToString([System.Security.Cryptography.SHA1]::Create().ComputeHash($bytes)).Replace('-', '')
        (Get-ImageItem \Windows\win.ini -Path $sample.Path).Length | Should -Be $bytes.Length -Because 'the sample writes this text'
        (Get-ImageItem \Windows\win.ini -Path $sample.Path).Hash | Should -Be $hash
    }

    It 'lists what is in a directory' {
        (Get-ImageItem \Windows -Path $sample.Path | ForEach-Object Name) | Should -Contain 'System32'
        (Get-ImageItem \Windows -Path $sample.Path | ForEach-Object ItemPath) | Should -Not -Contain '\Windows\System32\notepad.exe'
    }

    It 'matches wildcards in every component' {
        (Get-ImageItem '\Windows\*.INI' -Path $sample.Path).ItemPath | Should -Be '\Windows\win.ini'
        (Get-ImageItem '\Win*\Sys*32\note???.exe' -Path $sample.Path).ItemPath | Should -Be '\Windows\System32\notepad.exe'
        Get-ImageItem '\Nothing*\x' -Path $sample.Path -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'gives the directory itself for a pattern' {
        (Get-ImageItem '\Window?' -Path $sample.Path).ItemType | Should -Be 'Directory'
    }

    It 'lists the same with -Recurse as wimlib does' {
        $paths = @(Get-ImageItem -Path $sample.Path -Recurse | ForEach-Object { $_.ItemPath.Replace('\', '/') })
        $listed = (Invoke-Wimlib 'dir', $sample.Image, '1').Output.Split("`n") | Where-Object { $_ -and $_ -ne '/' }
        $paths.Count | Should -Be @($listed).Count
        ($paths | Where-Object { $listed -cnotcontains $_ }) | Should -BeNullOrEmpty
    }

    It 'counts hard links' {
        (Get-ImageItem \Windows\System32\notepad.exe -Path $sample.Path).LinkCount | Should -Be 2
    }

    It 'shows what is staged, too' {
        $other = New-Sample
        $file = "$($other.Folder)/new.txt"
        [System.IO.File]::WriteAllText($file, 'new')
        $null = Mount-Image $other.Image 1 -Path $other.Path
        $null = Import-ImageItem $file \Windows\ -Path $other.Path
        (Get-ImageItem \Windows\new.txt -Path $other.Path).Length | Should -Be 3
        Dismount-Image $other.Path -Discard -Force
    }

    It 'reports an item that is not there and goes on' {
        $items = @(Get-ImageItem \none, \Windows\win.ini -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed)
        $items | Should -HaveCount 1
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'ItemNotFound,ImageServicing.Cmdlets.GetImageItemCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].TargetObject | Should -Be '\none'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult '80070002')
    }

    It 'lets an error of the next command end the pipeline' {
        { Get-ImageItem \Windows -Path $sample.Path | ForEach-Object { throw 'enough' } } | Should -Throw 'enough'
    }
}
