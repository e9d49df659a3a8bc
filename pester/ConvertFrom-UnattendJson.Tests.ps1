Describe 'ConvertFrom-UnattendJson' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $file = New-UnattendFile
        $json = ConvertTo-UnattendJson $file
        $target = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($file), 'new.xml')
    }

    It 'writes the answer file that the JSON is of' {
        $written = $json.Split("`n") | ConvertFrom-UnattendJson -UnattendPath $target
        $written | Should -BeOfType ([System.IO.FileInfo])
        Compare-Unattend $file $target -ShowSecret | Should -BeNullOrEmpty
        ConvertTo-UnattendJson $target | Should -BeExactly $json
        Get-Leftover ([System.IO.Path]::GetDirectoryName($file)) | Should -BeNullOrEmpty
    }

    It 'gives the text without a file' {
        ConvertFrom-UnattendJson $json | Should -BeLike '<?xml version="1.0" encoding="utf-8"?>*<ComputerName>PC-1</ComputerName>*'
    }

    It 'takes numbers and truth values for texts' {
        $text = ConvertFrom-UnattendJson $json.Replace('"PC-1"', '12').Replace('"UTC"', 'true')
        $text | Should -BeLike '*<ComputerName>12</ComputerName>*<TimeZone>true</TimeZone>*'
    }

    It 'replaces a file only with -Force, and none with -WhatIf' {
        ConvertFrom-UnattendJson $json $target -WhatIf | Should -BeNullOrEmpty
        $target | Should -Not -Exist
        ConvertFrom-UnattendJson $json $file -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        (ConvertFrom-UnattendJson $json $file -Force).FullName | Should -Be $file
    }

    It 'refuses <Text>' -TestCases @(@{ Text = '{' }, @{ Text = '[]' }, @{ Text = '{"passes": [{}]}' }, @{ Text = '{"a": null}' }) {
        ConvertFrom-UnattendJson $Text -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }
}
