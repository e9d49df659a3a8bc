//! What an answer file is to do.

use super::{DiskLayout, OobePage};
use serde::Deserialize;

/// What an answer file is to do; what is not said is left to Setup.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Options {
    /// The architectures that the file is for; none: amd64. Each component is there once for each of them.
    pub architectures: Vec<Architecture>,

    /// The computer's name; `*`: Windows makes one up. `%RAND:5%` in it stands for that many random digits,
    /// `%SERIAL%` for the machine's serial number: the machine works it out in pass specialize.
    pub computer_name: Option<String>,
    /// The time zone, as Windows names it.
    pub time_zone: Option<String>,

    /// The locale that the language and all formats are, where nothing else is said: `de-DE`.
    pub locale: Option<String>,
    /// The display language of the installed Windows.
    pub ui_language: Option<String>,
    /// The language that Setup itself speaks; the media must have it.
    pub setup_language: Option<String>,
    /// The locale of programs that do not know Unicode.
    pub system_locale: Option<String>,
    /// The locale of dates and numbers.
    pub user_locale: Option<String>,
    /// Locales, or `LANGUAGE:KEYBOARD` as `0407:00000407`: the keyboards, the first one is the default.
    pub input_locales: Vec<String>,

    /// How the disk is partitioned. It is wiped.
    pub disk_layout: Option<DiskLayout>,
    /// Which disk, from 0.
    pub disk_id: Option<u32>,
    /// Which image of the media is installed, by its number, from 1.
    pub image_index: Option<u32>,
    /// Which image of the media is installed, by its name.
    pub image_name: Option<String>,
    /// The product key, `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`.
    pub product_key: Option<String>,
    /// The licence terms are accepted.
    pub accept_eula: bool,
    /// Who Windows is registered to.
    pub owner: Option<String>,
    /// The organization that Windows is registered to.
    pub organization: Option<String>,

    /// Members of Administrators; the built-in one if it is called Administrator.
    pub local_admins: Vec<Credential>,
    /// Members of Users.
    pub users: Vec<Credential>,
    /// How often the first of these logs on by itself.
    pub auto_logon: Option<u32>,

    /// The domain that is joined.
    pub join_domain: Option<Join>,
    /// The workgroup that is joined.
    pub workgroup: Option<String>,
    /// Remote Desktop is let in, with network level authentication.
    pub enable_remote_desktop: bool,

    /// The pages of the out-of-box experience that are not shown.
    pub skip_oobe: Vec<OobePage>,

    /// Folders of driver packages as the target sees them.
    pub driver_paths: Vec<String>,
    /// Commands of pass windowsPE, before the disk is partitioned.
    pub windows_pe_commands: Vec<String>,
    /// Commands of pass specialize, as the system, before anybody logs on.
    pub specialize_commands: Vec<String>,
    /// Commands at the first logon, as that user.
    pub first_logon_commands: Vec<String>,

    /// Where Windows goes at the end of a pass.
    pub mode: Option<Mode>,
    /// Generalizing keeps the devices that are installed.
    pub persist_all_device_installs: bool,
    /// The profile of the built-in Administrator becomes that of new users.
    pub copy_profile: bool,

    /// Settings that have no option, set at the end in that order.
    pub settings: Vec<SettingValue>,
}

/// A setting by its path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingValue {
    /// `specialize/COMPONENT/SETTING`; see [`SettingPath`](crate::formats::unattend::SettingPath).
    pub path: String,
    /// The value.
    pub value: String,
}

/// A processor architecture of Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// 64-bit Intel and AMD.
    Amd64,
    /// 32-bit Intel and AMD.
    X86,
    /// 64-bit Arm.
    Arm64,
}

impl Architecture {
    /// The name as answer files have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::X86 => "x86",
            Self::Arm64 => "arm64",
        }
    }
}

/// Somebody and the password; not printed.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credential {
    /// The name; of a domain's account with `DOMAIN\` before it or `@domain` behind it.
    pub name: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credential").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Joining a domain.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Join {
    /// The domain.
    pub domain: String,
    /// Who may join machines to it.
    pub credential: Credential,
    /// The distinguished name of the organizational unit that the machine goes to.
    pub organizational_unit: Option<String>,
}

/// Where Windows goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// To audit mode instead of the out-of-box experience.
    Audit,
    /// From audit mode to the out-of-box experience.
    Oobe,
}
