Describe 'Merge-Unattend' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $first = New-UnattendFile
        $second = New-UnattendFile { $args[0].Replace('PC-1', 'PC-2').Replace('>Admin<', '>Third<') }
        $target = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($first), 'merged.xml')
    }

    AfterEach { Get-Leftover ([System.IO.Path]::GetDirectoryName($first)) | Should -BeNullOrEmpty }

    It 'writes nothing while there are conflicts that nobody decided' {
        $report = Merge-Unattend $first $second $target -ErrorAction SilentlyContinue -ErrorVariable failed
        $report | Should -BeOfType ([ImageServicing.UnattendMergeReport])
        $report.Written | Should -BeFalse
        $report.AddedCount | Should -Be 2
        @($report.Conflicts).Count | Should -Be 1
        $conflict = $report.Conflicts[0]
        $conflict.BaseValue, $conflict.OtherValue | Should -Be 'PC-1', 'PC-2'
        $conflict.OtherPath | Should -Be $second
        $conflict.Chosen | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'UnattendConflict*'
        $target | Should -Not -Exist
    }

    It 'takes the value that -Prefer <Prefer> says' -TestCases @(@{ Prefer = 'Base'; Name = 'PC-1' }, @{ Prefer = 'Other'; Name = 'PC-2' }) {
        $report = Merge-Unattend $first $second $target -Prefer $Prefer
        $report.Written | Should -BeTrue
        "$($report.Conflicts[0].Chosen)" | Should -Be $Prefer
        (Get-UnattendSetting $target '**/ComputerName').Value | Should -Be $Name
        @(Get-UnattendSetting $target '**/LocalAccount/Name').Value | Should -Be 'Admin', "O'Brien", 'Third'
        [System.IO.File]::ReadAllText($target) | Should -BeLike '*<!-- first -->*'
    }

    It 'replaces a file only with -Force' {
        [System.IO.File]::WriteAllText($target, 'old')
        Merge-Unattend $first $second $target -Prefer Other -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        [System.IO.File]::ReadAllText($target) | Should -Be 'old'
        (Merge-Unattend $first $second $first -Prefer Other -Force).Written | Should -BeTrue
        (Get-UnattendSetting $first '**/ComputerName').Value | Should -Be 'PC-2'
    }

    It 'hides passwords among the conflicts' {
        $third = New-UnattendFile { $args[0].Replace('x&amp;y', 'z') }
        (Merge-Unattend $first $third $target -Prefer Base).Conflicts[0].OtherValue | Should -BeNullOrEmpty
        (Merge-Unattend $first $third $target -Prefer Base -ShowSecret -Force).Conflicts[0].OtherValue | Should -Be 'z'
    }

    It 'writes nothing with -WhatIf' {
        Merge-Unattend $first $second $target -Prefer Other -WhatIf | Should -BeNullOrEmpty
        $target | Should -Not -Exist
    }
}
