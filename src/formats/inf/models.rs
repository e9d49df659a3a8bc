//! `[Manufacturer]` and the models sections: which devices the package is for.
//!
//! Reference: MicrosoftDocs "INF Manufacturer Section", "INF Models Section"; for versions in the names of
//! `[DefaultInstall]` sections, the filter drivers of Microsoft's Windows-driver-samples.

use super::target::{Architecture, Decoration, Target};
use super::{bad, limit, same, Inf, Text};
use crate::error::Result;
use std::collections::HashSet;
use std::sync::Arc;

/// Model lines one INF may yield, however often its sections are named.
const MODEL_LIMIT: usize = 200_000;

/// Bytes of text of all models.
const MODEL_TEXT_LIMIT: usize = 64 << 20;

/// Manufacturers one INF may have; those of modems have some hundred.
const MANUFACTURER_LIMIT: usize = 2000;

/// First build whose `[DefaultInstall]` sections may be decorated with versions.
const FIRST_WITH_DECORATED_DEFAULT: u32 = 25952;

/// An entry of `[Manufacturer]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manufacturer {
    /// The manufacturer's name.
    pub name: Arc<Text>,
    /// The models section's name without decoration.
    pub models: String,
    /// The decorations listed, in order.
    pub decorations: Vec<Decoration>,
    /// The entry's line.
    pub line: u32,
}

/// The models section chosen for a manufacturer and a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// This section (with decoration); it may be empty, which excludes the target on purpose.
    Section(String),
    /// None; the reason is for people.
    NotApplicable(String),
}

/// A device a package is for: one line of a models section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The manufacturer's name, shared by its models.
    pub manufacturer: Arc<Text>,
    /// The device's description.
    pub description: Text,
    /// The install section's name, without decoration.
    pub install_section: String,
    /// The hardware ID; `None` for devices that are chosen by hand.
    pub hardware_id: Option<String>,
    /// The compatible IDs; an empty one keeps its place.
    pub compatible_ids: Vec<String>,
    /// The models section the line is in, with the decoration that was chosen.
    pub section: String,
    /// The line.
    pub line: u32,
}

/// What of a package is for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applicability {
    /// These models.
    Models(Vec<Model>),
    /// A package without devices: its `[DefaultInstall]` section for the target, with decoration.
    Primitive(String),
    /// Nothing; the reason is for people.
    NotApplicable(String),
}

impl Inf {
    /// The entries of `[Manufacturer]`; none if there is no such section.
    pub fn manufacturers(&self) -> Result<Vec<Manufacturer>> {
        let lines = self.section("Manufacturer").map(|section| section.lines.as_slice()).unwrap_or_default();
        let mut manufacturers = Vec::new();
        for line in lines {
            // `name` alone names the models section as well.
            let name = line.key().or(line.field(0)).unwrap_or_default();
            let models = line.field(0).map(|raw| self.expand(raw)).unwrap_or_default();
            if models.is_empty() {
                return Err(bad(line.position(), "the name of a models section", "nothing"));
            }
            let decorations = line.fields().skip(1).map(|raw| self.expand(raw));
            manufacturers.push(Manufacturer {
                name: Arc::new(self.text(name)),
                models,
                decorations: decorations
                    .filter(|text| !text.trim().is_empty())
                    .map(|text| Decoration::parse(text.trim()))
                    .collect(),
                line: line.number,
            });
        }
        Ok(manufacturers)
    }

    /// The models section Windows uses for `target`: the decoration that fits best; without any that
    /// fits, the undecorated section on x86 only.
    pub fn select_models(&self, manufacturer: &Manufacturer, target: &Target) -> Selection {
        let best = manufacturer
            .decorations
            .iter()
            .filter(|decoration| decoration.matches(target))
            .filter_map(|decoration| Some((decoration.conditions?.rank(), decoration)))
            // Of equals the first: `max_by` would return the last.
            .rev()
            .max_by(|(left, _), (right, _)| left.cmp(right));
        if let Some((_, decoration)) = best {
            return Selection::Section(format!("{}.{}", manufacturer.models, decoration.text));
        }
        let listed: Vec<&str> =
            manufacturer.decorations.iter().map(|decoration| decoration.text.as_str()).collect();
        if target.architecture == Architecture::X86 && self.section(&manufacturer.models).is_some() {
            return Selection::Section(manufacturer.models.clone());
        }
        let listed =
            if listed.is_empty() { "no decoration (x86 only)".to_owned() } else { listed.join(", ") };
        Selection::NotApplicable(format!(
            "line {}: '{}' is for {listed}, not for {target}",
            manufacturer.line, manufacturer.name.text
        ))
    }

    /// The models of a models section (name with decoration); none if there is no such section.
    pub fn models_of(&self, manufacturer: &Arc<Text>, section: &str) -> Vec<Model> {
        let Some(section) = self.section(section) else { return Vec::new() };
        let model = |line: &super::Line| {
            let install_section = self.expand(line.field(0)?);
            let mut ids = line.fields().skip(1).map(|raw| self.expand(raw));
            Some(Model {
                manufacturer: Arc::clone(manufacturer),
                description: self.text(line.key()?),
                install_section,
                hardware_id: ids.next().filter(|id| !id.is_empty()),
                compatible_ids: ids.collect(),
                section: section.name.clone(),
                line: line.number,
            })
        };
        section.lines.iter().filter_map(model).collect()
    }

    /// The `[DefaultInstall]` section for a target. From build 25952 on it may be decorated as models
    /// sections are; before, by the architecture only.
    fn default_install(&self, target: &Target) -> Option<String> {
        let decorated = |name: &str| {
            let (base, decoration) = name.split_once('.')?;
            let conditions = Decoration::parse(decoration).conditions?;
            let fits = same(base, "DefaultInstall") && Decoration::parse(decoration).matches(target);
            fits.then(|| conditions.rank())
        };
        let by_version = self.sections().iter().filter(|_| target.build >= FIRST_WITH_DECORATED_DEFAULT);
        let best = by_version
            .filter_map(|section| Some((decorated(&section.name)?, section)))
            .max_by(|(left, _), (right, _)| left.cmp(right));
        let base = || self.install_section_name("DefaultInstall", target.architecture);
        best.map(|(_, section)| section.name.clone()).or_else(base)
    }

    /// All models for `target`, or why there are none.
    pub fn models(&self, target: &Target) -> Result<Applicability> {
        let manufacturers = self.manufacturers()?;
        let mut models = Vec::new();
        let mut reasons = Vec::new();
        let (mut looked_at, mut text) = (0_usize, 0_usize);
        let mut seen = HashSet::new();
        for manufacturer in &manufacturers {
            match self.select_models(manufacturer, target) {
                Selection::Section(section) => {
                    if !seen.insert((section.to_lowercase(), manufacturer.name.raw.clone())) {
                        continue;
                    }
                    if seen.len() > MANUFACTURER_LIMIT {
                        return Err(limit("the number of manufacturers", MANUFACTURER_LIMIT, seen.len()));
                    }
                    looked_at = looked_at
                        .saturating_add(self.section(&section).map_or(0, |section| section.lines.len()));
                    if looked_at > MODEL_LIMIT {
                        return Err(limit("the number of models of an INF", MODEL_LIMIT, looked_at));
                    }
                    let lines = self.section(&section).map(|section| section.lines.as_slice());
                    text = text.saturating_add(self.text_size(lines.unwrap_or_default()));
                    if text > MODEL_TEXT_LIMIT {
                        return Err(limit("the bytes of text of an INF's models", MODEL_TEXT_LIMIT, text));
                    }
                    let found = self.models_of(&manufacturer.name, &section);
                    if found.is_empty() {
                        let state =
                            if self.section(&section).is_some() { "is empty" } else { "does not exist" };
                        reasons.push(format!("line {}: section [{section}] {state}", manufacturer.line));
                    }
                    models.extend(found);
                }
                Selection::NotApplicable(reason) => reasons.push(reason),
            }
        }
        if !models.is_empty() {
            return Ok(Applicability::Models(models));
        }
        if manufacturers.is_empty() {
            if let Some(section) = self.default_install(target) {
                return Ok(Applicability::Primitive(section));
            }
            reasons.push("the INF has neither a [Manufacturer] nor a [DefaultInstall] section".to_owned());
        }
        Ok(Applicability::NotApplicable(reasons.join("; ")))
    }
}
