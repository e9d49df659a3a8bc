Describe 'Get-Unattend' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $session = Mount-Image $sample.Image 1 -Path $sample.Path
        $answers = New-AnswerFile "$($sample.Folder)/u.xml"
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'says which file wins in which pass' {
        $null = Add-Unattend $answers -Path $sample.Path
        $null = Add-Unattend $answers -Path $sample.Path -Location Sysprep -WarningAction SilentlyContinue
        $files = @($session | Get-Unattend)
        $files | Should -HaveCount 2
        $files[0] | Should -BeOfType ([ImageServicing.AnswerFileInfo])
        $files[0].ItemPath | Should -Be '\Windows\Panther\unattend.xml'
        $files[0].Order | Should -Be 3
        $files[0].Location | Should -Be 'Panther'
        $files[0].Exists | Should -Be $true
        $files[0].Valid | Should -Be $true
        $files[0].Wins | Should -Be $true
        $files[0].UsedPasses -join ' ' | Should -Be 'specialize'
        $files[1].Wins | Should -Be $false
        $files[1].Reason | Should -BeLike '*Panther*comes before it*'
    }

    It 'lists all places on demand, and reads an image of a file' {
        @(Get-Unattend $sample.Image 1) | Should -HaveCount 0
        $all = @(Get-Image $sample.Image -Index 1 | Get-Unattend -All)
        @($all | Where-Object Exists) | Should -HaveCount 0
        ($all | ForEach-Object Order) -join ' ' | Should -Be '2 2 3 6 7 7'
        $all[0].ImagePath | Should -Be $sample.Image
    }

    It 'gives Remove-ImageItem what it needs' {
        $null = Add-Unattend $answers -Path $sample.Path
        $null = $session | Get-Unattend | Remove-ImageItem
        @($session | Get-Unattend) | Should -HaveCount 0
    }
}
