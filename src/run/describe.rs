//! The catalog stage: STAC, items, README and report of the release to be.

use std::path::Path;

use arrow_schema::SchemaRef;
use tracing::info;

use super::context::Context;
use super::jurisdictions::JoinedSets;
use super::layer_outcome::LayerOutcome;
use super::page_content;
use super::table_docs::table_docs;
use crate::catalog::{self, Collection, Contents, TableFile};
use crate::derive;
use crate::error::Error;
use crate::feature::release::paths::{
    FACILITIES, NATIONAL, REPORT, REPORT_PAGE, is_crossing, is_tile, map_path,
};
use crate::feature::release::product_names;
use crate::feature::{FileRecord, RunReport, TileRecord};
use crate::geoparquet;
use crate::kernel::columns::inventory_schema;
use crate::page::{self, Page};
use crate::store::Lock;

/// Writes everything that describes the tiles, `report.html` and `report.json`.
///
/// # Errors
/// When the catalog can't be made or the store can't take it.
pub(super) fn write_catalog(
    context: &Context<'_>,
    lock: &Lock,
    report: &RunReport,
    joined: &JoinedSets,
    layers: &[LayerOutcome],
    facilities: &[TileRecord],
) -> Result<(), Error> {
    let _task = context.progress.start("catalog", report.release.as_str(), None);
    let plan = context.plan;
    let inventory = Collection::inventory(plan, inventory_schema(&joined.context.own_columns()), facilities);
    let tiles: Vec<Vec<TileRecord>> = layers
        .iter()
        .map(|outcome| [outcome.tiles.as_slice(), &outcome.crossing].concat())
        .collect();
    let with_tiles = plan.layers.iter().zip(layers).zip(&tiles);
    let present = with_tiles.filter_map(|((layer, outcome), tiles)| {
        let schema = outcome.schema.clone()?;
        let collection = Collection::of_layer(plan, layer, &outcome.report, schema, tiles);
        let collection = collection.with_files(outcome.national.as_ref(), outcome.changes.as_ref());
        let map = map_file(context, &collection.id, outcome.report.rows_written);
        Some(collection.with_formats(&outcome.formats).with_map(map))
    });
    let rows = facilities.iter().map(|tile| tile.rows).sum();
    let inventory = inventory.with_map(map_file(context, FACILITIES, rows));
    let inventory = Some(inventory).filter(|_| plan.makes_product(product_names::INVENTORY));
    let collections: Vec<Collection<'_>> = inventory.into_iter().chain(present).collect();
    let products = derive::product_docs(plan);
    let contents = Contents {
        collections: &collections,
        products: &products,
        tables: &staged_tables(context)?,
        // All data are staged by now; what is still to come describes them.
        data_sha256: &context.staging.data_sha256(),
    };
    let files =
        catalog::describe_release(plan, report, &contents).map_err(|source| Error::Catalog { source })?;
    context.staging.write_all(&files)?;
    for (path, rows) in collections.iter().filter_map(Collection::index) {
        context.note_rows(&path, rows);
    }
    let shown = Page {
        plan,
        report,
        last: context.last,
        history: context.history,
        counts: context.counts,
        facilities: &page_content::facility_counts(context, lock, facilities)?,
        outlines: &joined.outlines,
        rejects: &page_content::first_rejects(context, layers)?,
        collections: &collections,
        products: &products,
    };
    let html = page::render_page(&shown);
    context.staging.write(Path::new(REPORT_PAGE), &html)?;
    let text = serde_json::to_vec_pretty(report).map_err(|source| Error::Law {
        what: source.to_string(),
    })?;
    context.staging.write(Path::new(REPORT), &text)?;
    info!(
        stage = "catalog",
        collections = collections.len(),
        files = files.len(),
        "described"
    );
    Ok(())
}

/// The vector tiles of a collection as they are staged, made or linked.
fn map_file(context: &Context<'_>, collection: &str, rows: u64) -> Option<FileRecord> {
    let path = map_path(collection);
    let staged = context.staging.files().into_iter();
    let file = staged.into_iter().find(|file| Path::new(&file.path) == path)?;
    Some(FileRecord {
        path,
        rows,
        bytes: file.bytes,
        sha256: file.sha256,
    })
}

/// The tables beside the tiles as they are staged, made or linked.
fn staged_tables(context: &Context<'_>) -> Result<Vec<TableFile>, Error> {
    let docs = table_docs(context.plan);
    let mut tables = Vec::new();
    for file in context.staging.files() {
        let path = Path::new(&file.path);
        let is_table = path.extension().is_some_and(|end| end == "parquet");
        if !is_table || is_tile(path) || is_crossing(path) || path.ends_with(NATIONAL) {
            continue;
        }
        let schema = match context.columns_written(&file.sha256) {
            Some(columns) => columns,
            None => columns_of_linked(context, path)?,
        };
        tables.push(TableFile {
            schema,
            doc: docs.iter().find(|doc| doc.is_at(path)).copied(),
            path: file.path,
            sha256: file.sha256,
        });
    }
    Ok(tables)
}

fn columns_of_linked(context: &Context<'_>, path: &Path) -> Result<SchemaRef, Error> {
    match geoparquet::read_footer(&context.staging.path_of(path)) {
        Ok(footer) => Ok(footer.schema),
        Err(source) => Err(Error::Table {
            source: source.into(),
        }),
    }
}
