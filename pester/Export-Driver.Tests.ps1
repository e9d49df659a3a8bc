Describe 'Export-Driver' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
        $null = Add-Driver $sample.Good1, $sample.Good2 -Path $sample.Path
        $taken = [System.IO.Path]::Combine($sample.Folder, 'taken')
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'writes each package to a folder, bit for bit' {
        $exports = @(Export-Driver -Path $sample.Path -Destination $taken)
        $exports | Should -HaveCount 2
        $exports[0] | Should -BeOfType ([ImageServicing.DriverExport])
        $exports[0].Status | Should -Be 'Exported'
        $exports[0].Intact | Should -BeTrue
        $exports[0].Path | Should -Be $sample.Path
        $net = $exports | Where-Object OriginalFileName -like '*samplenet.inf'
        foreach ($file in [System.IO.Directory]::GetFiles($net.HostPath)) {
            $source = [System.IO.Path]::Combine($sample.Good1, [System.IO.Path]::GetFileName($file))
            [System.Convert]::ToBase64String([System.IO.File]::ReadAllBytes($file)) |
                Should -Be ([System.Convert]::ToBase64String([System.IO.File]::ReadAllBytes($source)))
        }
    }

    It 'exports what the pipeline brings, and Add-Driver takes it again' {
        $exports = @(Get-Driver -Path $sample.Path | Where-Object ClassName -eq Net | Export-Driver $taken)
        $exports | Should -HaveCount 1
        $null = Remove-Driver samplenet.inf -Path $sample.Path
        (Add-Driver $taken -Recurse -Path $sample.Path).Status | Should -Be 'Added'
    }

    It 'replaces nothing without -Force' {
        $null = Export-Driver -Path $sample.Path -Destination $taken
        $again = @(Export-Driver -Path $sample.Path -Destination $taken -ErrorAction SilentlyContinue -ErrorVariable failed)
        $again | Should -HaveCount 2
        $again[0].Status | Should -Be 'Failed'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        (Export-Driver -Driver samplenet.inf -Path $sample.Path -Destination $taken -Force).Status | Should -Be 'Exported'
    }

    It 'reports a name that no package has, and does nothing with -WhatIf' {
        { Export-Driver $taken oem99.inf -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'DriverNotFound,ImageServicing.Cmdlets.ExportDriverCmdlet'
        Export-Driver $taken -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        [System.IO.Directory]::Exists($taken) | Should -BeFalse
    }
}
