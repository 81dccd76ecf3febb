//! What dialect a text file seems to be written in. A proposal to a person.
//!
//! Pure. Looks at records, not at lines: a quoted note may have several, each with delimiters of its own.

use std::collections::BTreeMap;

use crate::plan::Dialect;

use super::cells::{Cells, LineSplit, Quotes, Splitter};
use super::lines::line_end;

/// Records that are looked at.
const SAMPLE: usize = 50;

/// Lines behind which a quote that is open was never closed.
const MOST_LINES: usize = 100;

/// Lines that may stand above a header.
const TITLES: usize = 10;

/// A record as some delimiter makes it.
struct Record<'a> {
    /// Its first line, from 1.
    line: usize,
    start: &'a [u8],
    cells: Vec<CellKind>,
}

/// What a cell holds.
#[derive(Clone, Copy, PartialEq)]
enum CellKind {
    Nothing,
    Number,
    Text,
}

/// The dialect of text that begins so.
///
/// The delimiter is the one by which nearly all records have as many cells; of several, or if there is none, what most
/// records have most of, and most of them alike. Above a header stand records with fewer cells, or with comments.
pub(in crate::source) fn likely_dialect(head: &[u8]) -> Dialect {
    let lines = numbered_lines(head);
    // Excel reads such a first line (`sep=;`), so programs that write for it put one there.
    if let Some((_, [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter])) = lines.first() {
        return Dialect {
            delimiter: *delimiter,
            header_row: header_row(&split_records(&lines[1..], *delimiter)),
        };
    }
    // Of equals the last wins, and that is the comma.
    let best = b"|\t;,"
        .iter()
        .map(|delimiter| (*delimiter, split_records(&lines, *delimiter)))
        .max_by_key(|(_, records)| delimiter_score(records));
    let (delimiter, records) = best.unwrap_or((b',', Vec::new()));
    Dialect {
        delimiter,
        header_row: header_row(&records),
    }
}

/// The lines that hold anything, by their numbers; the last is left out where it seems to be cut off.
fn numbered_lines(head: &[u8]) -> Vec<(usize, &[u8])> {
    const FEW: usize = 2;
    let end = line_end(head);
    let text = head.split(|byte| *byte == end).map(<[u8]>::trim_ascii_end);
    let mut lines: Vec<(usize, &[u8])> = text
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| (at + 1, line))
        .collect();
    // The start of a file ends anywhere. Half a line has fewer cells than all others.
    if lines.len() > FEW && head.last() != Some(&end) {
        lines.pop();
    }
    lines
}

/// The first records of some lines.
fn split_records<'a>(lines: &[(usize, &'a [u8])], delimiter: u8) -> Vec<Record<'a>> {
    let mut records = Vec::new();
    let mut rest = lines;
    while let (Some((line, start)), true) = (rest.first(), records.len() < SAMPLE) {
        let (cells, taken) = split_record(rest, delimiter);
        records.push(Record {
            line: *line,
            start,
            cells,
        });
        rest = &rest[taken..];
    }
    records
}

/// The cells of the record that begins in the first line, and how many lines it has: one where its quotes never end.
fn split_record(lines: &[(usize, &[u8])], delimiter: u8) -> (Vec<CellKind>, usize) {
    let mut cells = Cells::default();
    let mut splitter = Splitter::new(delimiter, Quotes::Strict);
    for (at, (_, line)) in lines.iter().take(MOST_LINES).enumerate() {
        match splitter.split_line(line, &mut cells) {
            LineSplit::Whole => return (cells.iter().map(cell_kind).collect(), at + 1),
            LineSplit::Open => {}
            LineSplit::Astray => break,
        }
    }
    cells.clear();
    // It has the cells that it has.
    let _ = Splitter::new(delimiter, Quotes::Loose).split_line(lines[0].1, &mut cells);
    (cells.iter().map(cell_kind).collect(), 1)
}

fn cell_kind(cell: &[u8]) -> CellKind {
    let text = String::from_utf8_lossy(cell.trim_ascii());
    match text.replacen(',', ".", 1).parse::<f64>() {
        // A decimal comma counts as a point, else `30,25` would be a word.
        _ if text.is_empty() => CellKind::Nothing,
        Ok(_) => CellKind::Number,
        Err(_) => CellKind::Text,
    }
}

/// How much speaks for a delimiter: whether nearly all records have as many cells, how many hold something in most of
/// them, and in how many records as many do.
fn delimiter_score(records: &[Record<'_>]) -> (bool, usize, usize) {
    let (cells, alike) = most_common(records, |record| record.cells.len());
    let usual = median_filled(records);
    // Four of five: titles above a header and notes below the rows have other numbers of cells.
    let is_even = cells > 1 && alike * 5 >= records.len() * 4;
    (
        is_even,
        usual,
        records
            .iter()
            .filter(|record| filled_cells(record) == usual)
            .count(),
    )
}

/// What most records have of something, and how many of them do.
fn most_common(records: &[Record<'_>], of: impl Fn(&Record<'_>) -> usize) -> (usize, usize) {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for record in records {
        *counts.entry(of(record)).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .unwrap_or_default()
}

/// Cells that hold anything in a record of the middle.
fn median_filled(records: &[Record<'_>]) -> usize {
    let mut filled: Vec<usize> = records.iter().map(filled_cells).collect();
    filled.sort_unstable();
    filled.get(filled.len() / 2).copied().unwrap_or(0)
}

fn filled_cells(record: &Record<'_>) -> usize {
    record
        .cells
        .iter()
        .filter(|cell| **cell != CellKind::Nothing)
        .count()
}

/// The line of the header, where it is not the first.
///
/// Titles have half of a header's cells or less; one with more of them, or a comment, is told from a header by a record
/// below that has words where most have numbers.
fn header_row(records: &[Record<'_>]) -> Option<u32> {
    let usual = median_filled(records);
    let first = records
        .iter()
        .position(|record| filled_cells(record) * 2 > usual)?;
    let (width, _) = most_common(records, |record| record.cells.len());
    let numbers = columns_of_numbers(records, width);
    let is_doubtful = records[first].cells.len() != width || records[first].start.starts_with(b"#");
    let mut header = &records[first];
    if is_doubtful && !numbers.is_empty() {
        let below = records[first + 1..].iter().take(TITLES);
        header = below
            .filter(|record| record.cells.len() == width)
            .find(|record| {
                numbers
                    .iter()
                    .all(|column| record.cells[*column] == CellKind::Text)
            })
            .unwrap_or(header);
    }
    let is_first = records.first().is_some_and(|top| top.line == header.line);
    u32::try_from(header.line).ok().filter(|_| !is_first)
}

/// Columns that hold numbers in most records of this width.
fn columns_of_numbers(records: &[Record<'_>], width: usize) -> Vec<usize> {
    let mut numbers = vec![0_usize; width];
    let mut texts = vec![0_usize; width];
    for record in records.iter().filter(|record| record.cells.len() == width) {
        for (column, cell) in record.cells.iter().enumerate() {
            match cell {
                CellKind::Nothing => {}
                CellKind::Number => numbers[column] += 1,
                CellKind::Text => texts[column] += 1,
            }
        }
    }
    (0..width)
        .filter(|column| numbers[*column] > 0 && numbers[*column] >= texts[*column] * 2)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// The delimiter and the header's line of a file that begins so, with twenty rows below.
    fn likely(head: &str, row: &str) -> (char, Option<u32>) {
        let mut text = head.to_owned();
        for at in 0..20 {
            writeln!(text, "A{at},{row}").unwrap();
        }
        let Dialect {
            delimiter,
            header_row,
        } = likely_dialect(text.as_bytes());
        (char::from(delimiter), header_row)
    }

    #[test]
    fn notes_of_many_lines_are_cells_of_one_record() {
        for note in [
            "Inspected; fair\nleak; pump\nvalve; ok\nend; done",
            "Inspected\nleak\nvalve\nend",
            "a, b\nc, d\n\ne",
        ] {
            let row = format!("-95.5,35.5,\"{note}\"");
            assert_eq!(likely("ID,LON,LAT,NOTE\n", &row), (',', None), "{note}");
        }
        // A quote that nobody closes is a line's alone.
        assert_eq!(
            likely("ID,LON,LAT,NOTE\n\"A,1,2,3\n", "-95.5,35.5,6\" pipe"),
            (',', None)
        );
    }

    #[test]
    fn a_header_is_told_from_what_stands_above_it() {
        let row = "a b,-95.5,35.5";
        for (above, line) in [
            ("", None),
            ("Data as of June 5, 2024, prepared by HHS\n", Some(2)),
            ("Report of, all, sites, of the, state\n", Some(2)),
            ("Sites\n\nof 2024\n", Some(4)),
            ("Sites,,,\n,,,\n", Some(3)),
            ("# one\n# two, three, four, five\n", Some(3)),
            ("sep=,\n", None),
            ("sep=,\nSites, of all, 2024\n", Some(3)),
        ] {
            assert_eq!(
                likely(&format!("{above}ID,NAME,LON,LAT\n"), row),
                (',', line),
                "{above}"
            );
        }
        assert_eq!(
            likely("\"Site\nID\",\"Facility\nName\",LON,LAT\n", row),
            (',', None)
        );
        assert_eq!(likely("#ID,NAME,LON,LAT\n", row), (',', None));
        assert_eq!(
            likely("ID,NAME,LON,LAT\n", "a b,-95.5,35.5,"),
            (',', None),
            "rows end with a delimiter"
        );
    }

    #[test]
    fn decimal_commas_are_no_delimiters() {
        let Dialect {
            delimiter,
            header_row,
        } = likely_dialect(b"id;x;y\n1;-97,5;30,25\n2;-97,6;30,35\n");
        assert_eq!((delimiter, header_row), (b';', None));
    }
}
