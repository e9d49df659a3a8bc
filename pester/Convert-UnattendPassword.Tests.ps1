Describe 'Convert-UnattendPassword' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    It 'encodes as Setup reads it, with a warning' {
        $encoded = Convert-UnattendPassword password AdministratorPassword -WarningAction SilentlyContinue -WarningVariable warned
        $encoded | Should -BeExactly 'cABhAHMAcwB3AG8AcgBkAEEAZABtAGkAbgBpAHMAdAByAGEAdABvAHIAUABhAHMAcwB3AG8AcgBkAA=='
        "$warned" | Should -BeLike '*no protection*'
    }

    It 'takes a secure string' {
        $secure = [System.Security.SecureString]::new()
        'Pa55'.ToCharArray() | ForEach-Object { $secure.AppendChar($_) }
        $expected = [System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes('Pa55Password'))
        Convert-UnattendPassword $secure -WarningAction SilentlyContinue | Should -BeExactly $expected
    }

    It 'decodes without a warning' {
        $encoded = 'a', '', 'ü€' | Convert-UnattendPassword -WarningAction SilentlyContinue
        $decoded = $encoded | Convert-UnattendPassword -Decode -WarningVariable warned
        $decoded | Should -Be 'a', '', 'ü€'
        $warned | Should -BeNullOrEmpty
    }

    It 'refuses to decode <Text>' -TestCases @(@{ Text = '%' }, @{ Text = 'AAA=' }, @{ Text = 'cABhAHMAcwA=' }) {
        Convert-UnattendPassword $Text -Decode -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }

    It 'completes the names of elements' {
        $line = 'Convert-UnattendPassword x -Element Adm'
        [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText |
            Should -Be 'AdministratorPassword'
    }
}
