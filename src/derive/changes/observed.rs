//! The layers' rows as they go by: of each a record of fixed size, to be held against the rows of the release before.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use rayon::prelude::*;

use super::digest::{Digest, digests};
use crate::derive::product::{Night, Observer, Place, Seen};
use crate::feature::{LayerReport, RegionId, Texts, TileRecord};
use crate::geoparquet::Columns;
use crate::kernel::map::key_number;

/// Columns that say nothing of their own: the key, what is the same in every row, what follows from the geometry.
pub(super) const LEFT_OUT: [&str; 3] = ["facility_id", "layer", "bbox"];

/// What is kept of a row: 40 bytes. Not bounded by the memory budget yet: all rows that a run makes have theirs until the
/// changes are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// Its key as a number ([`key_number`]), which is exact or as good as that.
    pub(super) id: Digest,
    /// Over all columns that are compared.
    pub(super) digest: Digest,
    pub(super) place: Place,
}

/// The number of a facility's id.
pub(super) fn number(layer: &str, id: &str) -> Digest {
    // Short keys are exact; the layer before them is the same in every row.
    let key = id.strip_prefix(layer).and_then(|rest| rest.strip_prefix(':')).unwrap_or(id);
    key_number(key).to_be_bytes()
}

/// A layer that goes by.
#[derive(Debug)]
pub(super) struct Observed {
    /// Its columns, with the types that they have in a file.
    pub(super) schema: Schema,
    /// Columns that are compared: both releases have them, with one type.
    pub(super) columns: Vec<String>,
    /// By region and number.
    tiles: Mutex<BTreeMap<(RegionId, u32), Vec<Record>>>,
}

impl Observed {
    fn of(rows: &RecordBatch, before: &[(PathBuf, String)]) -> Self {
        let schema = in_a_file(&rows.schema());
        let old = before.first().and_then(|(tile, _)| Columns::of(tile).ok());
        // What can't be read is told when the two are compared.
        let old = old.map_or_else(|| schema.clone(), |old| old.schema());
        Self { columns: compared(&old, &schema), schema, tiles: Mutex::default() }
    }

    fn see(&self, seen: &Seen<'_>, places: &[Place]) {
        let Some(ids) = Texts::named(seen.rows, "facility_id") else { return };
        let digests = digests(seen.rows, &self.columns);
        let record = |((id, digest), place): ((Option<&str>, Digest), &Place)| Record {
            id: number(seen.layer, id.unwrap_or_default()),
            digest,
            place: *place,
        };
        let records = ids.iter().zip(digests).zip(places).map(record);
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        tiles.entry((seen.region.clone(), seen.ordinal)).or_default().extend(records);
    }

    /// The records of some tiles, by number; none where not all of their rows were seen.
    pub(super) fn records<'t>(&self, tiles: impl Iterator<Item = &'t TileRecord>) -> Option<Vec<Record>> {
        let mut seen = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::new();
        for tile in tiles {
            let records = seen.remove(&(tile.region.clone(), tile.ordinal))?;
            if records.len() as u64 != tile.rows {
                return None;
            }
            all.extend(records);
        }
        seen.clear();
        all.par_sort_unstable_by_key(|record| record.id);
        Some(all)
    }
}

/// Columns that two releases have with one type, in the order of the later one.
pub(super) fn compared(old: &Schema, new: &Schema) -> Vec<String> {
    let fields = new.fields().iter().filter(|field| !LEFT_OUT.contains(&field.name().as_str()));
    let is_same = |name: &str, kind: &DataType| {
        old.field_with_name(name).is_ok_and(|old| old.data_type().equals_datatype(kind))
    };
    fields
        .filter(|field| is_same(field.name(), field.data_type()))
        .map(|field| field.name().clone())
        .collect()
}

/// Columns as a file has them: codes are text.
fn in_a_file(schema: &Schema) -> Schema {
    let plain = |kind: &DataType| match kind {
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        other => other.clone(),
    };
    let fields = schema.fields().iter();
    Schema::new(
        fields
            .map(|field| field.as_ref().clone().with_data_type(plain(field.data_type())))
            .collect::<Vec<_>>(),
    )
}

/// Sees the layers that the release before has, too.
pub(super) struct Watch<'a> {
    pub(super) night: Night<'a>,
    layers: Mutex<BTreeMap<String, Arc<Observed>>>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(night: Night<'a>) -> Self {
        Self { night, layers: Mutex::default() }
    }

    /// What was seen of a layer.
    pub(super) fn take(&self, layer: &str) -> Option<Arc<Observed>> {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner).remove(layer)
    }

    fn layer(&self, seen: &Seen<'_>) -> Option<Arc<Observed>> {
        let before = self.night.before?.get(seen.layer).filter(|tiles| !tiles.is_empty())?;
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = layers.entry(seen.layer.to_owned());
        Some(Arc::clone(known.or_insert_with(|| Arc::new(Observed::of(seen.rows, before)))))
    }
}

impl Observer for Watch<'_> {
    fn columns(&self, _: &LayerReport) -> Vec<&'static str> {
        vec![]
    }

    fn see(&self, seen: &Seen<'_>) {
        // A tile of an earlier run is the same as in the release before.
        let Some(places) = seen.places else { return };
        if let Some(observed) = self.layer(seen) {
            observed.see(seen, places);
        }
    }

    fn forget(&self, layer: &str) {
        self.take(layer);
    }
}
