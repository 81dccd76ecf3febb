//! The rows of a release as its map page counts, finds and places them: each tile is read once, on all threads.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::context::Context;
use super::map_search::{SearchFiles, SearchLines, see_tile};
use crate::error::Error;
use crate::feature::records::RecordBudget;
use crate::feature::release::paths::changes_path;
use crate::feature::{FacilityRows, LayerReport};
use crate::geoparquet::{self, GeoparquetError};
use crate::page::web_map::{ChangesTold, FacilityCounts, MapLists, map_rows};

/// What a page is made of, in the making.
pub(super) struct MapRows<'a> {
    context: &'a Context<'a>,
    lists: MapLists,
    counts: Mutex<FacilityCounts>,
    changes: Mutex<Option<ChangesTold>>,
    /// None where the search is linked.
    lines: Option<SearchLines>,
}

/// What a page is made of.
pub(super) struct Gathered {
    pub(super) lists: MapLists,
    pub(super) counts: FacilityCounts,
    pub(super) changes: Option<ChangesTold>,
    /// None where the search is linked.
    pub(super) search: Option<SearchFiles>,
}

impl<'a> MapRows<'a> {
    pub(super) fn new(context: &'a Context<'a>, lists: MapLists, changes: Option<ChangesTold>) -> Self {
        Self {
            context,
            lists,
            counts: Mutex::default(),
            changes: Mutex::new(changes),
            lines: None,
        }
    }

    /// Looks at the rows of tiles. With a share of the memory, lines of the search are made of them.
    ///
    /// # Errors
    /// When a tile can't be read, or the disk fails.
    pub(super) fn see_tiles(&mut self, tiles: &[PathBuf], search: Option<RecordBudget>) -> Result<(), Error> {
        self.lines = search.map(|memory| SearchLines::new(&memory));
        tiles
            .par_iter()
            .try_for_each(|tile| see_tile(tile, &mut |rows| self.see_rows(rows)))?;
        self.place_removed()
    }

    fn see_rows(&self, rows: &FacilityRows) -> io::Result<()> {
        // Counted without the locks, and handed in under them: tiles are read side by side.
        let mut counts = FacilityCounts::default();
        map_rows(rows).for_each(|row| counts.count_row(&self.lists, &row));
        let mut all = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *all = std::mem::take(&mut *all).merged_with(counts);
        drop(all);
        if let Some(changes) = &mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner) {
            map_rows(rows).for_each(|row| changes.place(row.id, row.at));
        }
        self.lines.as_ref().map_or(Ok(()), |lines| lines.see_rows(rows))
    }

    /// Facilities that are gone were where the release before has them.
    fn place_removed(&mut self) -> Result<(), Error> {
        let changes = self.changes.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some((changes, before)) = changes.as_mut().zip(self.context.tiles_before) else {
            return Ok(());
        };
        let layers = changes.layers_of_removed();
        let tiles = layers.iter().filter_map(|layer| before.get(layer)).flatten();
        for (path, _) in tiles {
            let read = geoparquet::read_each(path, &["facility_id", "layer", "bbox"], &mut |rows| {
                map_rows(rows).for_each(|row| changes.place_removed(row.id, row.at));
            });
            read.map_err(table_error)?;
        }
        Ok(())
    }

    /// All that was seen.
    ///
    /// # Errors
    /// When the search can't be written.
    pub(super) fn finish(self) -> Result<Gathered, Error> {
        let scratch = self.context.staging.scratch();
        let search = self.lines.map(|lines| lines.write(scratch));
        Ok(Gathered {
            lists: self.lists,
            counts: self.counts.into_inner().unwrap_or_else(PoisonError::into_inner),
            changes: self.changes.into_inner().unwrap_or_else(PoisonError::into_inner),
            search: search.transpose()?,
        })
    }
}

/// What differs from the last release in these layers; none where nothing was compared.
///
/// # Errors
/// When a table of changes can't be read.
pub(super) fn read_changes(
    context: &Context<'_>,
    layers: &[(&str, &LayerReport)],
) -> Result<Option<ChangesTold>, Error> {
    let compared = layers
        .iter()
        .filter_map(|(id, report)| Some((*id, report.changes.as_ref()?)));
    let compared: Vec<_> = compared.collect();
    let Some((_, first)) = compared.first() else {
        return Ok(None);
    };
    let mut told = ChangesTold::against(&first.against);
    for (layer, changes) in &compared {
        let path = context.staging.path_of(&changes_path(layer));
        if changes.rows() == 0 || !path.exists() {
            continue;
        }
        let columns = ["facility_id", "name", "state_code", "change", "field"];
        let read = geoparquet::read_each(&path, &columns, &mut |rows| told.see_rows(layer, rows));
        read.map_err(table_error)?;
        told.end_facility();
    }
    Ok(Some(told))
}

fn table_error(source: GeoparquetError) -> Error {
    Error::Table {
        source: source.into(),
    }
}
