//! What is worth saying of an INF besides the mistakes that its readers report.
//!
//! Reference: MicrosoftDocs "InfVerif", "Using a Universal INF File"; the pages of the sections.

use super::dirid::{directory, is_documented, Dirid};
use super::evaluate::{Environment, Evaluation};
use super::finding::{Code, Severity};
use super::line::Position;
use super::reader::Reader;
use super::text::Encoding;
use super::version::Version;
use super::{same, Guid};
use std::collections::HashSet;

/// The class of extension INFs, `{e2f84ce7-8efa-411c-aa69-97454ca4cb57}`, in memory order.
const EXTENSION_CLASS: Guid =
    Guid([0xE7, 0x4C, 0xF8, 0xE2, 0xFA, 0x8E, 0x1C, 0x41, 0xAA, 0x69, 0x97, 0x45, 0x4C, 0xA4, 0xCB, 0x57]);

impl Reader<'_> {
    /// Adds the findings that are about the INF as a whole.
    pub(super) fn lint(&mut self, environment: &Environment<'_>, evaluation: &Evaluation) {
        self.lint_text();
        self.lint_tokens();
        if let Some(version) = &evaluation.version {
            self.lint_version(version, environment);
        }
        self.lint_manufacturers();
        self.lint_copies(environment, evaluation);
    }

    fn say(&mut self, severity: Severity, code: Code, at: Position, text: String) {
        self.findings.add(severity, code, "", at, text);
    }

    fn lint_text(&mut self) {
        let inf = self.package.inf;
        if inf.encoding() == Encoding::Ansi {
            let text = "8-bit text: what it says depends on the image's code page".to_owned();
            self.say(Severity::Note, Code::CodePage, Position { line: 1, column: 1 }, text);
        }
        for section in inf.sections() {
            for &at in &section.repeated {
                let text = format!("[{}] is there already: Windows reads both as one", section.name);
                self.say(Severity::Note, Code::DuplicateSection, at, text);
            }
        }
    }

    fn lint_tokens(&mut self) {
        let inf = self.package.inf;
        for section in inf.sections() {
            let name = section.name.to_lowercase();
            if name == "strings" || name.starts_with("strings.") {
                let mut seen = HashSet::new();
                for line in &section.lines {
                    let Some(token) = line.key() else { continue };
                    if !seen.insert(token.to_lowercase()) {
                        let text = format!("%{token}% is defined already, and the first counts");
                        self.say(Severity::Warning, Code::DuplicateToken, line.position(), text);
                    }
                }
                continue;
            }
            for line in &section.lines {
                let key = line.key.iter().chain(&line.fields);
                for part in key.filter(|part| part.text.contains('%')) {
                    for token in inf.strings.undefined(&part.text) {
                        let text = format!("%{token}% is not in [Strings]");
                        self.say(Severity::Warning, Code::UndefinedToken, part.position, text);
                    }
                }
            }
        }
    }

    fn lint_version(&mut self, version: &Version, environment: &Environment<'_>) {
        let at = Position { line: version.line, column: 1 };
        let architecture = environment.target.architecture;
        if version.catalog_file(architecture).is_none() {
            let text = format!("no CatalogFile for {architecture}: the package cannot be signed");
            self.say(Severity::Warning, Code::CatalogMissing, at, text);
        }
        if version.provider.is_none() {
            self.say(Severity::Warning, Code::Provider, at, "no Provider".to_owned());
        }
        match version.driver_ver {
            None => self.say(Severity::Warning, Code::DriverVer, at, "no DriverVer".to_owned()),
            Some(found) if found.version == 0 => {
                let text = "DriverVer has no version: Windows takes 0.0.0.0".to_owned();
                self.say(Severity::Note, Code::DriverVer, at, text);
            }
            Some(_) => {}
        }
        let class = version.class.as_ref().map(|class| class.text.as_str());
        match (class, version.class_guid) {
            (None, None) => {
                self.say(Severity::Warning, Code::Class, at, "no Class and no ClassGuid".to_owned())
            }
            (Some(class), None) => {
                let text = format!("no ClassGuid for the class '{class}'");
                self.say(Severity::Warning, Code::Class, at, text);
            }
            (Some(class), Some(guid)) => {
                if let Some(known) = (environment.class_guid)(class).filter(|&known| known != guid) {
                    let text = format!("ClassGuid is {guid}, but the class '{class}' is {known}");
                    self.say(Severity::Warning, Code::Class, at, text);
                }
            }
            (None, Some(_)) => {}
        }
        let extension = version.class_guid == Some(EXTENSION_CLASS)
            || class.is_some_and(|class| same(class, "Extension"));
        if extension != version.extension_id.is_some() {
            let text = match extension {
                true => "an extension INF without ExtensionId",
                false => "ExtensionId in an INF whose class is not Extension",
            };
            self.say(Severity::Warning, Code::Extension, at, text.to_owned());
        }
    }

    fn lint_manufacturers(&mut self) {
        let inf = self.package.inf;
        // What cannot be read was reported when the models were chosen.
        for manufacturer in inf.manufacturers().unwrap_or_default() {
            let at = Position { line: manufacturer.line, column: 1 };
            for decoration in &manufacturer.decorations {
                if decoration.conditions.is_none() {
                    let text = format!("Windows does not understand the decoration '{}'", decoration.text);
                    self.say(Severity::Warning, Code::Decoration, at, text);
                    continue;
                }
                let section = format!("{}.{}", manufacturer.models, decoration.text);
                if inf.section(&section).is_none() {
                    let text = format!("models section [{section}] is not there");
                    self.say(Severity::Warning, Code::SectionMissing, at, text);
                }
            }
        }
    }

    fn lint_copies(&mut self, environment: &Environment<'_>, evaluation: &Evaluation) {
        let mut unresolvable = HashSet::new();
        for copy in evaluation.installs().flat_map(|install| &install.copy_files) {
            let known = copy.dirid == Dirid::DRIVER_STORE
                || directory(copy.dirid, environment.target.architecture).is_some();
            if !known && is_documented(copy.dirid) && unresolvable.insert(copy.dirid) {
                let at = Position { line: copy.line, column: 1 };
                let text = format!("directory id {} has no path in an offline image", copy.dirid.0);
                self.findings.add(Severity::Warning, Code::Unresolvable, &copy.file, at, text);
            }
        }
    }
}
