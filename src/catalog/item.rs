//! Tiles as the items of a collection.
//!
//! Pure: tile records in.

use super::collection::Collection;
use super::stac_terms::CRS;
use crate::feature::release::paths::{CATALOG, COLLECTION, CROSSING};
use crate::feature::{LayerReport, TileRecord};

/// Properties that are text, in the order of [`Item::texts`].
pub(super) const TEXTS: [&str; 8] = [
    "title",
    "proj:code",
    "region",
    "layer",
    "sector",
    "cikr:status",
    "cikr:carried_from",
    "cikr:reason",
];

/// A tile as an item of its collection.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Unique in the release, such as `dams-R06-000`.
    pub(super) id: String,
    /// The tile's file, relative to the collection's folder.
    pub(super) href: String,
    /// The collection it is of.
    pub(super) collection: &'a Collection<'a>,
    /// What stands on disk.
    pub(super) tile: &'a TileRecord,
}

impl<'a> Item<'a> {
    fn new(collection: &'a Collection<'a>, tile: &'a TileRecord) -> Self {
        let path = tile.path.strip_prefix(collection.base()).unwrap_or(&tile.path);
        // Joined by hand: a URL has slashes on every system.
        let href = path
            .iter()
            .map(|part| part.to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        // A region has tiles of its own and tiles of what crosses its border, each counted from 0; ids tell them apart.
        let crossing = if href.starts_with(CROSSING) {
            "crossing-"
        } else {
            ""
        };
        let id = format!("{}-{crossing}{}-{:03}", collection.id, tile.region, tile.ordinal);
        Self {
            id,
            href,
            collection,
            tile,
        }
    }

    /// Whether its features stand in `data/` of another region and only reach into this one.
    pub(super) fn is_crossing(&self) -> bool {
        self.href.starts_with(CROSSING)
    }

    pub(super) fn title(&self) -> String {
        let crossing = if self.is_crossing() { " (crossing)" } else { "" };
        format!(
            "{}, {}, part {}{crossing}",
            self.collection.title, self.tile.region, self.tile.ordinal
        )
    }

    /// Links as (rel, href from the collection's folder, title).
    pub(super) fn links(&self) -> [(&'static str, String, &str); 3] {
        let own = COLLECTION.to_owned();
        let root = format!("{}{CATALOG}", self.collection.to_root());
        let title = self.collection.title.as_str();
        [
            ("root", root, "Catalog of the release"),
            ("parent", own.clone(), title),
            ("collection", own, title),
        ]
    }

    /// Values of [`TEXTS`], for the item and for `items.parquet`; none is absent.
    pub(super) fn texts(&self) -> [Option<String>; 8] {
        let layer = self.collection.layer;
        let state = layer.map(|(_, state)| state);
        [
            Some(self.title()),
            Some(CRS.to_owned()),
            Some(self.tile.region.as_str().to_owned()),
            layer.map(|(plan, _)| plan.id.as_str().to_owned()),
            layer.map(|(plan, _)| plan.schema.sector.code.clone()),
            state.map(|state| state.status().code().to_owned()),
            state.and_then(LayerReport::carried_from).map(ToString::to_string),
            state.and_then(LayerReport::reason).map(str::to_owned),
        ]
    }
}

/// The items of a collection, a tile each.
pub(super) fn items_of<'a>(collection: &'a Collection<'a>) -> Vec<Item<'a>> {
    collection
        .tiles
        .iter()
        .map(|tile| Item::new(collection, tile))
        .collect()
}

/// Rows in `data/`, where every feature stands once.
pub(super) fn row_count(items: &[Item<'_>]) -> u64 {
    items
        .iter()
        .filter(|item| !item.is_crossing())
        .map(|item| item.tile.rows)
        .sum()
}
