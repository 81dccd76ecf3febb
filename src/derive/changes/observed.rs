//! The layers' rows as they go by: of each a record of fixed size, to be held against the rows of the release before.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::{DataType, Schema};
use serde_json::value::RawValue;

use super::digest::{Digest, row_digests};
use crate::derive::product::{Night, Observer, RowPlace, Seen};
use crate::feature::records::{Records, Sorted};
use crate::feature::{FacilityRows, LayerReport, RegionId, TileRecord};
use crate::geoparquet::ColumnReader;
use crate::kernel::keys::key_number;

// A record is compared by memory alone, so that its numbers have their highest byte first (`feature::records`): layer,
// key, digest, tile, place. All records of a layer, and among them those of a key, then stand side by side.

/// Columns that say nothing of their own: the key, what is the same in every row, what follows from the geometry.
pub(super) const LEFT_OUT: [&str; 3] = ["facility_id", "layer", "bbox"];

/// Bytes of a record.
pub(super) const BYTES: usize = 40;

/// What is kept of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// Over all columns that are compared.
    pub(super) digest: Digest,
    /// Number of the tile it is in, among those of its layer.
    pub(super) tile: u32,
    pub(super) place: RowPlace,
}

/// What a record begins with: which layer it is of, and its row's key as a number ([`key_number`]), which is exact or as
/// good as that.
pub(super) type Key = [u8; 20];

pub(super) fn record_key(layer: u32, number: u128) -> Key {
    let mut key = [0; 20];
    key[..4].copy_from_slice(&layer.to_be_bytes());
    key[4..].copy_from_slice(&number.to_be_bytes());
    key
}

impl Record {
    pub(super) fn to_bytes(self, key: Key) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..20].copy_from_slice(&key);
        bytes[20..28].copy_from_slice(&self.digest.to_be_bytes());
        let rest = [self.tile, self.place.part, self.place.row].map(u32::to_be_bytes);
        bytes[28..].copy_from_slice(rest.as_flattened());
        bytes
    }

    fn from_bytes(bytes: &[u8; BYTES]) -> Self {
        let (_, rest) = bytes.split_at(20);
        let (digest, rest) = rest.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let mut numbers = [0; 3];
        for (number, bytes) in numbers.iter_mut().zip(rest.as_chunks().0) {
            *number = u32::from_be_bytes(*bytes);
        }
        let [tile, part, row] = numbers;
        Self {
            digest: Digest::from_be_bytes(*digest),
            tile,
            place: RowPlace { part, row },
        }
    }
}

/// The number of a facility's id.
pub(super) fn id_number(layer: &str, id: &str) -> u128 {
    // Short keys are exact; the layer before them is the same in every row.
    let key = id
        .strip_prefix(layer)
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(id);
    key_number(key)
}

/// A layer that goes by.
#[derive(Debug)]
pub(super) struct ObservedLayer {
    /// Its number among those that do.
    layer: u32,
    /// Its columns, with the types that they have in a file.
    pub(super) schema: Schema,
    /// Columns that are compared: both releases have them, with one type.
    pub(super) columns: Vec<String>,
    /// By region and number: which tile it is, and its rows so far.
    tiles: Mutex<BTreeMap<(RegionId, u32), (u32, u64)>>,
}

impl ObservedLayer {
    fn begin_layer(layer: u32, rows: &FacilityRows, before: &[(PathBuf, String)]) -> Self {
        let schema = schema_in_file(rows.as_batch().schema_ref());
        // One tile is enough: all tiles of a layer in a release have the same columns.
        let old = before.first().and_then(|(tile, _)| ColumnReader::open(tile).ok());
        // What can't be read is told when the two are compared.
        let old = old.map_or_else(|| schema.clone(), |old| old.schema());
        Self {
            layer,
            columns: shared_columns(&old, &schema),
            schema,
            tiles: Mutex::default(),
        }
    }

    fn make_records(&self, seen: &Seen<'_>, places: &[RowPlace]) -> Vec<[u8; BYTES]> {
        let Some(ids) = seen.rows.ids() else {
            return vec![];
        };
        // Locked for the look-up alone: the digests below are the work, and several threads do theirs at once.
        let tile = {
            let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
            let next = u32::try_from(tiles.len()).expect("a layer has less than 2^32 tiles");
            let (tile, rows) = tiles
                .entry((seen.region.clone(), seen.ordinal))
                .or_insert((next, 0));
            *rows += places.len() as u64;
            *tile
        };
        let digests = row_digests(seen.rows, &self.columns);
        let mut records = Vec::with_capacity(places.len());
        for ((id, digest), place) in ids.iter().zip(digests).zip(places) {
            let record = Record {
                digest,
                tile,
                place: *place,
            };
            let number = id_number(seen.layer, id.unwrap_or_default());
            records.push(record.to_bytes(record_key(self.layer, number)));
        }
        records
    }

    /// The records of some tiles; none where not all of their rows were seen.
    ///
    /// # Errors
    /// When records can't be had back.
    pub(super) fn of_tiles<'t, 's>(
        &self,
        all: &'s Sorted<BYTES>,
        tiles: impl Iterator<Item = &'t TileRecord>,
    ) -> io::Result<Option<ComparedRecords<'s>>> {
        let seen = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        let mut are_wanted = vec![false; seen.len()];
        for tile in tiles {
            match seen.get(&(tile.region.clone(), tile.ordinal)) {
                Some((number, rows)) if *rows == tile.rows => are_wanted[*number as usize] = true,
                // Rows that weren't seen would be told as removed.
                _ => return Ok(None),
            }
        }
        let places = all.range_starting_with(&self.layer.to_be_bytes())?;
        Ok(Some(ComparedRecords {
            all,
            layer: self.layer,
            places,
            are_wanted,
        }))
    }
}

/// The records of a layer's tiles that are compared.
#[derive(Debug)]
pub(super) struct ComparedRecords<'s> {
    all: &'s Sorted<BYTES>,
    layer: u32,
    places: Range<usize>,
    /// By the number of the tile.
    are_wanted: Vec<bool>,
}

impl<'s> ComparedRecords<'s> {
    /// All records, of the layer with number 0 and so many tiles.
    pub(super) fn of_one_layer(all: &'s Sorted<BYTES>, tiles: usize) -> Self {
        Self {
            all,
            layer: 0,
            places: 0..all.len(),
            are_wanted: vec![true; tiles],
        }
    }
}

impl ComparedRecords<'_> {
    /// Records of the layer, in tiles that are compared and in others: above all numbers that are given out.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The record of a row with this number, and which of the layer it is.
    ///
    /// # Errors
    /// When it can't be had back.
    pub(super) fn find(&self, number: u128) -> io::Result<Option<(usize, Record)>> {
        let found = self.all.find(&record_key(self.layer, number))?;
        let record = found.map(|(at, bytes)| (at - self.places.start, Record::from_bytes(&bytes)));
        Ok(record.filter(|(_, record)| self.is_wanted(record)))
    }

    /// Shows the records of the tiles that are compared, and which of the layer's each is.
    ///
    /// # Errors
    /// When they can't be had back.
    pub(super) fn each_compared(&self, see: &mut dyn FnMut(usize, Record)) -> io::Result<()> {
        self.all.visit_range(self.places.clone(), &mut |at, bytes| {
            let record = Record::from_bytes(bytes);
            if self.is_wanted(&record) {
                see(at - self.places.start, record);
            }
        })
    }

    fn is_wanted(&self, record: &Record) -> bool {
        self.are_wanted
            .get(record.tile as usize)
            .copied()
            .unwrap_or_default()
    }
}

/// Columns that two releases have with one type, in the order of the later one.
pub(super) fn shared_columns(old: &Schema, new: &Schema) -> Vec<String> {
    let fields = new
        .fields()
        .iter()
        .filter(|field| !LEFT_OUT.contains(&field.name().as_str()));
    // `equals_datatype` passes over what a list's items are called, which differs by who wrote the file.
    fields
        .filter(|field| {
            old.field_with_name(field.name())
                .is_ok_and(|old| old.data_type().equals_datatype(field.data_type()))
        })
        .map(|field| field.name().clone())
        .collect()
}

/// Columns as a file has them: codes are text.
fn schema_in_file(schema: &Schema) -> Schema {
    let mut fields = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let kind = match field.data_type() {
            DataType::Dictionary(_, value) => value.as_ref().clone(),
            other => other.clone(),
        };
        fields.push(field.as_ref().clone().with_data_type(kind));
    }
    Schema::new(fields)
}

/// Sees the layers that the release before has, too.
pub(super) struct Watch<'a> {
    pub(super) night: Night<'a>,
    layers: Mutex<BTreeMap<String, Arc<ObservedLayer>>>,
    /// How many there have been.
    met: AtomicU32,
    /// Of all layers; those of a layer that was forgotten are among them. An error is told when they are asked for.
    records: Mutex<io::Result<Records<BYTES>>>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(night: Night<'a>) -> Self {
        Self {
            night,
            layers: Mutex::default(),
            met: AtomicU32::new(0),
            records: Mutex::new(Ok(Records::new(night.room))),
        }
    }

    /// What was seen of a layer.
    pub(super) fn take_layer(&self, layer: &str) -> Option<Arc<ObservedLayer>> {
        self.layers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(layer)
    }

    /// The records of all layers.
    ///
    /// # Errors
    /// When one couldn't be put away.
    pub(super) fn sort_records(&self) -> io::Result<Sorted<BYTES>> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *records, Ok(Records::new(self.night.room)))?.sorted()
    }

    fn observed_layer(&self, seen: &Seen<'_>) -> Option<Arc<ObservedLayer>> {
        let before = self
            .night
            .before?
            .get(seen.layer)
            .filter(|tiles| !tiles.is_empty())?;
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = layers.entry(seen.layer.to_owned()).or_insert_with(|| {
            // A layer that was forgotten and is made once more gets another number: its first records are nobody's.
            let number = self.met.fetch_add(1, Ordering::Relaxed);
            Arc::new(ObservedLayer::begin_layer(number, seen.rows, before))
        });
        Some(Arc::clone(known))
    }
}

impl Observer for Watch<'_> {
    fn columns_to_read(&self, _: &LayerReport) -> Vec<&'static str> {
        vec![]
    }

    fn see_rows(&self, seen: &Seen<'_>) {
        // A tile of an earlier run is the same as in the release before.
        let Some(places) = seen.places else { return };
        let Some(observed) = self.observed_layer(seen) else {
            return;
        };
        let new = observed.make_records(seen, places);
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(all) = records.as_mut()
            && let Err(error) = all.extend(new)
        {
            *records = Err(error);
        }
    }

    fn forget_layer(&self, layer: &str) {
        self.take_layer(layer);
    }

    fn tally_layer(&self, _: &str) -> Option<Box<RawValue>> {
        // Something, though there is nothing to keep: none would have the tiles of a quiet night shown again.
        Some(RawValue::NULL.to_owned())
    }

    fn recall_layer(&self, _: &LayerReport, _: &RawValue) -> bool {
        // As `see`: nothing is kept of tiles of earlier runs.
        true
    }
}
