//! Security descriptors: what Windows wrote is read and written again without a changed byte, hostile
//! ones are refused, and new files get what NTFS would give them.

use imgsvc::formats::security::{
    ace_flags, inherit, inherit_for, Ace, Acl, AclField, Creator, Inherited, Origin, SecurityDescriptor, Sid,
};
use std::path::Path;

const OI: u8 = ace_flags::OBJECT_INHERIT;
const CI: u8 = ace_flags::CONTAINER_INHERIT;
const NP: u8 = ace_flags::NO_PROPAGATE;
const IO: u8 = ace_flags::INHERIT_ONLY;
const FULL: u32 = 0x001F_01FF;
const GENERIC_ALL: u32 = 0x1000_0000;
const GENERIC_READ_EXECUTE: u32 = 0xA000_0000;

/// CREATOR OWNER, read from its bytes because only the reader can make it.
fn creator_owner() -> Sid {
    let ace = [0, 0, 20, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0];
    let mut bytes = vec![1, 0, 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0];
    bytes.extend([2, 0, 28, 0, 1, 0, 0, 0]);
    bytes.extend(ace);
    let descriptor = SecurityDescriptor::parse(&bytes).unwrap();
    let sid = descriptor.dacl.list().unwrap().entries[0].sid().unwrap();
    assert!(sid.is_creator_owner());
    sid
}

fn descriptor(entries: Vec<Ace>) -> Vec<u8> {
    let descriptor = SecurityDescriptor {
        owner: Some(Sid::system()),
        group: Some(Sid::system()),
        dacl: AclField::List(Acl::new(entries)),
        ..SecurityDescriptor::default()
    };
    descriptor.to_bytes().unwrap()
}

fn sddl(inherited: &Inherited) -> String {
    SecurityDescriptor::parse(&inherited.descriptor).unwrap().to_sddl()
}

/// As System32 has it: what counts there, and what it hands down.
fn system32() -> Vec<u8> {
    descriptor(vec![
        Ace::allow(0x0013_01BF, &Sid::system(), 0),
        Ace::allow(GENERIC_ALL, &Sid::system(), OI | CI | IO),
        Ace::allow(0x0013_01BF, &Sid::administrators(), 0),
        Ace::allow(GENERIC_ALL, &Sid::administrators(), OI | CI | IO),
        Ace::allow(0x0012_00A9, &Sid::users(), 0),
        Ace::allow(GENERIC_READ_EXECUTE, &Sid::users(), OI | CI | IO),
        Ace::allow(GENERIC_ALL, &creator_owner(), OI | CI | IO),
    ])
}

#[test]
fn a_new_file_in_system32_gets_what_explorer_shows_for_one() {
    let file = inherit(Some(&system32()), false);
    assert_eq!(file.origin, Origin::Parent);
    assert_eq!(sddl(&file), "O:BAG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)");
}

#[test]
fn a_new_directory_also_hands_the_entries_on() {
    let directory = inherit(Some(&system32()), true);
    assert_eq!(
        sddl(&directory),
        "O:BAG:SYD:AI(A;ID;FA;;;SY)(A;OICIIOID;GA;;;SY)(A;ID;FA;;;BA)(A;OICIIOID;GA;;;BA)\
         (A;ID;0x1200a9;;;BU)(A;OICIIOID;0xa0000000;;;BU)(A;OICIIOID;GA;;;CO)"
    );
    let below = inherit(Some(&directory.descriptor), false);
    assert_eq!(sddl(&below), sddl(&inherit(Some(&system32()), false)), "one level down is the same");
}

#[test]
fn each_inheritance_flag_does_what_it_says() {
    let parent = descriptor(vec![
        Ace::allow(1, &Sid::system(), OI),
        Ace::allow(2, &Sid::system(), CI),
        Ace::allow(4, &Sid::system(), OI | CI | NP),
        Ace::allow(8, &Sid::system(), 0),
        Ace::allow(16, &Sid::system(), OI | NP),
    ]);
    assert_eq!(
        sddl(&inherit(Some(&parent), false)),
        "O:BAG:SYD:AI(A;ID;0x1;;;SY)(A;ID;0x4;;;SY)(A;ID;0x10;;;SY)"
    );
    assert_eq!(
        sddl(&inherit(Some(&parent), true)),
        "O:BAG:SYD:AI(A;OIIOID;0x1;;;SY)(A;CIID;0x2;;;SY)(A;ID;0x4;;;SY)"
    );
}

#[test]
fn creator_owner_becomes_the_owner() {
    let parent = descriptor(vec![Ace::allow(GENERIC_ALL, &creator_owner(), OI | CI | IO)]);
    let creator = Creator { owner: Sid::nt(&[21, 1, 2, 3, 1001]), group: Sid::users() };
    let file = inherit_for(Some(&parent), false, &creator);
    assert_eq!(sddl(&file), "O:S-1-5-21-1-2-3-1001G:BUD:AI(A;ID;FA;;;S-1-5-21-1-2-3-1001)");
}

#[test]
fn a_parent_that_says_nothing_usable_gives_a_default_without_everyone() {
    let null =
        SecurityDescriptor { dacl: AclField::Null, ..SecurityDescriptor::default() }.to_bytes().unwrap();
    let absent = SecurityDescriptor::default().to_bytes().unwrap();
    for parent in [None, Some(null.as_slice()), Some(absent.as_slice()), Some(b"damaged".as_slice())] {
        for directory in [false, true] {
            let new = inherit(parent, directory);
            assert_eq!(new.origin, Origin::SafeDefault);
            assert_eq!(sddl(&new), "O:BAG:SYD:(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)");
        }
    }
    let private = descriptor(vec![Ace::allow(FULL, &Sid::system(), 0)]);
    let new = inherit(Some(&private), false);
    assert_eq!(
        (new.origin, sddl(&new).as_str()),
        (Origin::TokenDefault, "O:BAG:SYD:(A;;FA;;;SY)(A;;FA;;;BA)")
    );
}

fn samples() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata/wim/wimlib-aux");
    let names = ["security_descriptor_1.bin", "security_descriptor_2.bin"];
    let found: Vec<Vec<u8>> = names.iter().filter_map(|name| std::fs::read(folder.join(name)).ok()).collect();
    if found.is_empty() {
        eprintln!("SKIPPED: no descriptors in {}", folder.display());
    }
    found
}

#[test]
fn descriptors_that_windows_wrote_come_back_with_every_part() {
    for bytes in samples() {
        let parsed = SecurityDescriptor::parse(&bytes).unwrap();
        let written = parsed.to_bytes().unwrap();
        assert_eq!(SecurityDescriptor::parse(&written).unwrap(), parsed);
        assert_eq!(written.len(), bytes.len(), "{}", parsed.to_sddl());
        assert!(parsed.to_sddl().starts_with("O:"), "{}", parsed.to_sddl());
    }
}

/// What Windows 10 made of this text for a device of Intel's heci.inf.
const HECI: &str = "D:P(A;CI;GA;;;BA)(A;CI;GA;;;SY)(A;CI;GA;;;LS)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;S-1-15-2-1)";
const HECI_BYTES: &str = "01000490000000000000000000000000140000000200740005000000000218000000001001020000\
         00000005200000002002000000021400000000100101000000000005120000000002140000000010\
         01010000000000051300000000001400000000e001010000000000010000000000001800000000e0\
         010200000000000f0200000001000000";

#[test]
fn sddl_is_read_as_windows_reads_it() {
    let descriptor = SecurityDescriptor::from_sddl(HECI).unwrap();
    let bytes: String = descriptor.to_bytes().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(bytes, HECI_BYTES);

    let mut shown: Vec<String> =
        samples().iter().map(|bytes| SecurityDescriptor::parse(bytes).unwrap().to_sddl()).collect();
    shown.push(sddl(&inherit(Some(&system32()), false)));
    shown.push(
        "O:S-1-5-21-1-2-3-500G:S-1-5-18D:NO_ACCESS_CONTROLS:PARAI(AU;SAFA;0x1;;;WD)(ML;;NW;;;LW)".into(),
    );
    for text in shown {
        let known = text.replace("G:S-1-5-18D", "G:SYD");
        assert_eq!(SecurityDescriptor::from_sddl(&text).unwrap().to_sddl(), known);
    }
}

#[test]
fn text_that_is_no_sddl_is_refused_with_its_place() {
    for text in ["D", "X:BA", "O:ZZ", "D:(A;;GA;;;BA", "D:(A;;G;;;BA)", "D:(A;XX;GA;;;BA)", "D:(OA;;GA;;;BA)"]
    {
        assert!(SecurityDescriptor::from_sddl(text).is_err(), "{text}");
    }
    let error = SecurityDescriptor::from_sddl("O:BAD:(A;;GA;;;S-1-5)").unwrap_err();
    assert!(error.to_string().contains("character 4"), "{error}");
    for text in
        ["O:S-1-5-", "O:S-1-5-4294967296", "O:S-1-256-1", "D:(A;;0x100000000;;;BA)", "D:(A;;\u{e9};;;BA)"]
    {
        assert!(SecurityDescriptor::from_sddl(text).is_err(), "{text}");
    }
}

#[test]
fn damaged_descriptors_are_refused_or_read_but_never_crash() {
    let mut all = samples();
    all.push(system32());
    for bytes in all {
        for length in 0..bytes.len() {
            let _ = inherit(Some(&bytes[..length]), true);
        }
        assert!(SecurityDescriptor::parse(&bytes[..bytes.len() - 1]).is_err());
        for position in 0..bytes.len() {
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[position] = value;
                if let Ok(descriptor) = SecurityDescriptor::parse(&damaged) {
                    let again = descriptor.to_bytes().unwrap();
                    assert_eq!(SecurityDescriptor::parse(&again).unwrap(), descriptor);
                }
                let _ = inherit(Some(&damaged), position % 2 == 0);
            }
        }
    }
}
