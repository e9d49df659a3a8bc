//! An answer file in the making: settings go to each architecture.

use super::{refused, Architecture, Authored};
use crate::error::Result;
use crate::formats::unattend::{AnswerFile, PassName, Selector, SetOptions, SettingPath};

/// Most elements of a list: what `Order` takes.
const MAX_LIST: usize = 500;

pub(super) struct Draft {
    file: AnswerFile,
    architectures: Vec<Architecture>,
    warnings: Vec<String>,
}

impl Draft {
    pub(super) fn new(architectures: &[Architecture]) -> Result<Self> {
        let mut draft = Self { file: AnswerFile::new()?, architectures: Vec::new(), warnings: Vec::new() };
        for architecture in architectures {
            if !draft.architectures.contains(architecture) {
                draft.architectures.push(*architecture);
            }
        }
        if draft.architectures.is_empty() {
            draft.architectures.push(Architecture::Amd64);
        }
        Ok(draft)
    }

    /// Sets a setting of a component.
    pub(super) fn set(&mut self, pass: PassName, component: &str, setting: &str, value: &str) -> Result<()> {
        self.set_path(&format!("{pass}/{component}/{setting}"), value)
    }

    /// Sets several settings of a component.
    pub(super) fn set_all(
        &mut self,
        pass: PassName,
        component: &str,
        settings: &[(&str, &str)],
    ) -> Result<()> {
        settings.iter().try_for_each(|(setting, value)| self.set(pass, component, setting, value))
    }

    /// Sets the setting at a path; of each architecture, unless the path says which.
    pub(super) fn set_path(&mut self, path: &str, value: &str) -> Result<()> {
        let parsed = SettingPath::parse(path)?;
        let is_architecture = |selector: &Selector| matches!(selector, Selector::Architecture(_));
        let named =
            parsed.steps.get(1).is_some_and(|component| component.selectors.iter().any(is_architecture));
        let count = if named { 1 } else { self.architectures.len() };
        for architecture in self.architectures.iter().take(count) {
            let options = SetOptions { architecture: Some(architecture.as_str().to_owned()) };
            self.file.set(path, value, &options)?;
        }
        Ok(())
    }

    /// Writes a list; `element` gives the settings in an element.
    pub(super) fn list<'a, T>(
        &mut self,
        (pass, component, list): (PassName, &str, &str),
        parameter: &'static str,
        items: &'a [T],
        element: impl Fn(&'a T) -> Result<Vec<(&'static str, String)>>,
    ) -> Result<()> {
        if items.len() > MAX_LIST {
            return Err(refused(parameter, format!("there are {}; Setup takes {MAX_LIST}", items.len())));
        }
        for (number, item) in (1_usize..).zip(items) {
            for (name, value) in element(item)? {
                self.set(pass, component, &format!("{list}[{number}]/{name}"), &value)?;
            }
        }
        Ok(())
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    pub(super) fn finish(self) -> Result<Authored> {
        Ok(Authored { file: self.file, warnings: self.warnings })
    }
}
