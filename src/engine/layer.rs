//! One layer on this machine: its rows, read from what has landed once, or twice where its rows ask for it.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::thread;

use arrow_schema::SchemaRef;
use geo::Rect;
use tracing::Span;

use super::EngineError;
use super::fold::Fold;
use super::keys::KeySet;
use super::origins::Origins;
use super::pipeline::Pipeline;
use super::rejected::too_many_rejects;
use super::room::Room;
use super::rows::{LocalRows, RowStore, SpotPlace};
use super::sample::Sample;
use crate::feature::{FacilityLink, Flags, Landed, Rejects, SourceProfile, Spool, Task};
use crate::kernel::again::SecondReading;
use crate::kernel::columns::layer_schema;
use crate::kernel::core::core;
use crate::kernel::keys::key_number;
use crate::kernel::locate::JoinContext;
use crate::kernel::map::MapContext;
use crate::kernel::tally::LayerTally;
use crate::plan::{LayerPlan, Plan};
use crate::source::Readers;

/// What a layer is made with.
#[derive(Debug, Clone, Copy)]
pub struct LayerWork<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// The layer.
    pub layer: &'a LayerPlan,
    /// The polygon sets.
    pub join: &'a JoinContext,
    /// Boxes around everything that is not far from a state.
    pub places: &'a [Rect<f64>],
    /// Memory and scratch files.
    pub room: &'a Room,
    /// How its source is read.
    pub readers: &'a Readers,
}

/// A layer's rows, and what happened to those that aren't there.
#[derive(Debug)]
pub struct LayerRows {
    /// The rows that can be published.
    pub store: LocalRows,
    /// Their published columns.
    pub schema: SchemaRef,
    /// What the rows count.
    pub tally: LayerTally,
    /// Rows that can't be used, in source order.
    pub rejects: Rejects,
    /// What is doubtful about the others, but for those that share their point: packing meets them.
    pub flags: Flags,
    /// Jurisdictions of rows that no column holds.
    pub links: Spool<FacilityLink>,
    /// Rows that reach into further regions, once for each.
    pub crossing: LocalRows,
    /// Schema fields the source doesn't have.
    pub missing: Vec<String>,
    /// What the source looks like.
    pub profile: SourceProfile,
    /// Where the rows came from.
    pub(super) origins: Origins,
    /// Keys that stand in several rows, as [`SecondReading`] has them.
    repeated: HashMap<u128, u64>,
    /// None once nobody asks for them any more: they are the budget's no more than the sample is.
    keys: Option<KeySet>,
    /// A few of the rows, to be compared with another night's.
    pub sample: Sample,
}

impl LayerRows {
    /// Whether a row has this key; none has once the keys are forgotten.
    ///
    /// # Errors
    /// When a scratch file can't be read.
    pub fn has_key(&self, key: &str) -> io::Result<bool> {
        self.keys
            .as_ref()
            .map_or(Ok(false), |keys| keys.has_seen(key_number(key)))
    }

    /// Frees what is known of the keys.
    pub fn forget_keys(&mut self) {
        self.keys = None;
    }

    /// What a second reading has to know, if it would do anything otherwise.
    fn second_reading(&self) -> SecondReading {
        SecondReading {
            recovered: self.tally.recovered_dates(),
            repeated: self.repeated.clone(),
        }
    }
}

/// Reads a landed layer and takes it through normalise, classify and locate.
///
/// # Errors
/// When the source can't be read, lacks a required column, is empty, or too many rows are rejected.
pub fn read_layer(
    work: LayerWork<'_>,
    landed: &Landed,
    progress: &dyn Task,
) -> Result<LayerRows, EngineError> {
    let first = read_once(work, landed, progress, &SecondReading::default())?;
    let again = first.second_reading();
    if again.is_nothing() {
        return fail_unusable(work.layer, first);
    }
    // What some rows mean can be said once the last is seen. Keeping all rows until then would break the bound on memory;
    // what has landed doesn't change between. The first reading's rows go before the second takes their place.
    drop(first);
    tracing::debug!(
        dates = again.recovered.len(),
        keys = again.repeated.len(),
        "reading once more"
    );
    fail_unusable(work.layer, read_once(work, landed, progress, &again)?)
}

/// Reads a layer; `again` is what an earlier reading has shown.
fn read_once(
    work: LayerWork<'_>,
    landed: &Landed,
    progress: &dyn Task,
    again: &SecondReading,
) -> Result<LayerRows, EngineError> {
    let layer = work.layer;
    let plan = work.plan;
    let reader = work
        .readers
        .open(landed, &layer.source, &plan.limits, layer.schema.crs.as_ref())
        .map_err(|source| EngineError::Source { source })?;
    let crs = reader.crs().to_string();
    // Rows whose key repeats may be told apart the second time: until then they are no reason to give up early.
    let is_final = layer.schema.key_repeated.is_empty() || !again.is_nothing();
    // A source that says how many rows it has at most can be given up before its end: no later row makes up for so many.
    let most_rejects = reader.rows_at_most().filter(|_| is_final);
    let most_rejects = most_rejects.map(|rows| layer.schema.max_rejects * rows as f64);
    let schema = layer_schema(&layer.schema, &work.join.own_columns());
    let context = MapContext {
        layer,
        schema: &schema,
        reference: &plan.reference,
        join: work.join,
        places: work.places,
        again,
    };
    let pipeline = Pipeline::new(reader, context, work.room, most_rejects, progress);
    // Not rayon's own: these wait for each other and for a reading process, and the kernels need its pool meanwhile.
    let workers = rayon::current_num_threads();
    // So that what is said on the way names the layer.
    let span = Span::current();
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| span.in_scope(|| pipeline.work_as_thread(&work.room.seats)));
        }
    });
    let (fold, seen) = pipeline.finish()?;
    if seen.are_degrees() {
        return Err(EngineError::Degrees {
            shown: layer.source.shown.to_string(),
            crs,
        });
    }
    seal_rows(layer, Arc::clone(&schema), fold)
}

/// The layer's rows, once the last batch is folded.
fn seal_rows(layer: &LayerPlan, schema: SchemaRef, fold: Fold<'_>) -> Result<LayerRows, EngineError> {
    let mut store = fold.store;
    let mut crossing = fold.crossing;
    for rows in [&mut store, &mut crossing] {
        rows.seal().map_err(|source| EngineError::Rows { source })?;
    }
    let mut profile = fold.tally.profile.clone().finish();
    profile.extent = fold.tally.rows.extent.map(|extent| {
        let low = extent.min();
        let high = extent.max();
        [low.x, low.y, high.x, high.y]
    });
    profile.core = core(store.rows_in(None), &|see| {
        store.each_spot(None, SpotPlace::AtCentre, &mut |spot| see([spot.x, spot.y]))
    })
    .map_err(|source| EngineError::Rows { source })?;
    profile.far = fold.tally.rows.far;
    let missing = fold.tally.missing.clone().unwrap_or_default();
    let names = layer.schema.fields.iter().map(|field| &field.name);
    Ok(LayerRows {
        store,
        schema,
        missing: names.filter(|name| missing.contains(*name)).cloned().collect(),
        tally: fold.tally,
        rejects: fold.rejects,
        flags: fold.flags,
        links: fold.links,
        crossing,
        profile,
        origins: fold.origins,
        repeated: fold.repeated,
        keys: Some(fold.keys),
        sample: fold.sample,
    })
}

/// An empty source, one with too many rejects and one that leaves no row fail their layer.
fn fail_unusable(layer: &LayerPlan, rows: LayerRows) -> Result<LayerRows, EngineError> {
    let read = rows.tally.read;
    if read == 0 {
        return Err(EngineError::Empty {
            shown: layer.source.shown.to_string(),
        });
    }
    // By faults, not by all rejects: rows that the schema itself excludes are no sign of a broken source.
    let is_left = rows.rejects.count() < read;
    if rows.rejects.count_faults() as f64 <= layer.schema.max_rejects * read as f64 && is_left {
        return Ok(rows);
    }
    let limit = if is_left {
        format!("more than max-rejects = {} allows", layer.schema.max_rejects)
    } else {
        "so none is left".to_owned()
    };
    Err(too_many_rejects(&rows.rejects, read, limit))
}
