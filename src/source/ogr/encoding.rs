//! The texts of a shapefile, value by value: many say nothing of their encoding, and more than a few say another.
//!
//! GDAL is asked to take the bytes for Latin-1, which hands each of them over as one character. Bytes that are UTF-8 are
//! that, whatever is declared, since hardly any other text looks so; else the declared page counts, else Windows-1252.

use std::str;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use gdal::Metadata;
use yore::CodePage;
use yore::code_pages::{CP437, CP737, CP850, CP852, CP855, CP857, CP860, CP861, CP863, CP865, CP866, CP869};

type DosPage = dyn CodePage + Send + Sync;

/// Pages of DOS by their numbers, as `.cpg` files and the language drivers of dBASE name them.
const DOS: [(&str, &DosPage); 12] = [
    ("437", &CP437),
    ("737", &CP737),
    ("850", &CP850),
    ("852", &CP852),
    ("855", &CP855),
    ("857", &CP857),
    ("860", &CP860),
    ("861", &CP861),
    ("863", &CP863),
    ("865", &CP865),
    ("866", &CP866),
    ("869", &CP869),
];

/// How to read the texts of one shapefile.
#[derive(Clone, Copy)]
pub(super) struct ShapefileEncoding {
    declared: Option<Charset>,
}

/// What a shapefile says its texts are in.
#[derive(Clone, Copy)]
enum Charset {
    Web(&'static Encoding),
    Dos(&'static DosPage),
}

impl Charset {
    /// The page of a name, however it is spelt; none for a name that nobody knows, which says nothing.
    fn from_label(label: &str) -> Option<Self> {
        // A mark of UTF-8 before the name comes as three characters.
        let label = label.trim_start_matches(['\u{feff}', 'ï', '»', '¿']).trim();
        // `.cpg` files spell one page in many ways: CP1252, ANSI 1252, windows-1252; ISO 8859-1, 88591.
        let squeezed: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
        let squeezed = squeezed.to_ascii_lowercase();
        let number = ["cp", "ibm", "oem", "dos", "ansi"]
            .iter()
            .find_map(|kind| squeezed.strip_prefix(kind));
        let number = number.unwrap_or(&squeezed);
        if let Some((_, page)) = DOS.iter().find(|(known, _)| *known == number) {
            return Some(Self::Dos(*page));
        }
        let latin = number
            .trim_start_matches("iso")
            .strip_prefix("8859")
            .map(|part| format!("iso-8859-{part}"));
        let windows = number.starts_with("125").then(|| format!("windows-{number}"));
        let unicode = matches!(number, "65001" | "utf8sig").then(|| "utf-8".to_owned());
        let spellings = [
            Some(label.to_owned()),
            latin,
            windows,
            unicode,
            Some(squeezed.clone()),
        ];
        let encoding = spellings
            .into_iter()
            .flatten()
            .find_map(|spelling| Encoding::for_label(spelling.as_bytes()))?;
        // No text of a .dbf is in units of two bytes.
        encoding.is_ascii_compatible().then_some(Self::Web(encoding))
    }

    fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Web(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Dos(page) => page.decode_lossy(bytes).into_owned(),
        }
    }
}

impl ShapefileEncoding {
    /// For a dataset that is no shapefile, none: its texts are right as they come.
    pub(super) fn declared_in(dataset: &gdal::Dataset) -> Option<Self> {
        let layer = dataset.layer(0).ok()?;
        let declared = layer.metadata_item("SOURCE_ENCODING", "SHAPEFILE")?;
        Some(Self {
            declared: Charset::from_label(&declared),
        })
    }

    /// Turns bytes that came as Latin-1 characters into their text, which may have `width` of them; gives whether they
    /// were in another encoding than declared, or no UTF-8 where none is.
    pub(super) fn decode(self, text: &mut String, width: usize) -> bool {
        if text.is_ascii() {
            return false;
        }
        let bytes: Vec<u8> = text
            .chars()
            .map(|char| u8::try_from(char).unwrap_or(b'?'))
            .collect();
        let other = self
            .declared
            .filter(|declared| !matches!(declared, Charset::Web(page) if *page == UTF_8));
        if let Some(utf8) = self.as_utf8(&bytes, width) {
            let is_cut = utf8.len() < bytes.len();
            utf8.clone_into(text);
            return other.is_some() || is_cut;
        }
        *text = other.unwrap_or(Charset::Web(WINDOWS_1252)).decode(&bytes);
        other.is_none()
    }

    /// The bytes as UTF-8, where they are; without a last character that the width of the field has cut.
    fn as_utf8(self, bytes: &[u8], width: usize) -> Option<&str> {
        let error = match str::from_utf8(bytes) {
            Ok(text) => return Some(text),
            Err(error) => error,
        };
        let whole = str::from_utf8(&bytes[..error.valid_up_to()]).ok()?;
        // A writer that cuts texts by bytes fills a field to within a character. That the start has letters beyond
        // ASCII, or that the file declares UTF-8, shows that it isn't Windows-1252 with an accent at its end.
        let is_cut = error.error_len().is_none() && bytes.len() == width;
        let is_declared = matches!(self.declared, Some(Charset::Web(page)) if page == UTF_8);
        (is_cut && (!whole.is_ascii() || is_declared)).then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_utf_8_where_they_can_be_whatever_is_declared() {
        // A text that is as long as the field may be cut, and is where it ends in `Pe\xC3`.
        let decoded = |declared: &str, bytes: &[u8]| {
            let mut text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            let width = if bytes.ends_with(b"Pe\xC3") {
                bytes.len()
            } else {
                24
            };
            let is_other = ShapefileEncoding {
                declared: Charset::from_label(declared),
            }
            .decode(&mut text, width);
            (text, is_other)
        };
        let utf8 = "Peña".as_bytes();
        let ansi = b"Pe\xF1a";
        for (declared, bytes, text, is_other) in [
            ("", utf8, "Peña", false),
            ("UTF-8", utf8, "Peña", false),
            ("ï»¿UTF-8", utf8, "Peña", false),
            ("1252", utf8, "Peña", true),
            ("CP437", utf8, "Peña", true),
            ("ISO 88591", utf8, "Peña", true),
            ("UTF-16", utf8, "Peña", false),
            ("", &ansi[..], "Peña", true),
            ("UTF-8", ansi, "Peña", true),
            ("ï»¿UTF-8", ansi, "Peña", true),
            ("ANSI 1252", ansi, "Peña", false),
            ("ISO 8859-1", ansi, "Peña", false),
            ("ISO-8859-1", ansi, "Peña", false),
            ("IBM850", b"Pe\xA4a", "Peña", false),
            ("437", b"Pe\xA4a", "Peña", false),
            ("cp866", b"\x80", "А", false),
            ("UTF-8", b"Pe\xC3", "Pe", true),
            ("", b"Pe\xC3\xB1a Pe\xC3", "Peña Pe", true),
            ("", b"Pe\xC3", "PeÃ", true),
            // Far shorter than the field, so that nothing is cut.
            ("UTF-8", b"San Jos\xE9", "San José", true),
            ("UTF-8", b"CAF\xC9", "CAFÉ", true),
            ("UTF-8", b"plain", "plain", false),
        ] {
            assert_eq!(
                decoded(declared, bytes),
                (text.to_owned(), is_other),
                "{declared:?} {bytes:?}"
            );
        }
    }
}
