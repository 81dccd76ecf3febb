//! Facilities of two releases, matched by their id: those of the release before are read once, past the records of this one.
//!
//! Kept of them are ids, names and states of those that are gone, and the values of those that differ. Reads tiles; writes
//! nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt32Array};
use arrow_schema::ArrowError;
use arrow_select::concat::concat;
use arrow_select::take::take_record_batch;
use rayon::prelude::*;

use super::digest::{Digest, digests};
use super::observed::{Compared, Record, number};
use crate::derive::product::Place;
use crate::feature::Texts;
use crate::geoparquet::{Columns, GeoparquetError, read_each};

/// What is told of a facility.
pub(super) const TOLD: [&str; 3] = ["facility_id", "name", "state_code"];

/// Rows of a layer in the release before of which every value may be kept. Where more differ, tiles are read again column
/// by column, so that memory holds one column of them.
pub(super) const KEPT: usize = 65_536;

/// Where a row stands: in which tile, and in which row of it, or of what was kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) part: u32,
    pub(super) row: u32,
}

/// Ids, names and states of rows, part by part.
pub(super) struct Facilities {
    parts: Vec<[StringArray; 3]>,
}

impl Facilities {
    pub(super) fn of(parts: &[RecordBatch]) -> Self {
        Self { parts: parts.iter().map(|part| TOLD.map(|name| text(part, name))).collect() }
    }

    pub(super) fn id(&self, at: At) -> &str {
        self.parts[at.part as usize][0].value(at.row as usize)
    }

    pub(super) fn name(&self, at: At) -> Option<&str> {
        self.value(1, at)
    }

    pub(super) fn state(&self, at: At) -> Option<&str> {
        self.value(2, at)
    }

    fn value(&self, column: usize, at: At) -> Option<&str> {
        let (column, row) = (&self.parts[at.part as usize][column], at.row as usize);
        column.is_valid(row).then(|| column.value(row))
    }

    /// Every row, by id; rows of one id, which no sound release has, by where they stand.
    pub(super) fn by_id(&self) -> Vec<At> {
        let parts = self.parts.iter().zip(0u32..);
        let rows = |(columns, part): (&[StringArray; 3], u32)| {
            (0u32..).take(columns[0].len()).map(move |row| At { part, row })
        };
        let mut order: Vec<At> = parts.flat_map(rows).collect();
        order.par_sort_unstable_by(|a, b| self.id(*a).cmp(self.id(*b)).then(a.cmp(b)));
        order
    }
}

/// A text column as plain text; nulls where it is something else.
fn text(rows: &RecordBatch, name: &str) -> StringArray {
    let column = rows.column_by_name(name);
    let plain = column.and_then(|column| column.as_string_opt::<i32>()).cloned();
    let coded = || Some(Texts::named(rows, name)?.iter().collect());
    plain.or_else(coded).unwrap_or_else(|| StringArray::new_null(rows.num_rows()))
}

/// Rows of two sides by id.
pub(super) struct Matched {
    /// Rows of this release alone.
    pub(super) added: Vec<Place>,
    /// Rows of the release before alone.
    pub(super) removed: Facilities,
    /// Rows of both that differ: before, and in this release.
    pub(super) differing: Vec<(At, Place)>,
    /// Rows of both.
    pub(super) kept: u64,
    /// The tiles of the release before.
    pub(super) tiles: Vec<OldTile>,
}

/// Where the values of a tile of the release before are.
pub(super) enum OldTile {
    /// Those of rows that differ are kept.
    Kept(Vec<RecordBatch>),
    /// They are read again.
    Again(Columns),
}

impl OldTile {
    /// A column; none where nothing differs.
    pub(super) fn read(&self, name: &str) -> Result<Option<ArrayRef>, GeoparquetError> {
        match self {
            Self::Again(columns) => columns.read(name).map(Some),
            Self::Kept(kept) => {
                let columns: Option<Vec<&dyn Array>> =
                    kept.iter().map(|rows| rows.column_by_name(name).map(AsRef::as_ref)).collect();
                let Some(columns) = columns.filter(|columns| !columns.is_empty()) else { return Ok(None) };
                let joined = concat(&columns);
                Ok(Some(joined.expect("pieces of one column have one type")))
            }
        }
    }
}

/// What was found in a tile.
#[derive(Default)]
struct Found {
    removed: Vec<RecordBatch>,
    /// Row of the tile, and where it is in this release.
    differing: Vec<(u32, Place)>,
    /// Values of these rows; none once they are too many.
    kept: Option<Vec<RecordBatch>>,
}

/// Rows of this release, to be found.
struct Sought<'a> {
    layer: &'a str,
    records: Option<&'a Compared<'a>>,
    columns: &'a [String],
    is_met: Met,
    /// Rows whose values are kept.
    kept: AtomicUsize,
}

/// Of each record, whether the release before has it: one bit.
struct Met(Vec<AtomicU64>);

impl Met {
    fn none_of(records: usize) -> Self {
        Self((0..records.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Notes that a record is met; tells whether it was before.
    fn meet(&self, at: usize) -> bool {
        self.0[at / 64].fetch_or(1 << (at % 64), Ordering::Relaxed) >> (at % 64) & 1 == 1
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64].load(Ordering::Relaxed) >> (at % 64) & 1 == 1
    }
}

impl Matched {
    /// Holds the tiles of the release before against the records of this one; none where it has no rows of its own.
    ///
    /// # Errors
    /// When a tile can't be read, or records can't be had back.
    pub(super) fn of(
        layer: &str,
        tiles: &[PathBuf],
        records: Option<&Compared<'_>>,
        columns: &[String],
    ) -> Result<Self, GeoparquetError> {
        let is_met = Met::none_of(records.map_or(0, Compared::len));
        let sought = Sought { layer, records, columns, is_met, kept: AtomicUsize::default() };
        let found = tiles.par_iter().map(|tile| sought.read(tile)).collect::<Result<Vec<_>, _>>()?;
        let (mut added, mut kept) = (Vec::new(), 0);
        let mut count = |at: usize, record: Record| {
            if sought.is_met.has(at) { kept += 1 } else { added.push(record.place) }
        };
        records.map_or(Ok(()), |records| records.each(&mut count)).map_err(kept_badly)?;
        let mut matched =
            Self { added, removed: Facilities { parts: vec![] }, differing: vec![], kept, tiles: vec![] };
        let mut removed = Vec::new();
        for ((part, tile), found) in (0u32..).zip(tiles).zip(found) {
            removed.extend(found.removed);
            let place = |(kept, (row, place)): (u32, (u32, Place))| {
                let row = if found.kept.is_some() { kept } else { row };
                (At { part, row }, place)
            };
            matched.differing.extend((0..).zip(found.differing).map(place));
            matched.tiles.push(match found.kept {
                Some(kept) => OldTile::Kept(kept),
                None => OldTile::Again(Columns::of(tile)?),
            });
        }
        matched.removed = Facilities::of(&removed);
        Ok(matched)
    }
}

/// Records that can't be had back.
pub(super) fn kept_badly(source: io::Error) -> GeoparquetError {
    GeoparquetError::Rows { what: "what was kept of every row".to_owned(), source: Box::new(source) }
}

/// Why rows can't be looked at.
enum Unseen {
    Columns(ArrowError),
    Records(io::Error),
}

impl From<ArrowError> for Unseen {
    fn from(source: ArrowError) -> Self {
        Self::Columns(source)
    }
}

impl From<io::Error> for Unseen {
    fn from(source: io::Error) -> Self {
        Self::Records(source)
    }
}

impl Sought<'_> {
    fn read(&self, tile: &Path) -> Result<Found, GeoparquetError> {
        let further = self.columns.iter().map(String::as_str).filter(|name| !TOLD.contains(name));
        let columns: Vec<&str> = TOLD.into_iter().chain(further).collect();
        let (mut found, mut first, mut failed) =
            (Found { kept: Some(vec![]), ..Found::default() }, 0u32, None);
        read_each(tile, &columns, &mut |rows| {
            if failed.is_none() {
                failed = self.see(rows, first, &mut found).err();
            }
            first += u32::try_from(rows.num_rows()).expect("a batch has less than 2^32 rows");
        })?;
        match failed {
            Some(Unseen::Columns(source)) => Err(GeoparquetError::Decode { path: tile.to_owned(), source }),
            Some(Unseen::Records(source)) => Err(kept_badly(source)),
            None => Ok(found),
        }
    }

    /// Looks at rows of a tile, the first of which is `first`.
    fn see(&self, rows: &RecordBatch, first: u32, found: &mut Found) -> Result<(), Unseen> {
        let ids = Texts::named(rows, TOLD[0]);
        let (mut gone, mut differing) = (Vec::new(), Vec::new());
        let digests: Vec<Digest> = if self.records.is_some() { digests(rows, self.columns) } else { vec![] };
        for (row, id) in (0u32..).zip(ids.into_iter().flat_map(Texts::iter)) {
            let number = number(self.layer, id.unwrap_or_default());
            match self.records.map_or(Ok(None), |records| records.find(number))? {
                None => gone.push(row),
                // An id stands once in a release; in one that isn't sound, the rows that repeat it are gone.
                Some((at, _)) if self.is_met.meet(at) => gone.push(row),
                Some((_, record)) if digests[row as usize] == record.digest => {}
                Some((_, record)) => {
                    found.differing.push((first + row, record.place));
                    differing.push(row);
                }
            }
        }
        if !gone.is_empty() {
            let told = TOLD.iter().map(|name| rows.schema().index_of(name)).collect::<Result<Vec<_>, _>>()?;
            found.removed.push(take_record_batch(&rows.project(&told)?, &UInt32Array::from(gone))?);
        }
        if differing.is_empty() {
            return Ok(());
        }
        let count = self.kept.fetch_add(differing.len(), Ordering::Relaxed) + differing.len();
        if count > KEPT {
            found.kept = None;
        }
        if let Some(kept) = &mut found.kept {
            kept.push(take_record_batch(rows, &UInt32Array::from(differing))?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::observed::{BYTES, key};
    use super::*;
    use crate::feature::records::{RecordRoom, Records, Sorted};
    use crate::feature::scratch_in_memory::Memory;
    use crate::geoparquet::{WriteOptions, write_table};

    fn rows(ids: &[&str], values: &[&str]) -> RecordBatch {
        let text = |values: &[&str]| -> ArrayRef { Arc::new(StringArray::from_iter_values(values)) };
        let none: ArrayRef = Arc::new(StringArray::new_null(ids.len()));
        let columns = [
            ("facility_id", text(ids)),
            ("name", Arc::clone(&none)),
            ("state_code", none),
            ("use", text(values)),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
    }

    fn tile(rows: &RecordBatch) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write_table(rows, &WriteOptions { page_rows: 64, zstd_level: 3 }, &mut file).unwrap();
        file
    }

    /// Records of rows whose place is their number here.
    fn records(ids: &[&str], values: &[&str], columns: &[String]) -> Sorted<BYTES> {
        let mut records = Records::new(&RecordRoom { bytes: 0, space: Arc::new(Memory) });
        let places = (0..).map(|row| Place { part: 0, row });
        let digests = digests(&rows(ids, values), columns);
        let record = |((id, digest), place): ((&&str, Digest), Place)| {
            Record { digest, tile: 0, place }.bytes(key(0, number("l", id)))
        };
        records.extend(ids.iter().zip(digests).zip(places).map(record)).unwrap();
        records.sorted().unwrap()
    }

    #[test]
    fn rows_are_found_wherever_they_have_moved_to() {
        let columns = ["use".to_owned()];
        let (one, two) =
            (tile(&rows(&["l:d", "l:a"], &["x", "x"])), tile(&rows(&["l:c", "l:e"], &["x", "x"])));
        let before = [one.path().to_owned(), two.path().to_owned()];
        let after = records(&["l:b", "l:c", "l:a", "l:e"], &["x", "y", "x", "z"], &columns);
        let matched = Matched::of("l", &before, Some(&Compared::all(&after)), &columns).unwrap();
        let place = |row| Place { part: 0, row };
        assert_eq!((matched.added, matched.kept), (vec![place(0)], 3));
        let removed: Vec<&str> =
            matched.removed.by_id().into_iter().map(|at| matched.removed.id(at)).collect();
        assert_eq!(removed, ["l:d"]);
        assert_eq!(
            matched.differing,
            [(At { part: 1, row: 0 }, place(1)), (At { part: 1, row: 1 }, place(3))]
        );
        assert!(matched.tiles[0].read("use").unwrap().is_none());
        let values = matched.tiles[1].read("use").unwrap().unwrap();
        assert_eq!(values.as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["x", "x"]);
    }

    #[test]
    fn an_empty_side_is_all_new_or_all_gone() {
        let columns = ["use".to_owned()];
        let some = tile(&rows(&["l:a", "l:b"], &["x", "x"]));
        let after = records(&["l:a"], &["x"], &columns);
        let all_new = Matched::of("l", &[], Some(&Compared::all(&after)), &columns).unwrap();
        assert_eq!((all_new.added.len(), all_new.removed.by_id().len(), all_new.kept), (1, 0, 0));
        let all_gone = Matched::of("l", &[some.path().to_owned()], None, &[]).unwrap();
        assert_eq!((all_gone.added.len(), all_gone.removed.by_id().len(), all_gone.kept), (0, 2, 0));
    }
}
