//! What is written into a driver database, against what Windows wrote for the same drivers.
//!
//! The expected keys and values are facts read from systems that had installed vmci and vioscsi; the
//! INFs are later versions of the same drivers, so the numbers of versions are not compared.

use crate::support::hives;
use crate::support::packages::{trust, Sample};
use imgsvc::error::Result;
use imgsvc::formats::inf::{Architecture, Inf, Target};
use imgsvc::formats::regf::{
    multi_sz, read_multi_sz, read_sz, sz, Hive, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_SZ,
};
use imgsvc::servicing::drivers::database;
use imgsvc::servicing::drivers::database::record::record;
use imgsvc::servicing::drivers::database::services::control_sets;
use imgsvc::servicing::drivers::package::{Package, PackageInf};
use std::path::Path;

const NOW: u64 = 0x01D5_E245_87B5_D840;

/// Windows 10 1903, as most of the entries are from that these are compared with.
fn target() -> Target {
    Target::new(Architecture::Amd64, 10, 0, 18362)
}

fn read(inf: &Path) -> (PackageInf, Package) {
    let target = target();
    let source = PackageInf::read(inf).unwrap().unwrap();
    let applicability = source.applicability(&target).unwrap();
    let included = &mut |_: &str| -> Result<Option<Inf>> { Ok(None) };
    let package = Package::read(&source, applicability, &target, &trust(), included).unwrap();
    (source, package)
}

/// A SYSTEM hive with two control sets; other boot drivers of the group have taken tags up to 0x20.
fn system() -> Hive {
    let mut hive = Hive::new("SYSTEM", 5, None).unwrap();
    for set in ["ControlSet001", "ControlSet002"] {
        let other = hive.create_key(hive.root(), &format!(r"{set}\Services\other")).unwrap();
        hive.set_value(other, "Group", REG_SZ, &sz("scsi miniport")).unwrap();
        hive.set_value(other, "Tag", REG_DWORD, &0x20_u32.to_le_bytes()).unwrap();
    }
    hive
}

/// Keys and values below a key as text.
fn lines(hive: &Hive, path: &str) -> Vec<String> {
    let base = hive.require(hive.root(), path).unwrap();
    let mut found = Vec::new();
    let mut waiting = vec![(base, String::new())];
    while let Some((key, path)) = waiting.pop() {
        found.push(format!("[{path}]"));
        for value in hive.values(key).unwrap() {
            let value = value.unwrap();
            let data = match value.kind {
                REG_SZ | REG_EXPAND_SZ => format!("{}:{}", value.kind, read_sz(&value.data)),
                REG_MULTI_SZ => format!("7:{}", read_multi_sz(&value.data).join("|")),
                kind => format!("{kind:x}:{}", hex(&value.data)),
            };
            found.push(format!("[{path}] {}={data}", value.name_text()));
        }
        for subkey in hive.subkeys(key).unwrap() {
            waiting.push((subkey, format!(r"{path}\{}", hive.name_text(subkey).unwrap())));
        }
    }
    found.sort();
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    lines.sort();
    lines
}

/// Records the package of an INF as `oem2.inf` in a SYSTEM hive; returns it and the package's label.
fn recorded(inf: &Path) -> (Hive, String) {
    let (source, package) = read(inf);
    let mut hive = system();
    let record = record(&source, &package, &target(), "oem2.inf", NOW);
    database::write(&mut hive, &record).unwrap();
    let boot_start = package.boot_start.as_ref().unwrap();
    boot_start.write_system(&mut hive, package.class_guid, &package.label, "oem2.inf").unwrap();
    hive.check().unwrap();
    (hive, package.label)
}

#[test]
fn vmci_is_recorded_as_windows_recorded_it() {
    let Some(folder) = hives::testdata("drivers/004_WinPEDriverPack_vmci") else { return };
    let (hive, label) = recorded(&folder.join("vmci.inf"));
    let package = format!(r"DriverDatabase\DriverPackages\{label}");
    let version = hive.require(hive.root(), &package).unwrap();
    let version = hive.value(version, "Version").unwrap().unwrap().data;
    // All but date and version: 10/29/2021, 9.8.18.0 here, 9.8.8.0 there.
    assert_eq!(hex(&version[..24]), "00ff0900000000007de9364d25e3ce11bfc108002be10318");
    assert_eq!(hex(&version[32..]), "00001200080009000000000000000000");

    // What Windows wrote, without OemPath and Properties, which are not written here.
    let expected = r"
        []
        [] =1:oem2.inf
        [] Catalog=1:vmci.cat
        [] ImportDate=3:40d8b58745e2d501
        [] InfName=1:vmci.inf
        [] Provider=1:VMware, Inc.
        [] SignerName=1:Microsoft Windows Hardware Compatibility Publisher
        [] SignerScore=4:0500000d
        [] StatusFlags=4:12000000
        [\Configurations]
        [\Configurations\vmci.install.x64.NT]
        [\Configurations\vmci.install.x64.NT] ConfigFlags=4:00000000
        [\Configurations\vmci.install.x64.NT] ConfigScope=4:07000000
        [\Configurations\vmci.install.x64.NT] Service=1:vmci
        [\Configurations\vmci.install.x64.NT\Device]
        [\Configurations\vmci.install.x64.NT\Device\Interrupt Management]
        [\Configurations\vmci.install.x64.NT\Device\Interrupt Management] 0x00000010=1:
        [\Configurations\vmci.install.x64.NT\Device\Interrupt Management\MessageSignaledInterruptProperties]
        [\Configurations\vmci.install.x64.NT\Device\Interrupt Management\MessageSignaledInterruptProperties] 0x00000010=1:
        [\Configurations\vmci.install.x64.NT\Device\Interrupt Management\MessageSignaledInterruptProperties] MSISupported=4:01000000
        [\Configurations\vmci.install.x64.NT\Device\Interrupt Management\MessageSignaledInterruptProperties] MessageNumberLimit=4:02000000
        [\Configurations\vmci.install.x64.NT\Services]
        [\Configurations\vmci.install.x64.NT\Services\vmci]
        [\Configurations\vmci.install.x64.NT\Services\vmci] vwdk.installers=20007:570069006e0064006f007700730000000000
        [\Descriptors]
        [\Descriptors\PCI]
        [\Descriptors\PCI\VEN_15AD&DEV_0740]
        [\Descriptors\PCI\VEN_15AD&DEV_0740] Configuration=1:vmci.install.x64.NT
        [\Descriptors\PCI\VEN_15AD&DEV_0740] Description=1:%loc.vmwarebusdevicedesc%
        [\Descriptors\PCI\VEN_15AD&DEV_0740] Manufacturer=1:%loc.vmwaremanufacturer%
        [\Descriptors\PCI\VEN_15AD&DEV_0740&SUBSYS_074015AD]
        [\Descriptors\PCI\VEN_15AD&DEV_0740&SUBSYS_074015AD] Configuration=1:vmci.install.x64.NT
        [\Descriptors\PCI\VEN_15AD&DEV_0740&SUBSYS_074015AD] Description=1:%loc.vmwarebusdevicedesc%
        [\Descriptors\PCI\VEN_15AD&DEV_0740&SUBSYS_074015AD] Manufacturer=1:%loc.vmwaremanufacturer%
        [\Descriptors\ROOT]
        [\Descriptors\ROOT\VMWVMCIHOSTDEV]
        [\Descriptors\ROOT\VMWVMCIHOSTDEV] Configuration=1:vmci.install.x64.NT
        [\Descriptors\ROOT\VMWVMCIHOSTDEV] Description=1:%loc.vmwarehostdevicedesc%
        [\Descriptors\ROOT\VMWVMCIHOSTDEV] Manufacturer=1:%loc.vmwaremanufacturer%
        [\Strings]
        [\Strings] loc.vmwarebusdevicedesc=1:VMware VMCI Bus Device
        [\Strings] loc.vmwarehostdevicedesc=1:VMware VMCI Host Device
        [\Strings] loc.vmwaremanufacturer=1:VMware, Inc.";
    let found: Vec<_> =
        lines(&hive, &package).into_iter().filter(|line| !line.contains("Version=")).collect();
    assert_eq!(found, sorted(expected));

    let published = lines(&hive, r"DriverDatabase\DriverInfFiles\oem2.inf");
    let expected = format!("[]\n[] =7:{label}\n[] Active=1:{label}\n[] Configurations=7:vmci.install.x64.NT");
    assert_eq!(published, sorted(&expected));

    let ids = lines(&hive, r"DriverDatabase\DeviceIds");
    let expected = r"
        []
        [\PCI]
        [\PCI\VEN_15AD&DEV_0740&SUBSYS_074015AD]
        [\PCI\VEN_15AD&DEV_0740&SUBSYS_074015AD] oem2.inf=3:01ff0000
        [\PCI\VEN_15AD&DEV_0740]
        [\PCI\VEN_15AD&DEV_0740] oem2.inf=3:02ff0000
        [\ROOT]
        [\ROOT\VMWVMCIHOSTDEV]
        [\ROOT\VMWVMCIHOSTDEV] oem2.inf=3:01ff0000
        [\{4d36e97d-e325-11ce-bfc1-08002be10318}]
        [\{4d36e97d-e325-11ce-bfc1-08002be10318}] oem2.inf=0:";
    assert_eq!(ids, sorted(expected));

    // Tag and a second owner depend on what the system had before.
    let expected = r"
        []
        [] DisplayName=1:@oem2.inf,%loc.vmciServiceDisplayName%;VMware VMCI Bus Driver
        [] ErrorControl=4:00000000
        [] Group=1:System Bus Extender
        [] ImagePath=2:System32\drivers\vmci.sys
        [] Owners=7:oem2.inf
        [] Start=4:00000000
        [] Tag=4:01000000
        [] Type=4:01000000
        [] vwdk.installers=7:Windows";
    for set in ["ControlSet001", "ControlSet002"] {
        assert_eq!(lines(&hive, &format!(r"{set}\Services\vmci")), sorted(expected));
        let log = lines(&hive, &format!(r"{set}\Services\EventLog\System\vmci"));
        let expected = r"
            []
            [] EventMessageFile=2:%SystemRoot%\System32\drivers\vmci.sys
            [] TypesSupported=4:07000000";
        assert_eq!(log, sorted(expected));
    }
}

#[test]
fn vioscsi_is_recorded_as_windows_recorded_it() {
    let Some(folder) = hives::testdata("drivers/000_WinPEDriverPack_vioscsi") else { return };
    let (hive, label) = recorded(&folder.join("vioscsi.inf"));
    let found = lines(&hive, &format!(r"DriverDatabase\DriverPackages\{label}\Configurations"));
    // The number of messages, and GroupPolicy, are of this version of the driver.
    let expected = r"
        []
        [\scsi_inst]
        [\scsi_inst] ConfigFlags=4:00000000
        [\scsi_inst] ConfigScope=4:07000000
        [\scsi_inst] Service=1:vioscsi
        [\scsi_inst\Device]
        [\scsi_inst\Device\Interrupt Management]
        [\scsi_inst\Device\Interrupt Management\Affinity Policy]
        [\scsi_inst\Device\Interrupt Management\Affinity Policy] DevicePolicy=4:05000000
        [\scsi_inst\Device\Interrupt Management\Affinity Policy] DevicePriority=4:03000000
        [\scsi_inst\Device\Interrupt Management\Affinity Policy] GroupPolicy=4:01000000
        [\scsi_inst\Device\Interrupt Management\MessageSignaledInterruptProperties]
        [\scsi_inst\Device\Interrupt Management\MessageSignaledInterruptProperties] MSISupported=4:01000000
        [\scsi_inst\Device\Interrupt Management\MessageSignaledInterruptProperties] MessageNumberLimit=4:02010000
        [\scsi_inst\Services]
        [\scsi_inst\Services\vioscsi]
        [\scsi_inst\Services\vioscsi\Parameters]
        [\scsi_inst\Services\vioscsi\Parameters] BusType=4:0a000000
        [\scsi_inst\Services\vioscsi\Parameters\PnpInterface]
        [\scsi_inst\Services\vioscsi\Parameters\PnpInterface] 5=4:01000000";
    assert_eq!(found, sorted(expected));

    let found = lines(&hive, r"DriverDatabase\DeviceIds\PCI");
    let expected = r"
        []
        [\VEN_1AF4&DEV_1004&SUBSYS_00081AF4&REV_00]
        [\VEN_1AF4&DEV_1004&SUBSYS_00081AF4&REV_00] oem2.inf=3:01ff0000
        [\VEN_1AF4&DEV_1004]
        [\VEN_1AF4&DEV_1004] oem2.inf=3:02ff0000
        [\VEN_1AF4&DEV_1048&SUBSYS_11001AF4&REV_01]
        [\VEN_1AF4&DEV_1048&SUBSYS_11001AF4&REV_01] oem2.inf=3:01ff0000
        [\VEN_1AF4&DEV_1048]
        [\VEN_1AF4&DEV_1048] oem2.inf=3:02ff0000";
    assert_eq!(found, sorted(expected));

    // The tag is the next of the group, see `system`.
    let expected = r"
        []
        [] DisplayName=1:@oem2.inf,%VirtioScsi.SVCDESC%;Red Hat VirtIO SCSI pass-through Service
        [] ErrorControl=4:01000000
        [] Group=1:SCSI miniport
        [] ImagePath=2:System32\drivers\vioscsi.sys
        [] Owners=7:oem2.inf
        [] Start=4:00000000
        [] Tag=4:21000000
        [] Type=4:01000000
        [\Parameters]
        [\Parameters] BusType=4:0a000000
        [\Parameters\PnpInterface]
        [\Parameters\PnpInterface] 5=4:01000000";
    assert_eq!(lines(&hive, r"ControlSet001\Services\vioscsi"), sorted(expected));
}

#[test]
fn a_package_that_does_not_start_at_boot_gets_no_configurations_and_no_service() {
    let folder = tempfile::tempdir().unwrap();
    let (source, package) = read(&Sample::network("net").write(folder.path()));
    let mut hive = system();
    let record = record(&source, &package, &target(), "oem0.inf", NOW);
    database::write(&mut hive, &record).unwrap();
    hive.check().unwrap();
    let known = database::package(&hive, &package.label).unwrap().unwrap();
    assert_eq!(known.published_name.as_deref(), Some("oem0.inf"));
    assert_eq!(known.provider.as_deref(), Some("Sample Maker"));
    assert_eq!(known.version.unwrap(), record.version);
    let key =
        hive.require(hive.root(), &format!(r"DriverDatabase\DriverPackages\{}", package.label)).unwrap();
    assert!(hive.subkeys(key).unwrap().is_empty());
    assert!(hive.find(hive.root(), r"ControlSet001\Services\net").unwrap().is_none());
}

/// `StatusFlags`, the traits of `Version`, and scope and flags of the first configuration.
fn flags(sample: &Sample) -> (u32, u64, Option<(u32, u32)>) {
    let folder = tempfile::tempdir().unwrap();
    let (source, package) = read(&sample.write(folder.path()));
    let record = record(&source, &package, &target(), "oem0.inf", NOW);
    let configuration = record.configurations.first().map(|found| (found.scope, found.flags));
    (record.status_flags, record.version.traits, configuration)
}

#[test]
fn what_a_package_does_is_in_its_flags() {
    assert_eq!(flags(&Sample::network("store")), (0x10, 0, None));
    let storage = |more: &str| flags(&Sample { more: more.into(), ..Sample::storage("stor") });
    assert_eq!(storage(""), (0x12, 0, Some((7, 0))));
    let co_installers = "[Install.NT.CoInstallers]\nAddReg = Co\n[Co]\nHKR,,CoInstallers32,0x00010000";
    assert_eq!(storage(&format!("{co_installers},\"co.dll,Entry\"\n")), (0x1A, 0x4000, Some((7, 0x400))));
    assert_eq!(storage(&format!("{co_installers},\n")), (0x12, 0, Some((7, 0))));
    assert_eq!(storage("[Install.NT]\nInclude = machine.inf\n"), (0x112, 0, Some((7, 0))));
    let elsewhere = "[Install.NT]\nAddReg = Run\n[Run]\nHKLM,SOFTWARE\\Sample,Value,,text\n";
    assert_eq!(storage(elsewhere), (0x16, 0, Some((7, 0))));
    let parts = "[Install.NT.Wdf]\nKmdfService = stor, Wdf\n[Wdf]\nKmdfLibraryVersion = 1.15\n\
        [Install.NT.Interfaces]\nAddInterface = {c0c1c2c3-0000-0000-0000-000000000000}\n";
    assert_eq!(storage(parts), (0x12, 0, Some((0x10F, 0))));

    let folder = tempfile::tempdir().unwrap();
    let (source, package) = read(&Sample::storage("stor").write(folder.path()));
    let server_2025 = Target::new(Architecture::Amd64, 10, 0, 26100);
    let record = record(&source, &package, &server_2025, "oem0.inf", NOW);
    assert_eq!(record.configurations[0].scope, 0xF7F);
}

#[test]
fn values_that_are_device_properties_and_reboots_are_written_as_windows_does() {
    let folder = tempfile::tempdir().unwrap();
    let more = "[Install.NT]\nReboot\nExcludeID = PCI\\VEN_FFFF&DEV_0009\nAddReg = Pages\n\
        [Pages]\nHKR,,EnumPropPages32,,\"MsPorts.dll,Provider\"\n\
        [Interrupts]\nHKR,,Security,,\"D:P(A;;GA;;;SY)\"\n";
    let (hive, label) =
        recorded(&Sample { more: more.into(), ..Sample::storage("stor") }.write(folder.path()));
    let found = lines(&hive, &format!(r"DriverDatabase\DriverPackages\{label}\Configurations\Install.NT"));
    for line in [
        "[] Reboot=4:01000000",
        r"[] ExcludeIds=7:PCI\VEN_FFFF&DEV_0009",
        r"[\Properties\{a8b865dd-2e3d-4094-ad97-e593a70c75d6}\000A] =ffff0012:\
            4d00730050006f007200740073002e0064006c006c002c00500072006f00760069006400650072000000",
        r"[\Properties\{a45c254e-df1c-4efd-8020-67d146a850e0}\0019] =ffff0013:\
            0100049000000000000000000000000014000000\
            02001c000100000000001400000000100101000000000005120000\
            00",
    ] {
        let line: String = line.split("\\\n").map(str::trim_start).collect();
        assert!(found.contains(&line), "{line}: {found:#?}");
    }
    assert!(!found.iter().any(|line| line.contains("EnumPropPages32") || line.contains("Security=")));
}

#[test]
fn foreign_readers_see_the_database_that_was_written() {
    if !hives::has_hivex() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut hive, _) = recorded(&Sample::storage("stor").write(folder.path()));
    let bytes = hive.finish(NOW).unwrap().bytes;
    hives::assert_hivexml_reads(&bytes);
    let ours = hives::dump(&Hive::open(bytes.clone()).unwrap());
    assert_eq!(hives::hivex_dump(&bytes).unwrap(), ours);
}

#[test]
fn writing_a_service_again_keeps_its_tag_and_its_other_owners() {
    let folder = tempfile::tempdir().unwrap();
    let (_, package) = read(&Sample::storage("stor").write(folder.path()));
    let mut hive = system();
    let sets = control_sets(&hive).unwrap();
    assert_eq!(sets.len(), 2);
    let key = hive.create_key(sets[0], r"Services\STOR").unwrap();
    hive.set_value(key, "Tag", REG_DWORD, &7_u32.to_le_bytes()).unwrap();
    hive.set_value(key, "Group", REG_SZ, &sz("SCSI miniport")).unwrap();
    hive.set_value(key, "Owners", REG_MULTI_SZ, &multi_sz(["storport.inf", "OEM5.INF"])).unwrap();
    let boot_start = package.boot_start.unwrap();
    boot_start.write_system(&mut hive, package.class_guid, &package.label, "oem5.inf").unwrap();
    let found = lines(&hive, r"ControlSet001\Services\stor");
    assert!(found.contains(&"[] Tag=4:07000000".to_owned()), "{found:?}");
    assert!(found.contains(&"[] Owners=7:oem5.inf|storport.inf".to_owned()), "{found:?}");
    let found = lines(&hive, r"ControlSet002\Services\stor");
    assert!(found.contains(&"[] Tag=4:21000000".to_owned()), "{found:?}");
}

#[test]
fn the_critical_device_database_is_written_only_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let (_, package) = read(&Sample::storage("stor").write(folder.path()));
    let mut hive = system();
    hive.create_key(hive.root(), r"ControlSet001\Control\CriticalDeviceDatabase").unwrap();
    let boot_start = package.boot_start.unwrap();
    boot_start.write_system(&mut hive, package.class_guid, &package.label, "oem5.inf").unwrap();
    let found = lines(&hive, r"ControlSet001\Control\CriticalDeviceDatabase\PCI#VEN_FFFF&DEV_stor");
    let expected = "[]\n[] ClassGUID=1:{4d36e97b-e325-11ce-bfc1-08002be10318}\n[] Service=1:stor";
    assert_eq!(found, sorted(expected));
    assert!(hive.find(hive.root(), r"ControlSet002\Control").unwrap().is_none());
}
