//! The tiles of the release before, read once and held against the records of this one: rows that are gone, and rows that
//! differ, some at a time. Reads tiles; writes nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::UInt32Array;
use rayon::prelude::*;

use super::digest::{Digest, row_digests};
use super::observed::{ComparedRecords, Record, id_number};
use crate::derive::product::RowPlace;
use crate::feature::{FacilityRows, Texts};
use crate::geoparquet::{GeoparquetError, read_each};

/// What is told of a facility.
pub(super) const FACILITY_COLUMNS: [&str; 3] = ["facility_id", "name", "state_code"];

/// Rows that differ which are looked at together: their values in this release are had back together.
const LOT: usize = 8_192;

/// Takes what is found, several threads at once.
pub(super) trait Finder: Sync {
    /// Rows that are gone.
    ///
    /// # Errors
    /// When they can't be told.
    fn found_removed(&self, rows: &FacilityRows) -> Result<(), GeoparquetError>;

    /// Rows that differ, and where each is in this release.
    ///
    /// # Errors
    /// When their values can't be had back, or they can't be told.
    fn found_changed(&self, before: &FacilityRows, places: &[RowPlace]) -> Result<(), GeoparquetError>;

    /// Rows of this release alone.
    ///
    /// # Errors
    /// As `found_changed`.
    fn found_added(&self, places: &[RowPlace]) -> Result<(), GeoparquetError>;
}

/// Rows of this release, to be found in the one before.
pub(super) struct RowMatcher<'a> {
    pub(super) layer: &'a str,
    /// None where it has no rows of its own.
    pub(super) records: Option<&'a ComparedRecords<'a>>,
    /// Columns that the records' digests are over.
    pub(super) columns: &'a [String],
    pub(super) finder: &'a dyn Finder,
}

/// Of each record, whether the release before has it: one bit.
///
/// Bits, for there is one for every row of the release. Tiles are read by several threads, and each bit stands by itself:
/// whether it is set is all that anybody asks, so that no order among them has to be kept (`Relaxed`).
struct MetRecords(Vec<AtomicU64>);

impl MetRecords {
    fn none_met(records: usize) -> Self {
        Self((0..records.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Notes that a record is met; tells whether it was before.
    fn mark_met(&self, at: usize) -> bool {
        self.0[at / 64].fetch_or(1 << (at % 64), Ordering::Relaxed) >> (at % 64) & 1 == 1
    }

    fn is_met(&self, at: usize) -> bool {
        self.0[at / 64].load(Ordering::Relaxed) >> (at % 64) & 1 == 1
    }
}

/// Rows of a tile that differ, until there are enough of them.
struct DifferingRows<'t> {
    tile: &'t Path,
    before: Vec<FacilityRows>,
    places: Vec<RowPlace>,
}

impl<'t> DifferingRows<'t> {
    fn new(tile: &'t Path) -> Self {
        Self {
            tile,
            before: vec![],
            places: vec![],
        }
    }

    fn rows_of_tile(&self, rows: &FacilityRows, which: Vec<u32>) -> Result<FacilityRows, GeoparquetError> {
        rows.take(&UInt32Array::from(which))
            .map_err(|source| GeoparquetError::decode_error(self.tile, source))
    }
}

impl RowMatcher<'_> {
    /// Holds the tiles of the release before against the records of this one; tells how many rows both have.
    ///
    /// # Errors
    /// When a tile can't be read, records can't be had back, or the finder fails.
    pub(super) fn match_tiles(&self, tiles: &[PathBuf]) -> Result<u64, GeoparquetError> {
        // By the place of each record among those of the layer, in tiles that are compared and in others alike.
        let met = MetRecords::none_met(self.records.map_or(0, ComparedRecords::len));
        tiles
            .par_iter()
            .try_for_each(|tile| self.match_tile(tile, &met))?;
        let Some(records) = self.records else { return Ok(0) };
        let mut kept = 0;
        let mut new = Vec::new();
        let mut failed = None;
        // The records can't be left half-way, so that a failure is noted, and what follows it is passed over.
        let shown = records.each_compared(&mut |at, record| {
            if met.is_met(at) {
                kept += 1;
                return;
            }
            new.push(record.place);
            if new.len() == LOT && failed.is_none() {
                failed = self.finder.found_added(&std::mem::take(&mut new)).err();
            }
        });
        shown.map_err(records_error)?;
        failed.map_or(Ok(()), Err)?;
        if !new.is_empty() {
            self.finder.found_added(&new)?;
        }
        Ok(kept)
    }

    fn match_tile(&self, tile: &Path, met: &MetRecords) -> Result<(), GeoparquetError> {
        // Name and state are told of a facility, whether they are compared or not; a column that is both is read once.
        let further = self
            .columns
            .iter()
            .map(String::as_str)
            .filter(|name| !FACILITY_COLUMNS.contains(name));
        let columns: Vec<&str> = FACILITY_COLUMNS.into_iter().chain(further).collect();
        let mut lot = DifferingRows::new(tile);
        let mut failed = None;
        read_each(tile, &columns, &mut |rows| {
            if failed.is_none() {
                failed = self.match_rows(rows, met, &mut lot).err();
            }
        })?;
        failed.map_or(Ok(()), Err)?;
        self.hand_on(&mut lot)
    }

    /// Looks at rows of a tile.
    fn match_rows(
        &self,
        rows: &FacilityRows,
        met: &MetRecords,
        lot: &mut DifferingRows<'_>,
    ) -> Result<(), GeoparquetError> {
        let ids = rows.ids();
        let mut gone = Vec::new();
        let mut differing = Vec::new();
        // Where there is nothing to find, every row is gone, whatever its values.
        let digests: Vec<Digest> = if self.records.is_some() {
            row_digests(rows, self.columns)
        } else {
            vec![]
        };
        for (row, id) in (0u32..).zip(ids.into_iter().flat_map(Texts::iter)) {
            match self.find_record(id.unwrap_or_default()).map_err(records_error)? {
                None => gone.push(row),
                // An id stands once in a release; in one that isn't sound, the rows that repeat it are gone.
                Some((at, _)) if met.mark_met(at) => gone.push(row),
                Some((_, record)) if digests[row as usize] == record.digest => {}
                Some((_, record)) => {
                    lot.places.push(record.place);
                    differing.push(row);
                }
            }
        }
        if !gone.is_empty() {
            self.finder.found_removed(&lot.rows_of_tile(rows, gone)?)?;
        }
        if !differing.is_empty() {
            let differing = lot.rows_of_tile(rows, differing)?;
            lot.before.push(differing);
        }
        if lot.places.len() >= LOT {
            self.hand_on(lot)
        } else {
            Ok(())
        }
    }

    fn find_record(&self, id: &str) -> io::Result<Option<(usize, Record)>> {
        self.records
            .map_or(Ok(None), |records| records.find(id_number(self.layer, id)))
    }

    fn hand_on(&self, lot: &mut DifferingRows<'_>) -> Result<(), GeoparquetError> {
        let DifferingRows { tile, before, places } = std::mem::replace(lot, DifferingRows::new(lot.tile));
        if before.is_empty() {
            return Ok(());
        }
        let before =
            FacilityRows::concat(&before).map_err(|source| GeoparquetError::decode_error(tile, source))?;
        self.finder.found_changed(&before, &places)
    }
}

/// What was put away can't be had back.
pub(super) fn records_error(source: io::Error) -> GeoparquetError {
    GeoparquetError::Rows {
        what: "what was kept of every row".to_owned(),
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use arrow_array::{ArrayRef, RecordBatch, StringArray};

    use super::super::observed::{BYTES, record_key};
    use super::*;
    use crate::feature::records::{RecordBudget, Records, Sorted};
    use crate::feature::scratch_in_memory::Memory;
    use crate::geoparquet::{WriteOptions, write_table};

    /// What was found, in words.
    #[derive(Default)]
    struct Words(Mutex<Vec<String>>);

    impl Words {
        fn say(&self, what: &str, rows: &FacilityRows, places: &[RowPlace]) {
            for (at, id) in rows.ids().unwrap().iter().enumerate() {
                let place = places
                    .get(at)
                    .map_or_else(String::new, |place| format!(" at {}", place.row));
                self.0
                    .lock()
                    .unwrap()
                    .push(format!("{what} {}{place}", id.unwrap()));
            }
        }
    }

    impl Finder for Words {
        fn found_removed(&self, rows: &FacilityRows) -> Result<(), GeoparquetError> {
            self.say("gone", rows, &[]);
            Ok(())
        }

        fn found_changed(&self, before: &FacilityRows, places: &[RowPlace]) -> Result<(), GeoparquetError> {
            self.say("differs", before, places);
            Ok(())
        }

        fn found_added(&self, places: &[RowPlace]) -> Result<(), GeoparquetError> {
            self.0
                .lock()
                .unwrap()
                .extend(places.iter().map(|place| format!("new at {}", place.row)));
            Ok(())
        }
    }

    fn rows(ids: &[&str], values: &[&str]) -> FacilityRows {
        let text = |values: &[&str]| -> ArrayRef { Arc::new(StringArray::from_iter_values(values)) };
        let none: ArrayRef = Arc::new(StringArray::new_null(ids.len()));
        let columns = [
            ("facility_id", text(ids)),
            ("name", Arc::clone(&none)),
            ("state_code", none),
            ("use", text(values)),
        ];
        let columns = columns.map(|(name, column)| (name, column, true));
        FacilityRows::try_new(RecordBatch::try_from_iter_with_nullable(columns).unwrap()).unwrap()
    }

    fn tile(rows: &FacilityRows) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write_table(
            rows.as_batch(),
            &[],
            &WriteOptions {
                page_rows: 64,
                zstd_level: 3,
            },
            &mut file,
        )
        .unwrap();
        file
    }

    /// Records of rows whose place is their number here.
    fn records(ids: &[&str], values: &[&str], columns: &[String]) -> Sorted<BYTES> {
        let mut records = Records::new(&RecordBudget {
            bytes: 0,
            space: Arc::new(Memory),
        });
        let places = (0..).map(|row| RowPlace { part: 0, row });
        let digests = row_digests(&rows(ids, values), columns);
        let record = |((id, digest), place): ((&&str, Digest), RowPlace)| {
            Record {
                digest,
                tile: 0,
                place,
            }
            .to_bytes(record_key(0, id_number("l", id)))
        };
        records
            .extend(ids.iter().zip(digests).zip(places).map(record))
            .unwrap();
        records.sorted().unwrap()
    }

    fn found(
        tiles: &[PathBuf],
        records: Option<&ComparedRecords<'_>>,
        columns: &[String],
    ) -> (u64, Vec<String>) {
        let finder = Words::default();
        let kept = RowMatcher {
            layer: "l",
            records,
            columns,
            finder: &finder,
        }
        .match_tiles(tiles)
        .unwrap();
        let mut words = finder.0.into_inner().unwrap();
        words.sort();
        (kept, words)
    }

    #[test]
    fn rows_are_found_wherever_they_have_moved_to() {
        let columns = ["use".to_owned()];
        let one = tile(&rows(&["l:d", "l:a"], &["x", "x"]));
        let two = tile(&rows(&["l:c", "l:e"], &["x", "x"]));
        let before = [one.path().to_owned(), two.path().to_owned()];
        let after = records(&["l:b", "l:c", "l:a", "l:e"], &["x", "y", "x", "z"], &columns);
        let (kept, words) = found(&before, Some(&ComparedRecords::of_one_layer(&after, 1)), &columns);
        assert_eq!(kept, 3);
        assert_eq!(
            words,
            ["differs l:c at 1", "differs l:e at 3", "gone l:d", "new at 0"]
        );
    }

    #[test]
    fn an_empty_side_is_all_new_or_all_gone() {
        let columns = ["use".to_owned()];
        let some = tile(&rows(&["l:a", "l:b"], &["x", "x"]));
        let after = records(&["l:a"], &["x"], &columns);
        assert_eq!(
            found(&[], Some(&ComparedRecords::of_one_layer(&after, 1)), &columns),
            (0, vec!["new at 0".to_owned()])
        );
        let (kept, gone) = found(&[some.path().to_owned()], None, &[]);
        assert_eq!(
            (kept, gone),
            (0, vec!["gone l:a".to_owned(), "gone l:b".to_owned()])
        );
    }
}
