//! What the records of one delimited text are like, and what a line is by itself.
//!
//! Pure: lines are handed over, none is read here. `records` decides by it where a record ends.

use crate::feature::unseen;

use super::super::geometry_columns::GeometryColumns;
use super::super::shape::Shape;
use super::super::sniff::decode_text;
use super::cells::{Cells, LineSplit, Quotes, Splitter};

/// What the records of a file are like.
#[derive(Clone)]
pub(super) struct RecordForm {
    /// Cells that a record must have.
    pub(super) least: usize,
    /// Cells behind which there may be blank ones only, and these only where the first record has such: some writers end
    /// every line with a delimiter. One that does so now and then has written a delimiter into a cell.
    pub(super) most: usize,
    /// Whether records may have such blank cells; none before the first record.
    pub(super) may_trail: Option<bool>,
    /// Where its coordinates are.
    pub(super) geometry: GeometryColumns,
}

/// What a line is, read as if nothing stood before it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum StandaloneLine {
    /// No record.
    Nothing,
    /// One of the header's width without coordinates.
    Fits,
    /// One of the header's width with coordinates.
    Placed,
    /// The same, but for quotes that are no cells'.
    PlacedWithQuotes,
}

impl RecordForm {
    /// Whether a record may have these cells.
    pub(super) fn allows_cells(&self, cells: &Cells) -> bool {
        // Cells beyond the header's have no name, and one with text may be half of an unquoted comma: then all cells
        // behind it are in the wrong column.
        let is_as_long = cells.len() <= self.most
            || self.may_trail != Some(false) && cells.iter().skip(self.most).all(is_blank);
        cells.len() >= self.least && is_as_long
    }

    /// Why no record has these cells.
    pub(super) fn describe_misfit(&self, cells: &Cells) -> String {
        format!("{} fields instead of {}", cells.len(), self.most)
    }

    /// Whether a record of these cells has a place.
    pub(super) fn is_placed(&self, cells: &Cells) -> bool {
        let (_, shape) = self.geometry.read_shape(|column| cells.text_of(column));
        self.allows_cells(cells) && matches!(shape, Shape::Found(..) | Shape::Curved(..))
    }

    /// What a line is by itself.
    pub(super) fn read_standalone(&self, line: &[u8], delimiter: u8) -> StandaloneLine {
        let mut cells = Cells::default();
        let mut splitter = Splitter::new(delimiter, Quotes::Strict);
        if splitter.split_line(line, &mut cells) == LineSplit::Whole && !splitter.has_stray_quote() {
            return match (self.allows_cells(&cells), self.is_placed(&cells)) {
                (true, true) => StandaloneLine::Placed,
                (true, false) => StandaloneLine::Fits,
                (false, _) => StandaloneLine::Nothing,
            };
        }
        // A quote that opens or ends nothing within its line: an inch, a blank before it, or one that was forgotten.
        cells.clear();
        if Splitter::new(delimiter, Quotes::Loose).split_line(line, &mut cells) != LineSplit::Whole
            || !self.allows_cells(&cells)
        {
            cells.clear();
            cells.split_plain(line, delimiter);
        }
        match (self.allows_cells(&cells), self.is_placed(&cells)) {
            (true, true) => StandaloneLine::PlacedWithQuotes,
            (true, false) => StandaloneLine::Fits,
            (false, _) => StandaloneLine::Nothing,
        }
    }
}

/// Whether a line within a quoted cell is a record that an open quote has swallowed. Where the first line could be a
/// record by itself, so could one with quotes of its own; a note's last line looks like one otherwise.
pub(super) fn is_swallowed(first: StandaloneLine, line: StandaloneLine) -> bool {
    match line {
        StandaloneLine::Placed => true,
        StandaloneLine::PlacedWithQuotes => first != StandaloneLine::Nothing,
        StandaloneLine::Fits | StandaloneLine::Nothing => false,
    }
}

/// Whether the parts of a line between carriage returns are records each: of the header's line where there is no form
/// yet.
pub(super) fn is_several_records(line: &[u8], form: Option<&RecordForm>, delimiter: u8) -> bool {
    let mut parts = line.split(|byte| *byte == b'\r').filter(|part| !is_blank(part));
    let Some(form) = form else {
        // A header may have a line break within its quotes.
        return parts.next().is_some_and(|header| {
            let mut splitter = Splitter::new(delimiter, Quotes::Strict);
            splitter.split_line(header, &mut Cells::default()) == LineSplit::Whole
        });
    };
    // A row without a place among them, or with an inch in it, doesn't make one record of all.
    let mut placed = 0;
    let mut others = 0;
    for part in parts {
        if has_place(form.read_standalone(part, delimiter)) {
            placed += 1;
        } else {
            others += 1;
        }
    }
    placed > 0 && placed >= others
}

pub(super) fn has_place(line: StandaloneLine) -> bool {
    matches!(line, StandaloneLine::Placed | StandaloneLine::PlacedWithQuotes)
}

/// Whether nobody sees anything in a cell.
pub(super) fn is_blank(cell: &[u8]) -> bool {
    match cell.trim_ascii() {
        [] | b"=\"\"" => true,
        [first, ..] if first.is_ascii_graphic() => false,
        text => unseen::visible_text(&decode_text(text)).is_none(),
    }
}
