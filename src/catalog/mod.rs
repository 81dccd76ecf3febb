//! Describes a release: STAC 1.1 catalog, collections and items, `items.parquet`, README, `CITATION.cff`, `datapackage.json`,
//! what the footers of tables say, feed of releases.
//!
//! Pure: plan, report and tile records in, paths and bytes out. May use `plan`, `feature` and
//! `geoparquet`; creates no file and reads no clock (the time is in the report).

mod changes;
mod citation;
mod collection;
pub mod column_notes;
mod context;
mod datapackage;
mod dictionary;
mod error;
pub mod feed;
mod footprint;
mod item;
mod items_table;
mod licence;
mod markdown;
pub mod number;
mod quality;
mod queries;
mod readme;
mod registry;
mod span;
mod stac;
mod stac_terms;
#[cfg(test)]
pub(crate) mod tests;
mod urls;

use std::path::PathBuf;

use serde_json::Value;

pub use self::changes::fields_by_rows;
use self::citation::Citation;
pub use self::collection::Collection;
use self::context::ReleaseContext;
pub use self::context::{Contents, TableFile};
pub use self::dictionary::ColumnDoc;
pub use self::dictionary::dictionary;
pub use self::error::CatalogError;
use self::item::items_of;
pub(crate) use self::quality::claims_of_another_vintage;
use self::span::DataSpan;
use crate::feature::RunReport;
use crate::feature::release::paths;
use crate::plan::Plan;

/// Describes a release: paths relative to it, and the bytes to stand there.
///
/// A layer without rows in the release has no collection; `catalog.json` and the README name it
/// with its reason all the same.
///
/// # Errors
/// If the report's start is no time, or the items can't be encoded.
pub fn describe_release(
    plan: &Plan,
    report: &RunReport,
    contents: &Contents<'_>,
) -> Result<Vec<(PathBuf, Vec<u8>)>, CatalogError> {
    let collections = contents.collections;
    let release = ReleaseContext {
        plan,
        report,
        citation: Citation::new(plan, report, collections, contents.data_sha256),
    };
    let mut files = vec![
        (
            paths::README.into(),
            readme::render_readme(&release, contents).into_bytes(),
        ),
        (paths::CITATION.into(), release.citation.render_cff().into_bytes()),
        (
            paths::DATAPACKAGE.into(),
            to_pretty_json(&datapackage::package_json(&release, contents)),
        ),
        (
            paths::CATALOG.into(),
            to_pretty_json(&stac::catalog_json(&release, collections)),
        ),
        (
            paths::URLS.into(),
            urls::list_tiles(plan, report, collections).into_bytes(),
        ),
    ];
    for collection in collections {
        describe_collection(&release, collection, &mut files)?;
    }
    Ok(files)
}

/// Adds what describes a collection.
fn describe_collection(
    release: &ReleaseContext<'_>,
    collection: &Collection<'_>,
    files: &mut Vec<(PathBuf, Vec<u8>)>,
) -> Result<(), CatalogError> {
    // Two steps: `items.parquet` carries the collection in its footer, and the collection its digest. One of them
    // has to do without the other, and a digest of what holds itself can't be had.
    let report = release.report;
    let base = PathBuf::from(collection.base());
    let items = items_of(collection);
    let span = DataSpan::of(report, collection)?;
    let described = stac::collection_json(release, collection, &span);
    for item in &items {
        files.push((
            base.join(format!("stac/{}.json", item.id)),
            to_pretty_json(&stac::item_json(report, item, &span)),
        ));
    }
    // A collection without tiles has no items to mirror; an empty mirror would claim some.
    if items.is_empty() {
        files.push((base.join(paths::COLLECTION), to_pretty_json(&described)));
        return Ok(());
    }
    let table = items_table::encode_items(report, collection, &items, &span, &described)?;
    files.push((
        base.join(paths::COLLECTION),
        to_pretty_json(&stac::with_mirror(described, &table)),
    ));
    files.push((base.join(paths::ITEMS), table));
    Ok(())
}

fn to_pretty_json(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
