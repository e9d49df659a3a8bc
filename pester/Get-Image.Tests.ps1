Describe 'Get-Image' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $sample = New-Sample }

    Context 'with a file' {
        It 'gives one object for each image, with the properties that DISM names' {
            $images = @(Get-Image $sample.Image)
            $images | Should -HaveCount 2
            $images[0] | Should -BeOfType ([ImageServicing.ImageInfo])
            $images[0].ImagePath | Should -Be $sample.Image
            $images[0].ImageIndex | Should -Be 1
            $images[0].ImageName | Should -Be 'Sample Pro'
            $images[0].EditionId | Should -Be 'Professional'
            $images[0].Architecture | Should -Be 'X64'
            $images[0].Version | Should -Match '^10\.0\.\d+\.\d+$'
            $images[1].ImageIndex | Should -Be 2
            $images[1].EditionId | Should -Be 'Core'
        }

        It 'agrees with wimlib about counts and sizes' {
            $info = Invoke-Wimlib 'info', $sample.Image, '1'
            $image = Get-Image $sample.Image -Index 1
            $info.Output | Should -Match "Directory Count:\s+$($image.DirectoryCount)\s"
            $info.Output | Should -Match "File Count:\s+$($image.FileCount)\s"
            $info.Output | Should -Match "Total Bytes:\s+$($image.ImageSize)\s"
        }

        It 'has times in local time and sizes as numbers' {
            $image = Get-Image $sample.Image 1
            $image.CreatedTime | Should -BeOfType ([DateTime])
            $image.CreatedTime.Kind | Should -Be 'Local'
            $image.ImageSize | Should -BeOfType ([ulong])
        }

        It 'has no Path, which means a session' {
            (Get-Image $sample.Image 1).psobject.Properties['Path'] | Should -BeNullOrEmpty
        }

        It 'resolves wildcards and takes files from the pipeline' {
            (Get-Image "$($sample.Folder)/*.wim" | ForEach-Object ImageIndex) | Should -Be 1, 2
            (([System.IO.FileInfo] $sample.Image) | Get-Image -Index 2).ImageIndex | Should -Be 2
            ($sample.Image | Get-Image -Index 2).ImageIndex | Should -Be 2
        }

        It 'takes files as arguments, too' {
            $files = [System.IO.DirectoryInfo]::new($sample.Folder).GetFiles('*.wim')
            (Get-Image $files -Index 2).ImagePath | Should -Be $sample.Image
            (Get-Image $files[0] -Index 2).ImagePath | Should -Be $sample.Image
        }

        It 'chooses by index' {
            (Get-Image $sample.Image -Index 2, 1 | ForEach-Object ImageIndex) | Should -Be 2, 1
        }

        It 'chooses by name with <Pattern>' -TestCases @(
            @{ Pattern = 'Sample Pro'; Expected = 1 }
            @{ Pattern = 'sample pro'; Expected = 1 }
            @{ Pattern = '*Pro'; Expected = 1 }
            @{ Pattern = 'Sample [G-I]*'; Expected = 2 }
        ) {
            (Get-Image $sample.Image -Name $Pattern).ImageIndex | Should -Be $Expected
        }

        It 'shows a chosen image as a list and others as a table' {
            (Get-Image $sample.Image -Index 1).psobject.TypeNames[0] | Should -Be 'ImageServicing.ImageInfo#Detailed'
            @(Get-Image $sample.Image)[0].psobject.TypeNames[0] | Should -Be 'ImageServicing.ImageInfo'
        }
    }

    Context 'when something is wrong' {
        It 'reports an index that is not there' {
            $images = @(Get-Image $sample.Image -Index 7, 1 -ErrorAction SilentlyContinue -ErrorVariable failed)
            $images | Should -HaveCount 1
            $failed | Should -HaveCount 1
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageIndexNotFound,ImageServicing.Cmdlets.GetImageCmdlet'
            $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult 'C1510113')
        }

        It 'reports a name that no image has, but not a pattern that matches nothing' {
            { Get-Image $sample.Image -Name 'Nothing' -ErrorAction Stop } |
                Should -Throw -ErrorId 'ImageNameNotFound,ImageServicing.Cmdlets.GetImageCmdlet'
            Get-Image $sample.Image -Name 'Nothing*' -ErrorAction Stop | Should -BeNullOrEmpty
        }

        It 'reports a missing file and goes on with the next' {
            $missing = "$($sample.Folder)/none.wim"
            $images = @(Get-Image $missing, $sample.Image -ErrorAction SilentlyContinue -ErrorVariable failed)
            $images | Should -HaveCount 2
            $failed | Should -HaveCount 1
            $failed[0].FullyQualifiedErrorId | Should -Be 'FileNotFound,ImageServicing.Cmdlets.GetImageCmdlet'
            $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failed[0].TargetObject | Should -Be $missing
            $failed[0].Exception.HResult | Should -Be (ConvertTo-HResult '80070002')
        }

        It 'reports a file that is no image' {
            $file = "$($sample.Folder)/text.wim"
            [System.IO.File]::WriteAllText($file, 'x' * 1000)
            Get-Image $file -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
            $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidData,ImageServicing.Cmdlets.GetImageCmdlet'
            $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
            $failed[0].Exception.Message | Should -BeLike "*text.wim*"
        }
    }

    Context 'with -Mounted' {
        It 'lists nothing when nothing is mounted' {
            Get-Image -Mounted | Should -BeNullOrEmpty
        }

        It 'lists what is mounted, with its state' {
            $mounted = Mount-Image $sample.Image 1 -Path $sample.Path
            $listed = @(Get-Image -Mounted)
            $listed | Should -HaveCount 1
            $listed[0] | Should -BeOfType ([ImageServicing.MountedImage])
            $listed[0].Path | Should -Be $sample.Path
            $listed[0].ImagePath | Should -Be $sample.Image
            $listed[0].ImageIndex | Should -Be 1
            $listed[0].MountMode | Should -Be 'ReadWrite'
            $listed[0].MountStatus | Should -Be 'Ok'
            $mounted | Dismount-Image -Discard
        }
    }

    Context 'completion' {
        It 'offers the indexes of the file' {
            Get-Completion "Get-Image '$($sample.Image)' -Index " | Should -Be '1', '2'
            Get-Completion "Get-Image '$($sample.Image)' " | Should -Be '1', '2'
        }

        It 'offers the names of the file, quoted' {
            Get-Completion "Get-Image -ImagePath '$($sample.Image)' -Name " | Should -Be "'Sample Pro'", "'Sample Home'"
            Get-Completion "Get-Image -ImagePath '$($sample.Image)' -Name 'Sample H" | Should -Be "'Sample Home'"
        }

        It 'offers nothing, and does not fail, for a file that is not there' {
            Get-Completion "Get-Image '$($sample.Folder)/none.wim' -Name zz" | Should -BeNullOrEmpty
        }
    }
}
