//! Characters that nobody sees, in what sources say: in values, names of columns and coordinates.
//!
//! LEAF. Pure.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// Source text trimmed, without the characters that nobody sees; none where nothing is left.
///
/// - Each run of control characters, with the blanks beside it, is one space.
/// - U+0080 to U+009F are no characters of a name: Windows-1252 was read as Latin-1. They become what they were.
/// - Characters of no width go.
///
/// ```
/// use cikr::feature::unseen::visible_text;
///
/// assert_eq!(visible_text(" St.\u{200b} Mary\u{92}s\r\nHospital").as_deref(), Some("St. Mary’s Hospital"));
/// assert_eq!(visible_text("\u{feff} "), None);
/// ```
pub fn visible_text(value: &str) -> Option<Cow<'_, str>> {
    // Nearly every value: it is only trimmed, and not copied.
    if !value.chars().any(is_unseen) {
        return Some(value.trim())
            .filter(|text| !text.is_empty())
            .map(Cow::Borrowed);
    }
    let seen: String = value
        .chars()
        .filter(|c| !has_no_width(*c))
        .map(of_windows_1252)
        .collect();
    let words = seen
        .split(char::is_control)
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let clean = words.collect::<Vec<_>>().join(" ");
    (!clean.is_empty()).then_some(Cow::Owned(clean))
}

/// Whether nobody sees a character, blanks aside.
pub fn is_unseen(c: char) -> bool {
    c.is_control() || has_no_width(c)
}

/// Zero-width spaces and joiners, marks of direction, the byte order mark and the soft hyphen.
fn has_no_width(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// What a byte of Windows-1252 means that was read as Latin-1; five of them mean nothing, and stay.
fn of_windows_1252(c: char) -> char {
    let Some(byte) = u8::try_from(u32::from(c))
        .ok()
        .filter(|byte| (0x80..0xA0).contains(byte))
    else {
        return c;
    };
    WINDOWS_1252
        .decode_without_bom_handling(&[byte])
        .0
        .chars()
        .next()
        .unwrap_or(c)
}
