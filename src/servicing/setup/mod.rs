//! What an image is to do by itself when Windows Setup starts it for the first time: the first-boot plan.
//!
//! Some things only a running Windows can do. A plan is an ordered list of [`Step`]s, each a command with what it
//! needs, kept as `plan.json` in `Windows\Setup\ImageServicing` beside a script made from it, which runs every step
//! until it has succeeded once, logs it and keeps its exit code. Hooks start the script: a command of the specialize
//! pass in the answer file, a line in `SetupComplete.cmd` for when Setup was given another answer file, and for steps
//! of the first logon a command of the answer file or of the registry. What is there of them is kept, and goes back to
//! what it was with the last step.
//!
//! Reference: docs/formats/first-boot.md.

mod answer_file;
mod content;
mod hooks;
mod phase;
mod plan;
mod quoting;
mod run_once;
mod script;
mod steps;
mod undo;

pub use phase::StepPhase;
pub use plan::{Plan, Step};
pub use quoting::quoted;
pub use script::script;
pub use steps::{add_script, remove_script, scripts, ScriptInfo, ScriptOptions};
pub(crate) use steps::{payload_folder, plan_warning, step_name};

use crate::error::{Error, InFile, Result};
use crate::formats::inf::Architecture;
use crate::image::{ImagePath, PutOptions, Transaction, View};
use crate::progress::Observer;

/// The plan's folder, below the Windows directory.
pub const FOLDER: &str = r"Setup\ImageServicing";
/// The plan, in its folder.
const PLAN: &str = "plan.json";
/// The script, in the plan's folder.
pub const SCRIPT: &str = "firstboot.cmd";
/// Largest plan that is read, in bytes.
const PLAN_LIMIT: u64 = 16 << 20;

/// The first-boot plan of an image.
#[derive(Debug)]
pub struct FirstBoot {
    windows: ImagePath,
    folder: ImagePath,
    plan: Plan,
    changed: bool,
}

impl FirstBoot {
    /// Reads the plan of an image; it is empty if the image has none.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the file for a plan that cannot be read.
    pub fn open(view: &View<'_>, windows: &ImagePath) -> Result<Self> {
        let folder = windows.join(FOLDER)?;
        let path = folder.join(PLAN)?;
        let plan = match view.exists(&path)? {
            true => Plan::parse(&view.read_file(&path, PLAN_LIMIT)?).in_file(path.to_string())?,
            false => Plan::default(),
        };
        Ok(Self { windows: windows.clone(), folder, plan, changed: false })
    }

    /// The plan's folder in the image; payloads are below it.
    pub fn folder(&self) -> &ImagePath {
        &self.folder
    }

    /// The steps, in the order in which they run.
    pub fn steps(&self) -> &[Step] {
        &self.plan.steps
    }

    /// Makes the plan's folder, so that payloads can be put into it.
    ///
    /// # Errors
    /// Those of the transaction.
    pub fn begin(&mut self, transaction: &mut Transaction<'_>) -> Result<()> {
        self.make_folder(&self.folder.clone(), transaction)
    }

    /// Adds a step behind the others; one of the same name is replaced in its place. Its payload is the caller's
    /// to put into the image.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a step that cannot be; [`Error::LimitExceeded`].
    pub fn add(&mut self, step: Step) -> Result<()> {
        self.plan.add(step)?;
        self.changed = true;
        Ok(())
    }

    /// Takes a step out, with its payload; `None` if there is no such step.
    ///
    /// # Errors
    /// Those of the transaction.
    pub fn remove(&mut self, name: &str, transaction: &mut Transaction<'_>) -> Result<Option<Step>> {
        let Some(step) = self.plan.remove(name) else { return Ok(None) };
        self.changed = true;
        if let Some(payload) = &step.payload {
            let path = self.folder.join(payload)?;
            if transaction.view().exists(&path)? {
                transaction.remove(&path, true)?;
            }
        }
        Ok(Some(step))
    }

    /// Puts plan, script and hooks into the image, or takes all of it out if no step is left. What an admin should
    /// know comes back: a hook that could not be set, an answer file that another one hides. The registry is not
    /// touched, so that the caller may have its hives open; for steps of the first logon there is
    /// [`store_with_registry`](Self::store_with_registry).
    ///
    /// # Errors
    /// Those of the transaction, and [`Error::WrongItemKind`] where a directory stands in the way.
    pub fn store(
        &mut self,
        architecture: Architecture,
        transaction: &mut Transaction<'_>,
        observer: Observer<'_>,
    ) -> Result<Vec<String>> {
        self.store_all(architecture, false, transaction, observer)
    }

    /// As [`store`](Self::store), with the hook in the registry; the caller has no hive open.
    ///
    /// # Errors
    /// As for [`store`](Self::store), and a hive that cannot be edited.
    pub fn store_with_registry(
        &mut self,
        architecture: Architecture,
        transaction: &mut Transaction<'_>,
        observer: Observer<'_>,
    ) -> Result<Vec<String>> {
        self.store_all(architecture, true, transaction, observer)
    }

    fn store_all(
        &mut self,
        architecture: Architecture,
        registry: bool,
        transaction: &mut Transaction<'_>,
        observer: Observer<'_>,
    ) -> Result<Vec<String>> {
        if !std::mem::take(&mut self.changed) {
            return Ok(Vec::new());
        }
        if self.plan.steps.is_empty() {
            self.clear(transaction, observer)?;
            return Ok(Vec::new());
        }
        self.begin(transaction)?;
        let remarks = hooks::set(self, architecture, registry, transaction, observer)?;
        let text = script(&self.plan.steps);
        put(transaction, &self.folder.join(SCRIPT)?, text.as_bytes(), observer)?;
        put(transaction, &self.folder.join(PLAN)?, &self.plan.to_bytes()?, observer)?;
        Ok(remarks)
    }

    /// What an answer file of the image is without the plan's commands; `None` if there is nothing else in it.
    pub fn without_hooks(&self, path: &ImagePath, bytes: Vec<u8>) -> Option<Vec<u8>> {
        hooks::without_hooks(self, path, bytes)
    }

    /// Sets the hooks anew, after something else was put where they were. Does nothing without a plan.
    ///
    /// # Errors
    /// As for [`store_with_registry`](Self::store_with_registry).
    pub fn hook_again(
        &mut self,
        architecture: Architecture,
        transaction: &mut Transaction<'_>,
        observer: Observer<'_>,
    ) -> Result<Vec<String>> {
        self.changed |= !self.plan.steps.is_empty();
        self.store_with_registry(architecture, transaction, observer)
    }

    /// Takes hooks, script and plan out, and the folders that were made for them and hold nothing else.
    fn clear(&mut self, transaction: &mut Transaction<'_>, observer: Observer<'_>) -> Result<()> {
        hooks::unset(self, transaction, observer)?;
        for name in [SCRIPT, PLAN] {
            let path = self.folder.join(name)?;
            if transaction.view().exists(&path)? {
                transaction.remove(&path, false)?;
            }
        }
        // The folder of payloads is the plan's own; the others are only if it made them.
        let payloads = self.plan.payload_folders.iter().map(|name| self.folder.join(name));
        let made = self.plan.made.iter().rev().map(|path| ImagePath::parse(path));
        for path in payloads.chain(made).collect::<Result<Vec<_>>>()? {
            let view = transaction.view();
            if view.exists(&path)? && view.file(&path).is_err() && view.names(&path)?.is_empty() {
                transaction.remove(&path, false)?;
            }
        }
        self.plan = Plan::default();
        Ok(())
    }

    /// Makes a folder, and notes which of it was not there.
    fn make_folder(&mut self, path: &ImagePath, transaction: &mut Transaction<'_>) -> Result<()> {
        let mut missing = Vec::new();
        let mut at = Some(path.clone());
        while let Some(folder) = at.filter(|folder| !folder.is_root()) {
            if !transaction.view().exists(&folder)? {
                missing.push(folder.to_string());
            }
            at = folder.parent();
        }
        transaction.create_directories(path)?;
        missing.retain(|folder| !self.plan.made.contains(folder));
        self.plan.made.extend(missing.into_iter().rev());
        Ok(())
    }
}

/// Puts a file into the image, over the one that is there.
fn put(
    transaction: &mut Transaction<'_>,
    path: &ImagePath,
    bytes: &[u8],
    observer: Observer<'_>,
) -> Result<()> {
    transaction.put_file(path, bytes.into(), &PutOptions::overwrite(), observer).map(|_| ())
}

fn bad_step(parameter: &'static str, reason: impl Into<String>) -> Error {
    Error::InvalidArgument { parameter, reason: reason.into() }
}
