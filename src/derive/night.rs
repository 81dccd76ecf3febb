//! The products of a night: what the pipeline asks for, looking at tiles as they come, then made one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::value::RawValue;

use super::product::{Carried, Night, Observer, ProductWork, RowPlace, Seen, TableStore, Tables};
use super::tiles::null_counts;
use super::{DeriveError, Release, products_wanted, read_present};
use crate::feature::{FacilityRows, LayerReport, RunReport, Tile, TileRecord};

/// What products have seen of a layer's tiles, by their names.
pub type Tally = BTreeMap<String, Box<RawValue>>;

/// What products of a night are at work.
#[derive(Default)]
pub struct Products<'a> {
    begun: Vec<(&'static str, Box<dyn Tables + 'a>)>,
}

impl<'a> Products<'a> {
    /// Begins those that the plan asks for and that this room makes; `is_linked` leaves out what is linked whole.
    ///
    /// # Errors
    /// When the night doesn't say what one needs.
    pub fn begin(night: Night<'a>, is_linked: bool) -> Result<Self, DeriveError> {
        let mut begun = Vec::new();
        for product in products_wanted(night.plan) {
            let about = product.describe();
            // What is linked whole isn't made: every layer is as it was, and so is what follows from all of them.
            if is_linked && matches!(about.carried, Carried::Whole(_)) {
                continue;
            }
            if let ProductWork::Tables(tables) = product.begin(night)? {
                begun.push((about.doc.name, tables));
            }
        }
        Ok(Self { begun })
    }

    /// Shows a layer's tile, or a piece of one, that this run writes: every column is there.
    pub fn observe_rows(&self, tile: &Tile, rows: &FacilityRows, places: &[RowPlace]) {
        let seen = Seen {
            layer: &tile.collection,
            region: &tile.region,
            ordinal: tile.ordinal,
            rows,
            places: Some(places),
            nulls: None,
        };
        self.observers().for_each(|observer| observer.see_rows(&seen));
    }

    /// Shows a layer's tile of an earlier run, with the columns that somebody wants to see.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn observe_tile_on_disk(
        &self,
        layer: &LayerReport,
        tile: &TileRecord,
        file: &Path,
    ) -> Result<(), DeriveError> {
        // The union of what all ask for: a tile is read once, whoever looks at it.
        let columns: BTreeSet<&str> = self
            .observers()
            .flat_map(|observer| observer.columns_to_read(layer))
            .collect();
        if columns.is_empty() {
            return Ok(());
        }
        let columns: Vec<&str> = columns.into_iter().collect();
        let rows = read_present(file, &columns)?;
        let nulls = null_counts(file, &rows)?;
        let seen = Seen {
            layer: layer.id.as_str(),
            region: &tile.region,
            ordinal: tile.ordinal,
            rows: &rows,
            places: None,
            nulls: Some(&nulls),
        };
        self.observers().for_each(|observer| observer.see_rows(&seen));
        Ok(())
    }

    /// All that was seen of a layer, by product, to be recalled when its tiles are the same; none where a product can't tell.
    pub fn tally(&self, layer: &str) -> Option<Tally> {
        self.named_observers()
            .map(|(name, observer)| Some((name.to_owned(), observer.tally_layer(layer)?)))
            .collect()
    }

    /// Takes what was once told of the same tiles for having seen them; tells whether every product could.
    pub fn recall(&self, layer: &LayerReport, tally: &Tally) -> bool {
        let are_recalled = self.named_observers().all(|(name, observer)| {
            tally
                .get(name)
                .is_some_and(|told| observer.recall_layer(layer, told))
        });
        // All or none: the tiles are shown again to every observer then, and one that had recalled them would count
        // them twice.
        if !are_recalled {
            self.forget(layer.id.as_str());
        }
        are_recalled
    }

    /// Forgets what was seen of a layer that failed.
    pub fn forget(&self, layer: &str) {
        self.observers().for_each(|observer| observer.forget_layer(layer));
    }

    /// Makes them all, and tells the report.
    ///
    /// # Errors
    /// When a tile can't be read, or a table can't be put together or written.
    pub fn make_tables(
        &self,
        release: &Release<'_>,
        out: &dyn TableStore,
        report: &mut RunReport,
    ) -> Result<(), DeriveError> {
        for (name, tables) in &self.begun {
            let told = tables.make_tables(release, out, report)?;
            report
                .products
                .get_or_insert_default()
                .insert((*name).to_owned(), told);
        }
        Ok(())
    }

    fn observers(&self) -> impl Iterator<Item = &dyn Observer> {
        self.named_observers().map(|(_, observer)| observer)
    }

    fn named_observers(&self) -> impl Iterator<Item = (&'static str, &dyn Observer)> {
        self.begun
            .iter()
            .filter_map(|(name, tables)| Some((*name, tables.observer()?)))
    }
}
