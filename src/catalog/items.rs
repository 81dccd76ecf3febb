//! Items, and `items.parquet`: all items of a collection as stac-geoparquet 1.1.
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
use chrono::DateTime;
use geo::Geometry;
use serde_json::{Value, json};
use wkb::writer::{WriteOptions as WkbOptions, write_geometry};

use super::stac::{CRS, EXTENSIONS, VERSION, extent, footprint, multihash};
use super::{CatalogError, Collection, distinct};
use crate::feature::{LayerStatus, RunReport, TileRecord};
use crate::geoparquet::{Features, MEDIA_TYPE, WriteOptions, write_features};

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
    pub(super) fn new(collection: &'a Collection<'a>, tile: &'a TileRecord) -> Self {
        let path = tile.path.strip_prefix(collection.base()).unwrap_or(&tile.path);
        let href = path
            .iter()
            .map(|part| part.to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        let crossing = if href.starts_with("crossing/") {
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
        self.href.starts_with("crossing/")
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
        let own = || "collection.json".to_owned();
        let root = format!("{}catalog.json", self.collection.to_root());
        let title = self.collection.title.as_str();
        [
            ("root", root, "Catalog of the release"),
            ("parent", own(), title),
            ("collection", own(), title),
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
            state.map(|state| status(state.status).to_owned()),
            state.and_then(|state| state.carried_from.clone()),
            state.and_then(|state| state.reason.clone()),
        ]
    }
}

/// A layer's status in the words of the report.
pub(super) const fn status(status: LayerStatus) -> &'static str {
    match status {
        LayerStatus::Published => "published",
        LayerStatus::Carried => "carried",
        LayerStatus::Absent => "absent",
    }
}

/// The bytes of `items.parquet`.
pub(super) fn parquet(
    report: &RunReport,
    collection: &Collection<'_>,
    items: &[Item<'_>],
    described: &Value,
) -> Result<Vec<u8>, CatalogError> {
    let rows = batch(report, collection, items)?;
    let mut types = distinct(
        items
            .iter()
            .map(|item| type_name(&footprint(item.tile.extent)).to_owned()),
    );
    types.sort();
    let stac = json!({"version": "1.1.0", "collections": {&collection.id: described}});
    let features = Features {
        what: "items.parquet",
        rows: &rows,
        row_groups: &[rows.num_rows()],
        extent: extent(items),
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

fn batch(
    report: &RunReport,
    collection: &Collection<'_>,
    items: &[Item<'_>],
) -> Result<RecordBatch, CatalogError> {
    let started = DateTime::parse_from_rfc3339(&report.started).map_err(|source| CatalogError::Started {
        started: report.started.clone(),
        source,
    })?;
    let datetime = TimestampMicrosecondArray::from_value(started.timestamp_micros(), items.len());
    let counts: Int64Array = items
        .iter()
        .map(|item| Some(item.tile.rows.cast_signed()))
        .collect();
    let geometry: BinaryArray = items
        .iter()
        .map(|item| Some(outline(&footprint(item.tile.extent))))
        .collect();
    let boxes = boxes(items);
    let mut columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("type", constant("Feature", items), false),
        ("stac_version", constant(VERSION, items), false),
        ("stac_extensions", Arc::new(lists(items, &EXTENSIONS)), false),
        ("id", strings(items, |item| item.id.clone()), false),
        ("links", Arc::new(links(items)), false),
        ("assets", Arc::new(assets(items)), false),
        ("collection", constant(&collection.id, items), false),
        ("datetime", Arc::new(datetime.with_timezone("UTC")), false),
        ("table:row_count", Arc::new(counts), false),
    ];
    columns.extend(text_columns(items));
    columns.push(("geometry", Arc::new(geometry), false));
    columns.push(("bbox", Arc::new(boxes), false));
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

/// One column per text property, the same in every collection, null where an item has none.
fn text_columns(items: &[Item<'_>]) -> Vec<(&'static str, ArrayRef, bool)> {
    let texts: Vec<[Option<String>; 8]> = items.iter().map(Item::texts).collect();
    let column = |(i, name): (usize, &'static str)| {
        let values: StringArray = texts.iter().map(|texts| texts[i].as_deref()).collect();
        (name, Arc::new(values) as ArrayRef, true)
    };
    TEXTS.into_iter().enumerate().map(column).collect()
}

fn boxes(items: &[Item<'_>]) -> StructArray {
    let side = |name: &str, value: fn(&TileRecord) -> f64| -> (Arc<Field>, ArrayRef) {
        let values: Float64Array = items.iter().map(|item| Some(value(item.tile))).collect();
        (
            Arc::new(Field::new(name, DataType::Float64, false)),
            Arc::new(values),
        )
    };
    StructArray::from(vec![
        side("xmin", |tile| tile.extent.min().x),
        side("ymin", |tile| tile.extent.min().y),
        side("xmax", |tile| tile.extent.max().x),
        side("ymax", |tile| tile.extent.max().y),
    ])
}

fn assets(items: &[Item<'_>]) -> StructArray {
    let sizes: Int64Array = items
        .iter()
        .map(|item| Some(item.tile.bytes.cast_signed()))
        .collect();
    let data: Vec<(&str, ArrayRef)> = vec![
        ("href", strings(items, |item| item.href.clone())),
        ("title", strings(items, Item::title)),
        ("type", constant(MEDIA_TYPE, items)),
        ("roles", Arc::new(lists(items, &["data"]))),
        ("file:size", Arc::new(sizes)),
        (
            "file:checksum",
            strings(items, |item| multihash(&item.tile.sha256)),
        ),
    ];
    let named = |(name, array): (&str, ArrayRef)| {
        (Arc::new(Field::new(name, array.data_type().clone(), true)), array)
    };
    let data = StructArray::from(data.into_iter().map(named).collect::<Vec<_>>());
    StructArray::from(vec![named(("data", Arc::new(data)))])
}

fn links(items: &[Item<'_>]) -> ListArray {
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
fn lists(items: &[Item<'_>], values: &[&str]) -> ListArray {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for _ in items {
        lists.append_value(values.iter().map(Some));
    }
    lists.finish()
}

fn strings<'a>(items: &[Item<'a>], text: impl Fn(&Item<'a>) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(items.iter().map(text)))
}

fn constant(text: &str, items: &[Item<'_>]) -> ArrayRef {
    strings(items, |_| text.to_owned())
}

fn outline(geometry: &Geometry<f64>) -> Vec<u8> {
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
