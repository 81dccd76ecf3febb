//! The rows of a layer on this machine.
//!
//! Batches stay as they came, with the spots of their rows by region. When the budget is spent, all of them become
//! blocks: each region's rows along a curve, so that those of a tile are in few blocks of each time this happened.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{ArrowError, Schema};
use arrow_select::interleave::interleave;
use arrow_select::take::take_record_batch;
use rayon::prelude::*;

use super::block::{BLOCK_ROWS, Block, EncodedBlock};
use super::budget::Budget;
use super::columns::StoredColumns;
use super::{RowStore, RowsError, SpotPlace};
use crate::engine::Room;
use crate::feature::{FacilityRows, RegionId, ScratchFile, ScratchSpace};
use crate::kernel::assemble::StageRows;
use crate::kernel::cluster;
use crate::kernel::pack::Spot;

/// Blocks that are encoded before they are written: enough for every thread to have some, and few enough to be little
/// memory beside the rows, which are still there.
const WAVE_BLOCKS: usize = 32;
/// A layer with less than one part in so many of the budget keeps its rows although it is spent: others have spent it,
/// and blocks of few rows would make packing slow.
const SPILL_SHARE: usize = 16;

/// Rows of a layer, in memory as far as the budget goes.
#[derive(Debug)]
pub struct LocalRows {
    space: Arc<dyn ScratchSpace>,
    budget: Arc<Budget>,
    columns: StoredColumns,
    parts: Vec<Part>,
    regions: BTreeMap<RegionId, Region>,
    file: Option<Box<dyn ScratchFile>>,
    /// Bytes of rows in memory, as the budget has noted them.
    held_bytes: usize,
    /// Rows in the file, and the bytes that they took in memory.
    written: (usize, usize),
}

/// Rows that are together.
#[derive(Debug)]
enum Part {
    /// With the points that stand for them, where these aren't the centres of their boxes.
    InMemory(RecordBatch, Option<Vec<[f64; 2]>>),
    Written(Block),
    /// Its rows have become blocks.
    Gone,
}

/// Rows of a region.
#[derive(Debug, Default)]
struct Region {
    rows: u64,
    stored: Vec<Spot>,
    written: Vec<u32>,
}

impl LocalRows {
    /// No rows yet.
    pub fn new(room: &Room) -> Self {
        Self {
            space: Arc::clone(&room.space),
            budget: Arc::clone(&room.budget),
            columns: StoredColumns::default(),
            parts: vec![],
            regions: BTreeMap::new(),
            file: None,
            held_bytes: 0,
            written: (0, 0),
        }
    }

    /// Moves all rows in memory to the scratch file.
    fn spill_held(&mut self) -> Result<(), RowsError> {
        if self.held_bytes == 0 {
            return Ok(());
        }
        if self.file.is_none() {
            // What is in memory now: compressed it is less, but more is to come.
            self.file = Some(self.space.create_file(self.held_bytes as u64)?);
        }
        let mut regions = std::mem::take(&mut self.regions);
        for region in regions.values_mut() {
            let spots = along_curve(&std::mem::take(&mut region.stored));
            for wave in spots.chunks(BLOCK_ROWS * WAVE_BLOCKS) {
                let encoded = wave.par_chunks(BLOCK_ROWS).map(|spots| self.encode_block(spots));
                for block in encoded.collect::<Result<Vec<_>, RowsError>>()? {
                    let Some(file) = &self.file else { continue };
                    region.written.push(part_number(self.parts.len()));
                    self.parts.push(Part::Written(block.write(file.as_ref())?));
                }
            }
        }
        self.regions = regions;
        self.written.1 += self.held_bytes;
        // Parts keep their numbers: spots name their rows by them.
        for part in &mut self.parts {
            if let Part::InMemory(rows, _) = part {
                self.written.0 += rows.num_rows();
                *part = Part::Gone;
            }
        }
        self.budget.note_given_back(std::mem::take(&mut self.held_bytes));
        Ok(())
    }

    /// The rows of some spots in memory as a block.
    fn encode_block(&self, spots: &[Spot]) -> Result<EncodedBlock, RowsError> {
        let centres: Vec<[f64; 2]> = spots.iter().map(|spot| [spot.x, spot.y]).collect();
        let points: Vec<[f64; 2]> = spots
            .iter()
            .map(|spot| self.at_point(*spot))
            .map(|spot| [spot.x, spot.y])
            .collect();
        // Of points both are the same, and stand in the file once.
        let rows = self.gather(spots, None)?;
        Ok(EncodedBlock::encode(
            &rows,
            &centres,
            (points != centres).then_some(&points),
        )?)
    }

    /// The spot of a row in memory, moved to the point that stands for the row.
    fn at_point(&self, spot: Spot) -> Spot {
        match self.parts.get(spot.part as usize) {
            Some(Part::InMemory(_, Some(points))) => {
                let [x, y] = points[spot.row as usize];
                Spot { x, y, ..spot }
            }
            _ => spot,
        }
    }

    /// Rows as they are stored, by their spots: the columns at these places, or all.
    fn gather(&self, spots: &[Spot], wanted: Option<&[usize]>) -> Result<RecordBatch, RowsError> {
        let Some(schema) = &self.columns.schema else {
            return Ok(RecordBatch::new_empty(Arc::new(Schema::empty())));
        };
        let all: Vec<usize> = (0..schema.fields().len()).collect();
        let wanted = wanted.unwrap_or(&all);
        let mut pieces: Vec<Vec<ArrayRef>> = vec![vec![]; wanted.len()];
        let mut indices = vec![(0, 0); spots.len()];
        for (piece, (part, places)) in split_by_part(spots).into_iter().enumerate() {
            let rows = match self.parts.get(part as usize) {
                Some(Part::InMemory(rows, _)) => rows.project(wanted)?,
                Some(Part::Written(block)) => self.read_block(block, wanted)?,
                _ => return Err(ArrowError::InvalidArgumentError(format!("no part {part}")).into()),
            };
            // Of a block only the rows that are wanted are held on to: where a tile takes a few rows of each of many blocks, all
            // of these together would be the region.
            let is_held =
                matches!(self.parts[part as usize], Part::InMemory(..)) || places.len() == rows.num_rows();
            let rows = if is_held {
                rows
            } else {
                rows_at(&rows, places.iter().map(|at| spots[*at].row))?
            };
            for (nth, at) in places.into_iter().enumerate() {
                indices[at] = (piece, if is_held { spots[at].row as usize } else { nth });
            }
            for (pieces, column) in pieces.iter_mut().zip(rows.columns()) {
                pieces.push(Arc::clone(column));
            }
        }
        let schema = Arc::new(schema.project(wanted)?);
        if spots.is_empty() {
            return Ok(RecordBatch::new_empty(schema));
        }
        // Column by column: the pieces of one are let go of once they are together, so that rows are there twice in no more
        // than one column.
        let mut columns = Vec::with_capacity(pieces.len());
        for pieces in pieces {
            let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            columns.push(interleave(&pieces, &indices)?);
        }
        Ok(RecordBatch::try_new_with_options(
            schema,
            columns,
            &RecordBatchOptions::new().with_row_count(Some(spots.len())),
        )?)
    }

    fn read_block(&self, block: &Block, wanted: &[usize]) -> Result<RecordBatch, RowsError> {
        let file = self
            .file
            .as_ref()
            .ok_or_else(|| ArrowError::IpcError("no file of blocks".to_owned()))?;
        block.read_columns(wanted, file.as_ref())
    }

    /// The region that is asked for, or all.
    fn regions_in(&self, region: Option<&RegionId>) -> impl Iterator<Item = &Region> {
        self.regions
            .iter()
            .filter(move |(id, _)| region.is_none_or(|wanted| wanted == *id))
            .map(|(_, rows)| rows)
    }

    /// Spots of a part in the file.
    fn spots_of_block(&self, part: u32, stands: SpotPlace) -> Result<Vec<Spot>, RowsError> {
        let (Some(Part::Written(block)), Some(file)) = (self.parts.get(part as usize), &self.file) else {
            return Ok(vec![]);
        };
        let places = block.read_places(stands, file.as_ref())?;
        Ok(spots_at(part, places).collect())
    }
}

/// The spots of a part's rows, which stand at these places.
fn spots_at(part: u32, places: Vec<[f64; 2]>) -> impl Iterator<Item = Spot> {
    (0..).zip(places).map(move |(row, [x, y])| Spot {
        x,
        y,
        tie: 0,
        part,
        row,
    })
}

/// Spots in an order in which neighbours lie side by side.
fn along_curve(spots: &[Spot]) -> Vec<Spot> {
    let centres: Vec<[f64; 2]> = spots.iter().map(|spot| [spot.x, spot.y]).collect();
    cluster::along_curve(&centres)
        .into_iter()
        .map(|at| spots[at as usize])
        .collect()
}

fn rows_at(rows: &RecordBatch, at: impl Iterator<Item = u32>) -> Result<RecordBatch, ArrowError> {
    take_record_batch(rows, &UInt32Array::from_iter_values(at))
}

/// Places among the spots of those of each part, in the order first met.
fn split_by_part(spots: &[Spot]) -> Vec<(u32, Vec<usize>)> {
    let mut known: HashMap<u32, usize> = HashMap::new();
    let mut parts: Vec<(u32, Vec<usize>)> = Vec::new();
    for (place, spot) in spots.iter().enumerate() {
        let at = *known.entry(spot.part).or_insert_with(|| {
            parts.push((spot.part, vec![]));
            parts.len() - 1
        });
        parts[at].1.push(place);
    }
    parts
}

fn part_number(parts: usize) -> u32 {
    u32::try_from(parts).expect("rows are in less than 2^32 parts")
}

impl Drop for LocalRows {
    fn drop(&mut self) {
        self.budget.note_given_back(self.held_bytes);
    }
}

impl RowStore for LocalRows {
    fn push(&mut self, rows: StageRows) -> Result<(), RowsError> {
        let part = part_number(self.parts.len());
        let stored = self.columns.hold(rows.rows().as_batch())?;
        for (region, of_region) in self.columns.rows_by_region(&stored) {
            let region = self.regions.entry(region).or_default();
            region.rows += of_region.len() as u64;
            region.stored.extend(of_region.into_iter().map(|row| {
                let [x, y] = rows.centres()[row as usize];
                Spot {
                    x,
                    y,
                    tie: 0,
                    part,
                    row,
                }
            }));
        }
        let bytes = stored.get_array_memory_size() + stored.num_rows() * size_of::<Spot>();
        self.parts.push(Part::InMemory(stored, rows.into_points()));
        self.held_bytes += bytes;
        self.budget.note_taken(bytes);
        let is_worth_it = self.held_bytes >= self.budget.bytes_to_wait() / SPILL_SHARE;
        if self.budget.is_spent() && is_worth_it {
            self.spill_held()
        } else {
            Ok(())
        }
    }

    fn seal(&mut self) -> Result<(), RowsError> {
        // Of rows in a file none stay behind: their memory is for packing.
        if self.file.is_some() || self.budget.is_spent() {
            self.spill_held()
        } else {
            Ok(())
        }
    }

    fn bytes_away(&self) -> usize {
        let (rows, bytes) = self.written;
        bytes.checked_div(rows).unwrap_or_default()
    }

    fn rows_in(&self, region: Option<&RegionId>) -> u64 {
        self.regions_in(region).map(|region| region.rows).sum()
    }

    fn regions(&self) -> BTreeSet<RegionId> {
        self.regions.keys().cloned().collect()
    }

    fn each_spot(
        &self,
        region: Option<&RegionId>,
        stands: SpotPlace,
        see: &mut dyn FnMut(Spot),
    ) -> Result<(), RowsError> {
        for region in self.regions_in(region) {
            for spot in &region.stored {
                see(match stands {
                    SpotPlace::AtCentre => *spot,
                    SpotPlace::AtPoint => self.at_point(*spot),
                });
            }
            for part in &region.written {
                self.spots_of_block(*part, stands)?
                    .into_iter()
                    .for_each(&mut *see);
            }
        }
        Ok(())
    }

    fn take_rows(&self, spots: &[Spot], columns: Option<&[&str]>) -> Result<FacilityRows, RowsError> {
        let wanted = self.columns.positions_of(columns);
        let rows = self.columns.give_back(&self.gather(spots, Some(&wanted))?)?;
        Ok(FacilityRows::try_new(rows)?)
    }
}
