//! Building a partitioned set, and asking it.

#![expect(
    clippy::float_cmp,
    reason = "the meridian and the poles themselves have several names, their neighbours have one"
)]

use std::fmt;
use std::io::{self, Read, Write};

use geo::{Coord, Point};
use rayon::prelude::*;

use super::super::boundary::{Boundary, Match};
use super::super::grid::Grid;
use super::super::index::is_inland;
use super::super::meridian::{cut_polygon, within_turn};
use super::super::outlines::{Outlines, index_u32};
use super::super::stored::{ListReader, ListWriter};
use super::PartitionError;
use super::polygons::WaitingPolygons;
use super::squares::{COUNT, square_at, squares_along_curve, squares_met};
use crate::feature::{ScratchFile, ScratchSpace};

/// Bytes that are read from a partition at once.
const BLOCK: usize = 1 << 20;
/// Points of a task.
const TASK: usize = 16_384;

/// An index over a polygon set larger than memory: which polygon holds each of many points.
///
/// Answers are those of a [`JurisdictionIndex`](super::super::JurisdictionIndex) over the same set.
pub struct PartitionedIndex {
    boundaries: usize,
    /// Codes and names, by code.
    names: Vec<(String, Option<String>)>,
    /// The partition of each square.
    partitions: Vec<u32>,
    file: Box<dyn ScratchFile>,
    /// Where each partition begins in the file, and its bytes; none of those without a polygon.
    places: Vec<Option<(u64, u64)>>,
    /// Lowest rank that touches the south pole, and the north pole.
    at_poles: [Option<u32>; 2],
}

impl fmt::Debug for PartitionedIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionedIndex")
            .field("boundaries", &self.boundaries)
            .field("partitions", &self.places.len())
            .finish_non_exhaustive()
    }
}

impl PartitionedIndex {
    /// Indexes polygons as they come, `vertices_at_once` of them at a time: building takes some 200 bytes for each of these,
    /// asking some 60. A square of half a degree is never divided.
    ///
    /// # Errors
    /// The scratch files fail.
    pub fn build(
        boundaries: impl IntoIterator<Item = Boundary>,
        space: &dyn ScratchSpace,
        vertices_at_once: usize,
    ) -> Result<Self, PartitionError> {
        let mut filing = Filing::new(space)?;
        for boundary in boundaries {
            filing.add(boundary)?;
        }
        filing.polygons.write_block()?;
        let (names, ranks) = ranked(std::mem::take(&mut filing.names));
        let partitions = filing.assign_squares(vertices_at_once);
        let mut built = Self {
            boundaries: ranks.len(),
            names,
            at_poles: filing
                .at_poles
                .each_ref()
                .map(|touching| touching.iter().map(|boundary| ranks[*boundary as usize]).min()),
            file: space.create_file(0)?,
            places: Vec::new(),
            partitions,
        };
        let mut meetings: Vec<(u32, u32)> = std::mem::take(&mut filing.meetings);
        for (square, _) in &mut meetings {
            *square = built.partitions[*square as usize];
        }
        meetings.par_sort_unstable();
        meetings.dedup();
        let last = built.partitions.iter().max().copied().unwrap_or(0);
        built.places.resize(last as usize + 1, None);
        for together in meetings.chunk_by(|one, next| one.0 == next.0) {
            let numbers: Vec<u32> = together.iter().map(|(_, polygon)| *polygon).collect();
            let parts = filing.polygons.read_parts(&numbers, &ranks)?;
            let (outlines, runs) = Outlines::of_parts(parts);
            let grid = Grid::build(&outlines, &runs);
            built.places[together[0].0 as usize] = Some(write_partition(&outlines, &grid, &*built.file)?);
        }
        Ok(built)
    }

    /// Number of boundaries indexed.
    pub fn len(&self) -> usize {
        self.boundaries
    }

    /// Whether there is no boundary.
    pub fn is_empty(&self) -> bool {
        self.boundaries == 0
    }

    /// Codes and names in the order of the codes: a rank is a place in this list.
    pub fn names(&self) -> impl ExactSizeIterator<Item = Match<'_>> {
        self.names.iter().map(|(code, name)| Match {
            code,
            name: name.as_deref(),
        })
    }

    /// The rank of each point, as `JurisdictionIndex::ranks_of` gives it, on rayon's current pool. Every
    /// partition that holds points is read once: ask for as many points at once as memory allows.
    ///
    /// # Errors
    /// The scratch file fails, or has been damaged.
    pub fn ranks_of(&self, points: &[Point<f64>]) -> Result<Vec<Option<u32>>, PartitionError> {
        let mut ranks = vec![None; points.len()];
        let mut asked: Vec<(u32, u32, Point<f64>)> = Vec::new();
        let questions = points
            .iter()
            .zip(0u32..)
            .flat_map(|(point, number)| forms_of(point.0).map(move |form| (number, form)));
        for (number, form) in questions {
            let partition = self.partitions[square_at(form.x, form.y) as usize];
            if self.places[partition as usize].is_some() {
                asked.push((partition, number, Point(form)));
            }
        }
        asked.par_sort_unstable_by_key(|(partition, number, _)| (*partition, *number));
        for together in asked.chunk_by(|one, next| one.0 == next.0) {
            let Some(place) = self.places[together[0].0 as usize] else {
                continue;
            };
            let (outlines, grid) = self.read_partition(place)?;
            let found: Vec<Option<u32>> = together
                .par_chunks(TASK)
                .flat_map_iter(|task| {
                    let points: Vec<Point<f64>> = task.iter().map(|(_, _, point)| *point).collect();
                    let mut ranks = vec![None; points.len()];
                    grid.fill_lowest(&points, &outlines.places, &mut ranks);
                    ranks
                })
                .collect();
            for ((_, number, _), rank) in together.iter().zip(found) {
                let lowest = &mut ranks[*number as usize];
                *lowest = [*lowest, rank].into_iter().flatten().min();
            }
        }
        for (point, rank) in points.iter().zip(&mut ranks) {
            if point.y().abs() == 90.0 && point.x().is_finite() {
                let at_pole = self.at_poles[usize::from(point.y() > 0.0)];
                *rank = [*rank, at_pole].into_iter().flatten().min();
            }
        }
        Ok(ranks)
    }

    fn read_partition(&self, (at, len): (u64, u64)) -> Result<(Outlines, Grid), PartitionError> {
        let mut lists = ListReader::begin(ScratchReader {
            file: &*self.file,
            at,
            end: at + len,
            block: Vec::new(),
            read: 0,
        })?;
        let outlines = Outlines::read_lists(&mut lists, self.names.len())?;
        let grid = Grid::read_lists(&mut lists, self.names.len(), outlines.places.len())?;
        lists.finish()?;
        Ok((outlines, grid))
    }
}

/// How a point may be written, within -180..=180: on the meridian ±180 in two ways.
fn forms_of(p: Coord<f64>) -> impl Iterator<Item = Coord<f64>> {
    let x = if is_inland(p) { p.x } else { within_turn(p.x) };
    let other = (x.abs() == 180.0).then_some(Coord { x: -x, y: p.y });
    std::iter::once(Coord { x, y: p.y }).chain(other)
}

/// What is known of the set while its polygons come.
struct Filing {
    polygons: WaitingPolygons,
    names: Vec<(String, Option<String>)>,
    /// Squares, and polygons that meet them.
    meetings: Vec<(u32, u32)>,
    /// Vertices of the polygons that meet each square.
    vertices: Vec<u32>,
    /// Boundaries that touch the south pole, and the north pole.
    at_poles: [Vec<u32>; 2],
}

impl Filing {
    fn new(space: &dyn ScratchSpace) -> Result<Self, PartitionError> {
        Ok(Self {
            polygons: WaitingPolygons::new(space.create_file(0)?),
            names: Vec::new(),
            meetings: Vec::new(),
            vertices: vec![0; COUNT],
            at_poles: [vec![], vec![]],
        })
    }

    fn add(&mut self, boundary: Boundary) -> Result<(), PartitionError> {
        let number = index_u32(self.names.len());
        self.names.push((boundary.code, boundary.name));
        for lines in boundary.shape.iter().filter_map(cut_polygon) {
            let polygon = self.polygons.push(number, &lines)?;
            let places = lines.iter().flatten();
            let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
            let bounds = places.clone().fold(start, |[west, south, east, north], place| {
                [
                    west.min(place.x),
                    south.min(place.y),
                    east.max(place.x),
                    north.max(place.y),
                ]
            });
            let vertices = index_u32(places.count());
            for square in squares_met(bounds) {
                self.meetings.push((square, polygon));
                let total = &mut self.vertices[square as usize];
                *total = total.saturating_add(vertices);
            }
            for (touching, pole) in self.at_poles.iter_mut().zip([-90.0, 90.0]) {
                if bounds[1] == pole || bounds[3] == pole {
                    touching.push(number);
                }
            }
        }
        Ok(())
    }

    /// The partition of each square: neighbours with about so many vertices together.
    fn assign_squares(&self, vertices_at_once: usize) -> Vec<u32> {
        let mut partitions = vec![0; COUNT];
        let mut partition = 0;
        let mut gathered = 0;
        for square in squares_along_curve() {
            let vertices = self.vertices[square as usize] as usize;
            if gathered > 0 && gathered + vertices > vertices_at_once {
                partition += 1;
                gathered = 0;
            }
            gathered += vertices;
            partitions[square as usize] = partition;
        }
        partitions
    }
}

/// Codes in order with their names, each once, and the rank of each boundary.
fn ranked(names: Vec<(String, Option<String>)>) -> (Vec<(String, Option<String>)>, Vec<u32>) {
    let mut order: Vec<u32> = (0..index_u32(names.len())).collect();
    let key = |at: &u32| {
        let (code, name) = &names[*at as usize];
        (code, name.is_none(), name)
    };
    order.par_sort_unstable_by(|one, other| key(one).cmp(&key(other)));
    let mut ranks = vec![0; names.len()];
    let mut firsts: Vec<u32> = Vec::new();
    for at in order {
        let is_new = firsts
            .last()
            .is_none_or(|first| names[*first as usize].0 != names[at as usize].0);
        if is_new {
            firsts.push(at);
        }
        ranks[at as usize] = index_u32(firsts.len() - 1);
    }
    let mut names = names;
    let take = |at: u32| std::mem::take(&mut names[at as usize]);
    (firsts.into_iter().map(take).collect(), ranks)
}

/// Writes a partition, and tells where it is.
fn write_partition(
    outlines: &Outlines,
    grid: &Grid,
    file: &dyn ScratchFile,
) -> Result<(u64, u64), PartitionError> {
    let mut place = None;
    let mut writer = ScratchWriter {
        file,
        place: &mut place,
    };
    let mut lists = ListWriter::begin(&mut writer)?;
    outlines.write_lists(&mut lists)?;
    grid.write_lists(&mut lists)?;
    lists.finish()?;
    Ok(place.unwrap_or((0, 0)))
}

/// Appends to a scratch file, and notes where it began and how much it was. Nobody else appends meanwhile.
struct ScratchWriter<'a> {
    file: &'a dyn ScratchFile,
    place: &'a mut Option<(u64, u64)>,
}

impl Write for ScratchWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let at = self.file.append(bytes)?;
        self.place.get_or_insert((at, 0)).1 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a part of a scratch file from its beginning to its end.
struct ScratchReader<'a> {
    file: &'a dyn ScratchFile,
    at: u64,
    end: u64,
    block: Vec<u8>,
    /// Bytes of the block that have been handed out.
    read: usize,
}

impl Read for ScratchReader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.read == self.block.len() {
            let len = usize::try_from(self.end - self.at).unwrap_or(BLOCK).min(BLOCK);
            self.block = self.file.read(self.at, len)?;
            self.at += len as u64;
            self.read = 0;
        }
        let rest = &self.block[self.read..];
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        Ok(count)
    }
}
