//! What is mended in a source's text before it is understood, value by value.
//!
//! Pure. Each rule is stated where it is applied; nothing here knows a layer or a field. Most columns need no mending:
//! that is found out on whole columns, and they are shared, not copied.

use std::borrow::Cow;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, StringArray};

use crate::feature::unseen::{self, is_unseen};

/// White space to Unicode, and the ellipsis of Windows-1252 that was read as Latin-1.
const NEXT_LINE: char = '\u{85}';

/// Bytes looked at in one go.
const STRIDE: usize = 128;

/// The column with every text repaired; null where nothing is left of one.
pub(super) fn repair_texts(column: &StringArray) -> StringArray {
    let has_unseen = has_unseen(column);
    if !has_unseen && column.iter().flatten().all(is_trimmed) {
        return column.clone();
    }
    // Without anything unseen, trimming is all there is to repair: it needs no look at every character.
    let mut repaired = StringBuilder::with_capacity(column.len(), bytes_of(column).len());
    for value in column {
        match value {
            Some(value) if has_unseen => repaired.append_option(unseen::visible_text(value)),
            Some(value) => repaired.append_option(Some(value.trim()).filter(|text| !text.is_empty())),
            None => repaired.append_null(),
        }
    }
    repaired.finish()
}

/// Whether a text of the column has a character that nobody sees.
pub(super) fn has_unseen(column: &StringArray) -> bool {
    // Without an early exit within a stride, the compiler compares many bytes at once.
    let may_have_some = bytes_of(column).chunks(STRIDE).any(|bytes| {
        bytes
            .iter()
            .fold(false, |found, byte| found | may_begin_unseen(*byte))
    });
    may_have_some && column.iter().flatten().any(|text| text.chars().any(is_unseen))
}

/// The bytes of all texts, one after the other.
fn bytes_of(column: &StringArray) -> &[u8] {
    // A slice of a column shares all of its bytes: only those between its first and last offset are its own.
    let offsets = column.value_offsets();
    &column.value_data()[to_index(offsets.first())..to_index(offsets.last())]
}

fn to_index(offset: Option<&i32>) -> usize {
    offset
        .and_then(|offset| usize::try_from(*offset).ok())
        .unwrap_or(0)
}

/// Whether a text without control characters has no blanks around it, and something between them.
fn is_trimmed(text: &str) -> bool {
    match text.as_bytes() {
        [] | [b' ', ..] | [.., b' '] => false,
        [first, .., last] if first.is_ascii() && last.is_ascii() => true,
        // Blanks beyond ASCII, such as the no-break space.
        _ => text.trim().len() == text.len(),
    }
}

/// Whether a byte of UTF-8 can be the first of a character that nobody sees.
fn may_begin_unseen(byte: u8) -> bool {
    byte.is_ascii_control() || matches!(byte, 0xC2 | 0xE2 | 0xEF)
}

/// Whether a text has characters that nobody sees, beside the blanks, tabs and line ends around it: those are trimmed.
pub(super) fn is_broken(value: &str) -> bool {
    value
        .trim_matches(|c: char| c.is_whitespace() && c != NEXT_LINE)
        .chars()
        .any(is_unseen)
}

/// A code of `width` digits with what it lost; anything that is no such code stays as it is.
///
/// - A shorter run of digits gets its leading zeros back: `6037` is `06037`, a ZIP of `152` is `00152`.
/// - A code printed as a real number loses what makes it one: `6037.0` is `06037`.
/// - Of a ZIP+4 (width 5, a hyphen, four digits) the first part gets its zeros: `601-1234` is `00601-1234`.
/// - A longer run, and whatever has another character, is not touched; nor is a run that lacks more than `most` zeros.
pub(super) fn restore_zeros(code: &str, width: usize, most: usize) -> Cow<'_, str> {
    let bare = match code.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => code,
    };
    let (digits, tail) = match bare.find('-') {
        Some(at) if width == 5 && bare.len() - at == 5 && is_digits(&bare[at + 1..]) => bare.split_at(at),
        _ => (bare, ""),
    };
    let is_whole = digits.len() == width && bare.len() == code.len();
    // What begins with a zero has lost none: it is short for another reason.
    let has_its_zeros = digits.starts_with('0') && digits.len() < width;
    let lacks_too_many = digits.len() + most < width;
    if is_whole || has_its_zeros || lacks_too_many || digits.len() > width || !is_digits(digits) {
        return Cow::Borrowed(code);
    }
    Cow::Owned(format!("{digits:0>width$}{tail}"))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_repaired_as_its_values_are() {
        let clean = ["NA", "A B", "é", "Peña x – y", "x"];
        let broken = [
            " A",
            "A ",
            "",
            "  ",
            "\u{a0}é",
            "é\u{2003}",
            "A\u{1}B",
            "\t",
            "\u{7f}",
            "A\u{0} ",
            "A\u{200b}",
            "\u{feff}A",
            "A\u{92}s",
        ];
        let column = clean.map(Some).into_iter().chain([None]).collect::<StringArray>();
        assert!(
            repair_texts(&column).value_data().as_ptr() == column.value_data().as_ptr(),
            "shared"
        );
        for value in broken {
            let given: StringArray = clean.map(Some).into_iter().chain([None, Some(value)]).collect();
            let expected: StringArray = given
                .iter()
                .map(|value| value.and_then(unseen::visible_text))
                .collect();
            assert_eq!(repair_texts(&given), expected, "{value:?}");
            assert_eq!(repair_texts(&given.slice(1, 3)), given.slice(1, 3));
            assert_eq!(has_unseen(&given.slice(6, 1)), value.chars().any(is_unseen));
            assert!(!has_unseen(&given.slice(0, 6)));
        }
    }

    #[test]
    fn what_nobody_sees_is_repaired() {
        let cases = [
            (" A\u{0}B\t ", Some("A B")),
            ("A\r\n\tB", Some("A B")),
            ("A \tB", Some("A B")),
            ("A\u{1} B", Some("A B")),
            ("\u{1}A\u{7f}\n\u{1}B\t", Some("A B")),
            ("A  B", Some("A  B")),
            ("\u{a0}Peña\u{a0}", Some("Peña")),
            (" ", None),
            ("\t", None),
            ("", None),
            ("NA", Some("NA")),
            ("0100\u{200b}", Some("0100")),
            ("\u{feff}A\u{ad}B", Some("AB")),
            ("St. Mary\u{92}s \u{96} East", Some("St. Mary’s – East")),
            ("A\u{81}B", Some("A B")),
            ("\u{200b}", None),
        ];
        for (given, expected) in cases {
            assert_eq!(unseen::visible_text(given).as_deref(), expected, "{given:?}");
        }
        assert!(is_broken("A\u{200b}") && is_broken("A\u{92}s") && !is_broken("A – B"));
        assert!(is_broken("A\u{1}B") && !is_broken("A\r\n") && !is_broken(" A B\t"));
    }

    #[test]
    fn lost_zeros_come_back_and_nothing_else_changes() {
        let cases = [
            ("6037", 5, "06037"),
            ("152", 5, "00152"),
            ("06037", 5, "06037"),
            ("6037.0", 5, "06037"),
            ("60614.00", 5, "60614"),
            ("601-1234", 5, "00601-1234"),
            ("60614-1234", 5, "60614-1234"),
            ("1", 2, "01"),
            // Not of the form: as they are.
            ("0707", 5, "0707"),
            ("0", 5, "0"),
            ("010-1234", 5, "010-1234"),
            ("123456", 5, "123456"),
            ("123456.0", 5, "123456.0"),
            ("6037.5", 5, "6037.5"),
            ("6037.", 5, "6037."),
            ("-999", 5, "-999"),
            ("-999.0", 5, "-999.0"),
            ("601-12", 5, "601-12"),
            ("6-1234", 4, "6-1234"),
            ("ABC", 5, "ABC"),
            ("٦٠٣٧", 5, "٦٠٣٧"),
            (".0", 5, ".0"),
        ];
        for (given, width, expected) in cases {
            assert_eq!(restore_zeros(given, width, width), expected, "{given}");
        }
    }
}
