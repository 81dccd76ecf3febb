//! Opens a workbook, once it has been measured, and chooses its sheet.
//!
//! A workbook unpacks to many times its size, and its shared texts must be in memory: both are
//! measured by unpacking into nothing first.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use calamine::{Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::super::error::{SourceError, closest_name};
use super::super::{archive, sniff};
use super::gauge::WorkbookGauge;

/// An open workbook.
pub(super) type Workbook = Xlsx<BufReader<File>>;

/// Unpacked bytes of a workbook, at most: more than a full sheet of forty columns.
const MAX_BYTES: u64 = 2 << 30;

/// How a file of Microsoft's compound format begins: Excel 97-2003, or a protected workbook.
const COMPOUND: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Opens the workbook at `path`, shown as `shown`.
pub(super) fn open_workbook(path: &Path, shown: &str, limit: u64) -> Result<Workbook, SourceError> {
    let mut file = File::open(path).map_err(|source| open_error(shown, source))?;
    let mut head = Vec::new();
    file.by_ref()
        .take(512)
        .read_to_end(&mut head)
        .map_err(|source| open_error(shown, source))?;
    let found = match sniff::recognise_kind(&head) {
        _ if head.is_empty() => {
            return Err(SourceError::Empty {
                shown: shown.to_owned(),
            });
        }
        Some("a zip archive") => None,
        // Both look alike from outside, and what helps differs: calamine is asked which it is.
        _ if head.starts_with(&COMPOUND) => Some(compound_kind(file)),
        found => Some(found.unwrap_or("something else")),
    };
    if let Some(found) = found {
        return Err(SourceError::Unexpected {
            shown: shown.to_owned(),
            expected: "an XLSX workbook",
            found,
        });
    }
    measure_archive(path, shown, limit)?;
    let file = File::open(path).map_err(|source| open_error(shown, source))?;
    Xlsx::new(BufReader::new(file)).map_err(|error| SourceError::Dataset {
        shown: shown.to_owned(),
        reason: format!("it is no XLSX workbook, or a damaged one ({error})"),
    })
}

fn open_error(shown: &str, source: io::Error) -> SourceError {
    SourceError::Open {
        shown: shown.to_owned(),
        source,
    }
}

fn compound_kind(file: File) -> &'static str {
    match Xlsx::new(BufReader::new(file)) {
        Err(XlsxError::Password) => "a workbook protected by a password (save it without one)",
        _ => "a workbook of Excel 97-2003 (save it as .xlsx)",
    }
}

fn measure_archive(path: &Path, shown: &str, limit: u64) -> Result<(), SourceError> {
    let mut gauge = WorkbookGauge::default();
    archive::verify_entries(path, shown, limit.min(MAX_BYTES), &mut |entry, piece| {
        gauge.take_piece(entry, piece)
    })?;
    gauge.finish().map_err(|reason| SourceError::Dataset {
        shown: shown.to_owned(),
        reason,
    })
}

/// Names of the visible sheets with cells; of the hidden ones where none is visible.
pub(in crate::source) fn listed_sheets(
    path: &Path,
    shown: &str,
    limit: u64,
) -> Result<Vec<String>, SourceError> {
    let (visible, hidden) = sheet_names(&open_workbook(path, shown, limit)?);
    Ok(if visible.is_empty() { hidden } else { visible })
}

/// Visible and hidden sheets with cells, in their order.
fn sheet_names(book: &Workbook) -> (Vec<String>, Vec<String>) {
    let mut visible = Vec::new();
    let mut hidden = Vec::new();
    for sheet in book.sheets_metadata() {
        match (sheet.typ, sheet.visible) {
            (SheetType::WorkSheet, SheetVisible::Visible) => visible.push(sheet.name.clone()),
            (SheetType::WorkSheet, _) => hidden.push(sheet.name.clone()),
            // Charts and macros have no cells.
            _ => {}
        }
    }
    (visible, hidden)
}

/// The sheet that is meant: the one named, hidden or not, or the only visible one.
pub(super) fn choose_sheet(
    book: &Workbook,
    shown: &str,
    wanted: Option<&str>,
) -> Result<String, SourceError> {
    let (mut visible, mut hidden) = sheet_names(book);
    let Some(wanted) = wanted else {
        return match visible.len() {
            1 => Ok(visible.remove(0)),
            0 => Err(SourceError::SheetNeeded {
                shown: shown.to_owned(),
                sheets: hidden,
            }),
            _ => Err(SourceError::SheetNeeded {
                shown: shown.to_owned(),
                sheets: visible,
            }),
        };
    };
    visible.append(&mut hidden);
    let exact = visible.iter().position(|name| name == wanted);
    let position = exact.or_else(|| {
        visible
            .iter()
            .position(|name| name.to_lowercase() == wanted.to_lowercase())
    });
    match position {
        Some(position) => Ok(visible.swap_remove(position)),
        None => Err(SourceError::NoSuchSheet {
            shown: shown.to_owned(),
            sheet: wanted.to_owned(),
            suggestion: closest_name(wanted, &visible),
            sheets: visible,
        }),
    }
}
