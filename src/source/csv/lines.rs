//! The lines of a text file, of which as many are held as whoever reads has looked at.
//!
//! So a record that can't be right is given up after lines behind its first have been looked at, and reading goes on with
//! the second. Of a line over the limit its start alone is kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes that are kept of a line over the limit.
const START: usize = 200;

/// Reads the lines of one file.
pub(super) struct Lines {
    reader: BufReader<File>,
    /// A line feed, or the carriage return of an old Macintosh.
    end: u8,
    limit: usize,
    buffer: Vec<u8>,
    /// Where in `buffer` the first line begins that hasn't been consumed.
    start: usize,
    waiting: VecDeque<BufferedLine>,
    next: u64,
}

/// A line, as far as it is held.
#[derive(Clone, Copy)]
struct BufferedLine {
    /// Where in `buffer` it ends, what ends it left out.
    text: usize,
    /// Where in `buffer` the next one begins.
    end: usize,
    number: u64,
    is_too_long: bool,
    is_ended: bool,
}

/// A line that has been looked at.
pub(super) struct Line<'a> {
    /// Its text, without what ends it; the start of it where it is too long.
    pub(super) text: &'a [u8],
    /// Its number, from 1.
    pub(super) number: u64,
    /// Whether it is over the limit.
    pub(super) is_too_long: bool,
    /// Whether it has an end, as the last line of a file that is cut off has not.
    pub(super) is_ended: bool,
}

impl Lines {
    /// The lines of what `reader` serves, each of at most `limit` bytes.
    pub(super) fn new(reader: BufReader<File>, end: u8, limit: usize) -> Self {
        Self {
            reader,
            end,
            limit,
            buffer: Vec::new(),
            start: 0,
            waiting: VecDeque::new(),
            next: 1,
        }
    }

    /// Looks at a line, counted from the first that hasn't been consumed; none behind the last.
    pub(super) fn look_at(&mut self, at: usize) -> io::Result<Option<Line<'_>>> {
        while self.waiting.len() <= at {
            if !self.read_line()? {
                return Ok(None);
            }
        }
        let start = if at == 0 {
            self.start
        } else {
            self.waiting[at - 1].end
        };
        let BufferedLine {
            text,
            number,
            is_too_long,
            is_ended,
            ..
        } = self.waiting[at];
        Ok(Some(Line {
            text: &self.buffer[start..text],
            number,
            is_too_long,
            is_ended,
        }))
    }

    /// Goes on behind the first lines.
    pub(super) fn consume(&mut self, lines: usize) {
        for line in self.waiting.drain(..lines.min(self.waiting.len())) {
            self.start = line.end;
        }
        if self.waiting.is_empty() {
            self.buffer.clear();
            self.start = 0;
        // Bytes are moved up only once most of them are spent, so that each is moved once on average.
        } else if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            for line in &mut self.waiting {
                line.text -= self.start;
                line.end -= self.start;
            }
            self.start = 0;
        }
    }

    /// Makes of the first line several, each of which ends at a carriage return.
    pub(super) fn split_at_returns(&mut self) {
        let Some(line) = self.waiting.pop_front() else {
            return;
        };
        let text = &self.buffer[self.start..line.text];
        let returns = text
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\r')
            .map(|(at, _)| at);
        let ends: Vec<usize> = returns.map(|at| self.start + at).collect();
        // Origins name lines, and people look them up in editors that end lines at carriage returns, too.
        let added = ends.len() as u64;
        self.waiting.iter_mut().for_each(|later| later.number += added);
        self.next += added;
        self.waiting.push_front(BufferedLine {
            number: line.number + added,
            ..line
        });
        for (at, text) in ends.into_iter().enumerate().rev() {
            let number = line.number + at as u64;
            self.waiting.push_front(BufferedLine {
                text,
                end: text + 1,
                number,
                is_too_long: false,
                is_ended: true,
            });
        }
    }

    /// Reads a further line; false at the end of the file.
    fn read_line(&mut self) -> io::Result<bool> {
        let start = self.buffer.len();
        // What ends a line is none of it: a line feed, and a carriage return before it.
        let allowed = (self.limit as u64).saturating_add(2);
        self.reader
            .by_ref()
            .take(allowed)
            .read_until(self.end, &mut self.buffer)?;
        if self.buffer.len() == start {
            return Ok(false);
        }
        let is_ended = self.buffer.last() == Some(&self.end);
        let mut text = self.buffer.len() - usize::from(is_ended);
        text -= usize::from(self.buffer[start..text].last() == Some(&b'\r'));
        let is_too_long = text - start > self.limit;
        if is_too_long {
            if !is_ended {
                self.reader.skip_until(self.end)?;
            }
            self.buffer.truncate(start + START.min(self.limit));
            text = self.buffer.len();
        }
        self.waiting.push_back(BufferedLine {
            text,
            end: self.buffer.len(),
            number: self.next,
            is_too_long,
            is_ended,
        });
        self.next += 1;
        Ok(true)
    }
}

/// What ends the lines of a text that begins so: a line feed, or the carriage return of a Macintosh, whose programs write
/// line feeds within quoted cells alone.
pub(super) fn line_end(head: &[u8]) -> u8 {
    let mut is_quoted = false;
    let mut has_return = false;
    for byte in head {
        // Within quotes either may stand in a file of the other kind.
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => return b'\n',
            b'\r' if !is_quoted => has_return = true,
            _ => {}
        }
    }
    if has_return { b'\r' } else { b'\n' }
}
