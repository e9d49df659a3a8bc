//! What the programs that run scripts trip over: line ends, byte order marks, characters beyond ASCII.
//!
//! `cmd.exe` looks for labels from line end to line end of CR LF, and does not find some where a file has LF alone; it
//! takes a byte order mark for a part of the first command, and other characters for those of the OEM code page of the
//! Windows that runs it. Windows PowerShell, the script host and reg.exe take a file without a mark to be in that
//! Windows' ANSI code page.
//!
//! Reference: Microsoft, "about_Character_Encoding" (Windows PowerShell 5.1), "chcp"; that of line ends and marks is
//! observed by many, and not in Microsoft's pages.

use super::bad_step;
use crate::error::Result;

const UTF_8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// What kind of text a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Batch,
    /// Read by a program that knows byte order marks.
    Marked,
    /// Not a text.
    Binary,
}

impl Script {
    /// By the end of a name, in lower case.
    pub fn of(end: &str) -> Self {
        match end {
            "cmd" | "bat" => Self::Batch,
            "ps1" | "vbs" | "js" | "reg" => Self::Marked,
            _ => Self::Binary,
        }
    }

    /// The script as it goes into the image, and what an admin should know of it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](crate::error::Error::InvalidArgument) for one that cannot run.
    pub fn prepare(self, bytes: Vec<u8>) -> Result<(Vec<u8>, Vec<String>)> {
        let mut remarks = Vec::new();
        let mut bytes = bytes;
        if self == Self::Batch {
            if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) || bytes.contains(&0) {
                return Err(bad_step("script", "it is UTF-16 or no text, which cmd.exe cannot run"));
            }
            if let Some(rest) = bytes.strip_prefix(UTF_8_MARK) {
                bytes = rest.to_vec();
                remarks.push("its byte order mark was left out: cmd.exe takes it for a command".to_owned());
            }
            if bytes.contains(&b'\n') && !bytes.contains(&b'\r') {
                let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
                bytes = lines.join(&b"\r\n"[..]);
                remarks.push("its line ends were made CR LF: with LF alone cmd.exe misses labels".to_owned());
            }
        }
        let plain = bytes.is_ascii();
        let marked =
            [&[0xFF, 0xFE][..], &[0xFE, 0xFF], UTF_8_MARK].iter().any(|mark| bytes.starts_with(mark));
        match self {
            Self::Batch if !plain => remarks.push(
                "it has characters beyond ASCII, which cmd.exe takes for those of the OEM code page; 'chcp 65001' at \
                 its beginning makes them UTF-8"
                    .to_owned(),
            ),
            Self::Marked if !plain && !marked => remarks.push(
                "it has characters beyond ASCII and no byte order mark, so that Windows takes them for those of its \
                 ANSI code page; in UTF-16 with a mark they are what they are here"
                    .to_owned(),
            ),
            _ => {}
        }
        Ok((bytes, remarks))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn batch_files_get_what_cmd_can_run_and_others_stay() {
        let of = |kind: Script, bytes: &[u8]| kind.prepare(bytes.to_vec()).unwrap();
        let (bytes, remarks) = of(Script::Batch, b"\xEF\xBB\xBF@echo off\n:a\ngoto a");
        assert_eq!(bytes, b"@echo off\r\n:a\r\ngoto a");
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert_eq!(of(Script::Batch, b"a\r\nb\n").0, b"a\r\nb\n");
        assert_eq!(of(Script::Batch, "echo ä\r\n".as_bytes()).1.len(), 1);
        assert!(Script::Batch.prepare(vec![0xFF, 0xFE, b'a', 0]).is_err());
        assert_eq!(of(Script::Marked, b"a\nb"), (b"a\nb".to_vec(), Vec::new()));
        assert_eq!(of(Script::Marked, "'ä'".as_bytes()).1.len(), 1);
        assert_eq!(of(Script::Marked, b"\xEF\xBB\xBF'\xC3\xA4'").1.len(), 0);
    }
}
