//! Building a partitioned set: polygons are filed as they come, then indexed a partition at a time.

use std::fmt;

use super::super::boundary::Boundary;
use super::super::grid::Grid;
use super::super::outlines::Outlines;
use super::super::stored::ListWriter;
use super::PartitionError;
use super::filing::Filing;
use super::index::{PartitionedIndex, SIGNATURE};
use super::streams::ScratchWriter;
use crate::feature::{ScratchFile, ScratchSpace};

/// A [`PartitionedIndex`] in the making, for polygons that come from what may fail.
pub struct PartitionedIndexBuilder<'a> {
    space: &'a dyn ScratchSpace,
    filing: Filing,
}

impl fmt::Debug for PartitionedIndexBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionedIndexBuilder").finish_non_exhaustive()
    }
}

impl<'a> PartitionedIndexBuilder<'a> {
    /// Begins a set without polygons.
    ///
    /// ```
    /// use cikr::kernel::jurisdiction::{Boundary, PartitionedIndexBuilder};
    /// use cikr::store::Scratch;
    /// use geo::{MultiPolygon, Point, Rect};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let scratch = Scratch::new(folder.path());
    /// let mut builder = PartitionedIndexBuilder::new(&scratch)?;
    /// builder.add(Boundary {
    ///     code: "48201".to_owned(),
    ///     name: None,
    ///     shape: MultiPolygon::new(vec![Rect::new((-96.0, 29.0), (-95.0, 30.0)).to_polygon()]),
    /// })?;
    /// let index = builder.build(1_000_000)?;
    /// assert_eq!(index.ranks_of(&[Point::new(-95.4, 29.8)])?, [Some(0)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The scratch file can't be made.
    pub fn new(space: &'a dyn ScratchSpace) -> Result<Self, PartitionError> {
        let filing = Filing::new(space)?;
        Ok(Self { space, filing })
    }

    /// Files a boundary's polygons.
    ///
    /// # Errors
    /// The scratch file can't be written.
    pub fn add(&mut self, boundary: Boundary) -> Result<(), PartitionError> {
        self.filing.add(boundary)
    }

    /// Indexes what was filed, about `vertices_at_once` vertices at a time; see [`PartitionedIndex::build`].
    ///
    /// # Errors
    /// The scratch files fail.
    pub fn build(self, vertices_at_once: usize) -> Result<PartitionedIndex, PartitionError> {
        let set = self.filing.settle(vertices_at_once)?;
        let file = self.space.create_file(0)?;
        let last = set.partitions.iter().max().copied().unwrap_or(0);
        let mut places = vec![None; last as usize + 1];
        for together in set.meetings.chunk_by(|one, next| one.0 == next.0) {
            let numbers: Vec<u32> = together.iter().map(|(_, polygon)| *polygon).collect();
            let parts = set.polygons.read_parts(&numbers, &set.ranks)?;
            let (outlines, runs) = Outlines::of_parts(parts);
            let grid = Grid::build(&outlines, &runs);
            places[together[0].0 as usize] = Some(write_partition(&outlines, &grid, &*file)?);
        }
        Ok(PartitionedIndex::of_settled(set, file, places))
    }
}

impl PartitionedIndex {
    /// Indexes polygons as they come, about `vertices_at_once` vertices at a time: building takes some 300 bytes for each of
    /// these, asking some 100. A square of half a degree is never divided.
    ///
    /// # Errors
    /// The scratch files fail.
    ///
    /// ```
    /// use cikr::kernel::jurisdiction::{Boundary, PartitionedIndex};
    /// use cikr::store::Scratch;
    /// use geo::{MultiPolygon, Point, Rect};
    ///
    /// let squares = (0..90).map(|n| Boundary {
    ///     code: format!("{n:02}"),
    ///     name: None,
    ///     shape: MultiPolygon::new(vec![Rect::new((f64::from(n), 0.0), (f64::from(n + 1), 1.0)).to_polygon()]),
    /// });
    /// let folder = tempfile::tempdir()?;
    /// let index = PartitionedIndex::build(squares, &Scratch::new(folder.path()), 100)?;
    /// let ranks = index.ranks_of(&[Point::new(40.5, 0.5), Point::new(3.0, 1.0), Point::new(40.5, 1.5)])?;
    /// assert_eq!(ranks, [Some(40), Some(2), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build(
        boundaries: impl IntoIterator<Item = Boundary>,
        space: &dyn ScratchSpace,
        vertices_at_once: usize,
    ) -> Result<Self, PartitionError> {
        let mut builder = PartitionedIndexBuilder::new(space)?;
        for boundary in boundaries {
            builder.add(boundary)?;
        }
        builder.build(vertices_at_once)
    }
}

/// Writes a partition, and tells where it is.
fn write_partition(
    outlines: &Outlines,
    grid: &Grid,
    file: &dyn ScratchFile,
) -> Result<(u64, u64), PartitionError> {
    let mut place = None;
    let mut lists = ListWriter::begin(ScratchWriter::new(file, &mut place), &SIGNATURE)?;
    outlines.write_lists(&mut lists)?;
    grid.write_lists(&mut lists)?;
    lists.finish()?;
    Ok(place.unwrap_or((0, 0)))
}
