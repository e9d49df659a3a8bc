//! What was put into a file, so that it can be taken out again byte for byte.
//!
//! A plan keeps places, and of the text only the few bytes that gave way to what was put in (the `/` of an element that
//! was empty): answer files hold passwords, which Setup clears in its own copies only.

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use std::fmt::Write;

/// How many bytes must agree for the rest of a file to begin again behind what was put in. The more of them, the surer;
/// fewer where the next place is near.
const AGREEMENTS: [usize; 4] = [64, 32, 16, 8];
/// Most places.
const MOST_CUTS: usize = 64;
/// Most bytes that give way at one place.
const MOST_LOST: usize = 16;

/// A place that holds what was put in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cut {
    /// Where it is in the file, in bytes.
    offset: u64,
    /// How many bytes were put in.
    length: u64,
    /// What was there instead.
    lost: Vec<u8>,
}

/// The places of a file that hold what was put into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// SHA-1 of the file with what was put in, in hexadecimal digits.
    sha1: String,
    /// The places, in order.
    cuts: Vec<Cut>,
}

impl Undo {
    /// The places at which `after` has more than `before`; `None` if it does not hold the rest of it.
    pub fn of(before: &[u8], after: &[u8]) -> Option<Self> {
        let (mut cuts, mut old, mut new) = (Vec::new(), before, after);
        while !(new.is_empty() && old.is_empty()) {
            let same = old.iter().zip(new).take_while(|(left, right)| left == right).count();
            (old, new) = (old.get(same..)?, new.get(same..)?);
            let (length, lost) = AGREEMENTS.iter().find_map(|agreement| {
                (0..=MOST_LOST.min(old.len())).find_map(|lost| {
                    let rest = old.get(lost..)?;
                    let wanted = rest.get(..*agreement).unwrap_or(rest);
                    match wanted.len() {
                        0 => Some((new.len(), lost)),
                        size => Some((new.windows(size).position(|part| part == wanted)?, lost)),
                    }
                })
            })?;
            if length > 0 || lost > 0 {
                let offset = u64::try_from(after.len().checked_sub(new.len())?).ok()?;
                let lost = old.get(..lost)?.to_vec();
                cuts.push(Cut { offset, length: u64::try_from(length).ok()?, lost });
            }
            (old, new) = (old.get(lost..)?, new.get(length..)?);
            if cuts.len() > MOST_CUTS {
                return None;
            }
        }
        let undo = Self { sha1: digest(after), cuts };
        (undo.cut(after).as_deref() == Some(before)).then_some(undo)
    }

    /// The file without what was put in; `None` for a file that was changed since.
    pub fn apply(&self, after: &[u8]) -> Option<Vec<u8>> {
        (self.sha1 == digest(after)).then(|| self.cut(after)).flatten()
    }

    fn cut(&self, after: &[u8]) -> Option<Vec<u8>> {
        let (mut before, mut at) = (Vec::new(), 0_usize);
        for Cut { offset, length, lost } in &self.cuts {
            let offset = usize::try_from(*offset).ok()?;
            before.extend_from_slice(after.get(at..offset)?);
            before.extend_from_slice(lost);
            at = offset.checked_add(usize::try_from(*length).ok()?)?;
        }
        before.extend_from_slice(after.get(at..)?);
        Some(before)
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_comes_out_byte_for_byte() {
        let cases = [
            ("", "<a/>"),
            ("<a>\n  <b/>\n</a>", "<a>\n  <b/>\n  <c/>\n</a>"),
            ("<a>\n  <b/>\n</a>", "<a>\n  <b x='1'/>\n  <b/>\n  <c/>\n</a>\n"),
            ("<a><b/></a>", "<a><b>\n<c>x</c>\n</b></a>"),
            ("<a/>", "<a><c/></a>"),
            (
                "<component a=\"1\"><RunSynchronous/></component></settings>\r\n",
                "<component a=\"1\" b=\"2\"><RunSynchronous>\r\n<c/></RunSynchronous></component></settings>\r\n",
            ),
            ("aaaa", "aaaaaaaa"),
            ("same", "same"),
        ];
        for (before, after) in cases {
            let undo = Undo::of(before.as_bytes(), after.as_bytes()).unwrap();
            assert_eq!(undo.apply(after.as_bytes()).unwrap(), before.as_bytes(), "{after}");
            assert_eq!(undo.apply(format!("{after} ").as_bytes()), None, "{after}");
        }
        assert_eq!(Undo::of(&[1; 40], &[2; 80]), None);
    }
}
