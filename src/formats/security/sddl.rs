//! Descriptors as SDDL text, for people and for tests.
//!
//! Reference: Microsoft [MS-DTYP] 2.5.1 "Security Descriptor Description Language".

use super::acl::{ace_flags, Ace};
use super::descriptor::{control, AclField, SecurityDescriptor};
use super::sid::Sid;
use crate::error::Result;

pub(super) const ACE_FLAGS: [(u8, &str); 7] = [
    (ace_flags::OBJECT_INHERIT, "OI"),
    (ace_flags::CONTAINER_INHERIT, "CI"),
    (ace_flags::NO_PROPAGATE, "NP"),
    (ace_flags::INHERIT_ONLY, "IO"),
    (ace_flags::INHERITED, "ID"),
    (ace_flags::SUCCESSFUL_ACCESS, "SA"),
    (ace_flags::FAILED_ACCESS, "FA"),
];

/// A self-relative descriptor as SDDL.
///
/// # Errors
/// As [`SecurityDescriptor::parse`].
pub fn to_sddl(descriptor: &[u8]) -> Result<String> {
    Ok(SecurityDescriptor::parse(descriptor)?.to_sddl())
}

impl SecurityDescriptor {
    /// The descriptor as SDDL. Entries of kinds that SDDL cannot say show their kind and size.
    pub fn to_sddl(&self) -> String {
        let mut text = String::new();
        for (prefix, sid) in [("O:", &self.owner), ("G:", &self.group)] {
            if let Some(sid) = sid {
                text.push_str(prefix);
                text.push_str(&sid_text(sid));
            }
        }
        let dacl = [(control::DACL_PROTECTED, "P"), (0x0100, "AR"), (control::DACL_AUTO_INHERITED, "AI")];
        let sacl = [(control::SACL_PROTECTED, "P"), (0x0200, "AR"), (control::SACL_AUTO_INHERITED, "AI")];
        for (prefix, field, flags) in [("D:", &self.dacl, dacl), ("S:", &self.sacl, sacl)] {
            if *field == AclField::Absent {
                continue;
            }
            text.push_str(prefix);
            let set = flags.iter().filter(|(bit, _)| self.control & bit != 0);
            set.for_each(|(_, name)| text.push_str(name));
            match field.list() {
                Some(acl) => acl.entries.iter().for_each(|entry| text.push_str(&entry_text(entry))),
                None => text.push_str("NO_ACCESS_CONTROL"),
            }
        }
        text
    }
}

fn sid_text(sid: &Sid) -> String {
    sid.alias().map_or_else(|| sid.to_string(), str::to_owned)
}

fn entry_text(entry: &Ace) -> String {
    let kind = match entry.kind {
        0x00 => "A",
        0x01 => "D",
        0x02 => "AU",
        0x03 => "AL",
        0x05 => "OA",
        0x06 => "OD",
        0x07 => "OU",
        0x09 => "XA",
        0x0A => "XD",
        0x0B => "ZA",
        0x0D => "XU",
        0x11 => "ML",
        0x12 => "RA",
        0x13 => "SP",
        0x14 => "TL",
        0x15 => "FL",
        _ => "",
    };
    let set = ACE_FLAGS.iter().filter(|(bit, _)| entry.flags & bit != 0);
    let flags: String = set.map(|(_, name)| *name).collect();
    let (Some(mask), Some(sid)) = (entry.mask(), entry.sid()) else {
        return format!("({:#04x};{flags};{} bytes)", entry.kind, entry.body.len());
    };
    let rights = match (entry.kind, mask) {
        (0x11, 1) => "NW".to_owned(),
        (0x11, 2) => "NR".to_owned(),
        (0x11, 4) => "NX".to_owned(),
        (_, 0x001F_01FF) => "FA".to_owned(),
        (_, 0x0012_0089) => "FR".to_owned(),
        (_, 0x0012_0116) => "FW".to_owned(),
        (_, 0x0012_00A0) => "FX".to_owned(),
        (_, 0x1000_0000) => "GA".to_owned(),
        (_, 0x8000_0000) => "GR".to_owned(),
        (_, 0x4000_0000) => "GW".to_owned(),
        (_, 0x2000_0000) => "GX".to_owned(),
        (_, mask) => format!("{mask:#x}"),
    };
    format!("({kind};{flags};{rights};;;{})", sid_text(&sid))
}
