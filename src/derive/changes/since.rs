//! Two releases on disk compared, whatever nights lie between them: the same records, matching and rows as every night has.
//!
//! Reads tiles of both; writes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use arrow_array::UInt64Array;

use super::compare::{ComparedLayer, Sides, compare_sides};
use super::differences::After;
use super::digest::row_digests;
use super::matched::records_error;
use super::observed::{BYTES, ComparedRecords, Record, id_number, record_key, shared_columns};
use crate::derive::product::{BoxError, RowPlace, Rows, Sink};
use crate::feature::records::{RecordBudget, Records, Sorted};
use crate::feature::{FacilityRows, LayerChanges};
use crate::geoparquet::{self, ColumnReader, GeoparquetError};

/// A tile of a release: its path and its digest.
pub type PublishedTile = (PathBuf, String);

/// A layer in two releases.
#[derive(Debug, Clone, Copy)]
pub struct TwoReleases<'a> {
    /// The layer's id.
    pub layer: &'a str,
    /// Columns that hold codes of polygon sets, which are computed.
    pub code_columns: &'a [String],
    /// Its tiles in the earlier release.
    pub before: &'a [PublishedTile],
    /// Its tiles in the later one.
    pub after: &'a [PublishedTile],
}

/// Compares a layer of two releases, hands what differs on in pieces (the columns of [`TABLE`](super::TABLE)), and counts it.
///
/// Without a plan a column counts as computed where no schema can fill it, and whether the key is stable isn't known.
///
/// # Errors
/// When a tile can't be read, or `emit` fails.
pub fn compare_on_disk(
    releases: &TwoReleases<'_>,
    room: &RecordBudget,
    emit: &mut Sink<'_>,
) -> Result<LayerChanges, GeoparquetError> {
    // An id stands once in a release: the same bytes are the same facilities, wherever they lie.
    let [old, new] = [releases.before, releases.after].map(digests_of);
    let before: Vec<PathBuf> = tiles_but(releases.before, &new);
    let after: Vec<PathBuf> = tiles_but(releases.after, &old);
    let mut same_rows = 0;
    for (path, sha256) in releases.after {
        if old.contains(sha256.as_str()) {
            same_rows += geoparquet::read_footer(path)?.rows;
        }
    }
    let layer = ComparedLayer::Published {
        id: releases.layer,
        code_columns: releases.code_columns,
    };
    let Some(first) = after.first() else {
        let sides = Sides {
            before: &before,
            after: None,
            same_rows,
        };
        return compare_sides(&layer, sides, room, emit);
    };
    let schema = ColumnReader::open(first)?.schema();
    let earlier = before.first().map(|tile| ColumnReader::open(tile)).transpose()?;
    let earlier = earlier.map_or_else(|| schema.clone(), |earlier| earlier.schema());
    let columns = shared_columns(&earlier, &schema);
    let records = records_of_tiles(releases.layer, &after, &columns, room)?;
    let compared = ComparedRecords::of_one_layer(&records, after.len());
    let rows = TilesOnDisk { tiles: &after };
    let sides = Sides {
        before: &before,
        after: Some(After {
            schema: &schema,
            columns: &columns,
            records: &compared,
            rows: &rows,
        }),
        same_rows,
    };
    compare_sides(&layer, sides, room, emit)
}

fn digests_of(tiles: &[PublishedTile]) -> BTreeSet<&str> {
    tiles.iter().map(|(_, sha256)| sha256.as_str()).collect()
}

/// Tiles that the other release doesn't have.
fn tiles_but(tiles: &[PublishedTile], other: &BTreeSet<&str>) -> Vec<PathBuf> {
    let own = tiles
        .iter()
        .filter(|(_, sha256)| !other.contains(sha256.as_str()));
    own.map(|(path, _)| path.clone()).collect()
}

/// A record of each row, whose place is the number of its tile and its row there.
fn records_of_tiles(
    layer: &str,
    tiles: &[PathBuf],
    columns: &[String],
    room: &RecordBudget,
) -> Result<Sorted<BYTES>, GeoparquetError> {
    let mut records: Records<BYTES> = Records::new(room);
    let wanted: Vec<&str> = columns
        .iter()
        .map(String::as_str)
        .chain(["facility_id"])
        .collect();
    for (part, tile) in (0..).zip(tiles) {
        let mut first = 0_u32;
        let mut failed = Ok(());
        geoparquet::read_each(tile, &wanted, &mut |rows| {
            if failed.is_ok() {
                failed = records.extend(records_of_rows(layer, part, first, rows, columns));
            }
            first += u32::try_from(rows.num_rows()).expect("a tile has less than 2^32 rows");
        })?;
        failed.map_err(records_error)?;
    }
    records.sorted().map_err(records_error)
}

fn records_of_rows(
    layer: &str,
    part: u32,
    first: u32,
    rows: &FacilityRows,
    columns: &[String],
) -> Vec<[u8; BYTES]> {
    let Some(ids) = rows.ids() else { return vec![] };
    let digests = row_digests(rows, columns);
    let mut records = Vec::with_capacity(digests.len());
    for ((id, digest), row) in ids.iter().zip(digests).zip(first..) {
        let record = Record {
            digest,
            tile: part,
            place: RowPlace { part, row },
        };
        let number = id_number(layer, id.unwrap_or_default());
        records.push(record.to_bytes(record_key(0, number)));
    }
    records
}

/// Rows of a release, taken out of its tiles again: a place is the number of the tile and the row in it.
#[derive(Debug)]
struct TilesOnDisk<'a> {
    tiles: &'a [PathBuf],
}

impl Rows for TilesOnDisk<'_> {
    fn take(&self, places: &[RowPlace], columns: &[&str]) -> Result<FacilityRows, BoxError> {
        // Tile by tile, and there by row, so that each page is decoded once; then back into the order that was asked for.
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_unstable_by_key(|at| (places[*at].part, places[*at].row));
        let mut pieces = Vec::new();
        for part in order.chunk_by(|a, b| places[*a].part == places[*b].part) {
            let tile = &self.tiles[places[part[0]].part as usize];
            let rows: Vec<usize> = part.iter().map(|at| places[*at].row as usize).collect();
            pieces.push(geoparquet::read_rows(tile, columns, &rows)?);
        }
        let Some(first) = self.tiles.first().filter(|_| pieces.is_empty()) else {
            let mut back = vec![0_u64; order.len()];
            for (to, at) in (0..).zip(&order) {
                back[*at] = to;
            }
            return Ok(FacilityRows::concat(&pieces)?.take(&UInt64Array::from(back))?);
        };
        Ok(geoparquet::read_rows(first, columns, &[])?)
    }
}
