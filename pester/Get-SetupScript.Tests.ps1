Describe 'Get-SetupScript' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'lists the scripts in their order, of a session and of a file' {
        $sample = New-Sample
        $session = Mount-Image $sample.Image 1 -Path $sample.Path
        $null = Add-SetupScript -Command one -Name b -Path $sample.Path
        $null = Add-SetupScript -Command two -Name a -Path $sample.Path
        ($session | Get-SetupScript | ForEach-Object Name) -join ' ' | Should -Be 'b a'
        $null = $session | Dismount-Image -Save
        $scripts = @(Get-Image $sample.Image -Index 1 | Get-SetupScript)
        ($scripts | ForEach-Object { "$($_.Order) $($_.Command)" }) -join ', ' | Should -Be '1 one, 2 two'
        $scripts[0].Phase | Should -Be 'Specialize'
        $scripts[0].ImagePath | Should -Be $sample.Image
    }
}
