Describe 'Remove-UnattendSetting' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $file = New-UnattendFile
        $before = [System.IO.File]::ReadAllText($file)
    }

    AfterEach { Get-Leftover ([System.IO.Path]::GetDirectoryName($file)) | Should -BeNullOrEmpty }

    It 'removes a setting and its line' {
        $removed = Remove-UnattendSetting $file 'specialize/Microsoft-Windows-Shell-Setup/TimeZone'
        $removed | Should -BeOfType ([ImageServicing.UnattendRemoval])
        $removed.SettingPath | Should -Be 'specialize/Microsoft-Windows-Shell-Setup/TimeZone'
        $removed.UnattendPath | Should -Be $file
        [System.IO.File]::ReadAllText($file) | Should -Be $before.Replace("      <TimeZone>UTC</TimeZone>`n", '')
    }

    It 'removes what is empty then only with -RemoveEmptyParent' {
        @(Remove-UnattendSetting $file '**/LocalAccount').Count | Should -Be 5
        [System.IO.File]::ReadAllText($file) | Should -BeLike '*<LocalAccounts>*'
        Remove-UnattendSetting $file '**/LocalAccounts' -RemoveEmptyParent
        [System.IO.File]::ReadAllText($file) | Should -Not -BeLike '*oobeSystem*'
    }

    It 'removes what comes from the pipeline, the last one first' {
        $removed = @(Get-UnattendSetting $file '**/LocalAccount/*' | Remove-UnattendSetting -RemoveEmptyParent)
        $removed.Count | Should -Be 5
        @(Get-UnattendSetting $file).Count | Should -Be 2
    }

    It 'changes nothing with -WhatIf' {
        Remove-UnattendSetting $file specialize -WhatIf | Should -BeNullOrEmpty
        [System.IO.File]::ReadAllText($file) | Should -Be $before
    }

    It 'fails for what is not there, but not for a pattern' {
        Remove-UnattendSetting $file 'specialize/Microsoft-Windows-Shell-Setup/None' -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        Remove-UnattendSetting $file '**/None' | Should -BeNullOrEmpty
        [System.IO.File]::ReadAllText($file) | Should -Be $before
    }
}
