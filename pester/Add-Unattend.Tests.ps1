Describe 'Add-Unattend' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-Sample
        $session = Mount-Image $sample.Image 1 -Path $sample.Path
        $answers = New-AnswerFile "$($sample.Folder)/u.xml"
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'places the file bit for bit and says in which passes Setup will use it' {
        $placed = $session | Add-Unattend $answers
        $placed | Should -BeOfType ([ImageServicing.AnswerFilePlacement])
        $placed.ItemPath | Should -Be '\Windows\Panther\unattend.xml'
        $placed.Replaced | Should -Be $false
        $placed.UsedPasses -join ' ' | Should -Be 'specialize'
        $placed.Path | Should -Be $sample.Path
        $null = Export-ImageItem $placed.ItemPath "$($sample.Folder)/back.xml" -Path $sample.Path
        Get-Fingerprint "$($sample.Folder)/back.xml" | Should -Be (Get-Fingerprint $answers)
    }

    It 'replaces another file with -Force only' {
        $null = $session | Add-Unattend $answers
        $other = New-AnswerFile "$($sample.Folder)/other.xml" -Owner Bob
        { Add-Unattend $other -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'ItemExists,ImageServicing.Cmdlets.AddUnattendCmdlet'
        (Add-Unattend $other -Path $sample.Path -Force).Replaced | Should -Be $true
    }

    It 'warns when an earlier file would win' {
        $null = Add-Unattend $answers -Path $sample.Path
        $null = Add-Unattend $answers -Path $sample.Path -Location Root -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings[0].Message | Should -BeLike '*in pass specialize Setup uses*Panther*'
    }

    It 'prepares audit mode, with and without a file' {
        $placed = Add-Unattend -Audit -Path $sample.Path
        $placed.Audit | Should -BeLike '*Reseal/Mode = Audit'
        $placed.UsedPasses -join ' ' | Should -Be 'oobeSystem'
        $placed = Add-Unattend $answers -Audit -Path $sample.Path -Force
        $placed.UsedPasses -join ' ' | Should -Be 'specialize oobeSystem'
    }

    It 'refuses a damaged file with its place, and nothing at all' {
        [System.IO.File]::WriteAllText($answers, '<unattend><settings></unattend>')
        { Add-Unattend $answers -Path $sample.Path -ErrorAction Stop } | Should -Throw
        { Add-Unattend -Path $sample.Path -ErrorAction Stop } |
            Should -Throw -ErrorId 'InvalidArgument,ImageServicing.Cmdlets.AddUnattendCmdlet'
        @($session | Get-Unattend) | Should -HaveCount 0
    }

    It 'changes nothing with -WhatIf' {
        Add-Unattend $answers -Path $sample.Path -WhatIf | Should -BeNullOrEmpty
        @($session | Get-Unattend) | Should -HaveCount 0
    }
}
