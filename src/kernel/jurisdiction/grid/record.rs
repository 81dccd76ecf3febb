//! What is kept of a cell that a border passes through, in 32-bit words, and what it answers.
//!
//! One page for up to 32 polygons, each with a bit of a mask, in the order of their codes; a further page
//! follows at once where there are more. A page is
//!
//! | words | what |
//! |---|---|
//! | 4 | ground, by bits (see `sweep`); number of polygons, and [`MORE`] where a page follows; turns; runs |
//! | 3 a turn | latitude, low and high word; the polygons whose ground turns from there on to the north |
//! | 3 a run | first edge; number of edges; the polygons they belong to |
//! | 1 a polygon | rank of its code |
//!
//! An edge that several polygons share is there once, so that a border between two counties is asked once.

#![expect(clippy::float_cmp, reason = "turns are at the same latitude, or they are not")]

use std::ops::ControlFlow;

use geo::Coord;

use super::super::edge::{Meeting, meeting};
use super::super::outlines::index_u32;

/// Polygons on a page.
pub(super) const PAGE: usize = 32;
/// Words before the first turn.
const HEAD: usize = 4;
/// Words of a turn, and of a run.
const TRIPLE: usize = 3;
/// Set in the number of polygons where another page follows.
const MORE: u32 = 1 << 31;

/// A page being made.
#[derive(Default)]
pub(super) struct Page {
    pub(super) ground: u32,
    /// Latitude and mask.
    pub(super) turns: Vec<(f64, u32)>,
    /// First edge, number of edges, mask.
    pub(super) runs: Vec<[u32; 3]>,
    /// Ranks, rising.
    pub(super) owners: Vec<u32>,
}

impl Page {
    /// Turns at the same place cancel out, or become one.
    fn merge_turns(&mut self) {
        self.turns.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.turns.dedup_by(|later, first| {
            // Not by bits, as it is points that are compared with them: -0 and 0 are one latitude.
            let is_same = later.0 == first.0;
            if is_same {
                first.1 ^= later.1;
            }
            is_same
        });
        self.turns.retain(|(_, mask)| *mask != 0);
    }

    pub(super) fn write(&mut self, is_last: bool, words: &mut Vec<u32>) {
        self.merge_turns();
        let more = if is_last { 0 } else { MORE };
        words.push(self.ground);
        words.push(index_u32(self.owners.len()) | more);
        words.push(index_u32(self.turns.len()));
        words.push(index_u32(self.runs.len()));
        for (latitude, mask) in &self.turns {
            words.extend(halves(latitude.to_bits()));
            words.push(*mask);
        }
        words.extend(self.runs.iter().flatten());
        words.extend(&self.owners);
    }
}

/// The low and the high word of 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "each half has 32 bits")]
fn halves(bits: u64) -> [u32; 2] {
    [bits as u32, (bits >> 32) as u32]
}

/// A page's parts.
pub(super) struct PageView<'a> {
    pub(super) ground: u32,
    pub(super) turns: &'a [u32],
    pub(super) runs: &'a [u32],
    pub(super) owners: &'a [u32],
    /// Words of the page.
    pub(super) len: usize,
    pub(super) is_last: bool,
}

impl<'a> PageView<'a> {
    /// The page that begins with these words; none where there are too few.
    #[inline]
    pub(super) fn read(words: &'a [u32]) -> Option<Self> {
        let (&[ground, polygons, turns, runs], body) = words.split_first_chunk::<HEAD>()?;
        let (turns, body) = body.split_at_checked(turns as usize * TRIPLE)?;
        let (runs, body) = body.split_at_checked(runs as usize * TRIPLE)?;
        let owners = body.get(..(polygons & !MORE) as usize)?;
        Some(Self {
            ground,
            turns,
            runs,
            owners,
            len: HEAD + turns.len() + runs.len() + owners.len(),
            is_last: polygons & MORE == 0,
        })
    }

    /// Which polygons of the page hold a point of its cell, their borders included, by bits.
    #[inline]
    pub(super) fn holding(&self, p: Coord<f64>, places: &[[f64; 2]]) -> u32 {
        let mut inside = self.ground;
        for turn in self.turns.chunks_exact(TRIPLE) {
            let latitude = f64::from_bits(u64::from(turn[0]) | u64::from(turn[1]) << 32);
            if latitude <= p.y {
                inside ^= turn[2];
            }
        }
        let mut bordering = 0;
        for run in self.runs.chunks_exact(TRIPLE) {
            let first = run[0] as usize;
            for ends in places[first..=first + run[1] as usize].windows(2) {
                match meeting(ends[0], ends[1], p) {
                    Meeting::Apart => {}
                    Meeting::Crossed => inside ^= run[2],
                    Meeting::Border => bordering |= run[2],
                }
            }
        }
        inside | bordering
    }
}

/// Places at which the first and the last run of a record's first page begin and end, or whatever numbers stand there where it
/// has none.
#[inline]
pub(super) fn places_ahead(words: &[u32]) -> [u32; 4] {
    let first = HEAD + word_at(words, 2) as usize * TRIPLE;
    let last = first + (word_at(words, 3) as usize).saturating_sub(1) * TRIPLE;
    let [begin, last_begin] = [first, last].map(|at| word_at(words, at));
    [
        begin,
        begin.wrapping_add(word_at(words, first + 1)),
        last_begin,
        last_begin.wrapping_add(word_at(words, last + 1)),
    ]
}

#[inline]
fn word_at(words: &[u32], at: usize) -> u32 {
    words.get(at).copied().unwrap_or(0)
}

/// Shows the ranks of the polygons that hold a point of the cell, rising, until told to stop.
#[inline]
pub(super) fn visit_holders(
    words: &[u32],
    p: Coord<f64>,
    places: &[[f64; 2]],
    mut visit: impl FnMut(u32) -> ControlFlow<()>,
) {
    let mut rest = words;
    while let Some(page) = PageView::read(rest) {
        let mut held = page.holding(p, places);
        while held != 0 {
            if visit(page.owners[held.trailing_zeros() as usize]).is_break() {
                return;
            }
            held &= held - 1;
        }
        if page.is_last {
            return;
        }
        rest = &rest[page.len..];
    }
}
