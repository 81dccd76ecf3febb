//! What the records of one delimited text are like, and what a line is by itself.
//!
//! Pure: lines are handed over, none is read here. `records` decides by it where a record ends.

use crate::feature::unseen;

use super::super::place::Place;
use super::super::shape::Shape;
use super::super::sniff::decode;
use super::cells::{Cells, Quotes, Splitter, Taken};

/// What the records of a file are like.
#[derive(Clone)]
pub(super) struct Form {
    /// Cells that a record must have.
    pub(super) least: usize,
    /// Cells behind which there may be blank ones only, and these only where the first record has such: some writers end
    /// every line with a delimiter. One that does so now and then has written a delimiter into a cell.
    pub(super) most: usize,
    /// Whether records may have such blank cells; none before the first record.
    pub(super) may_trail: Option<bool>,
    /// Where its coordinates are.
    pub(super) place: Place,
}

/// What a line is, read as if nothing stood before it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Alone {
    /// No record.
    Nothing,
    /// One of the header's width without coordinates.
    Fits,
    /// One of the header's width with coordinates.
    Placed,
    /// The same, but for quotes that are no cells'.
    PlacedWithQuotes,
}

impl Form {
    /// Whether a record may have these cells.
    pub(super) fn fits(&self, cells: &Cells) -> bool {
        let is_as_long = cells.len() <= self.most
            || self.may_trail != Some(false) && cells.iter().skip(self.most).all(is_blank);
        cells.len() >= self.least && is_as_long
    }

    /// Why no record has these cells.
    pub(super) fn unlike(&self, cells: &Cells) -> String {
        format!("{} fields instead of {}", cells.len(), self.most)
    }

    /// Whether a record of these cells has a place.
    pub(super) fn is_placed(&self, cells: &Cells) -> bool {
        let (_, shape) = self
            .place
            .shape(|column| decode(&cells.bytes()[cells.text(column)]));
        self.fits(cells) && matches!(shape, Shape::Found(..) | Shape::Curved(..))
    }

    /// What a line is by itself.
    pub(super) fn alone(&self, line: &[u8], delimiter: u8) -> Alone {
        let mut cells = Cells::default();
        let mut splitter = Splitter::new(delimiter, Quotes::Strict);
        if splitter.take(line, &mut cells) == Taken::Whole && !splitter.has_stray_quote() {
            return match (self.fits(&cells), self.is_placed(&cells)) {
                (true, true) => Alone::Placed,
                (true, false) => Alone::Fits,
                (false, _) => Alone::Nothing,
            };
        }
        // A quote that opens or ends nothing within its line: an inch, a blank before it, or one that was forgotten.
        cells.clear();
        if Splitter::new(delimiter, Quotes::Loose).take(line, &mut cells) != Taken::Whole
            || !self.fits(&cells)
        {
            cells.clear();
            cells.split_plain(line, delimiter);
        }
        match (self.fits(&cells), self.is_placed(&cells)) {
            (true, true) => Alone::PlacedWithQuotes,
            (true, false) => Alone::Fits,
            (false, _) => Alone::Nothing,
        }
    }
}

/// Whether a line within a quoted cell is a record that an open quote has swallowed. Where the first line could be a record
/// by itself, so could one with quotes of its own; a note's last line looks like one otherwise.
pub(super) fn is_swallowed(first: Alone, line: Alone) -> bool {
    match line {
        Alone::Placed => true,
        Alone::PlacedWithQuotes => first != Alone::Nothing,
        Alone::Fits | Alone::Nothing => false,
    }
}

pub(super) fn has_place(line: Alone) -> bool {
    matches!(line, Alone::Placed | Alone::PlacedWithQuotes)
}

/// Whether nobody sees anything in a cell.
pub(super) fn is_blank(cell: &[u8]) -> bool {
    match cell.trim_ascii() {
        [] | b"=\"\"" => true,
        [first, ..] if first.is_ascii_graphic() => false,
        text => unseen::repaired(&decode(text)).is_none(),
    }
}
