Describe 'Compare-Unattend' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    It 'finds nothing between two forms of the same settings' {
        $other = New-UnattendFile { $args[0].Replace("`n", "`r`n").Replace('<!-- first -->', '').Replace('PC-1', 'PC&#45;1') }
        Compare-Unattend (New-UnattendFile) $other | Should -BeNullOrEmpty
    }

    It 'tells what was added, removed and changed' {
        $first = New-UnattendFile
        $second = New-UnattendFile { $args[0].Replace('PC-1', 'PC-2').Replace('TimeZone', 'ProductKey').Replace('x&amp;y', 'z') }
        $differences = @([System.IO.FileInfo] $first | Compare-Unattend -DifferencePath $second)
        $differences[0] | Should -BeOfType ([ImageServicing.UnattendDifference])
        ($differences | ForEach-Object { "$($_.Change) $($_.Setting.Split('/')[-1])" }) -join ', ' |
            Should -Be 'Changed ComputerName, Removed TimeZone, Changed Value, Added ProductKey'
        $differences[0].ReferenceValue, $differences[0].DifferenceValue | Should -Be 'PC-1', 'PC-2'
        $differences[0].ReferenceLine | Should -Be 6
        $differences[2].Secret | Should -BeTrue
        $differences[2].DifferenceValue | Should -BeNullOrEmpty
        @(Compare-Unattend $first $second -ShowSecret)[2].DifferenceValue | Should -Be 'z'
        "$($differences[3])" | Should -BeLike 'Added specialize/*ProductKey'
    }

    It 'fails for a file that is not there' {
        Compare-Unattend (New-UnattendFile) "$TestDrive/none.xml" -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }
}
