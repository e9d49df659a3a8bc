Describe 'Compare-Driver' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $null = Mount-Image $sample.Image 1 -Path $sample.Path
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'tells what a session changed' {
        Compare-Driver -Path $sample.Path | Should -BeNullOrEmpty
        $report = Add-Driver $sample.Good1 -Path $sample.Path
        $row = Compare-Driver -Path $sample.Path
        $row | Should -BeOfType ([ImageServicing.DriverDifference])
        $row.Change | Should -Be 'Added'
        $row.SideIndicator | Should -Be '=>'
        $row.InfName | Should -Be 'samplenet.inf'
        $row.DifferenceDriver | Should -Be $report.Driver
        $row.DifferenceVersion | Should -Be $report.Version
        $row.DifferenceDate | Should -Be $report.Date
        $row.ReferenceDriver | Should -BeNullOrEmpty
    }

    It 'compares an image with folders, and what is new there can be added' {
        $null = Add-Driver $sample.Good1 -Path $sample.Path
        $rows = @(Compare-Driver -Path $sample.Path -DifferenceDriver $sample.Good1, $sample.Good2 -IncludeEqual)
        ($rows | Where-Object Change -eq Same).InfName | Should -Be 'samplenet.inf'
        $added = $rows | Where-Object Change -in Newer, Added
        $added.DriverPath | Should -BeLike '*samplestor.inf'
        ($added | Add-Driver -Path $sample.Path).Status | Should -Be 'Added'
        Compare-Driver -Path $sample.Path -DifferenceDriver $sample.Good1, $sample.Good2 | Should -BeNullOrEmpty
    }

    It 'compares images of files and of sessions' {
        $null = Add-Driver $sample.Good2 -Path $sample.Path
        $other = New-Sample
        (Compare-Driver -Path $sample.Path -DifferenceImagePath $other.Image -DifferenceIndex 1).Change | Should -Be 'Missing'
        (Get-Image $other.Image 1 | Compare-Driver -DifferencePath $sample.Path).Change | Should -Be 'Added'
        Compare-Driver $other.Image 1 $other.Image 1 | Should -BeNullOrEmpty
        Compare-Driver -Path $sample.Path -DifferencePath $sample.Path | Should -BeNullOrEmpty
    }

    It 'wants one second side' {
        { Compare-Driver $sample.Image 1 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidArgument,ImageServicing.Cmdlets.CompareDriverCmdlet'
        { Compare-Driver $sample.Image 1 $sample.Image 1 -DifferencePath $sample.Path -ErrorAction Stop } | Should -Throw '*more than one*'
    }
}
