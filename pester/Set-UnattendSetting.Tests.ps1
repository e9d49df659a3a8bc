Describe 'Set-UnattendSetting' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $shell = 'specialize/Microsoft-Windows-Shell-Setup'
    }

    BeforeEach {
        $file = New-UnattendFile
        $before = [System.IO.File]::ReadAllText($file)
    }

    AfterEach { Get-Leftover ([System.IO.Path]::GetDirectoryName($file)) | Should -BeNullOrEmpty }

    It 'changes that value and nothing else' {
        Set-UnattendSetting $file "$shell/ComputerName" 'PC & 2' | Should -BeNullOrEmpty
        [System.IO.File]::ReadAllText($file) | Should -Be $before.Replace('>PC-1<', '>PC &amp; 2<')
    }

    It 'gives the setting with -PassThru, secrets without value' {
        (Set-UnattendSetting $file "$shell/ComputerName" PC2 -PassThru).Value | Should -Be 'PC2'
        $secret = Get-UnattendSetting $file '**/Value' | Set-UnattendSetting -Value 'new' -PassThru
        $secret.Value | Should -BeNullOrEmpty
        (Get-UnattendSetting $file '**/Value' -ShowSecret).Value | Should -Be 'new'
    }

    It 'makes what is missing' {
        $path = 'generalize/Microsoft-Windows-PnpSysprep/PersistAllDeviceInstalls'
        (Set-UnattendSetting $file $path $true -PassThru).Value | Should -BeExactly 'true'
        [System.IO.File]::ReadAllText($file) | Should -BeLike '*name="Microsoft-Windows-PnpSysprep" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS"*'
        Set-UnattendSetting $file "$shell/ComputerName" X -Architecture arm64
        @(Get-UnattendSetting $file "$shell/ComputerName").Architecture | Should -Be 'amd64', 'arm64'
        Set-UnattendSetting $file 'oobeSystem/Microsoft-Windows-Shell-Setup/UserAccounts/LocalAccounts/LocalAccount[Name=Third]/Group' Users
        @(Get-UnattendSetting $file '**/LocalAccount/Name').Value | Should -Be 'Admin', "O'Brien", 'Third'
        @(Get-UnattendSetting $file '**/LocalAccount[3]/Group').Action | Should -Be 'add'
    }

    It 'completes the values that Windows knows of a setting' {
        Get-Completion "Set-UnattendSetting u.xml $shell/TimeZone 'W. Eu" | Should -Be "'W. Europe Standard Time'"
        Get-Completion 'Set-UnattendSetting u.xml oobeSystem/Microsoft-Windows-Shell-Setup/OOBE/HideEULAPage ' | Should -Be 'true', 'false'
        Get-Completion "Set-UnattendSetting u.xml $shell/ComputerName " | Should -BeNullOrEmpty
    }

    It 'changes nothing with -WhatIf' {
        Set-UnattendSetting $file "$shell/ComputerName" X -WhatIf
        [System.IO.File]::ReadAllText($file) | Should -Be $before
    }

    It 'refuses <Case>' -TestCases @(
        @{ Case = 'wildcards'; Path = '*/Microsoft-Windows-Shell-Setup/ComputerName'; Value = 'x' }
        @{ Case = 'a pass that there is not'; Path = 'special/Microsoft-Windows-Shell-Setup/ComputerName'; Value = 'x' }
        @{ Case = 'several settings'; Path = 'oobeSystem/Microsoft-Windows-Shell-Setup/UserAccounts/LocalAccounts/LocalAccount/Name'; Value = 'x' }
        @{ Case = 'what holds settings'; Path = 'oobeSystem/Microsoft-Windows-Shell-Setup/UserAccounts'; Value = 'x' }
        @{ Case = 'a control character'; Path = 'specialize/Microsoft-Windows-Shell-Setup/ComputerName'; Value = "a$([char] 1)" }
    ) {
        Set-UnattendSetting $file $Path $Value -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        [System.IO.File]::ReadAllText($file) | Should -Be $before
    }
}
