Describe 'Import-ImageItem' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        $file = "$($sample.Folder)/hello.txt"
        [System.IO.File]::WriteAllText($file, 'hello')
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'adds a file under the destination''s name and makes missing directories' {
        $report = Import-ImageItem $file \Windows\Panther\unattend.xml -Path $sample.Path
        $report | Should -BeOfType ([ImageServicing.ImageItemReport])
        $report.Path | Should -Be $sample.Path
        $report.ItemPath | Should -Be '\Windows\Panther\unattend.xml'
        $report.HostPath | Should -Be $file
        $report.Action | Should -Be 'Added'
        $report.Files | Should -Be 1
        $report.Size | Should -Be 5
        (Get-ImageItem \Windows\Panther\unattend.xml -Path $sample.Path).Length | Should -Be 5
    }

    It 'copies into a directory that is there, or that is written with a separator' {
        (Import-ImageItem $file \Windows -Path $sample.Path).ItemPath | Should -Be '\Windows\hello.txt'
        (Import-ImageItem $file \New\ -Path $sample.Path).ItemPath | Should -Be '\New\hello.txt'
    }

    It 'copies several files and wildcards into a directory' {
        [System.IO.File]::WriteAllText("$($sample.Folder)/b.txt", 'b')
        (Import-ImageItem "$($sample.Folder)/*.txt" \New -Path $sample.Path | ForEach-Object ItemPath) |
            Should -Be '\New\b.txt', '\New\hello.txt'
    }

    It 'copies a folder with -Recurse' {
        $folder = "$($sample.Folder)/tree"
        $null = [System.IO.Directory]::CreateDirectory("$folder/inner")
        [System.IO.File]::WriteAllText("$folder/inner/x.txt", 'x')
        $report = Import-ImageItem $folder \Windows\Setup\ -Path $sample.Path -Recurse
        $report.Files | Should -Be 1
        (Get-ImageItem \Windows\Setup\tree\inner\x.txt -Path $sample.Path).Length | Should -Be 1
    }

    It 'replaces only with -Force, and keeps what belongs to the file' {
        $before = Get-ImageItem \Windows\System32\notepad.exe -Path $sample.Path
        Import-ImageItem $file \Windows\System32\notepad.exe -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed |
            Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'ItemExists,ImageServicing.Cmdlets.ImportImageItemCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        (Import-ImageItem $file \Windows\System32\notepad.exe -Path $sample.Path -Force).Action | Should -Be 'Replaced'
        $after = Get-ImageItem \Windows\System32\notepad.exe -Path $sample.Path
        $after.Length | Should -Be 5
        $after.SecurityDescriptor | Should -Be $before.SecurityDescriptor
        $after.Attributes | Should -Be $before.Attributes
        $after.CreationTime | Should -Be $before.CreationTime
        $after.LinkCount | Should -Be $before.LinkCount
    }

    It 'is in the image file after Save-Image, for wimlib to read' {
        $null = Import-ImageItem $file \Windows\hello.txt -Path $sample.Path | Save-Image
        (Invoke-Wimlib 'verify', $sample.Image).ExitCode | Should -Be 0
        (Invoke-Wimlib 'extract', $sample.Image, '1', '/Windows/hello.txt', '--to-stdout').Output | Should -Be 'hello'
    }

    It 'changes nothing with -WhatIf' {
        Import-ImageItem $file \Windows\hello.txt -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        (Get-Image -Mounted).PendingOperations | Should -Be 0
    }

    It 'takes files from the pipeline' {
        (([System.IO.FileInfo] $file) | Import-ImageItem -Destination \Windows\ -Path $sample.Path).ItemPath | Should -Be '\Windows\hello.txt'
    }

    It 'reports a source that is not there and goes on' {
        $reports = @(Import-ImageItem "$($sample.Folder)/none", $file \New -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed)
        $reports | Should -HaveCount 1
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileNotFound,ImageServicing.Cmdlets.ImportImageItemCmdlet'
    }

    It 'refuses a name that Windows cannot have' {
        { Import-ImageItem $file '\Windows\a:b' -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'InvalidName,ImageServicing.Cmdlets.ImportImageItemCmdlet'
    }

    It 'can be stopped, and leaves the session as it was' {
        # 256 MB that do not compress: more than a moment's work.
        $large = "$($sample.Folder)/large.bin"
        $stream = [System.IO.File]::Create($large)
        $block = [byte[]]::new(1MB)
        $random = [System.Random]::new(1)
        1..256 | ForEach-Object { $random.NextBytes($block); $stream.Write($block, 0, $block.Length) }
        $stream.Dispose()

        $shell = [System.Management.Automation.PowerShell]::Create(
            [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault2())
        $module = (Get-Module ImageServicing).Path
        $null = $shell.AddCommand('Import-Module').AddParameter('Name', $module).Invoke()
        $shell.Commands.Clear()
        $null = $shell.AddCommand('Import-ImageItem').AddParameter('Source', $large).AddParameter('Destination', '\large.bin').AddParameter('Path', $sample.Path)
        $running = $shell.BeginInvoke()
        while ($shell.Streams.Progress.Count -eq 0 -and -not $running.IsCompleted) { [System.Threading.Thread]::Sleep(10) }
        $shell.Stop()
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        $shell.Dispose()
        (Get-Image -Mounted).PendingOperations | Should -Be 0
        Get-ImageItem \large.bin -Path $sample.Path -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
}
