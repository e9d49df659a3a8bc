Describe 'New-Unattend' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $folder = [System.IO.Path]::Combine($TestDrive, 'author')
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $file = "$folder/u.xml"
        function New-Login([string] $Name, [string] $Password) {
            $secret = [securestring]::new()
            foreach ($letter in $Password.ToCharArray()) { $secret.AppendChar($letter) }
            [pscredential]::new($Name, $secret)
        }
        # The value of a setting, read by .NET.
        function Get-Value([string] $Pass, [string] $Component, [string] $Setting) {
            $path = "//u:settings[@pass='$Pass']/u:component[@name='Microsoft-Windows-$Component']"
            foreach ($part in $Setting.Split('/')) { $path += "/u:$part" }
            $document = [System.Xml.XmlDocument]::new()
            $document.Load($file)
            $names = [System.Xml.XmlNamespaceManager]::new($document.NameTable)
            $names.AddNamespace('u', 'urn:schemas-microsoft-com:unattend')
            foreach ($node in $document.SelectNodes($path, $names)) { $node.InnerText }
        }
    }

    AfterEach {
        foreach ($name in [System.IO.Directory]::GetFiles($folder)) { [System.IO.File]::Delete($name) }
    }

    It 'makes the file of the line that people begin with' {
        function Get-Credential { New-Login Admin 'Pa$$w0rd' }
        $made = New-Unattend $file -ComputerName 'PC-%RAND:5%' -Locale de-DE -TimeZone 'W. Europe Standard Time' -DiskLayout UefiStandard -LocalAdmin (Get-Credential) -SkipOobe -WarningVariable warnings -WarningAction SilentlyContinue
        $made | Should -BeOfType ([System.IO.FileInfo])
        $made.FullName | Should -Be ([System.IO.Path]::GetFullPath($file))
        Get-Value windowsPE Setup ImageInstall/OSImage/InstallTo/PartitionID | Should -Be '4'
        Get-Value specialize Shell-Setup ComputerName | Should -Be 'PC-00000'
        Get-Value specialize Shell-Setup TimeZone | Should -Be 'W. Europe Standard Time'
        Get-Value oobeSystem International-Core UILanguage | Should -Be 'de-DE'
        $password = Get-Value oobeSystem Shell-Setup UserAccounts/LocalAccounts/LocalAccount/Password/Value
        [System.Text.Encoding]::Unicode.GetString([System.Convert]::FromBase64String($password)) | Should -BeExactly 'Pa$$w0rdPassword'
        "$warnings" | Should -BeLike '*AcceptEula*not encrypted*'
        $made | Test-Unattend | Where-Object Severity -eq Error | Should -BeNullOrEmpty
    }

    It 'writes each parameter where Windows reads it' {
        $arguments = @{
            Architecture             = 'AMD64', 'arm64'
            UILanguage               = 'en-US'; SetupLanguage = 'fr-FR'; SystemLocale = 'de-AT'; UserLocale = 'de-CH'
            InputLocale              = 'de-DE', '0409:00000409'
            DiskLayout               = 'biosstandard'; DiskId = 1; ImageName = 'Windows 11 Pro'
            ProductKey               = 'bbbbb-CCCCC-DDDDD-FFFFF-GGGGG'; AcceptEula = $true
            RegisteredOwner          = 'Ada'; RegisteredOrganization = 'Contoso'
            LocalAdmin               = (New-Login '.\Admin' a), (New-Login Administrator b); User = (New-Login Ada c); AutoLogon = 2
            JoinDomain               = 'contoso.com'; DomainCredential = (New-Login CONTOSO\joiner d); OrganizationalUnit = 'OU=PCs,DC=contoso,DC=com'
            EnableRemoteDesktop      = $true; SkipOobePage = 'eula', 'Wireless'; DriverPath = 'D:\drivers'
            WindowsPECommand         = 'pe'; SpecializeCommand = 'one', 'two'; FirstLogonCommand = 'logon'
            Mode                     = 'audit'; PersistAllDeviceInstalls = $true; CopyProfile = $true
            Setting                  = @{ 'offlineServicing/Microsoft-Windows-LUA-Settings/EnableLUA' = $false }
        }
        $null = New-Unattend $file @arguments -WarningAction SilentlyContinue
        foreach ($expected in @(
                'windowsPE International-Core-WinPE SetupUILanguage/UILanguage fr-FR'
                'windowsPE International-Core-WinPE InputLocale de-DE;0409:00000409'
                'oobeSystem International-Core UILanguage en-US'
                'oobeSystem International-Core SystemLocale de-AT'
                'oobeSystem International-Core UserLocale de-CH'
                'windowsPE Setup DiskConfiguration/Disk/DiskID 1'
                'windowsPE Setup ImageInstall/OSImage/InstallTo/PartitionID 3'
                'windowsPE Setup ImageInstall/OSImage/InstallFrom/MetaData/Value Windows 11 Pro'
                'windowsPE Setup UserData/ProductKey/Key BBBBB-CCCCC-DDDDD-FFFFF-GGGGG'
                'windowsPE Setup UserData/AcceptEula true'
                'windowsPE Setup UserData/FullName Ada'
                'specialize Shell-Setup RegisteredOrganization Contoso'
                'oobeSystem Shell-Setup AutoLogon/Username Admin'
                'oobeSystem Shell-Setup AutoLogon/LogonCount 2'
                'specialize UnattendedJoin Identification/JoinDomain contoso.com'
                'specialize UnattendedJoin Identification/Credentials/Username joiner'
                'specialize UnattendedJoin Identification/MachineObjectOU OU=PCs,DC=contoso,DC=com'
                'specialize TerminalServices-LocalSessionManager fDenyTSConnections false'
                'oobeSystem Shell-Setup OOBE/HideWirelessSetupInOOBE true'
                'offlineServicing PnpCustomizationsNonWinPE DriverPaths/PathAndCredentials/Path D:\drivers'
                'windowsPE Setup RunSynchronous/RunSynchronousCommand/Path pe'
                'oobeSystem Shell-Setup FirstLogonCommands/SynchronousCommand/CommandLine logon'
                'oobeSystem Deployment Reseal/Mode Audit'
                'generalize PnpSysprep PersistAllDeviceInstalls true'
                'specialize Shell-Setup CopyProfile true'
                'offlineServicing LUA-Settings EnableLUA false')) {
            $pass, $component, $setting, $value = $expected.Split([char[]]' ', 4)
            # Once for each architecture.
            @(Get-Value $pass $component $setting) -join '|' | Should -BeExactly "$value|$value"
        }
        Get-Value oobeSystem Shell-Setup OOBE/HideOnlineAccountScreens | Should -BeNullOrEmpty
        @(Get-Value specialize Deployment RunSynchronous/RunSynchronousCommand/Path) -join '|' | Should -Be 'one|two|one|two'
    }

    It 'does not replace a file without -Force' {
        $null = New-Unattend $file -ComputerName PC1
        { New-Unattend $file -ComputerName PC2 -ErrorAction Stop } | Should -Throw -ErrorId '*New*Unattend*'
        Get-Value specialize Shell-Setup ComputerName | Should -Be 'PC1'
        $null = New-Unattend $file -ComputerName PC2 -Force
        Get-Value specialize Shell-Setup ComputerName | Should -Be 'PC2'
    }

    It 'writes nothing with -WhatIf, and nothing that Setup would refuse' {
        $null = New-Unattend $file -WhatIf
        { New-Unattend $file -TimeZone 'W Europe Standard Time' -ErrorAction Stop } | Should -Throw "*'W. Europe Standard Time'*"
        { New-Unattend $file -ComputerName 'a b' -ErrorAction Stop } | Should -Throw
        { New-Unattend $file -JoinDomain contoso.com -ErrorAction Stop } | Should -Throw '*DomainCredential*'
        [System.IO.File]::Exists($file) | Should -BeFalse
    }

    It 'a pattern of a name is a script that replaces the name of the file, and no other' {
        $null = New-Unattend $file -ComputerName 'S%SERIAL%-%RAND:3%'
        $lines = foreach ($command in Get-Value specialize Deployment RunSynchronous/RunSynchronousCommand/Path) {
            if ($command -match '^cmd\.exe /c echo (.*) >>?%SystemRoot%') { $Matches[1] }
        }
        $errors = $null
        $null = [System.Management.Automation.Language.Parser]::ParseInput($lines -join "`r`n", [ref] $null, [ref] $errors)
        "$errors" | Should -BeNullOrEmpty

        # A machine whose registry is a table; the script looks twice.
        $placeholder = @(Get-Value specialize Shell-Setup ComputerName)[0]
        $names, $tcpip = 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName', 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
        $registry = @{
            "$names\ActiveComputerName" = @{ ComputerName = 'MINIWINPC' }
            "$names\ComputerName"       = @{ ComputerName = $placeholder.ToUpper() }
            $tcpip                      = @{ 'Hostname' = 'somebodys'; 'NV Hostname' = $placeholder }
        }
        function Get-WmiObject { [PSCustomObject]@{ SerialNumber = '12-34' } }
        function Get-Random { 7 }
        function Start-Sleep { }
        function Remove-Item { }
        function Get-ItemProperty($Path) { $registry[$Path] }
        function Set-ItemProperty($Path, $Name, $Value) { $registry[$Path][$Name] = $Value }
        & ([scriptblock]::Create(($lines -join "`r`n").Replace('36000', '2')))
        $registry["$names\ActiveComputerName"].ComputerName | Should -BeExactly 'MINIWINPC'
        $registry["$names\ComputerName"].ComputerName | Should -BeExactly 'S1234-007'
        $registry[$tcpip].Hostname | Should -BeExactly 'somebodys'
        $registry[$tcpip].'NV Hostname' | Should -BeExactly 'S1234-007'
    }

    It 'a long serial number is cut so that all else of the name stays' {
        $null = New-Unattend $file -ComputerName 'Lab-%SERIAL%-%RAND:3%'
        $line = @(Get-Value specialize Deployment RunSynchronous/RunSynchronousCommand/Path)[0]
        $cut = [regex]::Match($line, '-replace (''\(.*?'',''\$1'')').Groups[1].Value
        $pattern, $rest = $cut.Trim("'") -split "','"
        '5CG0123XYZ-9876' -replace '[\W_]' -replace $pattern, $rest | Should -Be '5CG0123'
        'VM1' -replace $pattern, $rest | Should -Be 'VM1'
    }

    It 'completes time zones, locales and languages' {
        Get-Completion 'New-Unattend u.xml -TimeZone "W. Eu' | Should -Be "'W. Europe Standard Time'"
        Get-Completion 'New-Unattend u.xml -Locale de-D' | Should -Be 'de-DE'
        Get-Completion 'New-Unattend u.xml -UserLocale de-L' | Should -Be 'de-LI', 'de-LU'
        # Without a language pack of its own.
        Get-Completion 'New-Unattend u.xml -UILanguage de-L' | Should -BeNullOrEmpty
    }
}
