//! Describes a release: STAC 1.1 catalog, collections and items, `items.parquet`, README, feed of releases.
//!
//! Pure: plan, report and tile records in, paths and bytes out. May use `plan`, `feature` and
//! `geoparquet`; creates no file and reads no clock (the time is in the report).

mod changes;
mod collection;
pub mod column_notes;
mod dictionary;
mod error;
pub mod feed;
mod footprint;
mod item;
mod items_table;
mod markdown;
pub mod number;
mod quality;
mod queries;
mod readme;
mod stac;
mod stac_terms;
#[cfg(test)]
pub(crate) mod tests;
mod urls;

use std::path::PathBuf;

use serde_json::Value;

pub use self::changes::fields_by_rows;
pub use self::collection::Collection;
pub use self::dictionary::ColumnDoc;
pub use self::dictionary::dictionary;
pub use self::error::CatalogError;
use self::item::items_of;
use crate::feature::release::paths;
use crate::feature::{ProductDoc, RunReport};
use crate::plan::Plan;

/// Describes a release: paths relative to it, and the bytes to stand there. `products` are those asked for.
///
/// A layer without rows in the release has no collection; `catalog.json` and the README name it
/// with its reason all the same.
///
/// # Errors
/// If the report's start is no time, or the items can't be encoded.
pub fn describe_release(
    plan: &Plan,
    report: &RunReport,
    collections: &[Collection<'_>],
    products: &[ProductDoc],
) -> Result<Vec<(PathBuf, Vec<u8>)>, CatalogError> {
    let mut files = vec![
        (
            paths::README.into(),
            readme::render_readme(plan, report, collections, products).into_bytes(),
        ),
        (
            paths::CATALOG.into(),
            to_pretty_json(&stac::catalog_json(plan, report, collections)),
        ),
        (
            paths::URLS.into(),
            urls::list_tiles(plan, report, collections).into_bytes(),
        ),
    ];
    for collection in collections {
        // Two steps: `items.parquet` carries the collection in its footer, and the collection its digest. One of them
        // has to do without the other, and a digest of what holds itself can't be had.
        let base = PathBuf::from(collection.base());
        let items = items_of(collection);
        let described = stac::collection_json(plan, report, collection);
        for item in &items {
            files.push((
                base.join(format!("stac/{}.json", item.id)),
                to_pretty_json(&stac::item_json(report, item)),
            ));
        }
        // A collection without tiles has no items to mirror; an empty mirror would claim some.
        if items.is_empty() {
            files.push((base.join(paths::COLLECTION), to_pretty_json(&described)));
            continue;
        }
        let table = items_table::encode_items(report, collection, &items, &described)?;
        files.push((
            base.join(paths::COLLECTION),
            to_pretty_json(&stac::with_mirror(described, &table)),
        ));
        files.push((base.join(paths::ITEMS), table));
    }
    Ok(files)
}

fn to_pretty_json(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
