//! The layers' rows as they go by: of each a record of fixed size, to be held against the rows of the release before.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use serde_json::value::RawValue;

use super::digest::{Digest, digests};
use crate::derive::product::{Night, Observer, Place, Seen};
use crate::feature::records::{Records, Sorted};
use crate::feature::{LayerReport, RegionId, Texts, TileRecord};
use crate::geoparquet::ColumnReader;
use crate::kernel::map::key_number;

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
    pub(super) place: Place,
}

/// What a record begins with: which layer it is of, and its row's key as a number ([`key_number`]), which is exact or as
/// good as that.
pub(super) type Key = [u8; 20];

pub(super) fn key(layer: u32, number: u128) -> Key {
    let mut key = [0; 20];
    key[..4].copy_from_slice(&layer.to_be_bytes());
    key[4..].copy_from_slice(&number.to_be_bytes());
    key
}

impl Record {
    pub(super) fn bytes(self, key: Key) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..20].copy_from_slice(&key);
        bytes[20..28].copy_from_slice(&self.digest.to_be_bytes());
        let rest = [self.tile, self.place.part, self.place.row].map(u32::to_be_bytes);
        bytes[28..].copy_from_slice(rest.as_flattened());
        bytes
    }

    fn of(bytes: &[u8; BYTES]) -> Self {
        let (_, rest) = bytes.split_at(20);
        let (digest, rest) = rest.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let numbers = rest.as_chunks().0;
        let number = |at: usize| numbers.get(at).map_or(0, |number| u32::from_be_bytes(*number));
        let place = Place {
            part: number(1),
            row: number(2),
        };
        Self {
            digest: Digest::from_be_bytes(*digest),
            tile: number(0),
            place,
        }
    }
}

/// The number of a facility's id.
pub(super) fn number(layer: &str, id: &str) -> u128 {
    // Short keys are exact; the layer before them is the same in every row.
    let key = id
        .strip_prefix(layer)
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(id);
    key_number(key)
}

/// A layer that goes by.
#[derive(Debug)]
pub(super) struct Observed {
    /// Its number among those that do.
    layer: u32,
    /// Its columns, with the types that they have in a file.
    pub(super) schema: Schema,
    /// Columns that are compared: both releases have them, with one type.
    pub(super) columns: Vec<String>,
    /// By region and number: which tile it is, and its rows so far.
    tiles: Mutex<BTreeMap<(RegionId, u32), (u32, u64)>>,
}

impl Observed {
    fn of(layer: u32, rows: &RecordBatch, before: &[(PathBuf, String)]) -> Self {
        let schema = in_a_file(&rows.schema());
        let old = before.first().and_then(|(tile, _)| ColumnReader::open(tile).ok());
        // What can't be read is told when the two are compared.
        let old = old.map_or_else(|| schema.clone(), |old| old.schema());
        Self {
            layer,
            columns: compared(&old, &schema),
            schema,
            tiles: Mutex::default(),
        }
    }

    fn records(&self, seen: &Seen<'_>, places: &[Place]) -> Vec<[u8; BYTES]> {
        let Some(ids) = Texts::named(seen.rows, "facility_id") else {
            return vec![];
        };
        let tile = {
            let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
            let next = u32::try_from(tiles.len()).expect("a layer has less than 2^32 tiles");
            let (tile, rows) = tiles
                .entry((seen.region.clone(), seen.ordinal))
                .or_insert((next, 0));
            *rows += places.len() as u64;
            *tile
        };
        let record = |((id, digest), place): ((Option<&str>, Digest), &Place)| {
            let key = key(self.layer, number(seen.layer, id.unwrap_or_default()));
            Record {
                digest,
                tile,
                place: *place,
            }
            .bytes(key)
        };
        ids.iter()
            .zip(digests(seen.rows, &self.columns))
            .zip(places)
            .map(record)
            .collect()
    }

    /// The records of some tiles; none where not all of their rows were seen.
    ///
    /// # Errors
    /// When records can't be had back.
    pub(super) fn of_tiles<'t, 's>(
        &self,
        all: &'s Sorted<BYTES>,
        tiles: impl Iterator<Item = &'t TileRecord>,
    ) -> io::Result<Option<Compared<'s>>> {
        let seen = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        let mut are_wanted = vec![false; seen.len()];
        for tile in tiles {
            match seen.get(&(tile.region.clone(), tile.ordinal)) {
                Some((number, rows)) if *rows == tile.rows => are_wanted[*number as usize] = true,
                _ => return Ok(None),
            }
        }
        let places = all.starting(&self.layer.to_be_bytes())?;
        Ok(Some(Compared {
            all,
            layer: self.layer,
            places,
            are_wanted,
        }))
    }
}

/// The records of a layer's tiles that are compared.
#[derive(Debug)]
pub(super) struct Compared<'s> {
    all: &'s Sorted<BYTES>,
    layer: u32,
    places: Range<usize>,
    /// By the number of the tile.
    are_wanted: Vec<bool>,
}

#[cfg(test)]
impl<'s> Compared<'s> {
    /// All records, of one layer and tile.
    pub(super) fn all(all: &'s Sorted<BYTES>) -> Self {
        Self {
            all,
            layer: 0,
            places: 0..all.len(),
            are_wanted: vec![true],
        }
    }
}

impl Compared<'_> {
    /// Records of the layer, in tiles that are compared and in others: above all numbers that are given out.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The record of a row with this number, and which of the layer it is.
    ///
    /// # Errors
    /// When it can't be had back.
    pub(super) fn find(&self, number: u128) -> io::Result<Option<(usize, Record)>> {
        let found = self.all.find(&key(self.layer, number))?;
        let record = found.map(|(at, bytes)| (at - self.places.start, Record::of(&bytes)));
        Ok(record.filter(|(_, record)| self.is_wanted(record)))
    }

    /// Shows every record, and which of the layer it is.
    ///
    /// # Errors
    /// When they can't be had back.
    pub(super) fn each(&self, see: &mut dyn FnMut(usize, Record)) -> io::Result<()> {
        self.all.each(self.places.clone(), &mut |at, bytes| {
            let record = Record::of(bytes);
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
pub(super) fn compared(old: &Schema, new: &Schema) -> Vec<String> {
    let fields = new
        .fields()
        .iter()
        .filter(|field| !LEFT_OUT.contains(&field.name().as_str()));
    let is_same = |name: &str, kind: &DataType| {
        old.field_with_name(name)
            .is_ok_and(|old| old.data_type().equals_datatype(kind))
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
    pub(super) fn take(&self, layer: &str) -> Option<Arc<Observed>> {
        self.layers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(layer)
    }

    /// The records of all layers.
    ///
    /// # Errors
    /// When one couldn't be put away.
    pub(super) fn sorted(&self) -> io::Result<Sorted<BYTES>> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *records, Ok(Records::new(self.night.room)))?.sorted()
    }

    fn layer(&self, seen: &Seen<'_>) -> Option<Arc<Observed>> {
        let before = self
            .night
            .before?
            .get(seen.layer)
            .filter(|tiles| !tiles.is_empty())?;
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        let observed = || Observed::of(self.met.fetch_add(1, Ordering::Relaxed), seen.rows, before);
        let known = layers.entry(seen.layer.to_owned());
        Some(Arc::clone(known.or_insert_with(|| Arc::new(observed()))))
    }
}

impl Observer for Watch<'_> {
    fn columns_to_read(&self, _: &LayerReport) -> Vec<&'static str> {
        vec![]
    }

    fn see_rows(&self, seen: &Seen<'_>) {
        // A tile of an earlier run is the same as in the release before.
        let Some(places) = seen.places else { return };
        let Some(observed) = self.layer(seen) else { return };
        let new = observed.records(seen, places);
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(all) = records.as_mut()
            && let Err(error) = all.extend(new)
        {
            *records = Err(error);
        }
    }

    fn forget_layer(&self, layer: &str) {
        self.take(layer);
    }

    fn tally_layer(&self, _: &str) -> Option<Box<RawValue>> {
        Some(RawValue::NULL.to_owned())
    }

    fn recall_layer(&self, _: &LayerReport, _: &RawValue) -> bool {
        // As `see`: nothing is kept of tiles of earlier runs.
        true
    }
}
