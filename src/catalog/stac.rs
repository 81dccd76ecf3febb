//! STAC 1.1 objects as JSON: catalog, collection, item.
//!
//! Pure. Extensions are pinned by version; links are relative, so that a release can be moved.
//! Source: radiantearth/stac-spec v1.1.0, best-practices.md (relative published catalogs).

use serde_json::{Value, json};

use super::collection::{Collection, distinct};
use super::context::ReleaseContext;
use super::dictionary::ColumnDoc;
use super::footprint::{bbox_or_world, footprint, union_extent};
use super::item::{Item, TEXTS, items_of, row_count};
use super::licence::is_spdx;
use super::span::DataSpan;
use super::stac_terms::{COLLECTION_EXTENSIONS, ITEM_EXTENSIONS, VERSION, WEB_MAP_LINKS, multihash};
use crate::feature::digest::sha256_hex;
use crate::feature::release::paths;
use crate::feature::{FileRecord, LayerReport, RunReport};
use crate::geoparquet::MEDIA_TYPE;
use crate::plan::{LayerSchema, Plan};

/// Media type of archives of vector tiles.
const PMTILES: &str = "application/vnd.pmtiles";

/// The root: `catalog.json`.
pub(super) fn catalog_json(release: &ReleaseContext<'_>, collections: &[Collection<'_>]) -> Value {
    let ReleaseContext {
        plan,
        report,
        citation,
    } = release;
    // Relative, as STAC's best practices have it for what is published to be copied: a release is moved as a folder.
    let mut links = vec![
        link_json(
            "root",
            &format!("./{}", paths::CATALOG),
            "application/json",
            &plan.title,
        ),
        link_json(
            "describedby",
            &format!("./{}", paths::README),
            "text/markdown",
            "What this release holds and how to query it",
        ),
        link_json(
            "alternate",
            &format!("./{}", paths::REPORT_PAGE),
            "text/html",
            "What became of the run, for people",
        ),
        link_json(
            "related",
            &format!("./{}", paths::URLS),
            "text/plain",
            "Where every tile is, a line each",
        ),
        link_json(
            "describedby",
            &format!("./{}", paths::DATAPACKAGE),
            "application/json",
            "Every table and column, as a Frictionless Data Package",
        ),
        link_json(
            "related",
            &format!("./{}", paths::CITATION),
            "application/yaml",
            "How to cite this release",
        ),
    ];
    links.extend(cite_as_link(release));
    links.extend(collections.iter().map(|collection| {
        let href = format!("./{}/{}", collection.base(), paths::COLLECTION);
        link_json("child", &href, "application/json", &collection.title)
    }));
    json!({
        "type": "Catalog",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": plan.id,
        "title": plan.title,
        "description": or_title(&plan.description, &plan.title),
        "links": links,
        "cikr:release": report.release,
        "cikr:version": report.cikr_version,
        "cikr:started": report.started,
        "cikr:data_sha256": citation.data_sha256(),
        "cikr:layers": report.layers.iter().map(layer_state).collect::<Vec<_>>(),
    })
}

/// A collection, but for the asset of its `items.parquet` (which carries this very object).
pub(super) fn collection_json(release: &ReleaseContext<'_>, of: &Collection<'_>, span: &DataSpan) -> Value {
    let items = items_of(of);
    let mut object = json!({
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": collection_extensions(of),
        "id": of.id,
        "title": of.title,
        "description": or_title(&of.description, &of.title),
        "keywords": distinct(of.keywords.iter().cloned()),
        "license": if is_spdx(&of.licence) { of.licence.as_str() } else { "other" },
        "providers": providers(release.plan, of),
        "extent": {
            "spatial": {"bbox": [bbox_or_world(union_extent(items.iter().map(|item| item.tile.extent)))]},
            // Of the data; when the run was, `created` says.
            "temporal": {"interval": [[span.start_text(), span.end_text()]]},
        },
        "created": release.report.started,
        "sci:citation": release.citation.sentence_of(of),
        "cikr:data_sha256": release.citation.data_sha256(),
        "summaries": item_summaries(&items),
        "item_assets": {"data": {"type": MEDIA_TYPE, "roles": ["data"], "title": "Facilities of one region"}},
        "assets": collection_assets(of),
        "links": collection_links(release, of, &items),
        "table:primary_geometry": "geometry",
        "table:row_count": row_count(&items),
        "table:columns": of.columns().iter().map(table_column).collect::<Vec<_>>(),
    });
    // With a prefix of our own, as STAC asks of fields that no extension defines.
    if let Some((layer, state)) = of.layer {
        for (name, value) in layer_provenance(state, &layer.schema) {
            object[name] = value;
        }
    }
    object
}

fn collection_extensions(of: &Collection<'_>) -> Vec<&'static str> {
    // The extension wants at least one of its links.
    let maps = of.map.iter().map(|_| WEB_MAP_LINKS);
    COLLECTION_EXTENSIONS.into_iter().chain(maps).collect()
}

fn collection_links(release: &ReleaseContext<'_>, of: &Collection<'_>, items: &[Item<'_>]) -> Vec<Value> {
    let title = &release.plan.title;
    let root = format!("{}{}", of.to_root(), paths::CATALOG);
    let mut links = vec![
        link_json("root", &root, "application/json", title),
        link_json("parent", &root, "application/json", title),
        link_json(
            "describedby",
            &format!("{}{}", of.to_root(), paths::README),
            "text/markdown",
            "Columns, counts, how to query",
        ),
    ];
    links.extend(
        of.homepage
            .iter()
            .map(|url| link_json("about", url, "text/html", "Source of the rows")),
    );
    // STAC 1.1 wants an SPDX identifier or `other`, and deprecates `proprietary`; of `other` a link must tell more.
    if !is_spdx(&of.licence) {
        links.push(link_json(
            "license",
            &format!("{}{}", of.to_root(), paths::README),
            "text/markdown",
            &of.licence,
        ));
    }
    links.extend(of.map.iter().map(|map| {
        let title = format!("{}, as vector tiles", of.title);
        let mut link = link_json("pmtiles", &map_href(of, map), PMTILES, &title);
        link["pmtiles:layers"] = json!([of.id]);
        link
    }));
    links.extend(items.iter().map(|item| {
        link_json(
            "item",
            &format!("./stac/{}.json", item.id),
            "application/geo+json",
            &item.title(),
        )
    }));
    links.extend(cite_as_link(release));
    links
}

/// Where readers find what is cited, where the pipeline says under which address the store is.
fn cite_as_link(release: &ReleaseContext<'_>) -> Option<Value> {
    let url = release.citation.url.as_ref()?;
    Some(link_json(
        "cite-as",
        url,
        "text/markdown",
        "How to cite this release",
    ))
}

/// Who made the rows, and last who has processed (and hosts) them.
fn providers(plan: &Plan, of: &Collection<'_>) -> Vec<Value> {
    let agencies = of.agencies.iter();
    let mut providers: Vec<Value> = agencies
        .map(|agency| provider_json(agency, &["producer"], of.homepage.as_deref()))
        .collect();
    let own = match plan.output.base_url.as_deref() {
        Some(url) => provider_json(&plan.title, &["processor", "host"], Some(url)),
        None => provider_json(&plan.title, &["processor"], None),
    };
    providers.push(own);
    providers
}

/// The collection with its `items.parquet` as an asset.
pub(super) fn with_mirror(mut collection: Value, table: &[u8]) -> Value {
    collection["assets"]["items"] = json!({
            "href": format!("./{}", paths::ITEMS),
            "title": "All items as stac-geoparquet",
            "type": MEDIA_TYPE,
    // Portolan's word for such a table; STAC has none.
            "roles": ["collection-mirror"],
            "file:size": table.len(),
            "file:checksum": multihash(&sha256_hex(table)),
        });
    collection
}

/// The file of all rows and that of the changes, where there are such.
fn collection_assets(of: &Collection<'_>) -> Value {
    let mut assets = json!({});
    if let Some(file) = of.national {
        let title = format!("{}, every region in one file", of.title);
        assets["national"] = table_asset(&format!("./{}", paths::NATIONAL), &title, "data", file);
    }
    for (format, file) in of.formats {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let title = format!("{}, every region, as {}", of.title, format.title());
        let mut asset = table_asset(&format!("./{name}"), &title, "data", file);
        asset["type"] = format.media_type().into();
        assets[format.word()] = asset;
    }
    if let Some(file) = &of.map {
        let title = format!("{}, every region, as vector tiles (PMTiles)", of.title);
        let mut asset = table_asset(&map_href(of, file), &title, "visual", file);
        asset["type"] = PMTILES.into();
        assets["pmtiles"] = asset;
    }
    if let Some(file) = of.changes {
        let href = format!("{}{}", of.to_root(), file.path.display());
        let title = format!("{}, what differs from the release before", of.title);
        assets["changes"] = table_asset(&href, &title, "metadata", file);
    }
    assets
}

fn map_href(of: &Collection<'_>, map: &FileRecord) -> String {
    format!("{}{}", of.to_root(), map.path.display())
}

fn table_asset(href: &str, title: &str, role: &str, file: &FileRecord) -> Value {
    json!({
        "href": href,
        "title": title,
        "type": MEDIA_TYPE,
        "roles": [role],
        "file:size": file.bytes,
        "file:checksum": multihash(&file.sha256),
        "table:row_count": file.rows,
    })
}

/// An item: one tile.
pub(super) fn item_json(report: &RunReport, of: &Item<'_>, span: &DataSpan) -> Value {
    // Items stand in `stac/`, a folder beside `data/`: one file below `data/` that is not Parquet, and GeoPandas,
    // pyarrow and Polars can't open the folder as a whole. What is relative to the collection is one up from here.
    let links: Vec<Value> = of
        .links()
        .iter()
        .map(|(rel, href, title)| link_json(rel, &format!("../{href}"), "application/json", title))
        .collect();
    json!({
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": ITEM_EXTENSIONS,
        "id": of.id,
        "geometry": geojson::Geometry::new((&footprint(of.tile.extent)).into()),
        "bbox": bbox_or_world(Some(of.tile.extent)),
        "properties": item_properties(report, of, span),
        "collection": of.collection.id,
        "links": links,
        "assets": {"data": {
            "href": format!("../{}", of.href),
            "title": of.title(),
            "type": MEDIA_TYPE,
            "roles": ["data"],
            "file:size": of.tile.bytes,
            "file:checksum": multihash(&of.tile.sha256),
        }},
    })
}

/// Times and the row count, and the texts that stand in `items.parquet` too.
fn item_properties(report: &RunReport, of: &Item<'_>, span: &DataSpan) -> Value {
    let mut properties = json!({
        "datetime": span.end_text(),
        "created": report.started,
        "table:row_count": of.tile.rows,
    });
    // STAC wants both or neither.
    if let Some(start) = span.start_text() {
        properties["start_datetime"] = json!(start);
        properties["end_datetime"] = json!(span.end_text());
    }
    for (name, text) in TEXTS.into_iter().zip(of.texts()) {
        if let Some(text) = text {
            properties[name] = json!(text);
        }
    }
    properties
}

/// What became of a layer, as the root catalog tells it.
fn layer_state(layer: &LayerReport) -> Value {
    json!({
        "id": layer.id,
        "status": layer.status(),
        "reason": layer.reason(),
        "carried_from": layer.carried_from(),
        "carried_days": layer.carried_days(),
        "rows": layer.rows_written,
    })
}

/// Where a layer's rows come from and what became of them, as fields of its collection.
fn layer_provenance(state: &LayerReport, schema: &LayerSchema) -> [(&'static str, Value); 13] {
    [
        ("cikr:status", json!(state.status())),
        ("cikr:reason", json!(state.reason())),
        ("cikr:carried_from", json!(state.carried_from())),
        ("cikr:carried_days", json!(state.carried_days())),
        ("cikr:gate", json!(state.gate)),
        ("cikr:source", json!(state.source)),
        ("cikr:source_sha256", json!(state.source_sha256)),
        ("cikr:landed_at", json!(state.landed_at)),
        ("cikr:rows_read", json!(state.rows_read)),
        ("cikr:rows_rejected", json!(state.rows_rejected)),
        ("cikr:handling", json!(schema.handling)),
        ("cikr:synthetic", json!(schema.synthetic)),
        ("cikr:unverified", json!(schema.unverified)),
    ]
}

/// Distinct values across the items; a summary may not be empty, so an absent one is left out.
fn item_summaries(items: &[Item<'_>]) -> Value {
    let mut summaries = json!({});
    for name in ["proj:code", "region", "layer", "sector"] {
        let texts = items.iter().flat_map(|item| TEXTS.into_iter().zip(item.texts()));
        // In one order, whatever the order of the tiles: the same release has the same summaries.
        let mut values = distinct(texts.filter(|(key, _)| *key == name).filter_map(|(_, text)| text));
        values.sort();
        if !values.is_empty() {
            summaries[name] = json!(values);
        }
    }
    summaries
}

fn provider_json(name: &str, roles: &[&str], url: Option<&str>) -> Value {
    let mut provider = json!({"name": name, "roles": roles});
    if let Some(url) = url {
        provider["url"] = json!(url);
    }
    provider
}

fn table_column(column: &ColumnDoc) -> Value {
    let unit = column
        .unit
        .as_ref()
        .map(|unit| format!(" ({unit})"))
        .unwrap_or_default();
    json!({"name": column.name, "type": column.kind, "description": format!("{}{unit}", column.meaning)})
}

fn link_json(rel: &str, href: &str, media_type: &str, title: &str) -> Value {
    json!({"rel": rel, "href": href, "type": media_type, "title": title})
}

/// STAC wants a description; a plan may leave it empty.
fn or_title<'a>(description: &'a str, title: &'a str) -> &'a str {
    if description.trim().is_empty() {
        title
    } else {
        description
    }
}
