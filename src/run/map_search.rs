//! The index of the map's search, made of the tiles that the map counts: for a release in the making, and for one that is taken over.

use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::fingerprint::digest_of;
use super::tile_error::TileError;
use crate::error::Error;
use crate::feature::records::RecordBudget;
use crate::feature::{FacilityRows, Sorter};
use crate::geoparquet;
use crate::page::web_map::{MAP_COLUMNS, SearchLine, SearchWriter, map_rows, search_lines};
use crate::store::NewFiles;

/// To be raised when the same rows give another index than before within one version.
const GENERATION: u32 = 1;

/// Where the entries of a release are.
pub(super) const ENTRIES_PATH: &str = "map/search/entries.bin";

/// Lines of the search, of rows in any order.
pub(super) struct SearchLines(Mutex<Sorter<SearchLine>>);

/// The index of the search.
pub(super) struct SearchFiles {
    /// Content of `index.json`.
    pub(super) index: Vec<u8>,
    /// Where `entries.bin` has been written.
    pub(super) entries: NewFiles,
}

impl SearchFiles {
    /// Its name there.
    pub(super) const ENTRIES: &str = "entries.bin";
}

impl SearchLines {
    pub(super) fn new(memory: &RecordBudget) -> Self {
        Self(Mutex::new(Sorter::new(memory)))
    }

    pub(super) fn see_rows(&self, rows: &FacilityRows) -> io::Result<()> {
        // Made without the lock, and handed in under it: tiles are read side by side.
        let lines: Vec<SearchLine> = map_rows(rows).flat_map(|row| search_lines(&row)).collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.into_iter().try_for_each(|line| all.push(line))
    }

    /// Writes the index into a folder of its own within this one.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn write(self, scratch: &Path) -> Result<SearchFiles, Error> {
        let lines = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let entries = NewFiles::within(scratch)?;
        let file = entries.create(SearchFiles::ENTRIES)?;
        let write = || {
            let mut writer = SearchWriter::new(BufWriter::new(file));
            for line in lines.in_order()? {
                writer.push(line?)?;
            }
            writer.finish()
        };
        let index = write().map_err(TileError::from_scratch)?;
        Ok(SearchFiles { index, entries })
    }
}

/// Shows the rows of a tile, of the columns that a map knows.
///
/// # Errors
/// When the tile can't be read, or what sees the rows fails.
pub(super) fn see_tile(
    path: &Path,
    see: &mut dyn FnMut(&FacilityRows) -> io::Result<()>,
) -> Result<(), Error> {
    let table_error = |source: geoparquet::GeoparquetError| Error::Table {
        source: source.into(),
    };
    // A tile of an earlier version may lack a column.
    let schema = geoparquet::read_footer(path).map_err(table_error)?.schema;
    let present = MAP_COLUMNS
        .into_iter()
        .filter(|name| schema.index_of(name).is_ok());
    let columns: Vec<&str> = present.collect();
    let mut failed = None;
    let read = geoparquet::read_each(path, &columns, &mut |rows| {
        if failed.is_none() {
            failed = see(rows).err();
        }
    });
    read.map_err(table_error)?;
    failed.map_or(Ok(()), |error| Err(TileError::from_scratch(error).into()))
}

/// Digest of all that the index follows from, by the digests of the tiles.
pub(super) fn search_made_of(mut tiles: Vec<&str>) -> String {
    tiles.sort_unstable();
    digest_of(&(GENERATION, env!("CARGO_PKG_VERSION"), tiles))
}
