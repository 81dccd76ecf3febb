//! Joined rows as GeoJSON (RFC 7946): WGS 84, seven decimals, a feature a line.
//!
//! Numbers and truth values stand as such, all else as text in the one spelling that it has everywhere.

use std::io::{self, Write};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::asked::Detail;
use super::polygons::PolygonSet;
use super::schema::added_names;
use super::table::{JoinedBatch, RowGeometry};
use crate::feature::{Texts, spelling};
use crate::kernel::geometry::{as_geojson, shortest_degrees};

/// What stands before the first feature of a collection.
pub(super) const COLLECTION_START: &[u8] = b"{\"type\":\"FeatureCollection\",\"features\":[\n";
/// What stands between two features of a collection.
pub(super) const COLLECTION_SEPARATOR: &[u8] = b",\n";
/// What stands behind the last.
pub(super) const COLLECTION_END: &[u8] = b"\n]}\n";
/// What stands behind each feature of a file of lines.
pub(super) const LINE_SEPARATOR: &[u8] = b"\n";

/// Features of a batch, `separator` between them.
pub(super) fn encode_batch(
    joined: &JoinedBatch,
    sets: &[PolygonSet],
    detail: Detail,
    separator: &[u8],
) -> Vec<u8> {
    let names = added_names(sets, detail);
    let added = joined.added_columns(sets);
    let own = joined.batch.columns.iter().map(|(name, values)| (name, values));
    let columns: Vec<(String, &ArrayRef)> = own
        .chain(names.iter().zip(&added))
        .map(|(name, values)| (key_text(name), values))
        .collect();
    let kept = joined.kept_rows();
    let mut out = Vec::with_capacity(kept.len() * 256);
    for (row, geometry) in joined.row_geometries().enumerate().filter(|(row, _)| kept[*row]) {
        if !out.is_empty() {
            out.extend_from_slice(separator);
        }
        // Writing to memory can't fail.
        let _ = write_feature(&mut out, row, geometry, &columns);
    }
    out
}

/// A member's name with its colon.
fn key_text(name: &str) -> String {
    let mut text = serde_json::to_string(name).unwrap_or_default();
    text.push(':');
    text
}

fn write_feature(
    out: &mut Vec<u8>,
    row: usize,
    geometry: Option<RowGeometry<'_>>,
    columns: &[(String, &ArrayRef)],
) -> io::Result<()> {
    out.write_all(b"{\"type\":\"Feature\",\"geometry\":")?;
    match geometry {
        None => out.write_all(b"null")?,
        Some(RowGeometry::Point(point)) => {
            let place = [shortest_degrees(point.x()), shortest_degrees(point.y())];
            out.write_all(b"{\"type\":\"Point\",\"coordinates\":")?;
            serde_json::to_writer(&mut *out, &place)?;
            out.write_all(b"}")?;
        }
        Some(RowGeometry::Shape(shape)) => serde_json::to_writer(&mut *out, &as_geojson(shape))?,
    }
    out.write_all(b",\"properties\":{")?;
    for (at, (key, values)) in columns.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        out.write_all(key.as_bytes())?;
        write_value(out, values, row)?;
    }
    out.write_all(b"}}")
}

fn write_value(out: &mut Vec<u8>, values: &ArrayRef, row: usize) -> io::Result<()> {
    if values.is_null(row) {
        return out.write_all(b"null");
    }
    if let Some(texts) = Texts::from_array(values) {
        return Ok(serde_json::to_writer(out, &texts.value(row))?);
    }
    // JSON has no NaN: serde writes null for it.
    match values.data_type() {
        DataType::Int64 => write!(out, "{}", values.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Ok(serde_json::to_writer(
            out,
            &values.as_primitive::<Float64Type>().value(row),
        )?),
        DataType::Float32 => Ok(serde_json::to_writer(
            out,
            &values.as_primitive::<Float32Type>().value(row),
        )?),
        DataType::Boolean => write!(out, "{}", values.as_boolean().value(row)),
        _ => Ok(serde_json::to_writer(out, &spelling::spell_value(values, row))?),
    }
}
