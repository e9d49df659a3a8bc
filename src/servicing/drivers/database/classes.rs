//! Which hive a package is recorded in. The device setup class decides, not the start type: classes
//! that may be needed before the DRIVERS hive can be read are in SYSTEM, all others in DRIVERS.
//!
//! The table is the floor; classes of the inbox packages in the target's own SYSTEM hive are added, so
//! that newer Windows versions are followed. Third-party packages are not asked: another tool may have
//! put them in the wrong hive.
//!
//! Reference: docs/formats/driver-database.md, "Which hive"; 0 contradictions in four real hives.

use crate::formats::inf::Guid;
use std::collections::HashSet;

/// The hive whose `DriverDatabase` holds a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub enum DatabaseHive {
    /// `System32\config\SYSTEM`, read by the boot loader.
    #[serde(rename = "SYSTEM")]
    System,
    /// `System32\config\DRIVERS`, from Windows 8 on.
    #[serde(rename = "DRIVERS")]
    Drivers,
}

/// Classes found in the SYSTEM hives of Windows 8.1, 10 and Server 2016, with the number's class name.
const BOOT_CLASSES: [(u128, &str); 33] = [
    (0x36fc9e60_c465_11cf_8056_444553540000, "USB"),
    (0x4d36e965_e325_11ce_bfc1_08002be10318, "CDROM"),
    (0x4d36e966_e325_11ce_bfc1_08002be10318, "Computer"),
    (0x4d36e967_e325_11ce_bfc1_08002be10318, "DiskDrive"),
    (0x4d36e969_e325_11ce_bfc1_08002be10318, "FDC"),
    (0x4d36e96a_e325_11ce_bfc1_08002be10318, "HDC"),
    (0x4d36e96b_e325_11ce_bfc1_08002be10318, "Keyboard"),
    (0x4d36e96f_e325_11ce_bfc1_08002be10318, "Mouse"),
    (0x4d36e977_e325_11ce_bfc1_08002be10318, "PCMCIA"),
    (0x4d36e978_e325_11ce_bfc1_08002be10318, "Ports"),
    (0x4d36e97b_e325_11ce_bfc1_08002be10318, "SCSIAdapter"),
    (0x4d36e97d_e325_11ce_bfc1_08002be10318, "System"),
    (0x4d36e980_e325_11ce_bfc1_08002be10318, "FloppyDisk"),
    (0x50127dc3_0f36_415e_a6cc_4cb3be910b65, "Processor"),
    (0x5099944a_f6b9_4057_a056_8c550228544c, "Memory"),
    (0x533c5b84_ec70_11d2_9505_00c04f79deaf, "VolumeSnapshot"),
    (0x53487c23_680f_4585_acc3_1f10d6777e82, "SmrDisk"),
    (0x53966cb1_4d46_4166_bf23_c522403cd495, "ScmDisk"),
    (0x53b3cf03_8f5a_4788_91b6_d19ed9fcccbf, "SmrVolume"),
    (0x53ccb149_e543_4c84_b6e0_bce4f6b7e806, "ScmVolume"),
    (0x6bdd1fc1_810f_11d0_bec7_08002be2092f, "1394"),
    (0x71a27cdd_812a_11d0_bec7_08002be2092f, "Volume"),
    (0x72631e54_78a4_11d0_bcf7_00aa00b7b32a, "Battery"),
    (0x745a17a0_74d3_11d0_b6fe_00a0c90f57da, "HIDClass"),
    (0x88bae032_5a81_49f0_bc3d_a4ff138216d6, "USBDevice"),
    (0x9da2b80f_f89f_4a49_a5c2_511b085b9e8a, "EhStorSilo"),
    (0xa0a588a4_c46f_4b37_b7ea_c82fe89870c6, "SDHost"),
    (0xbbbe8734_08fa_4966_b6a6_4e5ad010cdd7, "USBFunctionController"),
    (0xd48179be_ec20_11d1_b6b8_00c04fa372a7, "SBP2"),
    (0xd94ee5d8_d189_4994_83d2_f68d7d41b0e6, "SecurityDevices"),
    (0xe2f84ce7_8efa_411c_aa69_97454ca4cb57, "Extension"),
    (0xe6f1aa1c_7f3b_4473_b2e8_c97d8ac71d53, "UCM"),
    (0xf2e7dd72_6468_4e36_b6f1_6488f42c1b52, "Firmware"),
];

/// Names of common classes that are in DRIVERS, from the class keys of Windows 10.
const OTHER_CLASSES: [(u128, &str); 30] = [
    (0x4d36e968_e325_11ce_bfc1_08002be10318, "Display"),
    (0x4d36e96c_e325_11ce_bfc1_08002be10318, "MEDIA"),
    (0x4d36e96d_e325_11ce_bfc1_08002be10318, "Modem"),
    (0x4d36e96e_e325_11ce_bfc1_08002be10318, "Monitor"),
    (0x4d36e970_e325_11ce_bfc1_08002be10318, "MTD"),
    (0x4d36e971_e325_11ce_bfc1_08002be10318, "MultiFunction"),
    (0x4d36e972_e325_11ce_bfc1_08002be10318, "Net"),
    (0x4d36e973_e325_11ce_bfc1_08002be10318, "NetClient"),
    (0x4d36e974_e325_11ce_bfc1_08002be10318, "NetService"),
    (0x4d36e975_e325_11ce_bfc1_08002be10318, "NetTrans"),
    (0x4d36e979_e325_11ce_bfc1_08002be10318, "Printer"),
    (0x50906cb8_ba12_11d1_bf5d_0000f805f530, "MultiPortSerial"),
    (0x50dd5230_ba8a_11d1_bf5d_0000f805f530, "SmartCardReader"),
    (0x5175d334_c371_4806_b3ba_71fd53c9258d, "Sensor"),
    (0x53d29ef7_377c_4d14_864b_eb3a85769359, "Biometric"),
    (0x5630831c_06c9_4856_b327_f5d32586e060, "Proximity"),
    (0x5989fce8_9cd0_467d_8a6a_5419e31529d4, "AudioProcessingObject"),
    (0x5c4c3332_344d_483c_8739_259e934c9cc8, "SoftwareComponent"),
    (0x62f9c741_b25a_46ce_b54c_9bccce08b6f2, "SoftwareDevice"),
    (0x6bdd1fc5_810f_11d0_bec7_08002be2092f, "Infrared"),
    (0x6bdd1fc6_810f_11d0_bec7_08002be2092f, "Image"),
    (0x6d807884_7d21_11cf_801c_08002be10318, "TapeDrive"),
    (0x6fae73b7_b735_4b50_a0da_0dc2484b1f1a, "BasicDisplay"),
    (0x990a2bd7_e738_46c7_b26f_1cf8fb9f1391, "SmartCard"),
    (0xb1d1a169_c54f_4379_81db_bee7d88d7454, "AntiVirus"),
    (0xc166523c_fe0c_4a94_a586_f1a80cfbbf3e, "AudioEndpoint"),
    (0xca3e7ab9_b4c3_4ae6_8251_579ef933890f, "Camera"),
    (0xce5939ae_ebde_11d0_b181_0000f8753ec4, "MediumChanger"),
    (0xe0cbf06c_cd8b_4647_bb8a_263b43f0f974, "Bluetooth"),
    (0xeec5ad98_8080_425f_922a_dabf3de3f69a, "WPD"),
];

/// The class of extension INFs, which add settings to devices that another INF installs.
pub const EXTENSION_CLASS: Guid = guid(0xe2f84ce7_8efa_411c_aa69_97454ca4cb57);

/// A GUID from its digits.
const fn guid(digits: u128) -> Guid {
    let [a, b, c, d, e, f, g, h, rest @ ..] = digits.to_be_bytes();
    let [i, j, k, l, m, n, o, p] = rest;
    Guid([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p])
}

/// The classes whose packages are recorded in SYSTEM.
#[derive(Debug, Clone)]
pub struct BootClasses {
    classes: HashSet<Guid>,
}

impl BootClasses {
    /// The table and the classes of the image's own inbox packages.
    pub fn new(from_image: impl IntoIterator<Item = Guid>) -> Self {
        let table = BOOT_CLASSES.iter().map(|&(number, _)| guid(number));
        Self { classes: table.chain(from_image).collect() }
    }

    /// Whether packages of the class are needed before the DRIVERS hive can be read.
    pub fn contains(&self, class_guid: Guid) -> bool {
        self.classes.contains(&class_guid)
    }

    /// The hive for a package of the class in an image that has both.
    pub fn hive_for(&self, class_guid: Guid) -> DatabaseHive {
        if self.contains(class_guid) {
            DatabaseHive::System
        } else {
            DatabaseHive::Drivers
        }
    }
}

fn well_known() -> impl Iterator<Item = (Guid, &'static str)> {
    BOOT_CLASSES.iter().chain(&OTHER_CLASSES).map(|&(digits, name)| (guid(digits), name))
}

/// A class name for classes that an image's `Control\Class` does not name.
pub fn well_known_name(class_guid: Guid) -> Option<&'static str> {
    well_known().find(|&(known, _)| known == class_guid).map(|(_, name)| name)
}

/// The class of a name, for INFs that give no GUID.
pub fn well_known_guid(name: &str) -> Option<Guid> {
    well_known().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(known, _)| known)
}
