//! What the value of a setting may be.

/// What a setting is, and which values it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Elements only.
    Group,
    /// One element of a list; `key` is the child that tells the elements apart.
    Item {
        /// Its name.
        key: Option<&'static str>,
    },
    /// One element of a list of texts.
    ValueItem,
    /// A group of `Value` and `PlainText`.
    Password,
    /// A password that is always plain text.
    Secret,
    /// Text, of that many UTF-16 units at most.
    Text {
        /// See above.
        longest: Option<usize>,
    },
    /// `true` or `false`.
    Bool,
    /// A whole number in a range.
    Int {
        /// The lowest.
        low: Option<i64>,
        /// The highest.
        high: Option<i64>,
    },
    /// One of several words; case is not told apart.
    Choice(Vec<&'static str>),
    /// A GUID.
    Guid,
    /// Bytes as hexadecimal digits.
    Binary,
    /// A command line.
    Command {
        /// Most UTF-16 units.
        longest: Option<usize>,
    },
    /// The name of the computer.
    ComputerName,
    /// A product key.
    ProductKey,
    /// The name of a time zone.
    TimeZone,
    /// A display language.
    Language,
    /// The name of a locale.
    Locale,
    /// Keyboards and input methods.
    InputLocale,
}

impl Kind {
    /// The kind that the columns `type` and `values` name; `None` for words that are none.
    pub fn parse(kind: &str, values: &'static str) -> Option<Self> {
        let longest = || range(values).and_then(|(_, high)| high).and_then(|high| usize::try_from(high).ok());
        Some(match kind {
            "group" => Self::Group,
            "item" => Self::Item { key: values.strip_prefix("key=") },
            "value-item" => Self::ValueItem,
            "password" => Self::Password,
            "secret" => Self::Secret,
            "string" | "multistring" => Self::Text { longest: longest() },
            "bool" => Self::Bool,
            "int" => {
                let (low, high) = range(values).unwrap_or_default();
                Self::Int { low, high }
            }
            "enum" => Self::Choice(values.split('|').collect()),
            "guid" => Self::Guid,
            "binary" => Self::Binary,
            "command" => Self::Command { longest: longest() },
            "computername" => Self::ComputerName,
            "productkey" => Self::ProductKey,
            "timezone" => Self::TimeZone,
            "language" => Self::Language,
            "locale" => Self::Locale,
            "inputlocale" => Self::InputLocale,
            _ => return None,
        })
    }

    /// The setting holds elements, not text.
    pub fn has_elements(&self) -> bool {
        matches!(self, Self::Group | Self::Item { .. } | Self::Password)
    }

    /// There may be more than one beside another.
    pub fn repeats(&self) -> bool {
        matches!(self, Self::Item { .. } | Self::ValueItem)
    }
}

/// `low..high`, each of which may be left out.
fn range(values: &str) -> Option<(Option<i64>, Option<i64>)> {
    let (low, high) = values.split_once("..")?;
    Some((low.parse().ok(), high.parse().ok()))
}
