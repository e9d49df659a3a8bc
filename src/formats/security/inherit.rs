//! What NTFS gives a new file or directory: the parent's inheritable entries.
//!
//! This is what Windows does when something is created without an explicit descriptor. Owner and
//! group are those of the creator; a parent that says nothing usable gives a restrictive default,
//! never everyone's full control.
//!
//! Reference: Microsoft [MS-DTYP] 2.5.3.4 "Algorithm for Creating a Security Descriptor";
//! `docs/formats/security-descriptor.md`.

use super::acl::{ace_flags, Ace, Acl};
use super::descriptor::{control, AclField, SecurityDescriptor};
use super::sid::Sid;

const FULL_ACCESS: u32 = 0x001F_01FF;
const READ_AND_EXECUTE: u32 = 0x0012_00A9;
/// Each generic right, and the rights of a file that it stands for (`IoGetFileObjectGenericMapping`).
const GENERIC_RIGHTS: [(u32, u32); 4] = [
    (0x8000_0000, 0x0012_0089),
    (0x4000_0000, 0x0012_0116),
    (0x2000_0000, 0x0012_00A0),
    (0x1000_0000, FULL_ACCESS),
];

/// Whose new file it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creator {
    /// Becomes the owner, and stands for CREATOR OWNER.
    pub owner: Sid,
    /// Becomes the group, and stands for CREATOR GROUP.
    pub group: Sid,
}

impl Default for Creator {
    /// What a service that runs as SYSTEM gives its files: owner Administrators, group SYSTEM.
    fn default() -> Self {
        Self { owner: Sid::administrators(), group: Sid::system() }
    }
}

/// Where the entries of a new descriptor come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The parent hands them down.
    Parent,
    /// The parent hands nothing down: SYSTEM and Administrators have full access, nobody else any,
    /// like the default of an administrator's token.
    TokenDefault,
    /// The parent has no descriptor, a null access list or a damaged one: SYSTEM and
    /// Administrators have full access, Users may read and execute.
    SafeDefault,
}

/// A descriptor for something new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inherited {
    /// The self-relative descriptor.
    pub descriptor: Vec<u8>,
    /// Where its access list comes from.
    pub origin: Origin,
}

/// The descriptor that NTFS would give a new child of a directory with the descriptor `parent`, made
/// by SYSTEM.
pub fn inherit(parent: Option<&[u8]>, child_is_directory: bool) -> Inherited {
    inherit_for(parent, child_is_directory, &Creator::default())
}

/// As [`inherit`], for any creator.
pub fn inherit_for(parent: Option<&[u8]>, child_is_directory: bool, creator: &Creator) -> Inherited {
    let parent = parent.and_then(|bytes| SecurityDescriptor::parse(bytes).ok());
    let dacl = parent.as_ref().and_then(|parent| parent.dacl.list());
    let mut child = SecurityDescriptor {
        owner: Some(creator.owner.clone()),
        group: Some(creator.group.clone()),
        ..SecurityDescriptor::default()
    };
    let sacl = parent.as_ref().and_then(|parent| parent.sacl.list());
    let audits = sacl.map(|acl| inherited_entries(acl, child_is_directory, creator)).unwrap_or_default();
    if !audits.is_empty() {
        child.control |= control::SACL_AUTO_INHERITED;
        child.sacl = AclField::List(Acl::new(audits));
    }
    let entries = dacl.map(|acl| inherited_entries(acl, child_is_directory, creator));
    let (entries, origin) = match entries {
        Some(entries) if !entries.is_empty() => {
            child.control |= control::DACL_AUTO_INHERITED;
            (entries, Origin::Parent)
        }
        Some(_) => (administrative_access(), Origin::TokenDefault),
        None => {
            let mut entries = administrative_access();
            entries.push(Ace::allow(READ_AND_EXECUTE, &Sid::users(), 0));
            (entries, Origin::SafeDefault)
        }
    };
    child.dacl = AclField::List(Acl::new(entries));
    // Entries come from a list that fitted, or are the few above; a directory's doubled entries
    // could still be too many. Then the parent is as good as damaged.
    match child.to_bytes() {
        Ok(descriptor) => Inherited { descriptor, origin },
        Err(_) => inherit_for(None, child_is_directory, creator),
    }
}

fn administrative_access() -> Vec<Ace> {
    vec![Ace::allow(FULL_ACCESS, &Sid::system(), 0), Ace::allow(FULL_ACCESS, &Sid::administrators(), 0)]
}

fn inherited_entries(parent: &Acl, child_is_directory: bool, creator: &Creator) -> Vec<Ace> {
    let mut entries = Vec::new();
    for entry in &parent.entries {
        let to_files = entry.flags & ace_flags::OBJECT_INHERIT != 0;
        let to_directories = entry.flags & ace_flags::CONTAINER_INHERIT != 0;
        let propagates = entry.flags & ace_flags::NO_PROPAGATE == 0;
        let effective = if child_is_directory { to_directories } else { to_files };
        let handed_on = child_is_directory && propagates && (to_files || to_directories);
        // What is left of the flags: the audit bits, and that the parent gave it.
        let own =
            entry.flags & (ace_flags::SUCCESSFUL_ACCESS | ace_flags::FAILED_ACCESS) | ace_flags::INHERITED;
        let inheritance = entry.flags & (ace_flags::OBJECT_INHERIT | ace_flags::CONTAINER_INHERIT);
        let resolved = resolve(entry, creator);
        if effective && handed_on && resolved.body == entry.body {
            push_once(&mut entries, Ace { flags: own | inheritance, ..resolved });
            continue;
        }
        if effective {
            push_once(&mut entries, Ace { flags: own, ..resolved });
        }
        if handed_on {
            let flags = own | inheritance | ace_flags::INHERIT_ONLY;
            push_once(&mut entries, Ace { flags, ..entry.clone() });
        }
    }
    entries
}

/// Windows drops an inherited entry that repeats an earlier one, as CREATOR OWNER's does when the
/// owner has an entry of its own. A list has fewer than 2^13 entries, so a search is quick enough.
fn push_once(entries: &mut Vec<Ace>, entry: Ace) {
    if !entries.contains(&entry) {
        entries.push(entry);
    }
}

/// The entry as it counts on an object: creators put in place, generic rights resolved.
fn resolve(entry: &Ace, creator: &Creator) -> Ace {
    let (Some(mask), Some(sid)) = (entry.mask(), entry.sid()) else { return entry.clone() };
    let substitute = match &sid {
        sid if sid.is_creator_owner() => &creator.owner,
        sid if sid.is_creator_group() => &creator.group,
        sid => sid,
    };
    let mut resolved = mask;
    // Labels have their own rights in the mask, which no generic right stands for.
    if entry.kind != 0x11 {
        for (generic, rights) in GENERIC_RIGHTS {
            if mask & generic != 0 {
                resolved = resolved & !generic | rights;
            }
        }
    }
    match resolved == mask && *substitute == sid {
        true => entry.clone(),
        false => entry.with(resolved, substitute),
    }
}
