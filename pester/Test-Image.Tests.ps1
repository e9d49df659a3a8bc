Describe 'Test-Image' {
    BeforeAll {
        . $PSScriptRoot/common.ps1
        $base = New-Base -WithoutImage
        $folder = $base.Folder
        $null = New-Image "$folder/good.wim" $base.Tree -Name Base -Compression None | Add-Image $base.Tree2 -Name Second

        # The content of noise.dll of the second tree stands in the file as it is: one byte of it is changed.
        $bytes = [System.IO.File]::ReadAllBytes("$folder/good.wim")
        $noise = [System.IO.File]::ReadAllBytes("$($base.Tree2)/Windows/System32/noise.dll")
        $latin = [System.Text.Encoding]::GetEncoding('iso-8859-1')
        $place = $latin.GetString($bytes).IndexOf($latin.GetString($noise), [System.StringComparison]::Ordinal)
        $bytes[$place + 1000] = $bytes[$place + 1000] -bxor 1
        [System.IO.File]::WriteAllBytes("$folder/damaged.wim", $bytes)
        $before = Get-Fingerprint "$folder/damaged.wim"
    }

    It 'finds nothing when all is well' {
        Test-Image "$folder/good.wim" -ErrorAction Stop | Should -BeNullOrEmpty
        $sample = New-Sample
        Test-Image $sample.Image -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'finds a damaged content, with what depends on it' {
        $findings = @(Test-Image "$folder/damaged.wim")
        $findings | Should -HaveCount 1
        $findings[0] | Should -BeOfType ([ImageServicing.ImageFinding])
        $findings[0].Severity | Should -Be 'Error'
        $findings[0].ImagePath | Should -Be "$folder/damaged.wim"
        $findings[0].Item | Should -Match '^[0-9a-f]{40}$'
        $findings[0].Message | Should -Not -BeNullOrEmpty
        $findings[0].DependentCount | Should -Be 1
        "$($findings[0].Dependents)" | Should -BeLike '2:*\Windows\System32\noise.dll'
        Get-Fingerprint "$folder/damaged.wim" | Should -Be $before
    }

    It 'looks at the images that -Index names, and what they need' {
        Test-Image "$folder/damaged.wim" 1 | Should -BeNullOrEmpty
        @(Test-Image "$folder/damaged.wim" -Index 2) | Should -HaveCount 1
    }

    It 'tests each file once, by wildcards and from the pipeline' {
        @(Test-Image "$folder/*d.wim") | Should -HaveCount 1
        @(Get-Image "$folder/*.wim" | Test-Image) | Should -HaveCount 1
        @("$folder/damaged.wim" | Test-Image) | Should -HaveCount 1
    }

    It 'saves what is whole with -Repair, and tells what is lost' {
        $findings = @(Test-Image "$folder/damaged.wim" -Repair "$folder/repaired.wim")
        @($findings | Where-Object Severity -eq Error) | Should -HaveCount 1
        $lost = @($findings | Where-Object Severity -eq Lost)
        $lost | Should -HaveCount 1
        $lost[0].Item | Should -BeLike 'image 2: *\Windows\System32\noise.dll'
        Test-Image "$folder/repaired.wim" | Should -BeNullOrEmpty
        (Invoke-Wimlib 'verify', "$folder/repaired.wim").ExitCode | Should -Be 0
        Compare-Image "$folder/good.wim" 1 "$folder/repaired.wim" 1 | Should -BeNullOrEmpty
        Get-Fingerprint "$folder/damaged.wim" | Should -Be $before
        Get-Leftover $folder | Should -BeNullOrEmpty
    }

    It 'refuses a place of the repair that is taken, unless -Force is given' {
        [System.IO.File]::WriteAllText("$folder/taken.wim", 'mine')
        { Test-Image "$folder/damaged.wim" -Repair "$folder/taken.wim" -ErrorAction Stop } |
            Should -Throw -ErrorId 'FileExists,ImageServicing.Cmdlets.TestImageCmdlet'
        [System.IO.File]::ReadAllText("$folder/taken.wim") | Should -Be 'mine'
        Test-Image "$folder/damaged.wim" -Repair "$folder/taken.wim" -Force | Should -Not -BeNullOrEmpty
    }

    It 'changes nothing with -WhatIf' {
        Test-Image "$folder/damaged.wim" -Repair "$folder/never.wim" -WhatIf | Should -BeNullOrEmpty
        "$folder/never.wim" | Should -Not -Exist
    }

    It 'reports <Case>, which is no finding' -TestCases @(
        @{ Case = 'a file that is not there'; Name = 'none.wim'; Id = 'FileNotFound' }
        @{ Case = 'a file that is no image file'; Name = 'text.wim'; Id = 'InvalidData' }
    ) {
        [System.IO.File]::WriteAllText("$folder/text.wim", 'x' * 1000)
        Test-Image "$folder/$Name" -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be "$Id,ImageServicing.Cmdlets.TestImageCmdlet"
        [System.IO.File]::Delete("$folder/text.wim")
    }

    It 'needs the file that a delta was made from' {
        $null = New-Image "$folder/delta.wim" $base.Tree -Name Delta -DeltaFrom "$folder/good.wim"
        Test-Image "$folder/delta.wim" | Should -Not -BeNullOrEmpty
        Test-Image "$folder/delta.wim" -ReferencePath "$folder/good.wim" | Should -BeNullOrEmpty
        [System.IO.File]::Delete("$folder/delta.wim")
    }
}
