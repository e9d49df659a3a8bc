Describe 'Compare-ImageRegistry' {
    BeforeAll { . $PSScriptRoot/common.ps1 }

    BeforeEach {
        $sample = New-RegistrySample
        $other = Copy-Hive SYSTEM "$($sample.Folder)/SYSTEM.new"
    }

    AfterEach { Get-Image -Mounted | Dismount-Image -Discard -Force }

    It 'finds no difference between equal hives' {
        Compare-ImageRegistry $sample.System $other | Should -BeNullOrEmpty
    }

    It 'tells what was added, removed and changed' {
        Set-ImageRegistryValue \Select Current 2 -HivePath $other
        Set-ImageRegistryValue \Select New text -HivePath $other
        $null = Remove-ImageRegistryValue \Select Failed -HivePath $other
        $null = New-ImageRegistryKey \Added -HivePath $other
        $differences = @(Compare-ImageRegistry $sample.System $other)
        $differences | Should -HaveCount 4
        $differences[0] | Should -BeOfType ([ImageServicing.RegistryDifference])
        $added = $differences | Where-Object Key -eq '\Added'
        $added.Item | Should -Be 'Key'
        $added.Change | Should -Be 'Added'
        $added.Name | Should -BeNullOrEmpty
        $changed = $differences | Where-Object Name -eq 'Current'
        $changed.Item | Should -Be 'Value'
        $changed.Change | Should -Be 'Changed'
        $changed.ReferenceKind | Should -Be 'DWord'
        $changed.ReferenceValue | Should -Be 1
        $changed.DifferenceValue | Should -Be 2
        $new = $differences | Where-Object Name -eq 'New'
        $new.Change | Should -Be 'Added'
        $new.ReferenceKind | Should -BeNullOrEmpty
        $new.DifferenceValue | Should -Be 'text'
        $removed = $differences | Where-Object Name -eq 'Failed'
        $removed.Change | Should -Be 'Removed'
        $removed.DifferenceKind | Should -BeNullOrEmpty
    }

    It 'tells what a session would save, and nothing after the save' {
        Compare-ImageRegistry -Path $sample.Path | Should -BeNullOrEmpty
        Set-ImageRegistryValue HKLM\SOFTWARE\Contoso Level 5 -Path $sample.Path
        $m = Get-Image -Mounted | Where-Object Path -eq $sample.Path
        $differences = @($m | Compare-ImageRegistry)
        $differences | Should -HaveCount 2
        $differences[1].Key | Should -Be 'HKEY_LOCAL_MACHINE\SOFTWARE\Contoso'
        $differences[1].Path | Should -Be $sample.Path
        $null = Save-Image $sample.Path
        Compare-ImageRegistry -Path $sample.Path | Should -BeNullOrEmpty
    }

    It 'compares the registries of two images' {
        $all = @(Compare-ImageRegistry -ReferenceImagePath $sample.Image -ReferenceIndex 1 -DifferenceImagePath $sample.Image -DifferenceIndex 2)
        $edition = $all | Where-Object Name -eq 'EditionID'
        $edition.ReferenceValue | Should -Be 'Professional'
        $edition.DifferenceValue | Should -Not -Be 'Professional'
        @(Get-Image $sample.Image 1 | Compare-ImageRegistry -DifferenceImagePath $sample.Image -DifferenceIndex 2).Count | Should -Be $all.Count
        Compare-ImageRegistry -ReferenceImagePath $sample.Image -ReferenceIndex 1 -DifferenceImagePath $sample.Image -DifferenceIndex 2 -Key HKLM\SYSTEM\Select | Should -BeNullOrEmpty
    }

    It 'compares SAM only with -Force' {
        Set-ImageRegistryValue HKLM\SAM\New Secret 1 -Path $sample.Path -Force
        Compare-ImageRegistry -Path $sample.Path | Should -BeNullOrEmpty
        (Compare-ImageRegistry -Path $sample.Path -Force).Key | Should -Contain 'HKEY_LOCAL_MACHINE\SAM\New'
    }

    It 'compares below -Key only' {
        Set-ImageRegistryValue \Select Current 2 -HivePath $other
        Set-ImageRegistryValue \Setup New 2 -HivePath $other
        (Compare-ImageRegistry $sample.System $other -Key \Setup).Name | Should -Be 'New'
        Compare-ImageRegistry $sample.System $other -Key \None -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'hands differences over while it compares, so that the next cmdlet can end it' {
        $images = @{ ReferenceImagePath = $sample.Image; ReferenceIndex = 1; DifferenceImagePath = $sample.Image; DifferenceIndex = 2 }
        $all = @(Compare-ImageRegistry @images)
        $all.Count | Should -BeGreaterThan 1
        $seen = [System.Collections.ArrayList]::new()
        { Compare-ImageRegistry @images | ForEach-Object { $null = $seen.Add($_); throw 'enough' } } | Should -Throw 'enough'
        $seen.Count | Should -Be 1
        @(Compare-ImageRegistry @images).Count | Should -Be $all.Count
    }

    It 'lets the next cmdlet change the hives that are compared' {
        $lines = foreach ($at in 1..3000) { "[HKEY_LOCAL_MACHINE\SYSTEM\New\Sub$at]"; "`"Value`"=dword:$($at.ToString('x8'))" }
        $null = Import-ImageRegistry (New-RegFile "$($sample.Folder)/new.reg" $lines) -HivePath $other
        $null = Compare-ImageRegistry $sample.System $other | Where-Object Item -eq Key | Where-Object Key -like '*99' |
            ForEach-Object { Remove-ImageRegistryKey $_.Key -Recurse -HivePath $other }
        @(Compare-ImageRegistry $sample.System $other | Where-Object Item -eq Key) | Should -HaveCount (1 + 3000 - 30)
    }

    It 'lets the next cmdlet work on what is compared' {
        Set-ImageRegistryValue HKLM\SOFTWARE\Contoso Level 5 -Path $sample.Path
        $values = @(Compare-ImageRegistry -Path $sample.Path | Where-Object Item -eq Value | Get-ImageRegistryValue)
        $values.Value | Should -Be 5
    }

    It 'reports a file that is not there' {
        Compare-ImageRegistry $sample.System "$($sample.Folder)/none" -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }
}
