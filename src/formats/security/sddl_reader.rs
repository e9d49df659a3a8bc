//! Descriptors from SDDL text, as INFs have them for devices.
//!
//! Read are owner, group and both lists, with entries that allow, deny, audit or label. Object and
//! conditional entries, which devices do not have, are refused.
//!
//! Reference: Microsoft [MS-DTYP] 2.5.1 "Security Descriptor Description Language".

use super::acl::{Ace, Acl};
use super::descriptor::{control, AclField, SecurityDescriptor};
use super::sddl::ACE_FLAGS;
use super::sid::Sid;
use crate::error::{Error, Result};

/// Rights by their two letters: generic, standard, of directory objects, of files, of registry keys, of labels.
const RIGHTS: [(&str, u32); 28] = [
    ("GA", 0x1000_0000),
    ("GR", 0x8000_0000),
    ("GW", 0x4000_0000),
    ("GX", 0x2000_0000),
    ("SD", 0x0001_0000),
    ("RC", 0x0002_0000),
    ("WD", 0x0004_0000),
    ("WO", 0x0008_0000),
    ("CC", 0x1),
    ("DC", 0x2),
    ("LC", 0x4),
    ("SW", 0x8),
    ("RP", 0x10),
    ("WP", 0x20),
    ("DT", 0x40),
    ("LO", 0x80),
    ("CR", 0x100),
    ("FA", 0x001F_01FF),
    ("FR", 0x0012_0089),
    ("FW", 0x0012_0116),
    ("FX", 0x0012_00A0),
    ("KA", 0x000F_003F),
    ("KR", 0x0002_0019),
    ("KW", 0x0002_0006),
    ("KX", 0x0002_0019),
    ("NW", 0x1),
    ("NR", 0x2),
    ("NX", 0x4),
];

/// Entries by their letters.
const KINDS: [(&str, u8); 4] = [("A", 0x00), ("D", 0x01), ("AU", 0x02), ("ML", 0x11)];

impl SecurityDescriptor {
    /// The descriptor that SDDL text means. Rights stay as they are written: generic ones are not mapped.
    ///
    /// # Errors
    /// [`Error::Malformed`] for text that is not SDDL, or SDDL of kinds that are not read.
    pub fn from_sddl(text: &str) -> Result<Self> {
        let mut found = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let place = rest;
            rest = found.part(rest).ok_or_else(|| {
                let at = text.trim().len().saturating_sub(place.len());
                Error::malformed(
                    "SDDL",
                    format!("character {at}"),
                    "O:, G:, D: or S: and what it names",
                    place,
                )
            })?;
        }
        Ok(found)
    }

    /// Reads one part; the text behind it.
    fn part<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (tag, rest) = text.split_once(':')?;
        match tag {
            "O" | "G" => {
                let (sid, rest) = split_sid(rest)?;
                *(if tag == "O" { &mut self.owner } else { &mut self.group }) = Some(sid);
                Some(rest)
            }
            "D" => {
                let flags = [control::DACL_PROTECTED, DACL_INHERIT_REQUIRED, control::DACL_AUTO_INHERITED];
                self.list(rest, flags, |this| &mut this.dacl)
            }
            "S" => {
                let flags = [control::SACL_PROTECTED, SACL_INHERIT_REQUIRED, control::SACL_AUTO_INHERITED];
                self.list(rest, flags, |this| &mut this.sacl)
            }
            _ => None,
        }
    }

    /// Reads a list: flags, then entries in parentheses.
    fn list<'a>(
        &mut self,
        text: &'a str,
        flags: [u16; 3],
        field: fn(&mut Self) -> &mut AclField,
    ) -> Option<&'a str> {
        let mut rest = text;
        if let Some(rest) = rest.strip_prefix("NO_ACCESS_CONTROL") {
            *field(self) = AclField::Null;
            return Some(rest);
        }
        for (name, flag) in ["P", "AR", "AI"].into_iter().zip(flags) {
            if let Some(behind) = rest.strip_prefix(name) {
                self.control |= flag;
                rest = behind;
            }
        }
        let mut entries = Vec::new();
        while let Some(inside) = rest.strip_prefix('(') {
            let (entry, behind) = inside.split_once(')')?;
            entries.push(ace(entry)?);
            rest = behind;
        }
        *field(self) = AclField::List(Acl::new(entries));
        Some(rest)
    }
}

/// Control bits: the lists are to be handed on automatically.
const DACL_INHERIT_REQUIRED: u16 = 0x0100;
const SACL_INHERIT_REQUIRED: u16 = 0x0200;

/// A SID at the beginning of a text, and the text behind it.
fn split_sid(text: &str) -> Option<(Sid, &str)> {
    let length = match text.strip_prefix("S-") {
        Some(digits) => digits.find(|letter: char| !letter.is_ascii_digit() && letter != '-'),
        None => Some(0),
    };
    let (sid, rest) = text.split_at_checked(length.map_or(text.len(), |length| length.saturating_add(2)))?;
    Some((Sid::from_text(sid)?, rest))
}

/// `kind;flags;rights;;;SID`.
fn ace(text: &str) -> Option<Ace> {
    let mut fields = text.split(';').map(str::trim);
    let mut next = || fields.next();
    let [kind, flags, rights, object, inherited, sid] =
        [next()?, next()?, next()?, next()?, next()?, next()?];
    if next().is_some() || !object.is_empty() || !inherited.is_empty() {
        return None;
    }
    let &(_, kind) = KINDS.iter().find(|(name, _)| *name == kind)?;
    let flags = pairs(flags, |name| {
        ACE_FLAGS.iter().find(|(_, known)| *known == name).map(|(bit, _)| u32::from(*bit))
    })?;
    let number = rights.strip_prefix("0x").map(|digits| u32::from_str_radix(digits, 16).ok());
    let mask = match number {
        Some(number) => number?,
        None => pairs(rights, |name| RIGHTS.iter().find(|(known, _)| *known == name).map(|(_, bits)| *bits))?,
    };
    let sid = Sid::from_text(sid)?;
    Some(Ace { kind, ..Ace::allow(mask, &sid, u8::try_from(flags).ok()?) })
}

/// The bits that pairs of letters stand for.
fn pairs(mut text: &str, bits: impl Fn(&str) -> Option<u32>) -> Option<u32> {
    let mut all = 0;
    while !text.is_empty() {
        let (pair, rest) = text.split_at_checked(2)?;
        all |= bits(pair)?;
        text = rest;
    }
    Some(all)
}
