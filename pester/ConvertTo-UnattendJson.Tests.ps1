Describe 'ConvertTo-UnattendJson' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    It 'gives the settings and nothing else' {
        $json = ConvertTo-UnattendJson (New-UnattendFile)
        $json | Should -BeOfType ([string])
        $json | Should -BeLike '*"ComputerName": "PC-1"*'
        $json | Should -BeLike '*"@wcm:action": "add"*'
        $json | Should -Not -BeLike '*first*'
        $json | Should -Not -BeLike '*31bf3856ad364e35*'
    }

    It 'gives the same text for the same settings' {
        $files = (New-UnattendFile), (New-UnattendFile { $args[0].Replace("`n", "`r`n") })
        $texts = @($files | ConvertTo-UnattendJson)
        $texts.Count | Should -Be 2
        $texts[0] | Should -BeExactly $texts[1]
    }
}
