Describe 'Test-Unattend' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $sample = New-RegistrySample
        $folder = $sample.Folder
        $identity = 'processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS"'
        function New-AnswerFile([string] $Name, [string] $Pass, [string] $Settings, [string] $Component = 'Microsoft-Windows-Shell-Setup') {
            $path = "$folder/$Name"
            [System.IO.File]::WriteAllText($path, @"
<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend" xmlns:wcm="http://schemas.microsoft.com/WMIConfig/2002/State">
<settings pass="$Pass">
<component name="$Component" $identity>
$Settings
</component>
</settings>
</unattend>
"@)
            $path
        }

        $good = New-AnswerFile good.xml specialize '<ComputerName>*</ComputerName>'
        $bad = New-AnswerFile bad.xml oobeSystem '<ComputerName>*</ComputerName><OOBE><ProtectYourPC>7</ProtectYourPC></OOBE>'
    }

    AfterAll { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'finds nothing in a sound file' {
        $before = Get-Fingerprint $good
        Test-Unattend $good | Should -BeNullOrEmpty
        Get-Fingerprint $good | Should -Be $before
    }

    It 'says where, what and what to do' {
        $found = @(Test-Unattend $bad)
        $found.Count | Should -Be 2
        $found[0] | Should -BeOfType ([ImageServicing.UnattendFinding])
        $found[0].Rule | Should -Be 'setting-not-in-pass'
        $found[0].Severity | Should -Be 'Error'
        $found[0].Pass | Should -Be 'oobeSystem'
        $found[0].Component | Should -Be 'Microsoft-Windows-Shell-Setup'
        $found[0].Architecture | Should -Be 'amd64'
        $found[0].Setting | Should -Be 'ComputerName'
        $found[0].Line | Should -Be 5
        $found[0].Column | Should -Be 1
        $found[0].UnattendPath | Should -Be $bad
        $found[0].SettingPath | Should -Be 'oobeSystem/Microsoft-Windows-Shell-Setup/ComputerName'
        $found[0].Remedy | Should -Match 'specialize'
        "$($found[1])" | Should -Match '\(5,\d+\): Error: '
        $found[1].Rule | Should -Be 'number-out-of-range'
    }

    It 'finds what can be removed at once' {
        $file = New-AnswerFile remove.xml oobeSystem '<ComputerName>*</ComputerName><OOBE><ProtectYourPC>7</ProtectYourPC></OOBE>'
        $null = Test-Unattend $file | Remove-UnattendSetting -RemoveEmptyParent
        Test-Unattend $file | Should -BeNullOrEmpty
    }

    It 'takes files from the pipeline and by wildcard, each once' {
        @([System.IO.FileInfo] "$folder/bad.xml" | Test-Unattend).Count | Should -Be 2
        @(Test-Unattend "$folder/*.xml").Count | Should -Be 2
        @($bad, $bad | Test-Unattend).Count | Should -Be 2
    }

    It 'reports a file that is not well-formed as a finding' {
        [System.IO.File]::WriteAllText("$folder/broken.txt", "<unattend>`n<settings>")
        $found = Test-Unattend "$folder/broken.txt"
        $found.Rule | Should -Be 'malformed-xml'
        $found.Severity | Should -Be 'Error'
    }

    It 'tests against the image of a session' {
        $path = New-AnswerFile arch.txt specialize '<TimeZone>W. Europe Standard Time</TimeZone>'
        [System.IO.File]::WriteAllText($path, [System.IO.File]::ReadAllText($path).Replace('"amd64"', '"arm64"'))
        $found = Test-Unattend $path -Path $sample.Path | Where-Object Rule -eq architecture-not-of-image
        $found.Severity | Should -Be 'Error'
        $found.Remedy | Should -Match 'amd64'
        $piped = Get-Image -Mounted | Where-Object Path -eq $sample.Path | Test-Unattend $path
        $piped.Rule | Should -Contain 'architecture-not-of-image'
    }

    It 'tests against an image of a file' {
        $image = (Get-Image -Mounted | Where-Object Path -eq $sample.Path).ImagePath
        $path = New-AnswerFile chosen.txt windowsPE @'
<ImageInstall><OSImage><InstallFrom><MetaData wcm:action="add"><Key>/IMAGE/INDEX</Key><Value>77</Value></MetaData></InstallFrom></OSImage></ImageInstall>
'@ Microsoft-Windows-Setup
        Test-Unattend $path | Should -BeNullOrEmpty
        $found = Test-Unattend $path -ImagePath $image -Index 1
        $found.Rule | Should -Contain 'image-not-in-file'
    }

    It 'reports a command whose program is not in the image' {
        $path = New-AnswerFile command.txt specialize @'
<RunSynchronous><RunSynchronousCommand wcm:action="add"><Order>1</Order><Path>C:\Tools\nowhere.exe</Path></RunSynchronousCommand></RunSynchronous>
'@ Microsoft-Windows-Deployment
        $found = Test-Unattend $path -Path $sample.Path
        ($found | Where-Object Rule -eq command-file-missing).Message | Should -Match 'nowhere'
    }

    It 'says which file it cannot read' {
        { Test-Unattend "$folder/missing.xml" -ErrorAction Stop } | Should -Throw '*missing.xml*'
        { Test-Unattend $good -ImagePath "$folder/missing.wim" -Index 1 -ErrorAction Stop } | Should -Throw '*missing.wim*'
    }
}
