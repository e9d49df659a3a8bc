//! Driver packages: on the host, and in the image of a session.

mod add;
mod compare;
mod export;
mod find;
mod find_match;
mod list;
mod remove;
mod test;

pub use add::*;
pub use compare::*;
pub use export::*;
pub use find::*;
pub use find_match::*;
pub use list::*;
pub use remove::*;
pub use test::*;

use super::error::{message_of, subject_of};
use super::guard::handle;
use super::session::imgsvc_session;
use super::status::{imgsvc_status, verdict};
use crate::error::{Error, Result};
use crate::servicing::drivers::DriverPlace;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An error inside a document, with what an error object would say.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorRow {
    status: imgsvc_status,
    id: &'static str,
    message: String,
    subject: Option<String>,
    remedy: Option<&'static str>,
    hresult: i32,
}

impl ErrorRow {
    fn of(error: &Error) -> Self {
        let verdict = verdict(error);
        Self {
            status: verdict.status,
            id: verdict.id,
            message: message_of(error),
            subject: subject_of(error),
            remedy: verdict.remedy,
            hresult: verdict.hresult.cast_signed(),
        }
    }
}

/// A report with its error lowered.
#[derive(Serialize)]
struct ReportRow<R> {
    #[serde(flatten)]
    report: R,
    error: Option<ErrorRow>,
}

#[derive(Serialize)]
pub(super) struct ReportList<R> {
    drivers: Vec<ReportRow<R>>,
}

impl<R: Serialize> ReportList<R> {
    pub(super) fn of(reports: Vec<R>, error: impl Fn(&R) -> Option<&Error>) -> Self {
        let row = |report| ReportRow { error: error(&report).map(ErrorRow::of), report };
        Self { drivers: reports.into_iter().map(row).collect() }
    }
}

/// An INF that could not be read.
#[derive(Serialize)]
struct UnreadRow {
    path: String,
    error: ErrorRow,
}

/// An image of a file, in the options of a call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ImageOption {
    image_path: PathBuf,
    index: u32,
}

fn image_place(image: &ImageOption) -> DriverPlace<'static> {
    DriverPlace::Image { path: image.image_path.clone(), index: image.index }
}

/// Does `work` with the image that a call names: that of a session, or of its options, or none.
///
/// # Safety
/// `session` is NULL or a live handle of this library that no other thread uses now.
unsafe fn place<T>(
    session: *mut imgsvc_session,
    image: Option<&ImageOption>,
    parameter: &'static str,
    work: impl FnOnce(Option<DriverPlace<'_>>) -> Result<T>,
) -> Result<T> {
    match (session.is_null(), image) {
        (true, image) => work(image.map(image_place)),
        (false, None) => {
            // SAFETY: the caller's promise.
            let session = unsafe { handle(session, parameter) }?;
            session.inner.with(|session| work(Some(DriverPlace::Session(session))))
        }
        (false, Some(_)) => {
            let reason = "there is an image in the options, too".to_owned();
            Err(Error::InvalidArgument { parameter, reason })
        }
    }
}
