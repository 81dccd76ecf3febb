//! `datapackage.json`: every table of a release and every column of it, as a Frictionless Data Package.
//!
//! Pure. Source: Data Package 2.0 (datapackage.org). Lists of items are left out: STAC describes them.

use arrow_schema::{DataType, Field};
use serde_json::{Value, json};

use super::collection::{Collection, distinct};
use super::context::{Contents, ReleaseContext, TableFile};
use super::dictionary::{ColumnDoc, table_columns};
use super::item::items_of;
use super::licence::is_spdx;
use crate::feature::release::paths;
use crate::feature::{FileRecord, TileRecord};
use crate::geoparquet::MEDIA_TYPE;
use crate::plan::LayerSchema;

const PROFILE: &str = "https://datapackage.org/profiles/2.0/datapackage.json";

/// The package.
pub(super) fn package_json(release: &ReleaseContext<'_>, contents: &Contents<'_>) -> Value {
    let ReleaseContext {
        plan,
        report,
        citation,
    } = release;
    let collections = contents.collections.iter().flat_map(|of| {
        let tiles = tiles_resource(of, contents);
        tiles
            .into_iter()
            .chain(crossing_resource(of, contents))
            .chain(national_resource(of, contents))
    });
    let resources: Vec<Value> = collections
        .chain(contents.tables.iter().map(table_resource))
        .collect();
    let schemas = contents
        .collections
        .iter()
        .filter_map(|of| Some(&*of.layer?.0.schema));
    let mut package = json!({
        "$schema": PROFILE,
        "name": resource_name(&plan.id),
        "title": plan.title,
        "version": report.release,
        "created": report.started,
        "data_sha256": citation.data_sha256(),
        "contributors": [{"title": plan.title, "roles": ["publisher"]}],
        "resources": resources,
    });
    let texts = [
        ("description", Some(&plan.description)),
        ("homepage", citation.url.as_ref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            package[name] = json!(text);
        }
    }
    let licences = distinct(schemas.clone().map(|schema| schema.licence.clone()));
    // A list of none is no list.
    if !licences.is_empty() {
        package["licenses"] = licences.iter().map(|licence| licence_json(licence)).collect();
        package["sources"] = distinct_sources(schemas).into();
    }
    package
}

/// A collection's tiles, one table in several files.
fn tiles_resource(of: &Collection<'_>, contents: &Contents<'_>) -> Option<Value> {
    let mut resource = collection_resource(of, contents, &of.base());
    add_tiles(&mut resource, of, false).then_some(resource)
}

/// Rows of other regions that reach into one: a table of its own, for whoever reads both would count them twice.
fn crossing_resource(of: &Collection<'_>, contents: &Contents<'_>) -> Option<Value> {
    let mut resource = collection_resource(of, contents, &format!("{}/crossing", of.base()));
    resource["title"] = json!(format!(
        "{}, those of other regions that reach into one",
        of.title
    ));
    // A facility stands once in each further region.
    if let Some(schema) = resource["schema"].as_object_mut() {
        schema.remove("primaryKey");
    }
    add_tiles(&mut resource, of, true).then_some(resource)
}

/// Adds the tiles in `data/`, or those in `crossing/`; tells whether there is any.
fn add_tiles(resource: &mut Value, of: &Collection<'_>, crossing: bool) -> bool {
    let items = items_of(of);
    let mut tiles: Vec<(String, &TileRecord)> = Vec::with_capacity(items.len());
    for item in items.iter().filter(|item| item.is_crossing() == crossing) {
        tiles.push((format!("{}/{}", of.base(), item.href), item.tile));
    }
    tiles.sort_by(|a, b| a.0.cmp(&b.0));
    match tiles.as_slice() {
        [] => return false,
        [(path, tile)] => add_file(resource, path, &tile.sha256),
        tiles => resource["path"] = tiles.iter().map(|(path, _)| path.as_str()).collect(),
    }
    true
}

/// The file that holds all of a layer's rows.
fn national_resource(of: &Collection<'_>, contents: &Contents<'_>) -> Option<Value> {
    let file: &FileRecord = of.national?;
    let path = format!("{}/{}", of.base(), paths::NATIONAL);
    let mut resource = collection_resource(of, contents, &path);
    resource["title"] = json!(format!("{}, every region in one file", of.title));
    add_file(&mut resource, &path, &file.sha256);
    Some(resource)
}

/// What the files of a collection have in common; `path` names the resource.
fn collection_resource(of: &Collection<'_>, contents: &Contents<'_>, path: &str) -> Value {
    let mut resource = resource_of(path, &of.title);
    let columns = of.schema.fields().iter().zip(of.columns());
    let fields = columns.map(|(field, doc)| field_json(field, &doc));
    resource["schema"] = schema_json(fields);
    if !of.description.trim().is_empty() {
        resource["description"] = json!(of.description);
    }
    if let Some((layer, _)) = of.layer {
        resource["licenses"] = json!([licence_json(&layer.schema.licence)]);
        resource["sources"] = json!([source_json(&layer.schema)]);
    }
    if of.schema.column_with_name("facility_id").is_some() {
        resource["schema"]["primaryKey"] = json!(["facility_id"]);
    }
    let keys = [
        ("sector_class", paths::SECTOR_MEMBERSHIP),
        ("sector_code", paths::SECTORS),
    ];
    // Only where both ends are there: the tables of sectors are a product that a pipeline may leave out.
    let keys = keys.into_iter().filter(|(column, table)| {
        of.schema.column_with_name(column).is_some()
            && contents.tables.iter().any(|found| found.path == *table)
    });
    let keys: Vec<Value> = keys
        .map(|(column, table)| {
            let reference = json!({"resource": resource_name(table), "fields": [column]});
            json!({"fields": [column], "reference": reference})
        })
        .collect();
    if !keys.is_empty() {
        resource["schema"]["foreignKeys"] = keys.into();
    }
    resource
}

/// A table beside the tiles.
fn table_resource(table: &TableFile) -> Value {
    let title = table
        .doc
        .map_or_else(|| table.path.clone(), |doc| format!("Each row is {}", doc.what));
    let mut resource = resource_of(&table.path, &title);
    let columns = table_columns(table.doc.as_ref(), &table.schema);
    let fields = table.schema.fields().iter().zip(&columns);
    resource["schema"] = schema_json(fields.map(|(field, doc)| field_json(field, doc)));
    add_file(&mut resource, &table.path, &table.sha256);
    resource
}

fn resource_of(path: &str, title: &str) -> Value {
    json!({
        "name": resource_name(path),
        "type": "table",
        "title": title,
        "format": "parquet",
        "mediatype": MEDIA_TYPE,
    })
}

/// The one file of a resource. Its size stands in `manifest.json` alone: Frictionless never counts the bytes of Parquet, and
/// takes a file with `bytes` for one of another size.
fn add_file(resource: &mut Value, path: &str, sha256: &str) {
    resource["path"] = json!(path);
    resource["hash"] = json!(format!("sha256:{sha256}"));
}

/// `layers/dams/national.parquet` is `layers.dams.national`: the standard takes letters, digits, `.`, `-` and `_`.
fn resource_name(path: &str) -> String {
    let path = path.strip_suffix(".parquet").unwrap_or(path);
    path.replace('/', ".").to_lowercase()
}

fn schema_json(fields: impl Iterator<Item = Value>) -> Value {
    // Parquet tells nulls from values: no text stands for none.
    json!({"fields": fields.collect::<Value>(), "missingValues": []})
}

fn field_json(field: &Field, doc: &ColumnDoc) -> Value {
    let kind = table_schema_type(field.data_type());
    let mut json = json!({
        "name": field.name(),
        "type": kind,
        "description": doc.meaning,
        "arrow_type": doc.kind,
    });
    if kind == "integer" {
        // Frictionless has Parquet read by pandas, which makes of integers with nulls numbers with NaN.
        json["missingValues"] = json!(["nan"]);
    }
    if let Some(unit) = &doc.unit {
        json["unit"] = json!(unit);
    }
    if !doc.codes.is_empty() {
        // Not `categories`, nor an `enum`: a source may have codes of which its documents know nothing, and they are kept.
        let codes = doc.codes.iter();
        json["codes"] = codes.map(|(code, text)| (code.clone(), json!(text))).collect();
    }
    json
}

/// A type of Table Schema.
fn table_schema_type(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => "string",
        DataType::Boolean => "boolean",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Timestamp(..) => "datetime",
        DataType::Struct(_) => "object",
        kind if kind.is_integer() => "integer",
        kind if kind.is_floating() => "number",
        // Geometries are bytes, of which Table Schema has none; its `array` is JSON, which a list of Parquet isn't.
        _ => "any",
    }
}

fn licence_json(licence: &str) -> Value {
    if is_spdx(licence) {
        json!({"name": licence})
    } else {
        json!({"path": paths::README, "title": licence})
    }
}

fn source_json(schema: &LayerSchema) -> Value {
    let mut source = json!({"title": schema.agency});
    if let Some(url) = &schema.homepage {
        source["path"] = json!(url);
    }
    source
}

fn distinct_sources<'a>(schemas: impl Iterator<Item = &'a LayerSchema>) -> Vec<Value> {
    let mut sources = Vec::new();
    for source in schemas.map(source_json) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}
