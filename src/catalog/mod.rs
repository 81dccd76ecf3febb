//! Describes a release: STAC 1.1 catalog, collections and items, `items.parquet`, README, report page.
//!
//! Pure: plan, report and tile records in, paths and bytes out. May use `plan`, `feature` and
//! `geoparquet`; creates no file and reads no clock (the time is in the report).

mod changes;
mod dictionary;
pub mod feed;
mod items;
pub mod page;
mod quality;
mod readme;
mod stac;
#[cfg(test)]
mod tests;
mod urls;

use std::path::PathBuf;

use arrow_schema::{ArrowError, SchemaRef};
use serde_json::Value;

pub use dictionary::{ColumnDoc, dictionary};

use crate::feature::{FileRecord, LayerReport, ProductDoc, RunReport, TileRecord, UNVERIFIED};
use crate::geoparquet::GeoparquetError;
use crate::plan::{LayerPlan, Plan};
use items::Item;

/// Id of the inventory of every facility of every layer.
pub const INVENTORY: &str = "facilities";

/// The items of a collection as a table, in its folder.
const ITEMS: &str = "items.parquet";

/// One product of the release: a layer, or the inventory.
#[derive(Debug, Clone)]
pub struct Collection<'a> {
    /// Layer id, or `facilities`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Licence, SPDX identifier or words.
    pub licence: String,
    /// Agencies the rows come from.
    pub agencies: Vec<String>,
    /// Where the rows are described.
    pub homepage: Option<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Schema of the tiles.
    pub schema: SchemaRef,
    /// What the columns mean.
    pub dictionary: Vec<ColumnDoc>,
    /// Its tiles, `data/` and `crossing/`.
    pub tiles: &'a [TileRecord],
    /// The file that holds all its rows, where there is one.
    pub national: Option<&'a FileRecord>,
    /// What differs from the release before, where that could be compared.
    pub changes: Option<&'a FileRecord>,
    /// Plan and report of the layer; none for the inventory.
    pub layer: Option<(&'a LayerPlan, &'a LayerReport)>,
}

impl<'a> Collection<'a> {
    /// The collection of a layer.
    pub fn of_layer(
        plan: &Plan,
        layer: &'a LayerPlan,
        report: &'a LayerReport,
        schema: SchemaRef,
        tiles: &'a [TileRecord],
    ) -> Self {
        let about = &layer.schema;
        let sector = plan
            .reference
            .sectors
            .iter()
            .find(|s| s.code == about.sector.code);
        let mut keywords = vec!["critical infrastructure".to_owned(), about.sector.code.clone()];
        keywords.extend(sector.map(|s| s.name.clone()));
        keywords.extend(about.sector.subsector.clone());
        keywords.extend(about.sector.lifeline.clone());
        keywords.extend(about.unverified.then(|| UNVERIFIED.to_owned()));
        Self {
            id: layer.id.as_str().to_owned(),
            title: about.label(),
            description: about.account(),
            licence: about.licence.clone(),
            agencies: vec![about.agency.clone()],
            homepage: about.homepage.clone(),
            keywords,
            schema,
            dictionary: dictionary(plan, Some(about)),
            tiles,
            national: None,
            changes: None,
            layer: Some((layer, report)),
        }
    }

    /// The inventory: every facility of every layer that doesn't opt out, core columns only.
    pub fn inventory(plan: &Plan, schema: SchemaRef, tiles: &'a [TileRecord]) -> Self {
        let layers = || plan.layers.iter().filter(|layer| layer.inventory);
        let mut licences = distinct(layers().map(|layer| layer.schema.licence.clone()));
        licences.sort();
        Self {
            id: INVENTORY.to_owned(),
            title: "Facilities of every layer".to_owned(),
            description: "Every facility of every layer as a point, with the columns all layers share"
                .to_owned(),
            licence: licences.join("; "),
            agencies: distinct(layers().map(|layer| layer.schema.agency.clone())),
            homepage: None,
            keywords: vec!["critical infrastructure".to_owned(), "inventory".to_owned()],
            schema,
            dictionary: dictionary(plan, None),
            tiles,
            national: None,
            changes: None,
            layer: None,
        }
    }

    /// With the file that holds all rows and that of the changes, where there are such.
    #[must_use]
    pub fn with_files(self, national: Option<&'a FileRecord>, changes: Option<&'a FileRecord>) -> Self {
        Self {
            national,
            changes,
            ..self
        }
    }

    /// Folder of the collection, relative to the release.
    pub fn base(&self) -> String {
        if self.id == INVENTORY {
            self.id.clone()
        } else {
            format!("layers/{}", self.id)
        }
    }

    /// What every column of the tiles means, in file order. A column the dictionary doesn't know
    /// (of a layer carried from an earlier release) is listed too, without a meaning.
    pub fn columns(&self) -> Vec<ColumnDoc> {
        let documented = |name: &str| self.dictionary.iter().find(|doc| doc.name == name).cloned();
        let fields = self.schema.fields().iter();
        fields
            .map(|f| documented(f.name()).unwrap_or_else(|| ColumnDoc::unknown(f)))
            .collect()
    }

    /// Its `items.parquet`, and how many rows that has; none where there are no items to mirror.
    pub fn index(&self) -> Option<(PathBuf, u64)> {
        let path = PathBuf::from(self.base()).join(ITEMS);
        (!self.tiles.is_empty()).then_some((path, self.tiles.len() as u64))
    }

    /// Path from the collection's folder to the release's: `../` or `../../`.
    fn to_root(&self) -> String {
        "../".repeat(self.base().split('/').count())
    }

    /// Rows in `data/`, where every feature stands once.
    fn rows(&self) -> u64 {
        self.items()
            .iter()
            .filter(|item| !item.is_crossing())
            .map(|item| item.tile.rows)
            .sum()
    }

    fn items(&self) -> Vec<Item<'_>> {
        self.tiles.iter().map(|tile| Item::new(self, tile)).collect()
    }
}

/// Why a release could not be described.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The report's start is no RFC 3339 time.
    #[error("the run's start `{started}` is no RFC 3339 time")]
    Started {
        /// The value.
        started: String,
        /// The parser's reason.
        source: chrono::ParseError,
    },
    /// The rows of `items.parquet` don't fit together.
    #[error("cannot list the items of {collection}")]
    Items {
        /// The collection.
        collection: String,
        /// Arrow's reason.
        source: ArrowError,
    },
    /// `items.parquet` can't be written.
    #[error("cannot write the items of {collection}")]
    WriteItems {
        /// The collection.
        collection: String,
        /// The writer's reason.
        source: GeoparquetError,
    },
}

/// Describes a release: paths relative to it, and the bytes to stand there. `products` are those asked for.
///
/// A layer without rows in the release has no collection; `catalog.json` and the README name it
/// with its reason all the same.
///
/// # Errors
/// If the report's start is no time, or the items can't be encoded.
pub fn build(
    plan: &Plan,
    report: &RunReport,
    collections: &[Collection<'_>],
    products: &[ProductDoc],
) -> Result<Vec<(PathBuf, Vec<u8>)>, CatalogError> {
    let mut files = vec![
        (
            "README.md".into(),
            readme::readme(plan, report, collections, products).into_bytes(),
        ),
        (
            "catalog.json".into(),
            pretty(&stac::catalog(plan, report, collections)),
        ),
        (
            urls::FILE.into(),
            urls::urls(plan, report, collections).into_bytes(),
        ),
    ];
    for collection in collections {
        let base = PathBuf::from(collection.base());
        let items = collection.items();
        let described = stac::collection(plan, report, collection);
        for item in &items {
            files.push((
                base.join(format!("stac/{}.json", item.id)),
                pretty(&stac::item(report, item)),
            ));
        }
        // A collection without tiles has no items to mirror; an empty mirror would claim some.
        if items.is_empty() {
            files.push((base.join("collection.json"), pretty(&described)));
            continue;
        }
        let table = items::parquet(report, collection, &items, &described)?;
        files.push((
            base.join("collection.json"),
            pretty(&stac::with_mirror(described, &table)),
        ));
        files.push((base.join(ITEMS), table));
    }
    Ok(files)
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

/// The values without repetition, in order of first appearance.
fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}
