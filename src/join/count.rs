//! Counts the rows of a file by jurisdiction, and writes nothing.

use std::sync::Arc;

use arrow_array::{Array, BinaryViewArray};
use rayon::prelude::*;

use super::ahead::Ahead;
use super::answers::{Answers, Asking};
use super::error::JoinError;
use super::open::Opened;
use super::polygons::PolygonSet;
use super::positions::{Positions, is_broken_record};
use super::rejects::{RejectsFile, rejects_of};
use super::set_index::SetIndex;
use super::stream::{Flow, for_each_batch, refuse_degrees};
use super::tally::Tally;
use crate::feature::{CoordinatesSeen, Defect, RawBatch, Reject, Reproject, Task};
use crate::source::{self, GeometryScan, ScanPart};

/// Parts at work at a time for each thread, where what is told of them waits.
const PARTS_OF_THREAD: usize = 8;

/// Counts the rows of a file in each jurisdiction of each set.
///
/// Of Parquet the geometry alone is read, as many row groups at a time as there are threads.
///
/// ```
/// use std::path::Path;
///
/// use cikr::feature::{Progress, Task};
/// use cikr::join::{Detail, FileAsked, Flow, Opened, SetAsked, SetMeans, count, read_sets};
///
/// struct Silent;
/// impl Task for Silent {
///     fn advance(&self, _: u64) {}
/// }
/// impl Progress for Silent {
///     fn start(&self, _: &'static str, _: &str, _: Option<u64>) -> Box<dyn Task> {
///         Box::new(Silent)
///     }
/// }
///
/// let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
/// let states = SetAsked {
///     id: "states".to_owned(),
///     file: FileAsked::of_path(&samples.join("us_states.zip")),
///     code: None,
///     name: None,
/// };
/// let sets = read_sets(&[states], SetMeans { detail: Detail::None, kept: None, bound: None })?;
/// let capitals = Opened::look_at(&FileAsked::of_path(&samples.join("state_capitals.geojson")), "--crs")?;
/// let flow = Flow { detail: Detail::None, memory: None, progress: &Silent };
/// let tally = count(&capitals, &sets, flow, None)?;
/// assert_eq!(tally.rows, tally.sets[0].within + tally.sets[0].outside + tally.count_rejected());
/// # Ok::<(), cikr::join::JoinError>(())
/// ```
///
/// # Errors
/// Where the file can't be read, or rejects can't be written.
pub fn count(
    opened: &Opened,
    sets: &[PolygonSet],
    flow: Flow<'_>,
    mut rejects: Option<&mut RejectsFile>,
) -> Result<Tally, JoinError> {
    let mut whole = Tally::new(sets);
    let ahead = Ahead::ask(opened, sets, flow)?;
    let asking = Asking {
        opened,
        sets,
        ahead: &ahead,
        detail: flow.detail,
    };
    let has_all_sets = sets.iter().all(|set| matches!(set.index, SetIndex::Whole(_)));
    // Parts are read out of their order, and what was asked ahead is in the order of rows.
    if let Some(scan) = opened.scan_geometry()?.filter(|_| has_all_sets) {
        count_scanned(asking, &scan, flow, &mut whole, rejects)?;
        return Ok(whole);
    }
    for_each_batch(
        opened,
        flow,
        &|batch, rows_before, transform| count_batch(&batch, rows_before, transform, asking),
        &mut |(tally, rejected)| {
            whole.add_tally(tally);
            write_rejects(rejects.as_deref_mut(), &rejected)
        },
    )?;
    Ok(whole)
}

fn write_rejects(rejects: Option<&mut RejectsFile>, rejected: &[Reject]) -> Result<(), JoinError> {
    rejects.map_or(Ok(()), |rejects| rejects.write_rows(rejected))
}

/// Counts the parts of a source, as many at a time as there are threads.
fn count_scanned(
    asking: Asking<'_>,
    scan: &GeometryScan,
    flow: Flow<'_>,
    whole: &mut Tally,
    mut rejects: Option<&mut RejectsFile>,
) -> Result<(), JoinError> {
    let opened = asking.opened;
    let task = flow
        .progress
        .start("count", opened.shown(), Some(scan.row_count()));
    let counting = Counting {
        scan,
        asking,
        is_telling: rejects.is_some(),
        task: &*task,
    };
    // Rejects wait for those of the parts before, and may be as many as there are rows: so many parts bound them.
    let at_once = if counting.is_telling {
        rayon::current_num_threads() * PARTS_OF_THREAD
    } else {
        scan.parts().len().max(1)
    };
    let mut seen = CoordinatesSeen::default();
    for parts in scan.parts().chunks(at_once) {
        let counted: Vec<CountedPart> = parts
            .par_iter()
            .map(|part| counting.count_part(*part))
            .collect::<Result<_, _>>()?;
        for part in counted {
            whole.add_tally(part.tally);
            seen.add(part.seen);
            write_rejects(rejects.as_deref_mut(), &part.rejected)?;
        }
    }
    refuse_degrees(opened, seen, &scan.crs().to_string())
}

/// What is the same of all parts.
#[derive(Clone, Copy)]
struct Counting<'a> {
    scan: &'a GeometryScan,
    asking: Asking<'a>,
    /// Whether rejects are to be told, and not only counted.
    is_telling: bool,
    task: &'a dyn Task,
}

/// What came of a part.
struct CountedPart {
    tally: Tally,
    rejected: Vec<Reject>,
    seen: CoordinatesSeen,
}

impl Counting<'_> {
    fn count_part(self, part: ScanPart) -> Result<CountedPart, JoinError> {
        let opened = self.asking.opened;
        let transform =
            source::reprojection_to_crs84(self.scan.crs()).map_err(|source| opened.source_error(source))?;
        let mut tally = Tally::new(self.asking.sets);
        let mut rejected = Vec::new();
        // Made once for all batches of the part: memory that is written again is in the caches.
        let mut positions = Positions::default();
        let mut answers = Answers::default();
        let mut noted = Ok(());
        let read = self.scan.read_part(part, &mut |shown, first, geometries| {
            positions.forget_rows();
            fill_positions(&mut positions, geometries, self.scan, transform.as_deref());
            if noted.is_ok() {
                noted = note_batch(&mut tally, &mut answers, &positions, 0, self.asking);
            }
            let defects = &positions.defects;
            tally.note_rejects(shown, defects, |index| first + index as u64);
            if self.is_telling {
                rejected.extend(rejects_of(shown, defects, |index| first + index as u64));
            }
            self.task.advance(geometries.len() as u64);
        });
        read.map_err(|source| opened.source_error(source))?;
        noted?;
        let seen = transform.map(|transform| transform.coordinates_seen());
        Ok(CountedPart {
            tally,
            rejected,
            seen: seen.unwrap_or_default(),
        })
    }
}

fn fill_positions(
    positions: &mut Positions,
    geometries: &BinaryViewArray,
    scan: &GeometryScan,
    transform: Option<&dyn Reproject>,
) {
    let rest = match transform {
        None => positions.take_plain_points(geometries.iter()),
        Some(_) => positions.take_none(geometries.len()),
    };
    positions.take_others(
        &rest,
        |row| geometries.is_valid(row).then(|| geometries.value(row)),
        scan.crs(),
        transform,
    );
}

fn count_batch(
    batch: &RawBatch,
    rows_before: usize,
    transform: Option<&dyn Reproject>,
    asking: Asking<'_>,
) -> Result<(Tally, Vec<Reject>), JoinError> {
    let positions = Positions::of_batch(&batch.geometry, &batch.crs, transform, &batch.defects);
    let mut tally = Tally::new(asking.sets);
    note_batch(
        &mut tally,
        &mut Answers::default(),
        &positions,
        rows_before,
        asking,
    )?;
    note_defects(&mut tally, &batch.source, batch, &positions.defects);
    let rejected = rejects_of(&batch.source, &positions.defects, |index| batch.rows.value(index));
    Ok((tally, rejected))
}

/// Asks the sets for a batch, and counts.
fn note_batch(
    tally: &mut Tally,
    answers: &mut Answers,
    positions: &Positions,
    rows_before: usize,
    asking: Asking<'_>,
) -> Result<(), JoinError> {
    tally.rows += positions.points.len() as u64;
    for (set, counts) in tally.sets.iter_mut().enumerate() {
        asking.ask_set(set, rows_before, &positions.points, answers)?;
        counts.note_answers(answers, positions.defects.len());
    }
    Ok(())
}

/// Counts the rows of a batch that can't be placed, and those that no output can have.
pub(super) fn note_defects(tally: &mut Tally, source: &Arc<str>, batch: &RawBatch, defects: &[Defect]) {
    tally.note_rejects(source, defects, |index| batch.rows.value(index));
    tally.left_out += defects.iter().filter(|defect| is_broken_record(defect)).count() as u64;
}
