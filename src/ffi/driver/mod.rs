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
use super::status::{imgsvc_status, verdict};
use crate::error::Error;
use serde::Serialize;

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
