//! When Windows runs a step of the plan.

use serde::{Deserialize, Serialize};

/// When a step is run. The names are part of the C ABI, and what the hooks give the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StepPhase {
    /// In the specialize pass, as SYSTEM; by `SetupComplete.cmd` what has not succeeded there.
    #[default]
    Specialize,
    /// By `SetupComplete.cmd` only: as SYSTEM, when Setup is done.
    SetupComplete,
    /// When a user logs on for the first time, as that user.
    FirstLogon,
}

impl StepPhase {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Specialize => "Specialize",
            Self::SetupComplete => "SetupComplete",
            Self::FirstLogon => "FirstLogon",
        }
    }
}
