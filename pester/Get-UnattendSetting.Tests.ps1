Describe 'Get-UnattendSetting' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach { $file = New-UnattendFile }

    It 'gives one setting with its place' {
        $setting = Get-UnattendSetting $file 'specialize/Microsoft-Windows-Shell-Setup/ComputerName'
        $setting | Should -BeOfType ([ImageServicing.UnattendSetting])
        $setting.Value | Should -Be 'PC-1'
        $setting.Pass | Should -Be 'specialize'
        $setting.Component | Should -Be 'Microsoft-Windows-Shell-Setup'
        $setting.Architecture | Should -Be 'amd64'
        $setting.Setting | Should -Be 'ComputerName'
        $setting.SettingPath | Should -Be 'specialize/Microsoft-Windows-Shell-Setup/ComputerName'
        $setting.Line | Should -Be 6
        $setting.UnattendPath | Should -Be $file
        "$setting" | Should -Be $setting.SettingPath
    }

    It 'gives <Count> settings for <Path>' -TestCases @(
        @{ Path = 'specialize'; Count = 2 }
        @{ Path = '*/*shell*/*name'; Count = 1 }
        @{ Path = '**/Name'; Count = 2 }
        @{ Path = '**/LocalAccount[2]'; Count = 3 }
        @{ Path = '**/LocalAccount[Name=admin]/Group'; Count = 1 }
        @{ Path = '**/@wcm:action'; Count = 2 }
        @{ Path = 'auditUser'; Count = 0 }
    ) {
        @(Get-UnattendSetting $file $Path).Count | Should -Be $Count
    }

    It 'gives all settings of all files from the pipeline' {
        $other = New-UnattendFile
        $all = @([System.IO.FileInfo] $file, [System.IO.FileInfo] $other | Get-UnattendSetting)
        $all.Count | Should -Be 14
        $all[0].UnattendPath | Should -Be $file
        $all[13].UnattendPath | Should -Be $other
        @(Get-UnattendSetting "$([System.IO.Path]::GetDirectoryName($file))/*.xml" **/ComputerName).Count | Should -BeGreaterThan 0
    }

    It 'hides secrets unless they are asked for' {
        $hidden = Get-UnattendSetting $file '**/Value'
        $hidden.Secret | Should -BeTrue
        $hidden.Value | Should -BeNullOrEmpty
        $hidden.Action | Should -Be 'add'
        (Get-UnattendSetting $file '**/Value' -ShowSecret).Value | Should -Be 'x&y'
        [ImageServicing.Internal._Format]::UnattendValue($null, $true) | Should -Be '(hidden)'
        [ImageServicing.Internal._Format]::UnattendValue('a', $true) | Should -Be 'a'
        [ImageServicing.Internal._Format]::UnattendValue($null, $false) | Should -Be ''
    }

    It 'says where a file is no XML' {
        [System.IO.File]::WriteAllText($file, "<unattend>`n<a>&b;</a></unattend>")
        Get-UnattendSetting $file -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed.Count | Should -Be 1
        "$($failed[0])" | Should -BeLike '*line 2, column 4*'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }

    It 'refuses <Path>' -TestCases @(@{ Path = 'a[' }, @{ Path = 'a/b/c[0]' }, @{ Path = 'a/@b/c' }) {
        Get-UnattendSetting $file $Path -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
    }
}
