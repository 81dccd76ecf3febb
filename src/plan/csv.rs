//! Cells of a reference table: that one is filled, is a code, or holds several.

use super::check::Check;
use crate::config::{Span, Spanned};

/// A cell of a table with its place.
pub(super) type Cell = Spanned<String>;

pub(super) fn require_filled<'c>(check: &mut Check<'_>, cells: impl IntoIterator<Item = &'c Cell>) {
    for cell in cells.into_iter().filter(|cell| cell.value.is_empty()) {
        check.error(&cell.span, "the cell is empty");
    }
}

pub(super) fn require_code(check: &mut Check<'_>, what: &str, cell: &Cell, fits: impl Fn(&str) -> bool) {
    if !cell.value.is_empty() && !fits(&cell.value) {
        check.error(&cell.span, format!("`{}` is not {what}", cell.value));
    }
}

pub(super) fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether text is the beginning of a NAICS code, of two digits (a sector) to six.
pub(super) fn is_naics_prefix(text: &str) -> bool {
    (2..=6).contains(&text.len()) && is_digits(text)
}

/// Codes joined by `;`, each with its place.
pub(super) fn split_codes(cell: &Cell) -> Vec<Cell> {
    // Every code gets a place of its own, so that a mistake is shown under it and not under the whole cell.
    let mut start = cell.span.start;
    let mut codes = Vec::new();
    for part in cell.value.split(';') {
        let at = start + (part.len() - part.trim_start().len());
        let code = part.trim();
        if !code.is_empty() {
            codes.push(Spanned::new(
                code.to_owned(),
                Span::new(&cell.span.file, at..at + code.len()),
            ));
        }
        start += part.len() + 1;
    }
    codes
}
