//! What AddReg, DelReg and BitReg sections ask for.
//!
//! Reference: MicrosoftDocs "INF AddReg Directive", "INF DelReg Directive", "INF BitReg Directive".

use std::sync::Arc;

/// Flags of AddReg, DelReg and BitReg lines.
pub mod registry_flags {
    /// The value is given as bytes (part of the type).
    pub const BINARY: u32 = 0x1;
    /// Do not replace a value that is there.
    pub const NO_CLOBBER: u32 = 0x2;
    /// Delete the value, or the key if no value is named.
    pub const DELETE: u32 = 0x4;
    /// Append to a REG_MULTI_SZ what it does not hold yet.
    pub const APPEND: u32 = 0x8;
    /// Only create the key.
    pub const KEY_ONLY: u32 = 0x10;
    /// Only replace a value that is there.
    pub const OVERWRITE_ONLY: u32 = 0x20;
    /// The 64-bit view.
    pub const VIEW_64: u32 = 0x1000;
    /// [`KEY_ONLY`] that DelReg knows too.
    pub const KEY_ONLY_COMMON: u32 = 0x2000;
    /// The 32-bit view.
    pub const VIEW_32: u32 = 0x4000;
    /// DelReg: remove one string of a REG_MULTI_SZ.
    pub const DELETE_STRING: u32 = 0x0001_8002;
    /// BitReg: set the bits; without it they are cleared.
    pub const SET_BITS: u32 = 0x1;
    /// The bits that say the type.
    pub const TYPE: u32 = 0xFFFF_0001;
}

/// The root an operation's key is under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryRoot {
    /// `HKCR`.
    ClassesRoot,
    /// `HKCU`.
    CurrentUser,
    /// `HKLM`.
    LocalMachine,
    /// `HKU`.
    Users,
    /// `HKR`: relative to the device, driver, service or event log key.
    Relative,
}

/// A value's type and bytes, as the registry stores them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryData {
    /// `REG_*`.
    pub kind: u32,
    /// The data; strings in UTF-16LE with their terminators.
    pub bytes: Vec<u8>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryOperation {
    /// Create the key, nothing else.
    CreateKey,
    /// Set the value.
    Set(RegistryData),
    /// Add the strings to a REG_MULTI_SZ value.
    Append(Vec<String>),
    /// Remove a string from a REG_MULTI_SZ value.
    RemoveString(String),
    /// Delete the value.
    DeleteValue,
    /// Delete the key with all below it.
    DeleteKey,
    /// Change bits in a byte of a REG_BINARY value that exists.
    ChangeBits {
        /// The bits.
        mask: u8,
        /// Which byte, from 0.
        byte: u32,
        /// Set them; else clear them.
        set: bool,
    },
}

/// One line of an AddReg, DelReg or BitReg section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryChange {
    /// The root.
    pub root: RegistryRoot,
    /// The key's path under the root, empty for the root key itself.
    pub key: String,
    /// The value's name, empty for the default value.
    pub value: String,
    /// The operation.
    pub operation: RegistryOperation,
    /// The flags as written ([`registry_flags`]).
    pub flags: u32,
    /// The security descriptor (SDDL) of keys that are created, from `[<section>.Security]`.
    pub security: Option<Arc<str>>,
    /// The section.
    pub section: Arc<str>,
    /// The INF: empty for the package's own, else the name that `Include` has.
    pub file: String,
    /// The line.
    pub line: u32,
}

impl RegistryChange {
    /// Whether a value that exists is to be left alone.
    pub fn keeps_existing(&self) -> bool {
        self.flags & registry_flags::NO_CLOBBER != 0
    }

    /// Whether only a value that exists is to be set.
    pub fn only_if_existing(&self) -> bool {
        self.flags & registry_flags::OVERWRITE_ONLY != 0
    }

    /// Whether the change is for the 32-bit view of a 64-bit system (`WOW6432Node`).
    pub fn is_32_bit_view(&self) -> bool {
        self.flags & registry_flags::VIEW_32 != 0
    }
}
