//! What the stages of a run share. Knows no stage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow_schema::SchemaRef;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fetch::Fetching;
use super::memory;
use super::mode::Mode;
use super::past::Past;
use crate::derive::Products;
use crate::derive::product::{Night, RowPlace, TilesBefore};
use crate::engine::{Packing, Room, RowGroup};
use crate::error::Error;
use crate::feature::records::RecordBudget;
use crate::feature::release::ReleaseId;
use crate::feature::release::product_names;
use crate::feature::{Progress, ReleaseCounts, RunReport, Tile, Veil};
use crate::geoparquet::WriteOptions;
use crate::kernel::pack::Levels;
use crate::page::Facilities;
use crate::plan::{LayerPlan, Plan};
use crate::source::Readers;
use crate::store::{Staging, Store};

/// Layers at work at the same time: one reads while another is located or written.
pub(super) const LAYERS_AT_ONCE: usize = 2;

/// What the stages of a run share.
pub(super) struct Context<'a> {
    pub(super) plan: &'a Plan,
    pub(super) store: &'a Store,
    pub(super) mode: Mode<'a>,
    pub(super) readers: Readers,
    pub(super) staging: &'a Staging<'a>,
    pub(super) progress: &'a dyn Progress,
    /// Release that the run makes.
    pub(super) release: &'a ReleaseId,
    /// When it began, RFC 3339 UTC.
    pub(super) started: &'a str,
    /// Report of the release that this one builds on.
    pub(super) last: Option<&'a RunReport>,
    /// Reports of the releases the store still keeps, oldest first.
    pub(super) history: &'a [RunReport],
    /// Counts of every release that is remembered, oldest first.
    pub(super) counts: &'a [ReleaseCounts],
    /// Tiles of the last release by layer; none where its manifest can't be read.
    pub(super) tiles_before: Option<&'a TilesBefore>,
    /// What nothing of the release shows.
    pub(super) veil: &'a Veil,
    /// Products at work.
    pub(super) products: Products<'a>,
    /// What was seen of the inventory for the report page; none where it is linked.
    pub(super) facilities: Mutex<Option<Facilities>>,
    /// Columns of the tables that this run has written, by the digests of the files: what is written isn't opened again.
    pub(super) columns: Mutex<BTreeMap<String, SchemaRef>>,
    /// Rows of every Parquet file staged, for the manifest.
    pub(super) rows: Mutex<BTreeMap<PathBuf, u64>>,
}

impl<'a> Context<'a> {
    /// Of a run that is about to land its sources; what products there are is not known yet.
    pub(super) fn new(
        fetching: Fetching<'a>,
        mode: Mode<'a>,
        release: &'a ReleaseId,
        started: &'a str,
        staging: &'a Staging<'a>,
        past: &'a Past,
    ) -> Self {
        Self {
            plan: fetching.plan,
            store: fetching.store,
            mode,
            readers: memory::readers(fetching.plan, mode),
            staging,
            progress: fetching.progress,
            release,
            started,
            last: past.last.as_ref(),
            history: &past.history,
            counts: &past.counts,
            tiles_before: past.tiles_before.as_ref(),
            veil: &fetching.settings.veil,
            products: Products::default(),
            facilities: Mutex::default(),
            columns: Mutex::default(),
            rows: Mutex::default(),
        }
    }

    /// What products are told when they begin; `records` is where they keep something of every row.
    pub(super) fn night(&self, records: &'a RecordBudget) -> Night<'a> {
        Night {
            plan: self.plan,
            history: self.history,
            started: self.started,
            before: self.tiles_before,
            room: records,
        }
    }

    /// Notes how many rows a staged file has, for the manifest.
    pub(super) fn note_rows(&self, path: &Path, rows: u64) {
        // A lock is held for one call that leaves the value whole, here as elsewhere in this room: a thread
        // that panics fails its layer, and that it held the lock once tells nothing of what lies behind it.
        self.rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.to_owned(), rows);
    }

    /// Notes the columns of a table that was written.
    pub(super) fn note_columns(&self, sha256: &str, columns: SchemaRef) {
        self.columns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(sha256.to_owned(), columns);
    }

    /// Columns of a table that this run has written; none of one that it has linked.
    pub(super) fn columns_written(&self, sha256: &str) -> Option<SchemaRef> {
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        columns.get(sha256).cloned()
    }

    /// Rows of every staged file, once nothing more is staged.
    pub(super) fn into_row_counts(self) -> BTreeMap<PathBuf, u64> {
        self.rows.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// How Parquet files are written.
    pub(super) fn write_options(&self) -> WriteOptions {
        WriteOptions {
            page_rows: self.plan.output.page_rows,
            zstd_level: self.plan.output.zstd_level,
        }
    }

    /// How a collection is packed that has all the memory that is left.
    pub(super) fn packing_alone<'c>(&self, collection: &'c str, room: &Room) -> Packing<'c> {
        self.packing_of(collection, room.budget.unused_bytes())
    }

    /// How a layer is packed while others are: they share the memory that is left.
    pub(super) fn packing_shared<'c>(&self, layer: &'c str, room: &Room) -> Packing<'c> {
        let at_once = LAYERS_AT_ONCE.min(self.plan.layers.len()).max(1);
        self.packing_of(layer, room.budget.unused_bytes() / at_once)
    }

    fn packing_of<'c>(&self, collection: &'c str, memory: usize) -> Packing<'c> {
        Packing {
            collection,
            levels: Levels::from(&self.plan.output),
            memory,
        }
    }

    /// Shows a row group of a tile to the products, and where its rows are to be had.
    pub(super) fn show_group(&self, tile: &Tile, group: &RowGroup) {
        let places = group.spots.iter().map(|spot| RowPlace {
            part: spot.part,
            row: spot.row,
        });
        let places: Vec<RowPlace> = places.collect();
        self.products
            .observe_rows(tile, group.published.rows.facilities(), &places);
    }

    /// Whether a layer is to be compared with that of the last release, of which there are tiles.
    pub(super) fn is_compared(&self, layer: &LayerPlan) -> bool {
        let before = self.tiles_before.and_then(|tiles| tiles.get(layer.id.as_str()));
        self.plan.makes_product(product_names::CHANGES) && before.is_some_and(|tiles| !tiles.is_empty())
    }

    /// What is to be published of a run or a layer: without secrets, whoever has repeated them, and with
    /// nothing in it that can't be seen.
    ///
    /// # Errors
    /// When it can't be serialised, which would be a mistake of this program.
    pub(super) fn mask_secrets<T: Serialize + DeserializeOwned>(&self, report: &T) -> Result<T, Error> {
        self.veil.mask_all(report).map_err(|source| Error::Law {
            what: source.to_string(),
        })
    }
}
