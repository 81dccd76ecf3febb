//! Polygons that wait in a scratch file until their partition is built.

use std::io;
use std::ops::Range;

use geo::Coord;

use super::super::outlines::{Part, index_u32};
use crate::feature::ScratchFile;

/// Bytes that are written, and read, at once.
const BLOCK: usize = 1 << 22;

/// Where a polygon waits.
#[derive(Clone, Copy)]
struct Place {
    at: u64,
    len: u32,
    /// Number of its boundary.
    boundary: u32,
}

/// A scratch file of polygons, by their numbers.
pub(super) struct WaitingPolygons {
    file: Box<dyn ScratchFile>,
    places: Vec<Place>,
    /// Bytes that aren't written yet.
    unwritten: Vec<u8>,
    written: u64,
}

impl WaitingPolygons {
    /// In a file that nobody else appends to.
    pub(super) fn new(file: Box<dyn ScratchFile>) -> Self {
        Self {
            file,
            places: Vec::new(),
            unwritten: Vec::new(),
            written: 0,
        }
    }

    /// Files the lines of a polygon of a boundary, and gives its number.
    pub(super) fn push(&mut self, boundary: u32, lines: &[Vec<Coord<f64>>]) -> io::Result<u32> {
        let begin = self.unwritten.len();
        self.unwritten.extend(index_u32(lines.len()).to_le_bytes());
        for line in lines {
            self.unwritten.extend(index_u32(line.len()).to_le_bytes());
            let numbers = line.iter().flat_map(|place| [place.x, place.y]);
            self.unwritten.extend(numbers.flat_map(f64::to_le_bytes));
        }
        let number = index_u32(self.places.len());
        self.places.push(Place {
            at: self.written + begin as u64,
            len: index_u32(self.unwritten.len() - begin),
            boundary,
        });
        if self.unwritten.len() >= BLOCK {
            self.write_block()?;
        }
        Ok(number)
    }

    /// Writes what hasn't been.
    pub(super) fn write_block(&mut self) -> io::Result<()> {
        self.file.append(&self.unwritten)?;
        self.written += self.unwritten.len() as u64;
        self.unwritten.clear();
        Ok(())
    }

    /// Reads polygons back, given by rising numbers; `ranks` are those of the boundaries.
    pub(super) fn read_parts(&self, numbers: &[u32], ranks: &[u32]) -> io::Result<Vec<Part>> {
        let places: Vec<Place> = numbers
            .iter()
            .map(|number| self.places[*number as usize])
            .collect();
        let mut parts = Vec::with_capacity(places.len());
        // What came one after the other is read at once.
        for together in places.chunk_by(|place, next| place.end() == next.at) {
            for block in blocks(together) {
                let together = &together[block];
                let begin = together[0].at;
                let end = together[together.len() - 1].end();
                let bytes = self.file.read(begin, length(begin..end))?;
                for place in together {
                    let own = &bytes[length(begin..place.at)..];
                    parts.push(Part {
                        owner: ranks[place.boundary as usize],
                        lines: read_lines(own).ok_or(io::ErrorKind::InvalidData)?,
                    });
                }
            }
        }
        Ok(parts)
    }
}

impl Place {
    fn end(&self) -> u64 {
        self.at + u64::from(self.len)
    }
}

fn length(range: Range<u64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or(usize::MAX)
}

/// Neighbouring places in blocks of a few megabytes each.
fn blocks(places: &[Place]) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    for (place, number) in places.iter().zip(0..) {
        match blocks.last_mut() {
            Some(block) if length(places[block.start].at..place.end()) <= BLOCK => block.end = number + 1,
            _ => blocks.push(number..number + 1),
        }
    }
    blocks
}

/// The lines that begin with these bytes; none where bytes are missing.
fn read_lines(mut bytes: &[u8]) -> Option<Vec<Vec<Coord<f64>>>> {
    let count = take_u32(&mut bytes)?;
    let mut lines = Vec::new();
    for _ in 0..count {
        let places = take_u32(&mut bytes)?;
        let (line, behind) = bytes.split_at_checked(places as usize * 16)?;
        let (line, _) = line.as_chunks::<16>();
        lines.push(line.iter().map(place_of).collect());
        bytes = behind;
    }
    Some(lines)
}

fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (word, behind) = bytes.split_first_chunk()?;
    *bytes = behind;
    Some(u32::from_le_bytes(*word))
}

fn place_of(bytes: &[u8; 16]) -> Coord<f64> {
    let (numbers, _) = bytes.as_chunks::<8>();
    Coord {
        x: f64::from_le_bytes(numbers[0]),
        y: f64::from_le_bytes(numbers[1]),
    }
}
