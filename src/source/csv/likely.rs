//! What dialect a text file seems to be written in. A proposal to a person.

use crate::plan::Dialect;

use super::cells::{Cells, Quotes, Splitter};

/// Lines that are looked at.
const SAMPLE: usize = 50;

/// The dialect of text that begins so.
///
/// The delimiter is what most lines have most of, and most of them alike; titles above a table have fewer cells than its header.
pub(in crate::source) fn dialect(head: &[u8]) -> Dialect {
    let end = if head.contains(&b'\n') { b'\n' } else { b'\r' };
    let text = head.split(|byte| *byte == end).map(<[u8]>::trim_ascii_end).enumerate();
    let lines: Vec<(usize, &[u8])> = text.filter(|(_, line)| !line.is_empty()).take(SAMPLE).collect();
    if let Some((_, [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter])) = lines.first() {
        return Dialect { delimiter: *delimiter, header_row: None };
    }
    let widths =
        |delimiter: u8| -> Vec<usize> { lines.iter().map(|(_, line)| width(line, delimiter)).collect() };
    let usual = |widths: &[usize]| {
        let mut sorted = widths.to_vec();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(0)
    };
    let score = |delimiter: &u8| {
        let widths = widths(*delimiter);
        let most = usual(&widths);
        (most, widths.iter().filter(|width| **width == most).count())
    };
    // Of equals the last wins, and that is the comma.
    let delimiter = *b"|\t;,".iter().max_by_key(|delimiter| score(delimiter)).unwrap_or(&b',');
    let widths = widths(delimiter);
    let header = widths.iter().position(|width| width * 2 > usual(&widths)).unwrap_or(0);
    let row = lines.get(header).and_then(|(above, _)| u32::try_from(above + 1).ok());
    Dialect { delimiter, header_row: row.filter(|_| header > 0) }
}

/// Cells of a line that hold anything.
fn width(line: &[u8], delimiter: u8) -> usize {
    let mut cells = Cells::default();
    // A line that a quoted cell goes beyond has the cells that it has.
    let _ = Splitter::new(delimiter, Quotes::Strict).take(line, &mut cells);
    cells.iter().filter(|cell| !cell.trim_ascii().is_empty()).count()
}
