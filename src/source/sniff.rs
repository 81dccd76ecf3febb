//! Opens a text source and looks at its first bytes.
//!
//! A download that answered with a login page or an archive is found here, before any parser
//! makes a thousand rejects of it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::str;

use encoding_rs::WINDOWS_1252;

use super::error::SourceError;

/// Size of the read buffer of text sources, bytes.
pub(super) const BUFFER: usize = 64 << 10;

/// A text file opened behind its byte order mark.
pub(super) struct OpenedText {
    /// The file, positioned behind the mark.
    pub(super) reader: BufReader<File>,
    /// The first bytes, without the mark.
    pub(super) head: Vec<u8>,
}

/// Opens the text file at `path`, shown as `shown`, which should be `expected`.
pub(super) fn open_text(path: &Path, shown: &str, expected: &'static str) -> Result<OpenedText, SourceError> {
    let file = File::open(path).map_err(|source| SourceError::Open {
        shown: shown.to_owned(),
        source,
    })?;
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let head = reader
        .fill_buf()
        .map_err(|source| SourceError::Read {
            shown: shown.to_owned(),
            row: 0,
            source,
        })?
        .to_vec();
    // A byte order mark would become part of the first column's name.
    let unmarked = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head).to_vec();
    let mark = head.len() - unmarked.len();
    reader.consume(mark);
    if unmarked.iter().all(u8::is_ascii_whitespace) && head.len() < BUFFER {
        return Err(SourceError::Empty {
            shown: shown.to_owned(),
        });
    }
    match recognise_kind(&unmarked) {
        Some(found) => Err(SourceError::Unexpected {
            shown: shown.to_owned(),
            expected,
            found,
        }),
        None => Ok(OpenedText {
            reader,
            head: unmarked,
        }),
    }
}

/// The text of `bytes`: UTF-8, or else Windows-1252, which is what agencies' exports hold.
pub(super) fn decode_text(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        // Every byte is a character of Windows-1252, so nothing is lost: a wrong guess can be undone.
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// How often `byte` stands in `bytes`.
pub(super) fn count_byte(bytes: &[u8], byte: u8) -> u64 {
    bytes.iter().map(|next| u64::from(*next == byte)).sum()
}

/// What a file that is no plain text source seems to be, from its first bytes.
pub(super) fn recognise_kind(head: &[u8]) -> Option<&'static str> {
    let start = head.trim_ascii_start();
    let lower = start[..start.len().min(200)].to_ascii_lowercase();
    match start {
        [b'P', b'K', 3 | 5, ..] => Some("a zip archive"),
        [b'P', b'A', b'R', b'1', ..] => Some("a Parquet file (`source.parquet` reads it)"),
        [0x1F, 0x8B, ..] => Some("a gzip file"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16 text (save it as UTF-8)"),
        [b'<', ..]
            if lower.starts_with(b"<!doctype html") || lower.windows(5).any(|word| word == b"<html") =>
        {
            Some("an HTML page")
        }
        [b'<', ..] => Some("an XML document"),
        _ if is_binary(head) => Some("a binary file"),
        _ => None,
    }
}

/// Whether control characters that no text has are more than one in twenty of the first bytes. A few stand in texts too;
/// NULs pad the cells of some, but not those of a header.
fn is_binary(head: &[u8]) -> bool {
    let first = &head[..head.len().min(512)];
    let header = first
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(first.len());
    let odd = first
        .iter()
        .enumerate()
        .filter(|(at, byte)| matches!(byte, 1..=8 | 0x0E..=0x1F) || **byte == 0 && *at < header)
        .count();
    odd * 20 > first.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_kinds_of_files_are_named() {
        assert_eq!(recognise_kind(b"  <!DOCTYPE html>"), Some("an HTML page"));
        assert_eq!(recognise_kind(b"<html>"), Some("an HTML page"));
        assert_eq!(recognise_kind(b"<?xml version='1.0'?>"), Some("an XML document"));
        assert_eq!(
            recognise_kind(b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC>\n<HTML>"),
            Some("an HTML page")
        );
        assert_eq!(recognise_kind(b"<ServiceException>"), Some("an XML document"));
        assert_eq!(recognise_kind(b"PK\x03\x04"), Some("a zip archive"));
        assert_eq!(
            recognise_kind(b"\xFF\xFEX\0"),
            Some("UTF-16 text (save it as UTF-8)")
        );
        assert_eq!(
            recognise_kind(b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20\0\0"),
            Some("a binary file")
        );
        assert_eq!(recognise_kind(b"X,Y\n1,2\n"), None);
        assert_eq!(recognise_kind(b"X,Y,NAME\n1,2,PLANT\0 A\n2,3,B\n"), None);
        assert_eq!(
            recognise_kind(b"X,Y,NAME\n1,2,PLANT\0\0\0\0\0\n2,3,B\0\0\0\0\0\0\0\0\0\n"),
            None
        );
    }
}
