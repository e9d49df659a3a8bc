//! Windows security descriptors: reading, writing, inheriting, showing.
//!
//! Reference: `docs/formats/security-descriptor.md`; Microsoft [MS-DTYP] 2.4 and 2.5.

mod acl;
mod descriptor;
mod inherit;
mod sddl;
mod sddl_reader;
mod sid;

pub use acl::{ace_flags, Ace, Acl};
pub use descriptor::{control, AclField, SecurityDescriptor};
pub use inherit::{inherit, inherit_for, Creator, Inherited, Origin};
pub use sddl::to_sddl;
pub use sid::Sid;
