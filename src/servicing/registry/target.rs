//! What registry operations work on: a session, a hive file of the host, or a hive in memory.

use super::offline::{Access, Registry};
use super::report::RecoveryInfo;
use crate::error::Result;
use crate::formats::regf::logs::RecoveryState;
use crate::formats::regf::Hive;
use crate::image::hive_file::HiveFile;
use crate::image::{clock, ImageDetails, Session, Transaction};
use crate::progress::Observer;
use crate::servicing::hives::Opening;

/// A session, a hive file, or a hive.
#[derive(Debug)]
pub enum Target<'a> {
    /// The registry of the session's image.
    Session(&'a mut Session),
    /// A hive file of the host.
    File(&'a mut HiveFile),
    /// One hive; whoever opened it stores it ([`Hive::finish`]).
    Hive(&'a mut Hive),
}

impl Target<'_> {
    /// Looks at the registry as it is now, with what other handles did to the session.
    pub fn read<T>(self, access: &Access, look: impl FnOnce(&mut Registry<'_>) -> Result<T>) -> Result<T> {
        match self {
            Target::Hive(hive) => look(&mut Registry::of_hive(hive)),
            Target::File(file) => look(&mut of_file(file)),
            Target::Session(session) => {
                session.refresh()?;
                let view = session.view()?;
                let mut registry = Registry::of_image(view, session.image(), access.clone())?;
                let answer = look(&mut registry);
                registry.close(&view);
                answer
            }
        }
    }

    /// Changes the registry. In a session it is one transaction, named `label`: if `change` fails or
    /// calls [`Registry::discard`], nothing is changed. A hive file is saved in place at the end; if the
    /// change fails, it stays as it is, but must be opened again, for it has a part of the changes in
    /// memory. So may a hive, which must not be stored then.
    ///
    /// # Errors
    /// Those of `change`; [`SessionReadOnly`](crate::error::Error::SessionReadOnly), and other errors of
    /// the session.
    pub fn edit<T>(
        self,
        label: &str,
        access: &Access,
        observer: Observer<'_>,
        change: impl FnOnce(&mut Registry<'_>) -> Result<T>,
    ) -> Result<T> {
        let session = match self {
            Target::Hive(hive) => return change(&mut Registry::of_hive(hive)),
            Target::File(file) => {
                if access.force {
                    file.hive_mut().accept_dirty();
                }
                let mut registry = of_file(file);
                let answer = change(&mut registry)?;
                if !registry.discarded {
                    file.save(clock::now(), observer)?;
                }
                return Ok(answer);
            }
            Target::Session(session) => session,
        };
        let details = session.image().clone();
        let mut transaction = session.transaction(label)?;
        let answer = edit_in(&mut transaction, &details, access, observer, change)?;
        // If the change failed, nothing was done in it: this hands back what the session had read.
        transaction.commit()?;
        answer
    }
}

/// Changes the registry as a part of a transaction, as [`Target::edit`] does.
///
/// # Errors
/// As there; the transaction is to be given up then.
pub fn edit_transaction<T>(
    transaction: &mut Transaction<'_>,
    details: &ImageDetails,
    access: &Access,
    observer: Observer<'_>,
    change: impl FnOnce(&mut Registry<'_>) -> Result<T>,
) -> Result<T> {
    edit_in(transaction, details, access, observer, change)?
}

/// What `change` answers, with nothing changed if it is an error. The other errors are those of opening and
/// storing.
fn edit_in<T>(
    transaction: &mut Transaction<'_>,
    details: &ImageDetails,
    access: &Access,
    observer: Observer<'_>,
    change: impl FnOnce(&mut Registry<'_>) -> Result<T>,
) -> Result<Result<T>> {
    let opening = Opening::Edit { accept_dirty: access.force };
    let mut registry = Registry::opened_for(opening, transaction.view(), details, access.clone())?;
    let answer = change(&mut registry);
    if answer.is_err() || registry.discarded {
        registry.close(&transaction.view());
        return Ok(answer);
    }
    let now = clock::now();
    for hive in registry.into_hives() {
        hive.stage(transaction, now, observer)?;
    }
    Ok(answer)
}

/// The registry of a hive file, which knows what its logs did.
fn of_file(file: &mut HiveFile) -> Registry<'_> {
    let recovery = file.recovery().filter(|recovery| recovery.state != RecoveryState::Clean);
    let recovery = recovery.map(|recovery| RecoveryInfo::of(file.path().display().to_string(), recovery));
    let mut registry = Registry::of_hive(file.hive_mut());
    registry.recovery = recovery;
    registry
}
