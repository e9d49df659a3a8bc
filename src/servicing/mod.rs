//! What Windows keeps where: one module per capability (drivers, registry, answer files).
//!
//! A capability takes a session, works out everything it will change, stages it as one transaction
//! and returns a report of what it did.

pub mod drivers;
pub mod hives;
pub mod registry;
pub mod setup;
pub mod setup_state;
pub mod source;
pub mod unattend;
pub mod windows;
