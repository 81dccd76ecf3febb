//! Reference tables: CSV with a header line, read with the place of every cell.
//!
//! LEAF. Knows cells and columns, not what they mean.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord};

use super::diagnostic::Diagnostic;
use super::suggest::known_names_hint;
use super::text::{Span, Spanned, TextFile};

/// Largest reference table, bytes.
const LARGEST: u64 = 16 << 20;

/// A table whose `N` columns were asked for by name.
#[derive(Debug, Clone)]
pub struct CsvTable<const N: usize> {
    /// Its text.
    pub file: Arc<TextFile>,
    /// Cells of every row, trimmed, in the order the columns were asked for.
    pub rows: Vec<[Spanned<String>; N]>,
}

impl<const N: usize> CsvTable<N> {
    /// Reads the rows that have every cell; none if there is no text or a column is absent.
    ///
    /// ```
    /// let mut mistakes = Vec::new();
    /// let columns = ["sector_code", "name", "lead_agency", "source"];
    /// let table = cikr::config::CsvTable::read("schemas/reference/sectors.csv".as_ref(), columns, &mut mistakes);
    /// assert!(mistakes.is_empty());
    /// assert_eq!(table.unwrap().rows.len(), 16);
    /// ```
    pub fn read(path: &Path, columns: [&'static str; N], found: &mut Vec<Diagnostic>) -> Option<Self> {
        let file = Self::open(path)
            .map_err(|diagnostic| found.push(diagnostic))
            .ok()?;
        Self::of_text(file, columns, found)
    }

    /// The text of a table, for those who have to look at its header first.
    ///
    /// # Errors
    /// As [`TextFile::open`]; a table has 16 MiB at most.
    pub fn open(path: &Path) -> Result<Arc<TextFile>, Diagnostic> {
        TextFile::open(path, LARGEST)
    }

    /// As [`Self::read`], of a text that is at hand.
    pub fn of_text(
        file: Arc<TextFile>,
        columns: [&'static str; N],
        found: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let mut records = read_records(&file, found).into_iter();
        let header = records.next().unwrap_or_default();
        let order = column_order(&file, &header, columns, found)?;
        let mut rows = Vec::new();
        for cells in records {
            // A row of another length would have its values under the wrong names.
            if cells.len() == header.len() {
                rows.push(order.map(|index| cells[index].clone()));
            } else {
                found.push(ragged_row(&file, &cells, header.len()));
            }
        }
        if rows.is_empty() {
            found.push(Diagnostic::error(
                &file,
                None,
                format!("`{}` has no rows", file.name),
            ));
        }
        Some(Self { file, rows })
    }
}

type Cells = Vec<Spanned<String>>;

/// Every record with its cells' places.
fn read_records(file: &Arc<TextFile>, found: &mut Vec<Diagnostic>) -> Vec<Cells> {
    let mut reader = ReaderBuilder::new()
        // The header is a record like the others, for its cells have places, too; and of rows that are too short
        // or too long every one is told, not only the first.
        .has_headers(false)
        .flexible(true)
        .from_reader(file.text.as_bytes());
    let mut record = StringRecord::new();
    let mut records = Vec::new();
    loop {
        let start = text_offset(reader.position().byte(), file);
        match reader.read_record(&mut record) {
            Ok(true) => records.push(locate_cells(
                file,
                start..text_offset(reader.position().byte(), file),
                &record,
            )),
            Ok(false) => return records,
            Err(error) => {
                found.push(Diagnostic::error(file, None, error.to_string()));
                return records;
            }
        }
    }
}

/// The cells of a record that stands at `place`.
///
/// The parser gives no places of cells, so each is sought after the one before; a cell with
/// doubled quotes is not found as it reads and gets the place of the record's rest.
fn locate_cells(file: &Arc<TextFile>, place: Range<usize>, record: &StringRecord) -> Cells {
    let end = place.start + file.text[place.clone()].trim_end_matches(['\r', '\n']).len();
    let mut cursor = place.start;
    let mut cells = Vec::new();
    for cell in record {
        // A blank line before a record is a part of what the parser says is the record.
        let rest = &file.text[cursor..end];
        let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        cursor += blank;
        let rest = &file.text[cursor..end];
        let cell = cell.trim();
        let span = match rest.find(cell) {
            Some(at) => cursor + at..cursor + at + cell.len(),
            None => cursor..end,
        };
        cursor = file.text[span.end..end]
            .find(',')
            .map_or(end, |at| span.end + at + 1);
        cells.push(Spanned::new(cell.to_owned(), Span::new(file, span)));
    }
    cells
}

/// Where each of `columns` stands in the header.
fn column_order<const N: usize>(
    file: &Arc<TextFile>,
    header: &[Spanned<String>],
    columns: [&'static str; N],
    found: &mut Vec<Diagnostic>,
) -> Option<[usize; N]> {
    let place = row_span(file, header);
    // Misspelt, a column is one too many and one too few: both are told, and the nearer name.
    for unknown in header
        .iter()
        .filter(|cell| !columns.contains(&cell.value.as_str()))
    {
        let message = format!("`{}` has no column `{}`", file.name, unknown.value);
        let mut diagnostic = Diagnostic::error(file, Some(unknown.span.clone()), message);
        diagnostic.label = known_names_hint(&unknown.value, columns);
        found.push(diagnostic);
    }
    let order = columns.map(|column| {
        let index = header.iter().position(|cell| cell.value == column);
        if index.is_none() {
            let message = format!("the header lacks the column `{column}`");
            found.push(Diagnostic::error(file, place.clone(), message));
        }
        index
    });
    order
        .iter()
        .all(Option::is_some)
        .then(|| order.map(Option::unwrap_or_default))
}

fn ragged_row(file: &Arc<TextFile>, cells: &[Spanned<String>], columns: usize) -> Diagnostic {
    Diagnostic::error(
        file,
        row_span(file, cells),
        format!("the row has {} cells, the header {columns}", cells.len()),
    )
}

/// From the first cell to the last.
fn row_span(file: &Arc<TextFile>, cells: &[Spanned<String>]) -> Option<Span> {
    let first = cells.first()?;
    let last = cells.last()?;
    Some(Span::new(file, first.span.start..last.span.end))
}

/// A byte position of the parser as an offset in the text it reads from memory.
fn text_offset(position: u64, file: &TextFile) -> usize {
    usize::try_from(position)
        .unwrap_or(file.text.len())
        .min(file.text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<[Spanned<String>; 2]>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let mut found = Vec::new();
        let table = CsvTable::read(&path, ["code", "name"], &mut found);
        let name = path.display().to_string();
        let found = found.iter().map(|d| d.message.replace(&name, "t.csv")).collect();
        (table.map(|table| table.rows).unwrap_or_default(), found)
    }

    #[test]
    fn every_cell_knows_its_place() {
        let text = "\u{feff}name,code\r\n\"Dams, all\", D \r\n\n,E\nDE,E";
        let (rows, found) = read(text);
        assert_eq!(found, Vec::<String>::new());
        let written = |place: &Span| &text[place.start..place.end];
        let seen: Vec<_> = rows
            .iter()
            .map(|[code, name]| {
                (
                    &*code.value,
                    written(&code.span),
                    &*name.value,
                    written(&name.span),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("D", "D", "Dams, all", "Dams, all"),
                ("E", "E", "", ""),
                ("E", "E", "DE", "DE")
            ]
        );
        assert_eq!(text[..rows[2][0].span.start].lines().count(), 5);
    }

    #[test]
    fn a_table_has_its_columns_and_whole_rows() {
        assert_eq!(
            read("cod,name\nD,Dams\n").1,
            [
                "`t.csv` has no column `cod`",
                "the header lacks the column `code`"
            ]
        );
        assert_eq!(
            read("code,name\nD\n").1,
            ["the row has 1 cells, the header 2", "`t.csv` has no rows"]
        );
        assert_eq!(read("").1.len(), 2);
    }
}
