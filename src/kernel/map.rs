//! Map: one batch of a layer through normalise, classify, locate and assemble.
//!
//! Pure, and ignorant of the layer's other rows: many batches at once, on any thread or machine. What needs the order or
//! the total of a layer is the fold's.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, StringArray};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::filter::filter;
use geo::{Point, Rect};

use super::again::SecondReading;
use super::assemble::{self, StageInputs, StageRows, retained};
use super::claims::{self, Placed};
use super::cluster::along_curve;
use super::locate::{self, Crossing, JoinContext, Places, RowLink};
use super::normalise::{self, Normalised};
use super::profile::Profiler;
use super::quote::shortened;
use super::tally::{LayerTally, RowTally};
use super::{KernelError, flags, geometry, keys, sector};
use crate::feature::{Origin, RawBatch, Reject, RejectReason, Reproject, RowFlag};
use crate::plan::{LayerPlan, Reference};

/// Column of the region into which a row of another region reaches.
pub const CROSSED_REGION: &str = "__crossed_region";

/// What every batch of a layer is mapped with.
#[derive(Debug, Clone, Copy)]
pub struct MapContext<'a> {
    /// The layer.
    pub layer: &'a LayerPlan,
    /// Its published columns.
    pub schema: &'a Schema,
    /// States, sectors, NAICS rules.
    pub reference: &'a Reference,
    /// The polygon sets.
    pub join: &'a JoinContext,
    /// Boxes around everything that is not far from a state.
    pub places: &'a [Rect<f64>],
    /// What an earlier reading has shown.
    pub again: &'a SecondReading,
}

/// A batch as the fold takes it.
#[derive(Debug, Clone)]
pub struct StageBatch {
    /// Rows, and where they stand.
    pub stage: StageRows,
    /// Which row of the batch each of them is, where they are not in its order; all else is.
    pub order: Option<Vec<u32>>,
    /// Key of every row, for messages.
    pub keys: StringArray,
    /// Key of every row as a number: equal where the keys are; see [`keys::key_number`].
    pub numbers: Vec<u128>,
    /// The source of the rows, as the pipeline names it.
    pub source: Arc<str>,
    /// Row in the source of every row.
    pub origins: Vec<u64>,
    /// Rows that can't be used.
    pub rejects: Vec<Reject>,
    /// What is doubtful about the others, by their index.
    pub flags: Vec<RowFlag>,
    /// Jurisdictions of the others that no column holds, by their index.
    pub links: Vec<RowLink>,
    /// Regions that lines and areas reach into besides their own, by their index.
    pub crossings: Vec<Crossing>,
    /// What they count.
    pub tally: LayerTally,
}

/// Takes a batch, whose first row is row `first` of the layer from 0 up, through the stages.
///
/// # Errors
/// When the batch lacks a required field, or columns don't fit together.
pub fn map_batch(
    raw: &RawBatch,
    first: u64,
    context: &MapContext<'_>,
    transform: Option<&dyn Reproject>,
) -> Result<StageBatch, KernelError> {
    let MapContext {
        layer,
        reference,
        join,
        ..
    } = *context;
    let schema = &layer.schema;
    let mut normalised = normalise::normalise(raw, schema, &reference.states, context.again, transform)?;
    let sectors = sector::classify(
        normalised.rows.len(),
        |name| normalised.columns.text(name),
        layer,
        reference,
    )?;
    // Once, for locate, claims and pack: that of a polygon takes its crossings with a line, edge by edge.
    let points: Vec<Point<f64>> = normalised.geometries.iter().map(point_of).collect();
    let standing = Places {
        kind: schema.geometry,
        geometries: &normalised.geometries,
        points: &points,
    };
    let mut located = locate::locate(&standing, join);
    let placed = Placed {
        columns: &normalised.columns,
        geometries: &normalised.geometries,
        points: &points,
        located: &located,
    };
    let claims = claims::compare_claims(&placed, join, &reference.county_successions);
    let inputs = StageInputs {
        layer,
        normalised: &normalised,
        sectors: &sectors,
        located: &located,
        claims: &claims,
        points: &points,
    };
    let stage = assemble::stage_rows(context.schema, &inputs)?;
    let mut doubts = std::mem::take(&mut normalised.flags);
    doubts.extend(sectors.flags);
    doubts.extend(claims.flags);
    doubts.extend(flags::doubtful_places(&located));
    // Stable: the flags of a row stay in the order of the stages, and those of a layer are in the order of its rows however
    // it was cut into batches.
    doubts.sort_by_key(|flag| flag.index);
    let mut tally = tally_batch(raw, first, context, &mut normalised, &stage)?;
    tally.slivers = located.slivers;
    tally.ties = located.ties;
    Ok(StageBatch {
        stage,
        order: None,
        numbers: normalised
            .keys
            .iter()
            .map(|key| keys::key_number(key.unwrap_or_default()))
            .collect(),
        keys: normalised.keys,
        source: Arc::clone(&raw.source),
        origins: normalised.rows,
        rejects: normalised.rejects,
        flags: doubts,
        links: std::mem::take(&mut located.links),
        crossings: std::mem::take(&mut located.crossings),
        tally,
    })
}

/// What a batch counts: as it was read, as it was understood, and as its rows are published.
fn tally_batch(
    raw: &RawBatch,
    first: u64,
    context: &MapContext<'_>,
    normalised: &mut Normalised,
    stage: &StageRows,
) -> Result<LayerTally, KernelError> {
    let mut repairs = raw.repairs;
    repairs.add(normalised.repairs);
    let missing = normalise::missing_fields(raw, &context.layer.schema);
    Ok(LayerTally {
        read: raw.len() as u64,
        good: normalised.rows.len() as u64,
        repairs,
        fields: std::mem::take(&mut normalised.fields),
        mangled: std::mem::take(&mut normalised.mangled),
        missing: Some(missing.into_iter().collect()),
        profile: Profiler::of_batch(raw, first),
        slivers: 0,
        ties: 0,
        rows: RowTally::of_rows(stage, context.places)?,
    })
}

/// The point that stands for a geometry.
fn point_of(shape: &geo::Geometry<f64>) -> Point<f64> {
    geometry::representative_point(shape).expect("a checked geometry has a point")
}

impl StageBatch {
    /// Puts its rows in an order in which neighbours lie side by side.
    ///
    /// # Errors
    /// When Arrow can't take rows, which would be a mistake of this program.
    pub fn clustered(mut self) -> Result<Self, KernelError> {
        // Rows alone, and once all is told of them: keys, rejects and flags stay in the order of the source, in which
        // the first row keeps a key.
        let order = along_curve(self.stage.centres());
        let ordered = self.stage.in_order(&order);
        self.stage = ordered.map_err(|source| KernelError::Arrow { source })?;
        self.order = Some(order);
        Ok(self)
    }

    /// Where among `stage` rows of the batch are.
    pub fn places_of(&self, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        let rows: Vec<usize> = rows.collect();
        let Some(order) = self.order.as_ref().filter(|_| !rows.is_empty()) else {
            return rows;
        };
        let mut places = vec![0; order.len()];
        for (place, row) in order.iter().enumerate() {
            places[*row as usize] = place;
        }
        rows.into_iter().map(|row| places[row]).collect()
    }

    /// Leaves out the rows that are not `fresh`, each a reject: an earlier row has their key.
    ///
    /// # Errors
    /// When Arrow can't filter, which would be a mistake of this program.
    pub fn without_duplicates(
        mut self,
        fresh: &[bool],
        context: &MapContext<'_>,
    ) -> Result<Self, KernelError> {
        for row in (0..fresh.len()).filter(|row| !fresh[*row]) {
            self.rejects.push(Reject {
                origin: Origin {
                    source: Arc::clone(&self.source),
                    row: self.origins[row],
                },
                field: context.layer.schema.key.join("/"),
                value: shortened(self.keys.value(row)),
                reason: RejectReason::DuplicateKey,
            });
        }
        // Rows stand along a curve, all else in the order of the source: the marks are needed in both.
        let fresh_along_curve: Vec<bool> = match &self.order {
            Some(order) => order.iter().map(|row| fresh[*row as usize]).collect(),
            None => fresh.to_vec(),
        };
        let keys = filter(&self.keys, &BooleanArray::from(fresh.to_vec()));
        self.keys = keys
            .map_err(|source| KernelError::Arrow { source })?
            .to_data()
            .into();
        let stage = self.stage.retained(&fresh_along_curve);
        self.stage = stage.map_err(|source| KernelError::Arrow { source })?;
        self.order = self.order.map(|order| renumbered_order(&order, fresh));
        self.numbers = retained(self.numbers, fresh);
        self.origins = retained(self.origins, fresh);
        self.flags = normalise::renumbered_flags(self.flags, fresh);
        self.renumber_links(fresh);
        // Counted again, not subtracted: boxes and sets of what is gone can't be taken out of a sum.
        self.tally.good = self.origins.len() as u64;
        self.tally.rows = RowTally::of_rows(&self.stage, context.places)?;
        Ok(self)
    }
}

impl StageBatch {
    /// Leaves out links and crossings of rows that aren't kept.
    fn renumber_links(&mut self, keep: &[bool]) {
        if self.links.is_empty() && self.crossings.is_empty() {
            return;
        }
        let places = normalise::new_indexes(keep);
        self.links
            .retain_mut(|link| places[link.row].map(|place| link.row = place).is_some());
        self.crossings
            .retain_mut(|crossing| places[crossing.row].map(|place| crossing.row = place).is_some());
    }

    /// The rows that reach into further regions, once for each, with the region in the column [`CROSSED_REGION`]; none
    /// where no row does.
    ///
    /// # Errors
    /// When Arrow can't take rows, which would be a mistake of this program.
    ///
    /// # Panics
    /// Never: no batch has 2^32 rows.
    pub fn crossing_rows(&self) -> Result<Option<StageRows>, KernelError> {
        if self.crossings.is_empty() {
            return Ok(None);
        }
        let places = self.places_of(self.crossings.iter().map(|crossing| crossing.row));
        let mut order: Vec<u32> = Vec::with_capacity(places.len());
        for place in places {
            order.push(u32::try_from(place).expect("a batch has less than 2^32 rows"));
        }
        let regions = self.crossings.iter().map(|crossing| crossing.region.as_str());
        let regions = StringArray::from_iter_values(regions);
        let rows = self.stage.in_order(&order);
        let rows = rows.and_then(|rows| {
            rows.with_column(
                Field::new(CROSSED_REGION, DataType::Utf8, false),
                Arc::new(regions),
            )
        });
        rows.map(Some).map_err(|source| KernelError::Arrow { source })
    }
}

/// Numbers of rows, once those that aren't kept are gone.
fn renumbered_order(order: &[u32], keep: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let mut numbers = vec![0; keep.len()];
    for (number, keep) in numbers.iter_mut().zip(keep) {
        *number = next;
        next += u32::from(*keep);
    }
    order
        .iter()
        .map(|row| *row as usize)
        .filter(|row| keep[*row])
        .map(|row| numbers[row])
        .collect()
}
