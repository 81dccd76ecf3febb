//! The texts of a shapefile, value by value: many say nothing of their encoding, and more than a few say another.
//!
//! GDAL is asked to take the bytes for Latin-1, which hands each of them over as one character. Bytes that are UTF-8 are
//! that, whatever is declared, since hardly any other text looks so; else the declared page counts, else Windows-1252.

use std::str;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use gdal::Metadata;

/// How to read the texts of one shapefile.
#[derive(Clone, Copy)]
pub(super) struct TextBytes {
    declared: Option<&'static Encoding>,
}

impl TextBytes {
    /// For a dataset that is no shapefile, or of a page that only GDAL knows, none: its texts are right as they come.
    pub(super) fn of(dataset: &gdal::Dataset) -> Option<Self> {
        let layer = dataset.layer(0).ok()?;
        let declared = layer.metadata_item("SOURCE_ENCODING", "SHAPEFILE")?;
        if declared.is_empty() {
            return Some(Self { declared: None });
        }
        Encoding::for_label(declared.as_bytes()).map(|encoding| Self { declared: Some(encoding) })
    }

    /// Turns bytes that came as Latin-1 characters into their text; gives whether they were in another encoding than
    /// declared, or no UTF-8 where none is.
    pub(super) fn decode(self, text: &mut String) -> bool {
        if text.is_ascii() {
            return false;
        }
        let bytes: Vec<u8> = text.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect();
        let other = self.declared.filter(|declared| *declared != UTF_8);
        if let Some(utf8) = self.utf8(&bytes) {
            let is_cut = utf8.len() < bytes.len();
            utf8.clone_into(text);
            return other.is_some() || is_cut;
        }
        *text = other.unwrap_or(WINDOWS_1252).decode_without_bom_handling(&bytes).0.into_owned();
        other.is_none()
    }

    /// The bytes as UTF-8, where they are; without a last character that the width of the field has cut.
    fn utf8(self, bytes: &[u8]) -> Option<&str> {
        let error = match str::from_utf8(bytes) {
            Ok(text) => return Some(text),
            Err(error) => error,
        };
        let whole = str::from_utf8(&bytes[..error.valid_up_to()]).ok()?;
        let is_cut = error.error_len().is_none();
        (is_cut && (!whole.is_ascii() || self.declared == Some(UTF_8))).then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_utf_8_where_they_can_be_whatever_is_declared() {
        let decoded = |declared, bytes: &[u8]| {
            let mut text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            let is_other = TextBytes { declared }.decode(&mut text);
            (text, is_other)
        };
        let utf8 = "Peña".as_bytes();
        let ansi = b"Pe\xF1a";
        for (declared, bytes, text, is_other) in [
            (None, utf8, "Peña", false),
            (Some(UTF_8), utf8, "Peña", false),
            (Some(WINDOWS_1252), utf8, "Peña", true),
            (None, &ansi[..], "Peña", true),
            (Some(UTF_8), ansi, "Peña", true),
            (Some(WINDOWS_1252), ansi, "Peña", false),
            (Some(encoding_rs::IBM866), b"\x80", "А", false),
            (Some(UTF_8), b"Pe\xC3", "Pe", true),
            (None, b"Pe\xC3\xB1a Pe\xC3", "Peña Pe", true),
            (None, b"Pe\xC3", "PeÃ", true),
            (Some(UTF_8), b"plain", "plain", false),
        ] {
            assert_eq!(decoded(declared, bytes), (text.to_owned(), is_other), "{declared:?} {bytes:?}");
        }
    }
}
