//! The lines of a registration file: which encoding the bytes are in, and the decoded units.
//!
//! A byte order mark tells UTF-16 and UTF-8. Without one, a file with a header is in an ANSI code
//! page, as regedit takes it, and a file without a header is hivexregedit's, which writes UTF-8.

use super::code_page::CodePage;
use super::{HEADER_4, HEADER_5, MAX_LINE};
use crate::error::{Error, Result};
use encoding_rs::Decoder;
use std::collections::VecDeque;
use std::io::Read;

/// Bytes read at a time.
const STEP: usize = 64 << 10;
const CR: u16 = 13;
const LF: u16 = 10;

/// One line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// What stands on it.
    pub units: Vec<u16>,
    /// How it ends: CR LF, LF, CR, or nothing at the end of the file.
    pub end: &'static [u16],
}

enum Form {
    Utf16 { big_endian: bool, half: Option<u8> },
    Other(Box<Decoder>),
}

/// Reads lines.
pub(super) struct Lines<R> {
    source: R,
    form: Form,
    /// Decoded units that are not given out yet start at `position`.
    units: Vec<u16>,
    position: usize,
    ended: bool,
    number: u64,
    returned: VecDeque<Line>,
}

impl<R: Read> Lines<R> {
    /// Reads the start of the file and tells its encoding. `ansi` is for 8-bit text.
    pub fn open(mut source: R, ansi: CodePage) -> Result<Self> {
        let mut start = Vec::new();
        source.by_ref().take(size(STEP)).read_to_end(&mut start).map_err(Error::Stream)?;
        let utf_16 = |big_endian| Form::Utf16 { big_endian, half: None };
        let (form, mark) = match start.as_slice() {
            [0xFF, 0xFE, ..] => (utf_16(false), 2),
            [0xFE, 0xFF, ..] => (utf_16(true), 2),
            [0xEF, 0xBB, 0xBF, ..] => (Form::Other(Box::new(CodePage::utf_8().decoder())), 3),
            bytes => {
                let bytes = bytes.trim_ascii_start();
                let has_header = [HEADER_4, HEADER_5].iter().any(|text| bytes.starts_with(text.as_bytes()));
                let page = if has_header { ansi } else { CodePage::utf_8() };
                (Form::Other(Box::new(page.decoder())), 0)
            }
        };
        let ended = start.len() < STEP;
        let (units, returned) = (Vec::new(), VecDeque::new());
        let mut lines = Self { source, form, units, position: 0, ended, number: 0, returned };
        lines.decode(start.get(mark..).unwrap_or_default());
        Ok(lines)
    }

    /// The next line; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Line>> {
        if let Some(line) = self.returned.pop_front() {
            return Ok(Some(line));
        }
        let mut looked = self.position;
        loop {
            let ahead = self.units.get(looked..).unwrap_or_default();
            match ahead.iter().position(|unit| matches!(*unit, CR | LF)) {
                Some(found) => {
                    let at = looked.saturating_add(found);
                    let here = self.units.get(at).copied();
                    match self.units.get(at.saturating_add(1)) {
                        Some(&LF) if here == Some(CR) => return Ok(Some(self.take(at, &[CR, LF]))),
                        // Whether a line feed follows is not known yet.
                        None if here == Some(CR) && !self.ended => looked = at,
                        _ if here == Some(CR) => return Ok(Some(self.take(at, &[CR]))),
                        _ => return Ok(Some(self.take(at, &[LF]))),
                    }
                }
                None => looked = self.units.len(),
            }
            if self.ended {
                let rest = self.units.len();
                return Ok((self.position < rest).then(|| self.take(rest, &[])));
            }
            if looked.saturating_sub(self.position) > MAX_LINE {
                let what = "the length of a line of a registration file in characters";
                return Err(Error::LimitExceeded { what, limit: size(MAX_LINE), found: size(looked) });
            }
            self.units.drain(..self.position);
            looked = looked.saturating_sub(self.position);
            self.position = 0;
            self.read()?;
        }
    }

    /// Gives back a line, which comes again before all others.
    pub fn give_back(&mut self, line: Line) {
        self.returned.push_front(line);
    }

    fn take(&mut self, end: usize, ending: &'static [u16]) -> Line {
        let units = self.units.get(self.position..end).unwrap_or_default().to_vec();
        self.position = end.saturating_add(ending.len());
        self.number = self.number.saturating_add(1);
        Line { number: self.number, units, end: ending }
    }

    fn read(&mut self) -> Result<()> {
        let mut bytes = vec![0; STEP];
        let count = loop {
            match self.source.read(&mut bytes) {
                Ok(count) => break count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Stream(error)),
            }
        };
        self.ended = count == 0;
        self.decode(bytes.get(..count).unwrap_or_default());
        Ok(())
    }

    /// Decodes bytes behind the units that are there; at the end, also what is left of a character.
    fn decode(&mut self, bytes: &[u8]) {
        match &mut self.form {
            Form::Utf16 { big_endian, half } => {
                for &byte in bytes {
                    match half.take() {
                        None => *half = Some(byte),
                        Some(first) if *big_endian => self.units.push(u16::from_be_bytes([first, byte])),
                        Some(first) => self.units.push(u16::from_le_bytes([first, byte])),
                    }
                }
                if self.ended && half.take().is_some() {
                    self.units.push(0xFFFD);
                }
            }
            Form::Other(decoder) => {
                let room = decoder.max_utf16_buffer_length(bytes.len()).unwrap_or(bytes.len());
                let start = self.units.len();
                self.units.resize(start.saturating_add(room), 0);
                let target = self.units.get_mut(start..).unwrap_or_default();
                // The room is what the decoder asked for, so all bytes are taken.
                let (_, _, written, _) = decoder.decode_to_utf16(bytes, target, self.ended);
                self.units.truncate(start.saturating_add(written));
            }
        }
    }
}

fn size(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
