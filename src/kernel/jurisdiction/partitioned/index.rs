//! Asking a partitioned set.

#![expect(
    clippy::float_cmp,
    reason = "the meridian and the poles themselves have several names, their neighbours have one"
)]

use std::fmt;

use geo::{Coord, Point};
use rayon::prelude::*;

use super::super::boundary::Match;
use super::super::grid::Grid;
use super::super::index::is_inland;
use super::super::meridian::within_turn;
use super::super::outlines::Outlines;
use super::super::stored::{ListReader, Signature};
use super::PartitionError;
use super::filing::Settled;
use super::squares::square_at;
use super::streams::ScratchReader;
use crate::feature::ScratchFile;

/// What each partition in the scratch file begins with.
pub(super) const SIGNATURE: Signature = Signature {
    magic: *b"cikr-jpt",
    version: 1,
};

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
    /// Puts together what a builder has made.
    pub(super) fn of_settled(
        set: Settled,
        file: Box<dyn ScratchFile>,
        places: Vec<Option<(u64, u64)>>,
    ) -> Self {
        Self {
            boundaries: set.ranks.len(),
            names: set.names,
            partitions: set.partitions,
            file,
            places,
            at_poles: set.at_poles,
        }
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
    /// partition that holds points is read once: ask for as many points at once as memory allows, some 40 bytes each.
    /// See [`Self::build`] for an example.
    ///
    /// # Errors
    /// The scratch file fails, or has been damaged.
    pub fn ranks_of(&self, points: &[Point<f64>]) -> Result<Vec<Option<u32>>, PartitionError> {
        let mut ranks = vec![None; points.len()];
        for questions in self
            .questions(points)
            .chunk_by(|one, next| one.partition == next.partition)
        {
            let (outlines, grid) = self.read_partition(questions[0].partition)?;
            let found: Vec<Option<u32>> = questions
                .par_chunks(TASK)
                .flat_map_iter(|task| {
                    let points: Vec<Point<f64>> = task.iter().map(|question| question.point).collect();
                    let mut ranks = vec![None; points.len()];
                    grid.fill_lowest(&points, &outlines.places, &mut ranks);
                    ranks
                })
                .collect();
            for (question, rank) in questions.iter().zip(found) {
                let lowest = &mut ranks[question.number as usize];
                *lowest = lower_of(*lowest, rank);
            }
        }
        for (point, rank) in points.iter().zip(&mut ranks) {
            if point.y().abs() == 90.0 && point.x().is_finite() {
                *rank = lower_of(*rank, self.at_poles[usize::from(point.y() > 0.0)]);
            }
        }
        Ok(ranks)
    }

    /// What to ask each partition that has polygons, in the order of partitions.
    fn questions(&self, points: &[Point<f64>]) -> Vec<Question> {
        let mut questions = Vec::with_capacity(points.len());
        for (point, number) in points.iter().zip(0u32..) {
            for form in forms_of(point.0) {
                let partition = self.partitions[square_at(form.x, form.y) as usize];
                if self.places[partition as usize].is_some() {
                    questions.push(Question {
                        partition,
                        number,
                        point: Point(form),
                    });
                }
            }
        }
        questions.par_sort_unstable_by_key(|question| (question.partition, question.number));
        questions
    }

    fn read_partition(&self, partition: u32) -> Result<(Outlines, Grid), PartitionError> {
        let place = self.places[partition as usize].unwrap_or_default();
        let mut lists = ListReader::begin(ScratchReader::new(&*self.file, place), &SIGNATURE)?;
        let outlines = Outlines::read_lists(&mut lists, self.names.len())?;
        let grid = Grid::read_lists(&mut lists, self.names.len(), outlines.places.len())?;
        lists.finish()?;
        Ok((outlines, grid))
    }
}

/// A point that a partition is asked for.
struct Question {
    partition: u32,
    /// Which of the points it is.
    number: u32,
    point: Point<f64>,
}

fn lower_of(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    [one, other].into_iter().flatten().min()
}

/// How a point may be written, within -180..=180: on the meridian ±180 in two ways.
fn forms_of(p: Coord<f64>) -> impl Iterator<Item = Coord<f64>> {
    let x = if is_inland(p) { p.x } else { within_turn(p.x) };
    let other = (x.abs() == 180.0).then_some(Coord { x: -x, y: p.y });
    std::iter::once(Coord { x, y: p.y }).chain(other)
}
