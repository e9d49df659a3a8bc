Describe 'imgsh' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $imgsh = [System.IO.Path]::Combine($repository, 'out', 'imgsh')
        function Invoke-Script {
            param ([string] $Text, [string[]] $Arguments)
            $file = [System.IO.Path]::Combine($TestDrive, "$([System.Guid]::NewGuid().ToString('N')).ps1")
            [System.IO.File]::WriteAllText($file, $Text)
            Invoke-Program $imgsh (@($file) + @($Arguments | Where-Object { $_ }))
        }
    }

    It 'returns the exit code of a script' {
        (Invoke-Script 'exit 3').ExitCode | Should -Be 3
        (Invoke-Script '"fine"').ExitCode | Should -Be 0
    }

    It 'returns 1 after an error that ended the script, and says where it was' {
        $result = Invoke-Script "1`nthrow 'boom'"
        $result.ExitCode | Should -Be 1
        $result.Output.Trim() | Should -Be '1'
        $result.Errors | Should -BeLike '*boom*'
        $result.Errors | Should -BeLike '*.ps1:2*'
    }

    It 'goes on after an error that does not end the script' {
        $result = Invoke-Script "Get-Image /none/none.wim`n'after'"
        $result.ExitCode | Should -Be 0
        $result.Output.Trim() | Should -Be 'after'
        $result.Errors | Should -BeLike '*Get-Image*'
    }

    It 'hands arguments to the script' {
        $result = Invoke-Script 'param($Name, [switch] $Loud, $Rest) "$Name|$Loud|$Rest"' '-Name', "it's `$x", '-Loud', 'last'
        $result.Output.Trim() | Should -Be "it's `$x|True|last"
    }

    It 'runs commands with -c and returns whether the last one succeeded' {
        (Invoke-Program $imgsh '-c', '1 + 1').Output.Trim() | Should -Be '2'
        (Invoke-Program $imgsh '-c', 'exit 9').ExitCode | Should -Be 9
        (Invoke-Program $imgsh '-c', 'Get-Image /none/none.wim').ExitCode | Should -Be 1
    }

    It 'reports a syntax error' {
        $result = Invoke-Program $imgsh '-c', 'if (1) {'
        $result.ExitCode | Should -Be 1
        $result.Errors | Should -Not -BeNullOrEmpty
    }

    It 'has the module loaded and shows its objects by their views' {
        $sample = New-Sample
        $output = (Invoke-Program $imgsh '-c', "Get-Image '$($sample.Image)'").Output
        $output | Should -Match 'ImageIndex\s+ImageName\s+EditionId'
        $output | Should -BeLike '*Sample Pro*'
        $output | Should -Not -BeLike "*$([char] 27)*"
    }

    It 'gives help under both names' {
        foreach ($name in 'help', 'Get-Help') {
            $result = Invoke-Program $imgsh '-c', "$name Add-Driver"
            $result.Output | Should -BeLike '*Adds driver packages to a mounted image.*'
            $result.Errors | Should -BeNullOrEmpty
        }
    }

    It 'says which command it lacks' {
        $result = Invoke-Script '1, 2 | Select-Object -First 1'
        $result.Errors | Should -BeLike "*'Select-Object' is not part of imgsh*pwsh*"
    }

    It 'says so, too, where PSModulePath has modules that it cannot load' {
        # As it is below pwsh, and everywhere on Windows.
        $folder = [System.IO.Path]::Combine($TestDrive, 'inherited', 'Microsoft.PowerShell.Utility')
        $null = [System.IO.Directory]::CreateDirectory($folder)
        [System.IO.File]::WriteAllText("$folder/Microsoft.PowerShell.Utility.psd1", @'
@{ ModuleVersion = '7.0.0.0'; CmdletsToExport = 'Select-Object', 'Sort-Object'; NestedModules = 'Not.There.dll' }
'@)
        $inherited = $env:PSModulePath
        $env:PSModulePath = [System.IO.Path]::Combine($TestDrive, 'inherited')
        try {
            $missing = Invoke-Script '1, 2 | Select-Object -First 1'
            $qualified = Invoke-Script '1, 2 | Microsoft.PowerShell.Utility\Select-Object -First 1'
            $own = Invoke-Script 'function Sort-Object { "my own" }; Sort-Object'
        } finally {
            $env:PSModulePath = $inherited
        }
        $missing.Errors | Should -BeLike "*'Select-Object' is not part of imgsh*pwsh*"
        $qualified.Errors | Should -BeLike "*Select-Object' is not part of imgsh*pwsh*"
        $own.Output.Trim() | Should -Be 'my own'
        $own.Errors | Should -BeNullOrEmpty
    }

    It 'ends with 130 on Ctrl-C, and leaves the session as it was' -Skip:(-not ([System.IO.File]::Exists('/bin/kill') -and [System.IO.File]::Exists('/usr/bin/env'))) {
        $sample = New-Sample
        $large = "$($sample.Folder)/large.bin"
        $stream = [System.IO.File]::Create($large)
        $block = [byte[]]::new(1MB)
        $random = [System.Random]::new(1)
        1..256 | ForEach-Object { $random.NextBytes($block); $stream.Write($block, 0, $block.Length) }
        $stream.Dispose()
        $null = Mount-Image $sample.Image 1 -Path $sample.Path

        # A program that was started in the background ignores Ctrl-C, and so would everything it starts.
        $start = [System.Diagnostics.ProcessStartInfo]::new('/usr/bin/env')
        foreach ($argument in '--default-signal=INT', $imgsh, '-c', "'ready'; Import-ImageItem '$large' \large.bin -Path '$($sample.Path)'; 'never'") {
            $start.ArgumentList.Add($argument)
        }
        $start.RedirectStandardOutput = $true
        $process = [System.Diagnostics.Process]::Start($start)
        $process.StandardOutput.ReadLine() | Should -Be 'ready'
        (Invoke-Program '/bin/kill' '-INT', "$($process.Id)").ExitCode | Should -Be 0
        $rest = $process.StandardOutput.ReadToEnd()
        $process.WaitForExit()
        $process.ExitCode | Should -Be 130
        $rest | Should -Not -BeLike '*never*'
        (Get-Image -Mounted).PendingOperations | Should -Be 0
        Get-Image -Mounted | Dismount-Image -Discard
    }

    It 'explains its options' {
        (Invoke-Program $imgsh '-h').Output | Should -BeLike '*--pester*'
        (Invoke-Program $imgsh '--nonsense').ExitCode | Should -Be 64
    }

    It 'counts the tests it runs and returns 1 when one fails' {
        $folder = [System.IO.Path]::Combine($TestDrive, 'suites')
        $null = [System.IO.Directory]::CreateDirectory($folder)
        [System.IO.File]::WriteAllText("$folder/a.Tests.ps1", "Describe 'a' { It 'passes' { 1 | Should -Be 1 }; It 'waits' -Skip { }; It 'fails' { 1 | Should -Be 2 } }")
        $result = Invoke-Program $imgsh '--pester', $folder
        $result.ExitCode | Should -Be 1
        $result.Output | Should -BeLike '*Tests: 1 passed, 1 failed, 1 skipped*'
        $result.Output | Should -BeLike '*a.fails*Expected 2 but got 1*a.Tests.ps1: line 1*'
        (Invoke-Program $imgsh '--pester', $folder, '-Filter', 'passes').ExitCode | Should -Be 0
    }
}
