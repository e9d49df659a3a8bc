//! The evaluator: what would this package write, for this target?
//!
//! [`Inf::evaluate`] answers as one value: devices, the install sections they use with files, registry
//! changes, services, filters, interfaces and the rest, the files of the package, the classes it
//! installs, and what is wrong with it. Nothing is executed or written.
//!
//! Reference: MicrosoftDocs "INF Models Section", "INF DDInstall Section", "INF ClassInstall32 Section",
//! "INF InterfaceInstall32 Section", "INF DefaultInstall Section".

use super::copy_files::CopyFile;
use super::dirid::{directory, Dirid};
use super::finding::{Code, Finding, Severity, Strictness};
use super::install::Install;
use super::interface::Interface;
use super::models::{Applicability, Model};
use super::reader::{plain, Entry, Needs, Reader, Source};
use super::source_files::SourceFile;
use super::target::Target;
use super::version::Version;
use super::{Guid, Inf, Position};
use crate::error::Result;
use std::collections::HashMap;

/// INFs of the image that one package may include, directly and indirectly.
const INCLUDE_LIMIT: usize = 64;
/// How deep included INFs may include others.
const INCLUDE_DEPTH: usize = 16;
/// The driver store in the Windows directory.
const FILE_REPOSITORY: &str = r"Windows\System32\DriverStore\FileRepository";

/// Reads an INF of the image by its file name, for `Include`; `None` if the image does not have it.
pub type IncludedInf<'a> = &'a mut dyn FnMut(&str) -> Result<Option<Inf>>;

/// What an evaluation is for.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The system.
    pub target: Target,
    /// The system's drive when it runs, for paths in registry data.
    pub drive: &'a str,
    /// The package's folder in the driver store ([`super::label`]), for directory id 13.
    pub store_folder: Option<&'a str>,
    /// Whether the first mistake ends the evaluation, or all are reported.
    pub strictness: Strictness,
    /// The GUID of a class by its name, as far as it is known.
    pub class_guid: &'a dyn Fn(&str) -> Option<Guid>,
}

impl Environment<'_> {
    /// A target with `C:` as its drive, no store folder and no known classes, that refuses mistakes.
    pub fn new(target: Target) -> Self {
        let strictness = Strictness::Refuse;
        Self { target, drive: "C:", store_folder: None, strictness, class_guid: &|_| None }
    }

    /// The path of a directory id in the image, from its root, `\` between components and none around;
    /// `None` if it depends on the package (without [`Self::store_folder`]) or on a user, or is unknown.
    pub fn directory(&self, dirid: Dirid) -> Option<String> {
        if dirid == Dirid::DRIVER_STORE {
            return self.store_folder.map(|folder| format!(r"{FILE_REPOSITORY}\{folder}"));
        }
        directory(dirid, self.target.architecture)
    }

    /// The path in the image that a file is copied to; `None` if its directory is not known.
    pub fn image_path(&self, copy: &CopyFile) -> Option<String> {
        let directory = self.directory(copy.dirid)?;
        let parts = [directory.as_str(), &copy.subdirectory, &copy.name];
        Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\\"))
    }
}

/// An install section and the models that use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// What it does. A section that models name and that does not exist is here, empty.
    pub install: Install,
    /// The models, in the INF's order.
    pub models: Vec<Model>,
}

/// What a package would write for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// `[Version]`; `None` if it cannot be read.
    pub version: Option<Version>,
    /// Why nothing of the package is for the target; `None` if something is.
    pub not_applicable: Option<String>,
    /// The install sections that models for the target use, in the INF's order.
    pub configurations: Vec<Configuration>,
    /// `[DefaultInstall]` of a package without devices.
    pub primitive: Option<Install>,
    /// `[ClassInstall32]`: its registry changes are relative to the class's key.
    pub class_install: Option<Install>,
    /// `[InterfaceInstall32]`.
    pub interface_classes: Vec<Interface>,
    /// The files to put into the driver store besides the INF and its catalogue.
    pub files: Vec<SourceFile>,
    /// What was found, by place.
    pub findings: Vec<Finding>,
}

impl Evaluation {
    /// Every device the package is for, with its install section.
    pub fn devices(&self) -> impl Iterator<Item = (&Model, &Install)> {
        self.configurations.iter().flat_map(|found| found.models.iter().map(|model| (model, &found.install)))
    }

    /// The mistakes, for which Windows or this engine refuses the package.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }
}

impl Inf {
    /// What the package would write.
    ///
    /// # Errors
    /// With [`Strictness::Refuse`] the first mistake; what exceeds a limit always; errors of `included`.
    pub fn evaluate(&self, environment: &Environment<'_>, included: IncludedInf<'_>) -> Result<Evaluation> {
        let mut library: HashMap<String, Option<Inf>> = HashMap::new();
        let mut depth = 0_usize;
        loop {
            // Included INFs may include further ones: until no new name appears.
            let (evaluation, wanted) = self.evaluate_with(environment, &library)?;
            depth = depth.saturating_add(1);
            let before = library.len();
            for file in wanted {
                let key = file.to_lowercase();
                if library.len() < INCLUDE_LIMIT && !library.contains_key(&key) {
                    let found = included(&file)?;
                    library.insert(key, found);
                }
            }
            if library.len() == before || depth >= INCLUDE_DEPTH {
                return Ok(evaluation);
            }
        }
    }

    /// One evaluation, and the INFs it would have included.
    fn evaluate_with(
        &self,
        environment: &Environment<'_>,
        library: &HashMap<String, Option<Inf>>,
    ) -> Result<(Evaluation, Vec<String>)> {
        let path = |id: u32| {
            let directory = environment.directory(Dirid(id))?;
            Some(format!("{}\\{directory}", environment.drive))
        };
        let mut sources: Vec<Source<'_>> =
            library.iter().filter_map(|(file, inf)| Some(Source { inf: inf.as_ref()?, file })).collect();
        sources.sort_by_key(|source| source.file);
        let architecture = environment.target.architecture;
        let mut reader = Reader::new(self, sources, architecture, environment.strictness);
        reader.directories = &path;
        let mut needs = Needs::default();
        let version = reader.version()?;
        let (models, primitive, not_applicable) = self.applicable(&mut reader, &environment.target)?;
        let mut evaluation = Evaluation {
            version,
            not_applicable,
            configurations: reader.configurations(models)?,
            primitive: primitive.map_or(Ok(None), |section| reader.install(&section))?,
            class_install: reader.install("ClassInstall32")?,
            interface_classes: reader.interface_classes(&mut needs)?,
            files: reader.package_files()?,
            findings: Vec::new(),
        };
        let mut wanted = needs.includes;
        for install in evaluation.installs() {
            wanted.extend(install.includes.iter().cloned());
        }
        if let Some(section) = self.section("Version") {
            // The files of an INF of Windows itself are listed in another one.
            let layout = plain(reader.package, section).filter(|entry| entry.is("LayoutFile"));
            wanted.extend(layout.flat_map(|entry| entry.values()));
        }
        if environment.strictness == Strictness::Report {
            reader.lint(environment, &evaluation);
            let missing =
                wanted.iter().filter(|file| matches!(library.get(&file.to_lowercase()), Some(None)));
            for file in missing {
                let text = format!("the image has no '{file}', which is included");
                reader.findings.add(Severity::Warning, Code::IncludeMissing, "", Position::default(), text);
            }
        }
        evaluation.findings = reader.findings.into_sorted();
        Ok((evaluation, wanted))
    }

    /// The models, the primitive section, or the reason why there is neither.
    fn applicable(
        &self,
        reader: &mut Reader<'_>,
        target: &Target,
    ) -> Result<(Vec<Model>, Option<String>, Option<String>)> {
        let place = self.section("Manufacturer").map(|section| section.position()).unwrap_or_default();
        let applicability = reader.findings.check(Code::Model, "", place, self.models(target))?;
        Ok(match applicability {
            Some(Applicability::Models(models)) => (models, None, None),
            Some(Applicability::Primitive(section)) => (Vec::new(), Some(section), None),
            Some(Applicability::NotApplicable(reason)) => (Vec::new(), None, Some(reason)),
            None => (Vec::new(), None, Some("its models cannot be read".to_owned())),
        })
    }
}

impl Evaluation {
    /// Every section that was read as an install section.
    pub(super) fn installs(&self) -> impl Iterator<Item = &Install> {
        let configured = self.configurations.iter().map(|found| &found.install);
        configured.chain(&self.primitive).chain(&self.class_install)
    }
}

impl<'a> Reader<'a> {
    /// The install sections that models name, each once, with their models.
    fn configurations(&mut self, models: Vec<Model>) -> Result<Vec<Configuration>> {
        let mut order: Vec<(String, Vec<Model>)> = Vec::new();
        let mut index: HashMap<String, usize> = HashMap::new();
        for model in models {
            let place = *index.entry(model.install_section.to_lowercase()).or_insert(order.len());
            match order.get_mut(place) {
                Some((_, models)) => models.push(model),
                None => order.push((model.install_section.clone(), vec![model])),
            }
        }
        let mut configurations = Vec::with_capacity(order.len());
        for (name, models) in order {
            let install = match self.install(&name)? {
                Some(install) => install,
                None => {
                    let line = models.first().map_or(0, |model| model.line);
                    let text = format!("install section [{name}] is not there: the device is known, no more");
                    let at = Position { line, column: 1 };
                    self.findings.add(Severity::Warning, Code::SectionMissing, "", at, text);
                    Install { section: name, feature_score: 0xFF, ..Install::default() }
                }
            };
            configurations.push(Configuration { install, models });
        }
        Ok(configurations)
    }

    /// `[InterfaceInstall32]`.
    fn interface_classes(&mut self, needs: &mut Needs) -> Result<Vec<Interface>> {
        self.begin_section();
        let Some(section) = self.package.inf.section("InterfaceInstall32") else { return Ok(Vec::new()) };
        let entries: Vec<Entry<'a>> = plain(self.package, section).collect();
        let mut classes = Vec::new();
        for entry in &entries {
            classes.extend(self.interface_class(entry, needs)?);
        }
        Ok(classes)
    }
}
