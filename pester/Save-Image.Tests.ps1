Describe 'Save-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-Sample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'does the main job in one pipeline' {
        $location = $ExecutionContext.SessionState.Path.CurrentLocation
        try {
            $null = $ExecutionContext.SessionState.Path.SetLocation($sample.Folder)
            $saved = @(Mount-Image ./install.wim 1 | Add-Driver $sample.Drivers -Recurse -ErrorAction SilentlyContinue | Save-Image)
        } finally {
            $null = $ExecutionContext.SessionState.Path.SetLocation($location)
        }
        $saved | Should -HaveCount 1
        $saved[0] | Should -BeOfType ([ImageServicing.SaveReport])
        $saved[0].Saved | Should -BeTrue
        $saved[0].ImagePath | Should -Be $sample.Image
        $saved[0].BytesWritten | Should -BeGreaterThan 0
        $saved[0].FileSizeAfter | Should -Be ([System.IO.FileInfo] $sample.Image).Length
        $saved[0].Path | Should -Be (Get-Image -Mounted).Path
    }

    It 'writes a file that wimlib verifies and finds the driver in' {
        $report = Mount-Image $sample.Image 1 | Add-Driver $sample.Good1
        $null = $report | Save-Image
        (Invoke-Wimlib 'verify', $sample.Image).ExitCode | Should -Be 0
        $names = (Invoke-Wimlib 'dir', $sample.Image, '1').Output
        $names | Should -BeLike "*INF/$($report.Driver)*"
        $names | Should -BeLike '*FileRepository/samplenet.inf_amd64_*'
        (Invoke-Wimlib 'dir', $sample.Image, '2').Output | Should -Not -BeLike '*samplenet*'
    }

    It 'keeps the session, with nothing pending' {
        $null = Mount-Image $sample.Image 1 | Add-Driver $sample.Good1 | Save-Image
        $session = Get-Image -Mounted
        $session.PendingOperations | Should -Be 0
        $session.MountStatus | Should -Be 'Ok'
        (Add-Driver $sample.Good2 -Path $session.Path | Save-Image).Saved | Should -BeTrue
        @(Get-Driver -Path $session.Path) | Should -HaveCount 2
    }

    It 'says that there was nothing to save, and leaves the file' {
        $before = Get-Fingerprint $sample.Image
        (Mount-Image $sample.Image 1 | Save-Image).Saved | Should -BeFalse
        Get-Fingerprint $sample.Image | Should -Be $before
    }

    It 'writes the file anew with -Compact' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path | Add-Driver $sample.Good1 | Save-Image
        $report = Save-Image -Path $sample.Path -Compact
        $report.Compacted | Should -BeTrue
        $report.FileSizeAfter | Should -BeLessThan $report.FileSizeBefore
        (Invoke-Wimlib 'verify', $sample.Image).ExitCode | Should -Be 0
    }

    It 'gives the file an integrity table with -CheckIntegrity' {
        (Mount-Image $sample.Image 1 | Add-Driver $sample.Good1 | Save-Image -CheckIntegrity).IntegrityTable | Should -BeTrue
        $verified = Invoke-Wimlib 'verify', $sample.Image
        $verified.ExitCode | Should -Be 0
        (Invoke-Wimlib 'info', $sample.Image).Output | Should -Match 'Attributes:\s+.*Integrity info'
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-Fingerprint $sample.Image
        Mount-Image $sample.Image 1 | Add-Driver $sample.Good1 | Save-Image -WhatIf | Should -BeNullOrEmpty
        Get-Fingerprint $sample.Image | Should -Be $before
        (Get-Image -Mounted).PendingOperations | Should -BeGreaterThan 0
    }

    Context 'when another program changes the file meanwhile' {
        BeforeEach {
            $null = Mount-Image $sample.Image 1 -Path $sample.Path | Add-Driver $sample.Good1
            # wimlib itself refuses the file while the session's lock is on it, so a copy is changed and takes its place.
            $copy = "$($sample.Folder)/copy.wim"
            [System.IO.File]::Copy($sample.Image, $copy)
        }

        It 'refuses to save over <_>, with DISM''s code' -ForEach 'a change to the same image', 'a new name of another image' {
            $file = "$($sample.Folder)/new.txt"
            [System.IO.File]::WriteAllText($file, 'new')
            $change = if ($_ -like '*same*') { 'update', $copy, '1', "--command=add '$file' '/new.txt'" } else { 'info', $copy, '2', 'Renamed' }
            (Invoke-Wimlib $change).ExitCode | Should -Be 0
            [System.IO.File]::Delete($sample.Image)
            [System.IO.File]::Move($copy, $sample.Image)
            $before = Get-Fingerprint $sample.Image
            Save-Image -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageChanged,ImageServicing.Cmdlets.SaveImageCmdlet'
            $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
            $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult 'C1420122')
            Get-Fingerprint $sample.Image | Should -Be $before
        }
    }

    It 'saves sessions on two images of one file, one after the other' {
        $null = Mount-Image $sample.Image 1 -Path "$($sample.Path)1" | Add-Driver $sample.Good1
        $null = Mount-Image $sample.Image 2 -Path "$($sample.Path)2" | Add-Driver $sample.Good1
        (Save-Image -Path "$($sample.Path)1").Saved | Should -BeTrue
        (Save-Image -Path "$($sample.Path)2").Saved | Should -BeTrue
        (Invoke-Wimlib 'verify', $sample.Image).ExitCode | Should -Be 0
        1, 2 | ForEach-Object { @(Get-Driver -Path "$($sample.Path)$_") | Should -HaveCount 1 }
    }

    It 'refuses a session that is not there' {
        { Save-Image -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'SessionNotFound,ImageServicing.Cmdlets.SaveImageCmdlet'
    }

    It 'completes -Path with the sessions' {
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        Get-Completion 'Save-Image -Path ' | Should -Contain $sample.Path
    }

    Context 'with -Append' {
        It 'makes a further image of the session, and keeps the original and the session' {
            $null = Mount-Image $sample.Image 1 -Path $sample.Path | Add-Driver $sample.Good1
            $pending = (Get-Image -Mounted).PendingOperations
            $report = Save-Image -Path $sample.Path -Append -Name Patched -Description d
            @($report) | Should -HaveCount 1
            $report | Should -BeOfType ([ImageServicing.AppendReport])
            $report.Path | Should -Be $sample.Path
            $report.ImagePath | Should -Be $sample.Image
            $report.ImageIndex | Should -Be 3
            $report.ImageName | Should -Be 'Patched'
            (Get-Image $sample.Image 3).ImageDescription | Should -Be 'd'
            (Invoke-Wimlib 'verify', $sample.Image).ExitCode | Should -Be 0
            (Invoke-Wimlib 'dir', $sample.Image, '1').Output | Should -Not -BeLike '*samplenet*'
            (Invoke-Wimlib 'dir', $sample.Image, '3').Output | Should -BeLike '*samplenet*'
            (Get-Image -Mounted).PendingOperations | Should -Be $pending
            (Save-Image -Path $sample.Path).Saved | Should -BeTrue
            Compare-Image $sample.Image 1 $sample.Image 3 | Should -BeNullOrEmpty
        }

        It 'refuses a name that is taken, with the file as it was' {
            $before = Get-Fingerprint $sample.Image
            $null = Mount-Image $sample.Image 1 -Path $sample.Path | Add-Driver $sample.Good1
            Save-Image -Path $sample.Path -Append -Name 'Sample Home' -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNameExists,ImageServicing.Cmdlets.SaveImageCmdlet'
            Get-Fingerprint $sample.Image | Should -Be $before
        }

        It 'changes nothing with -WhatIf' {
            $before = Get-Fingerprint $sample.Image
            $null = Mount-Image $sample.Image 1 | Add-Driver $sample.Good1 | Save-Image -Append -Name Patched -WhatIf
            Get-Fingerprint $sample.Image | Should -Be $before
        }
    }
}
