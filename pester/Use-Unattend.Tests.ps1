Describe 'Use-Unattend' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $uac = 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
    }

    BeforeEach {
        $sample = New-Sample
        $m = Mount-Image $sample.Image 1 -Path $sample.Path
        $answers = New-AnswerFile "$($sample.Folder)/u.xml" -DriverPath 'E:\good1'
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'says of every setting what became of it' {
        $results = @($m | Use-Unattend $answers -SourceRoot $sample.Drivers)
        $results[0] | Should -BeOfType ([ImageServicing.UnattendResult])
        $lua = $results | Where-Object Setting -EQ EnableLUA
        $lua.Result | Should -Be 'Applied'
        $lua.Pass | Should -Be 'offlineServicing'
        $lua.Component | Should -Be 'Microsoft-Windows-LUA-Settings'
        $lua.Target | Should -Be "$uac\EnableLUA"
        $lua.Line | Should -BeGreaterThan 1
        (Get-ImageRegistryValue $uac EnableLUA -Path $sample.Path).Value | Should -Be 0
        $drivers = $results | Where-Object Setting -Like '*Path'
        $drivers.Result | Should -Be 'Applied'
        $drivers.Drivers[0].Status | Should -Be 'Added'
        @(Get-Driver -Path $sample.Path) | Should -HaveCount 1
        $owner = $results | Where-Object Setting -EQ RegisteredOwner
        $owner.Result | Should -Be 'Placed'
        $owner.Target | Should -Be '\Windows\Panther\unattend.xml'
    }

    It 'works as the help says' {
        $rest = @($m | Use-Unattend $answers -DriverRoot $sample.Drivers | Where-Object Result -ne Applied)
        ($rest | ForEach-Object { "$($_.Setting) $($_.Result)" }) -join ', ' | Should -Be 'RegisteredOwner Placed'
    }

    It 'returns the same and changes nothing with -WhatIf' {
        $before = @(Use-Unattend $answers -DriverRoot $sample.Drivers -Path $sample.Path -WhatIf)
        @(Get-Driver -Path $sample.Path) | Should -HaveCount 0
        @(Get-Unattend -Path $sample.Path) | Should -HaveCount 0
        $after = @(Use-Unattend $answers -DriverRoot $sample.Drivers -Path $sample.Path)
        ($before | ForEach-Object ToString) -join ';' | Should -Be (($after | ForEach-Object ToString) -join ';')
    }

    It 'does not place the file with -NoPlace' {
        $results = @(Use-Unattend $answers -Path $sample.Path -NoPlace -ErrorAction SilentlyContinue)
        @(Get-Unattend -Path $sample.Path) | Should -HaveCount 0
        ($results | Where-Object Setting -EQ RegisteredOwner).Result | Should -Be 'Applied'
        # There is no such folder beside the answer file.
        ($results | Where-Object Setting -Like '*Path').Result | Should -Be 'Failed'
    }

    It 'reports a driver package that is refused, and adds it on demand' {
        $unsigned = New-AnswerFile "$($sample.Folder)/v.xml" -DriverPath unsigned
        $results = @(Use-Unattend $unsigned -DriverRoot $sample.Drivers -Path $sample.Path -ErrorAction SilentlyContinue -ErrorVariable failed)
        ($results | Where-Object Setting -Like '*Path').Result | Should -Be 'Failed'
        $failed[0].FullyQualifiedErrorId | Should -Be 'DriverUnsigned,ImageServicing.Cmdlets.UseUnattendCmdlet'
        $results = @(Use-Unattend $unsigned -DriverRoot $sample.Drivers -Path $sample.Path -ForceUnsigned)
        ($results | Where-Object Setting -Like '*Path').Result | Should -Be 'Applied'
    }

    It 'leaves packages and features to the running Windows' {
        $cab = "$($sample.Folder)/fod.cab"
        [System.IO.File]::WriteAllText($cab, 'MSCF and more')
        $identity = '<assemblyIdentity name="{0}" version="10.0.1.1" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral"/>'
        [System.IO.File]::WriteAllText("$($sample.Folder)/p.xml", @"
<unattend xmlns="urn:schemas-microsoft-com:unattend"><servicing>
<package action="install">$($identity -f 'Fod')<source location="\\server\share\fod.cab"/></package>
<package action="configure">$($identity -f 'Microsoft-Windows-Foundation-Package')<selection name="TelnetClient" state="true"/></package>
<package action="install">$($identity -f 'Gone')<source location="gone.cab"/></package>
</servicing></unattend>
"@)
        $before = @(Use-Unattend "$($sample.Folder)/p.xml" -Path $sample.Path -WhatIf)
        Get-SetupScript -Path $sample.Path | Should -BeNullOrEmpty
        $results = @(Use-Unattend "$($sample.Folder)/p.xml" -Path $sample.Path)
        ($results | ForEach-Object { "$($_.Setting) $($_.Result)" }) -join ', ' |
            Should -Be 'Fod Deferred, Microsoft-Windows-Foundation-Package/TelnetClient Deferred, Gone NotApplicable'
        ($before | ForEach-Object Reason) -join ';' | Should -Be (($results | ForEach-Object Reason) -join ';')
        $results[2].Reason | Should -BeLike '*gone.cab*'
        $steps = @(Get-SetupScript -Path $sample.Path)
        $steps[0].Command | Should -BeLike '*dism.exe" /Online /Quiet /NoRestart /Add-Package "/PackagePath:%ROOT%scripts\*\fod.cab"'
        $steps[1].Command | Should -BeLike '*/Enable-Feature "/FeatureName:TelnetClient" /All'
        $null = Export-ImageItem "$($steps[0].ItemPath)\fod.cab" "$($sample.Folder)/back.cab" -Path $sample.Path
        Get-Fingerprint "$($sample.Folder)/back.cab" | Should -Be (Get-Fingerprint $cab)
    }
}
