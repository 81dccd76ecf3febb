//! The row groups of a tile, one after the other: their rows are brought together as far as memory allows.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use super::spots::spots_of_slice;
use super::{Gathered, Packable, Packing, RowGroup};
use crate::engine::EngineError;
use crate::feature::RegionId;
use crate::kernel::pack::{Levels, Slice, Spot, order_slices, slices};

/// The row groups of a tile, of which as many are brought together at a time as memory allows.
pub(super) struct TileGroups<'a> {
    rows: &'a dyn Packable,
    spots: Cow<'a, [Spot]>,
    /// Lengths of those that are still to come.
    lengths: VecDeque<usize>,
    /// Where the next one begins.
    next: usize,
    /// Rows that may be together, unless a single row group is more.
    most: usize,
    /// Which rows are together.
    together: Option<(Range<usize>, Box<dyn Gathered + 'a>)>,
}

impl<'a> TileGroups<'a> {
    pub(super) fn new(
        rows: &'a dyn Packable,
        spots: Cow<'a, [Spot]>,
        lengths: VecDeque<usize>,
        packing: &Packing<'_>,
    ) -> Self {
        let most = packing.rows_at_once(rows.bytes_away());
        Self {
            rows,
            spots,
            lengths,
            next: 0,
            most,
            together: None,
        }
    }

    /// Row groups from here on that fit together, the first of them in any case.
    fn next_lot(&self) -> Range<usize> {
        let mut end = self.next + self.lengths.front().copied().unwrap_or_default();
        for length in self.lengths.iter().skip(1) {
            if end + length - self.next > self.most {
                break;
            }
            end += length;
        }
        self.next..end
    }

    /// The row group at these spots, out of the lot that is together, or of the next.
    fn publish_group(&mut self, group: Range<usize>) -> Result<RowGroup, EngineError> {
        let (lot, gathered) = match self.together.take() {
            Some(together) if group.end <= together.0.end => together,
            // `take` has let go of those of before: two lots at once would be twice the memory.
            _ => {
                let lot = self.next_lot();
                let gathered = self.rows.bring_together(&self.spots[lot.clone()])?;
                (lot, gathered)
            }
        };
        let published = gathered.publish(group.start - lot.start..group.end - lot.start)?;
        self.together = Some((lot, gathered));
        Ok(RowGroup {
            published,
            spots: self.spots[group].to_vec(),
        })
    }
}

impl Iterator for TileGroups<'_> {
    type Item = Result<RowGroup, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let length = *self.lengths.front()?;
        let group = self.publish_group(self.next..self.next + length);
        self.lengths.pop_front();
        self.next += length;
        Some(group)
    }
}

/// The row groups of a tile whose spots don't fit: they are the tiles of a packing of their own, as many slices of which as
/// fit are cut out of the region at a time.
pub(super) struct SlicedGroups<'a> {
    rows: &'a dyn Packable,
    region: &'a RegionId,
    packing: &'a Packing<'a>,
    /// Of that packing.
    levels: Levels,
    /// Slices that are still to come.
    slices: VecDeque<Slice>,
    /// The row groups of those at hand.
    groups: Option<TileGroups<'a>>,
}

impl<'a> SlicedGroups<'a> {
    pub(super) fn new(
        rows: &'a dyn Packable,
        region: &'a RegionId,
        packing: &'a Packing<'a>,
        count: usize,
    ) -> Self {
        let levels = Levels {
            tile_rows: packing.levels.group_rows,
            ..packing.levels
        };
        let slices = slices(count, &levels).into();
        Self {
            rows,
            region,
            packing,
            levels,
            slices,
            groups: None,
        }
    }

    /// The row groups of the slices that fit together, the first of them in any case; none after the last.
    fn next_groups(&mut self) -> Result<Option<TileGroups<'a>>, EngineError> {
        let Some(first) = self.slices.pop_front() else {
            return Ok(None);
        };
        let start = first.rows.start;
        let mut fitting = vec![first];
        while let Some(next) = self.slices.pop_front() {
            if !self.packing.has_room((next.rows.end - start) as u64) {
                self.slices.push_front(next);
                break;
            }
            fitting.push(next);
        }
        let end = fitting.last().map_or(start, |last| last.rows.end);
        let together = Slice {
            rows: start..end,
            tiles: vec![],
        };
        let mut spots = spots_of_slice(self.rows, self.region, &together)?;
        order_slices(&mut spots, &fitting, &self.levels);
        let lengths = fitting
            .iter()
            .flat_map(|slice| &slice.tiles)
            .map(|tile| tile.rows.len())
            .collect();
        Ok(Some(TileGroups::new(
            self.rows,
            spots.into(),
            lengths,
            self.packing,
        )))
    }
}

impl Iterator for SlicedGroups<'_> {
    type Item = Result<RowGroup, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(group) = self.groups.as_mut().and_then(Iterator::next) {
                return Some(group);
            }
            // Those of before are let go of first.
            self.groups = None;
            match self.next_groups().transpose()? {
                Ok(groups) => self.groups = Some(groups),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
