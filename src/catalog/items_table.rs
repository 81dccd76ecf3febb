//! `items.parquet`: all items of a collection as stac-geoparquet 1.1.
//!
//! Pure: tile records in, bytes out. Links in `items.parquet` hold from where it stands, so that
//! a reader joins an asset's href with the folder of the table.
//! Source: radiantearth/stac-geoparquet-spec 1.1.0.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Fields, Schema};
use chrono::{DateTime, Utc};
use geo::Geometry;
use serde_json::{Value, json};
use wkb::writer::{WriteOptions as WkbOptions, write_geometry};

use super::collection::{Collection, distinct};
use super::error::CatalogError;
use super::footprint::{footprint, union_extent};
use super::item::{Item, TEXTS};
use super::span::DataSpan;
use super::stac_terms::{ITEM_EXTENSIONS, VERSION, multihash};
use crate::feature::release::paths;
use crate::feature::{RunReport, TileRecord};
use crate::geoparquet::{Features, MEDIA_TYPE, WriteOptions, write_features};

/// The bytes of `items.parquet`.
pub(super) fn encode_items(
    report: &RunReport,
    collection: &Collection<'_>,
    items: &[Item<'_>],
    span: &DataSpan,
    described: &Value,
) -> Result<Vec<u8>, CatalogError> {
    let rows = items_batch(report, collection, items, span)?;
    let mut types = distinct(
        items
            .iter()
            .map(|item| type_name(&footprint(item.tile.extent)).to_owned()),
    );
    types.sort();
    // The collection stands in the footer (stac-geoparquet 1.1), so that the table is a catalog by itself.
    // The version of stac-geoparquet, which happens to be that of STAC.
    let stac = json!({"version": "1.1.0", "collections": {&collection.id: described}});
    let features = Features {
        what: paths::ITEMS,
        rows: &rows,
        row_groups: &[rows.num_rows()],
        extent: union_extent(items.iter().map(|item| item.tile.extent)),
        geometry_types: &types,
        footer: &[("stac-geoparquet".to_owned(), stac.to_string())],
    };
    let mut out = Vec::new();
    write_features(&features, &WriteOptions::default(), &mut out).map_err(|source| {
        CatalogError::WriteItems {
            collection: collection.id.clone(),
            source,
        }
    })?;
    Ok(out)
}

fn items_batch(
    report: &RunReport,
    collection: &Collection<'_>,
    items: &[Item<'_>],
    span: &DataSpan,
) -> Result<RecordBatch, CatalogError> {
    let started = DateTime::parse_from_rfc3339(&report.started).map_err(|source| CatalogError::Started {
        started: report.started.clone(),
        source,
    })?;
    // Both or neither, as in the JSON of an item.
    let end = span.start.map(|_| span.end);
    let counts: Int64Array = items
        .iter()
        .map(|item| Some(item.tile.rows.cast_signed()))
        .collect();
    let geometry: BinaryArray = items
        .iter()
        .map(|item| Some(encode_wkb(&footprint(item.tile.extent))))
        .collect();
    let mut columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("type", constant_column("Feature", items), false),
        ("stac_version", constant_column(VERSION, items), false),
        // Repeated in each row: readers make of a row the item that it was, and ask nothing else.
        (
            "stac_extensions",
            Arc::new(repeated_list(items, &ITEM_EXTENSIONS)),
            false,
        ),
        ("id", text_column(items, |item| item.id.clone()), false),
        ("links", Arc::new(links_column(items)), false),
        ("assets", Arc::new(assets_column(items)), false),
        ("collection", constant_column(&collection.id, items), false),
        ("datetime", time_column(Some(span.end), items), false),
        ("start_datetime", time_column(span.start, items), true),
        ("end_datetime", time_column(end, items), true),
        ("created", time_column(Some(started.to_utc()), items), false),
        ("table:row_count", Arc::new(counts), false),
    ];
    columns.extend(text_columns(items));
    columns.push(("geometry", Arc::new(geometry), false));
    columns.push(("bbox", Arc::new(bbox_column(items)), false));
    let fields = columns
        .iter()
        .map(|(name, array, null)| Field::new(*name, array.data_type().clone(), *null));
    let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
    RecordBatch::try_new(schema, columns.into_iter().map(|(_, array, _)| array).collect()).map_err(|source| {
        CatalogError::Items {
            collection: collection.id.clone(),
            source,
        }
    })
}

/// The same time in every row.
fn time_column(time: Option<DateTime<Utc>>, items: &[Item<'_>]) -> ArrayRef {
    let micros = time.map(|time| time.timestamp_micros());
    let times: TimestampMicrosecondArray = items.iter().map(|_| micros).collect();
    Arc::new(times.with_timezone("UTC"))
}

/// One column per text property, the same in every collection, null where an item has none.
fn text_columns(items: &[Item<'_>]) -> Vec<(&'static str, ArrayRef, bool)> {
    let texts: Vec<[Option<String>; 8]> = items.iter().map(Item::texts).collect();
    let mut columns: Vec<(&'static str, ArrayRef, bool)> = Vec::with_capacity(TEXTS.len());
    for (at, name) in TEXTS.into_iter().enumerate() {
        let values: StringArray = texts.iter().map(|texts| texts[at].as_deref()).collect();
        columns.push((name, Arc::new(values), true));
    }
    columns
}

/// A side of a tile's box.
type Side = fn(&TileRecord) -> f64;

fn bbox_column(items: &[Item<'_>]) -> StructArray {
    // The exact boxes, as doubles: there is a row for a tile, not for a facility, and nothing to save.
    let sides: [(&str, Side); 4] = [
        ("xmin", |tile| tile.extent.min().x),
        ("ymin", |tile| tile.extent.min().y),
        ("xmax", |tile| tile.extent.max().x),
        ("ymax", |tile| tile.extent.max().y),
    ];
    let mut columns: Vec<(Arc<Field>, ArrayRef)> = Vec::with_capacity(sides.len());
    for (name, value) in sides {
        let values: Float64Array = items.iter().map(|item| Some(value(item.tile))).collect();
        let field = Field::new(name, DataType::Float64, false);
        columns.push((Arc::new(field), Arc::new(values)));
    }
    StructArray::from(columns)
}

fn assets_column(items: &[Item<'_>]) -> StructArray {
    let sizes: Int64Array = items
        .iter()
        .map(|item| Some(item.tile.bytes.cast_signed()))
        .collect();
    let data: Vec<(&str, ArrayRef)> = vec![
        ("href", text_column(items, |item| item.href.clone())),
        ("title", text_column(items, Item::title)),
        ("type", constant_column(MEDIA_TYPE, items)),
        ("roles", Arc::new(repeated_list(items, &["data"]))),
        ("file:size", Arc::new(sizes)),
        (
            "file:checksum",
            text_column(items, |item| multihash(&item.tile.sha256)),
        ),
    ];
    // A struct of the one asset, as in the JSON of an item: `assets.data.href`.
    let data = struct_of(data);
    struct_of(vec![("data", Arc::new(data))])
}

fn struct_of(columns: Vec<(&str, ArrayRef)>) -> StructArray {
    let named = columns.into_iter().map(|(name, array)| {
        let field = Field::new(name, array.data_type().clone(), true);
        (Arc::new(field), array)
    });
    StructArray::from(named.collect::<Vec<_>>())
}

fn links_column(items: &[Item<'_>]) -> ListArray {
    let fields: Fields = ["href", "rel", "type", "title"]
        .map(|name| Field::new(name, DataType::Utf8, true))
        .to_vec()
        .into();
    let mut lists = ListBuilder::new(StructBuilder::from_fields(fields, items.len()));
    for item in items {
        for (rel, href, title) in item.links() {
            let link = lists.values();
            for (i, text) in [href.as_str(), rel, "application/json", title].iter().enumerate() {
                let builder: &mut StringBuilder = link.field_builder(i).expect("every field is text");
                builder.append_value(text);
            }
            link.append(true);
        }
        lists.append(true);
    }
    lists.finish()
}

/// The same list in every row.
fn repeated_list(items: &[Item<'_>], values: &[&str]) -> ListArray {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for _ in items {
        lists.append_value(values.iter().map(Some));
    }
    lists.finish()
}

fn text_column<'a>(items: &[Item<'a>], text: impl Fn(&Item<'a>) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(items.iter().map(text)))
}

fn constant_column(text: &str, items: &[Item<'_>]) -> ArrayRef {
    text_column(items, |_| text.to_owned())
}

fn encode_wkb(geometry: &Geometry<f64>) -> Vec<u8> {
    let mut out = Vec::new();
    write_geometry(&mut out, geometry, &WkbOptions::default()).expect("a vector takes any bytes");
    out
}

fn type_name(geometry: &Geometry<f64>) -> &'static str {
    match geometry {
        Geometry::Point(_) => "Point",
        Geometry::Polygon(_) => "Polygon",
        _ => "LineString",
    }
}
