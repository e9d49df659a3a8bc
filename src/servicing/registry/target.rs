//! What registry operations work on: a session, or a hive.

use super::offline::{Access, Registry};
use crate::error::Result;
use crate::formats::regf::Hive;
use crate::image::{clock, Session};
use crate::progress::Observer;
use crate::servicing::hives::Opening;

/// A session or a hive.
#[derive(Debug)]
pub enum Target<'a> {
    /// The registry of the session's image.
    Session(&'a mut Session),
    /// One hive; whoever opened it stores it ([`Hive::finish`]).
    Hive(&'a mut Hive),
}

impl Target<'_> {
    /// Looks at the registry as it is now, with what other handles did to the session.
    pub fn read<T>(self, access: &Access, look: impl FnOnce(&mut Registry<'_>) -> Result<T>) -> Result<T> {
        match self {
            Target::Hive(hive) => look(&mut Registry::of_hive(hive)),
            Target::Session(session) => {
                session.refresh()?;
                look(&mut Registry::of_image(session.view()?, session.image(), access.clone())?)
            }
        }
    }

    /// Changes the registry. In a session it is one transaction, named `label`: if `change` fails or
    /// calls [`Registry::discard`], nothing is changed. A hive may have a part of the changes then; it
    /// must not be stored.
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
            Target::Session(session) => session,
        };
        let details = session.image().clone();
        let mut transaction = session.transaction(label)?;
        let opening = Opening::Edit { accept_dirty: access.force };
        let mut registry = Registry::opened_for(opening, transaction.view(), &details, access.clone())?;
        let answer = change(&mut registry)?;
        if registry.discarded {
            return Ok(answer);
        }
        let now = clock::now();
        for hive in registry.into_hives() {
            hive.stage(&mut transaction, now, observer)?;
        }
        transaction.commit()?;
        Ok(answer)
    }
}
