//! A sheet's cells, gathered into rows on a thread of its own.
//!
//! The parser borrows the workbook it reads from, so both live on that thread, which ends when the
//! sheet does or when nobody listens any more. A row over the limit keeps its number alone.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::vec;

use super::super::error::SourceError;
use super::cell::Cell;
use super::workbook::Workbook;

/// Rows handed over at a time, and how many such bundles may wait.
const BUNDLE: usize = 256;
const WAITING: usize = 2;

/// A bundle also ends at this size.
const BUNDLE_BYTES: usize = 4 << 20;

/// A row that holds something.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// Number in the sheet, 1 and up.
    pub(super) number: u64,
    /// Columns that are not blank, ascending from 0.
    pub(super) cells: Vec<(usize, Cell)>,
    /// Columns up to the last cell, blank ones counted in.
    pub(super) width: usize,
    /// Whether it is over the limit; it has no cells then.
    pub(super) is_too_long: bool,
    bytes: usize,
}

enum Message {
    Rows(Vec<Row>),
    Failed(String),
    End,
}

/// The rows of a sheet.
pub(super) struct SheetRows {
    shown: String,
    messages: Receiver<Message>,
    bundle: vec::IntoIter<Row>,
    last: u64,
    ended: bool,
}

impl SheetRows {
    /// Starts to read `sheet`, which is shown as `shown`; `limit` is the longest row in bytes.
    pub(super) fn start(mut book: Workbook, sheet: String, shown: String, limit: usize) -> Self {
        let (sender, messages) = sync_channel(WAITING);
        thread::spawn(move || {
            let end = match send_all(&mut book, &sheet, limit, &sender) {
                Ok(()) => Message::End,
                Err(reason) => Message::Failed(reason),
            };
            // Nobody may be listening any more.
            drop(sender.send(end));
        });
        Self {
            shown,
            messages,
            bundle: Vec::new().into_iter(),
            last: 0,
            ended: false,
        }
    }

    /// The next row that holds something; `None` after the last.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, SourceError> {
        loop {
            if let Some(row) = self.bundle.next() {
                self.last = row.number;
                return Ok(Some(row));
            }
            if self.ended {
                return Ok(None);
            }
            match self.messages.recv() {
                Ok(Message::Rows(rows)) => self.bundle = rows.into_iter(),
                Ok(Message::End) => self.ended = true,
                Ok(Message::Failed(reason)) => return Err(self.damaged_error(reason)),
                Err(_) => return Err(self.damaged_error("its parser gave up".to_owned())),
            }
        }
    }

    fn damaged_error(&self, reason: String) -> SourceError {
        SourceError::Damaged {
            shown: self.shown.clone(),
            row: self.last,
            reason,
        }
    }
}

/// Sends every row that holds something; the error is why there are no more.
fn send_all(book: &mut Workbook, sheet: &str, limit: usize, to: &SyncSender<Message>) -> Result<(), String> {
    let mut cells = book
        .worksheet_cells_reader(sheet)
        .map_err(|error| error.to_string())?;
    let mut bundle: Vec<Row> = Vec::new();
    let mut bytes = 0;
    while let Some(cell) = cells.next_cell().map_err(|error| error.to_string())? {
        let (row, column) = cell.get_position();
        let number = u64::from(row) + 1;
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let Some(cell) = Cell::from_value(cell.get_value().clone()) else {
            if let Some(row) = bundle.last_mut().filter(|row| row.number == number) {
                row.width = row.width.max(column.saturating_add(1));
            }
            continue;
        };
        match bundle.last().map(|row| row.number) {
            // A sheet lists its rows and cells in order. One that doesn't is damaged, or made to have a row counted
            // twice.
            Some(last) if last > number => return Err(format!("row {number} comes after row {last}")),
            Some(last) if last == number => {}
            _ => {
                if bundle.len() >= BUNDLE || bytes >= BUNDLE_BYTES {
                    bytes = 0;
                    if to.send(Message::Rows(std::mem::take(&mut bundle))).is_err() {
                        return Ok(());
                    }
                }
                bundle.push(Row {
                    number,
                    cells: Vec::new(),
                    width: 0,
                    is_too_long: false,
                    bytes: 0,
                });
            }
        }
        // By its text, as in all other formats, so that one limit means the same everywhere.
        let size = cell.to_text().len();
        bytes += size;
        if let Some(row) = bundle.last_mut() {
            row.add_cell(column, cell, size, limit)?;
        }
    }
    // The last rows; nobody may be listening any more.
    drop(to.send(Message::Rows(bundle)));
    Ok(())
}

impl Row {
    /// The text of a column; empty where it is blank.
    pub(super) fn text_of(&self, column: usize) -> Cow<'_, str> {
        let cell = self.cells.iter().find(|(at, _)| *at == column);
        cell.map_or(Cow::Borrowed(""), |(_, cell)| cell.to_text())
    }

    fn add_cell(&mut self, column: usize, cell: Cell, size: usize, limit: usize) -> Result<(), String> {
        if self.cells.last().is_some_and(|(last, _)| *last >= column) {
            return Err(format!("the cells of row {} are not in order", self.number));
        }
        self.width = self.width.max(column.saturating_add(1));
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > limit {
            self.is_too_long = true;
            self.cells = Vec::new();
        } else if !self.is_too_long {
            self.cells.push((column, cell));
        }
        Ok(())
    }
}
