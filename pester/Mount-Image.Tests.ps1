Describe 'Mount-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-Sample }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'makes a session by index and emits it' {
        $mounted = Mount-Image $sample.Image 1 -Path $sample.Path
        $mounted | Should -BeOfType ([ImageServicing.MountedImage])
        $mounted.Path | Should -Be $sample.Path
        $mounted.ImagePath | Should -Be $sample.Image
        $mounted.ImageIndex | Should -Be 1
        $mounted.ImageName | Should -Be 'Sample Pro'
        $mounted.EditionId | Should -Be 'Professional'
        $mounted.MountMode | Should -Be 'ReadWrite'
        $mounted.MountStatus | Should -Be 'Ok'
        $mounted.PendingOperations | Should -Be 0
    }

    It 'makes a session by name' {
        (Mount-Image $sample.Image -Name 'Sample Home').ImageIndex | Should -Be 2
    }

    It 'chooses a path when none is given' {
        $mounted = Mount-Image $sample.Image 1
        $mounted.Path | Should -Not -BeNullOrEmpty
        [System.IO.Path]::IsPathRooted($mounted.Path) | Should -BeTrue
        (Get-Image -Mounted).Path | Should -Be $mounted.Path
    }

    It 'puts nothing at the path, and says so with -Verbose' {
        $messages = Mount-Image $sample.Image 1 -Path $sample.Path -Verbose 4>&1 |
            Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        ($messages -join ' ') | Should -BeLike '*No files appear there*'
        $sample.Path | Should -Not -Exist
    }

    It 'leaves the image file as it is' {
        $before = Get-Fingerprint $sample.Image
        $null = Mount-Image $sample.Image 1
        Get-Fingerprint $sample.Image | Should -Be $before
    }

    It 'takes images from Get-Image' {
        $mounted = Get-Image $sample.Image | Where-Object EditionId -eq Core | Mount-Image
        $mounted.ImageIndex | Should -Be 2
    }

    It 'takes a file from the pipeline, with an index or a name' {
        (([System.IO.FileInfo] $sample.Image) | Mount-Image -Index 2).ImageIndex | Should -Be 2
    }

    It 'mounts read-only' {
        (Mount-Image $sample.Image 1 -ReadOnly).MountMode | Should -Be 'ReadOnly'
    }

    It 'changes nothing with -WhatIf' {
        Mount-Image $sample.Image 1 -WhatIf | Should -BeNullOrEmpty
        Get-Image -Mounted | Should -BeNullOrEmpty
    }

    It 'takes a relative path from the current location' {
        $location = $ExecutionContext.SessionState.Path.CurrentLocation
        try {
            $null = $ExecutionContext.SessionState.Path.SetLocation($sample.Folder)
            (Mount-Image ./install.wim 1 -Path ./m).Path | Should -Be $sample.Path
        } finally {
            $null = $ExecutionContext.SessionState.Path.SetLocation($location)
        }
    }

    It 'refuses a second session that could write to the same image, with DISM''s code' {
        $null = Mount-Image $sample.Image 1
        Mount-Image $sample.Image 1 -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageAlreadyMounted,ImageServicing.Cmdlets.MountImageCmdlet'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult 'C1420127')
        $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'refuses an index that is not there' {
        { Mount-Image $sample.Image 9 -ErrorAction Stop } |
            Should -Throw -ErrorId 'ImageIndexNotFound,ImageServicing.Cmdlets.MountImageCmdlet'
    }

    It 'refuses a name that no image has' {
        { Mount-Image $sample.Image -Name 'Nothing' -ErrorAction Stop } |
            Should -Throw -ErrorId 'ImageNameNotFound,ImageServicing.Cmdlets.MountImageCmdlet'
    }

    It 'refuses a session path that is in use' {
        $other = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        { Mount-Image $other.Image 1 -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'SessionPathInUse,ImageServicing.Cmdlets.MountImageCmdlet'
    }

    It 'completes -Index and -Name from the file' {
        Get-Completion "Mount-Image '$($sample.Image)' " | Should -Be '1', '2'
        Get-Completion "Mount-Image '$($sample.Image)' -Name " | Should -Contain "'Sample Pro'"
    }
}
