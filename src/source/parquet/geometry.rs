//! Which column of a Parquet file is the geometry, and which CRS it is in.
//!
//! Pure, but for CRS definitions that PROJ has to read. In this order: the column that the pipeline
//! names; the primary column of the `geo` key (GeoParquet 1.0, 1.1, 2.0, and the drafts before); the
//! only column of Parquet's own type GEOMETRY or GEOGRAPHY. A name or a type alone is never taken
//! for a geometry. Where `geo` says nothing of the CRS, its default OGC:CRS84 holds; where it says
//! null, the CRS is unknown.

use parquet::basic::LogicalType;
use serde_json::{Map, Value};

use super::super::crs_code::parse_crs_code;
use super::super::error::SourceError;
use super::super::stated_crs::StatedCrs;
use super::super::{header, ogr, projjson};
use super::footer::Footer;
use crate::feature::Crs;

/// A geometry column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GeometryColumn {
    /// Position among the columns of the file.
    pub(super) position: usize,
    /// What the file says about its CRS.
    pub(super) stated: StatedCrs,
    /// Geometry types that `geo` lists; empty where it doesn't know.
    pub(super) types: Vec<String>,
}

/// Finds the geometry column of a file; `wanted` is the pipeline's word.
pub(super) fn find_geometry(
    footer: &Footer,
    shown: &str,
    wanted: Option<&str>,
) -> Result<GeometryColumn, SourceError> {
    let geo = geo_key(footer, shown)?;
    let position = match (wanted, &geo) {
        (Some(wanted), _) => header::find_column(wanted, &footer.names, shown)?,
        (None, Some(geo)) => primary_column(geo, footer, shown)?,
        (None, None) => only_native(footer, shown)?,
    };
    let name = &footer.names[position];
    // GeoArrow's encodings were GeoParquet 1.1's and are gone in 2.0: WKB is what every reader has.
    if !footer.is_binary(position) {
        let encoding =
            column_metadata(geo.as_ref(), name).and_then(|column| column.get("encoding")?.as_str());
        return Err(SourceError::NotWkb {
            shown: shown.to_owned(),
            column: name.clone(),
            kind: match encoding {
                Some(encoding) if encoding != "WKB" => format!("GeoArrow `{encoding}`"),
                _ => footer.type_name(position),
            },
        });
    }
    let column = column_metadata(geo.as_ref(), name);
    let stated = match (column, native_crs_text(footer, position)) {
        // GeoParquet 2.0 states a CRS twice, in `geo` and in the column's own type; a file that says two things is
        // refused, since readers follow one or the other.
        (Some(column), native) => agreed_crs(footer, column, native, shown)?,
        (None, Some(native)) => crs_of_native(footer, native),
        (None, None) => StatedCrs::Silent,
    };
    let types = column.and_then(|column| column.get("geometry_types")?.as_array());
    let types = types
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Ok(GeometryColumn {
        position,
        stated,
        types,
    })
}

/// Positions of the columns that repeat what the geometry says, or are further geometries.
pub(super) fn redundant_columns(footer: &Footer, chosen: &GeometryColumn) -> Vec<usize> {
    let geo = geo_key(footer, "").ok().flatten();
    let columns = geo.as_ref().and_then(|geo| geo.get("columns")?.as_object());
    let coverings = columns.into_iter().flatten().filter_map(|(_, column)| {
        column
            .get("covering")?
            .get("bbox")?
            .get("xmin")?
            .get(0)?
            .as_str()
            .map(str::to_owned)
    });
    let coverings: Vec<String> = coverings.collect();
    let mut redundant = Vec::new();
    for (position, name) in footer.names.iter().enumerate() {
        let is_geometry = columns.is_some_and(|columns| columns.contains_key(name))
            || native_crs_text(footer, position).is_some();
        if position != chosen.position && (is_geometry || coverings.contains(name)) {
            redundant.push(position);
        }
    }
    redundant
}

/// The `geo` key; none where there is none.
fn geo_key(footer: &Footer, shown: &str) -> Result<Option<Map<String, Value>>, SourceError> {
    let Some(text) = footer.key_value("geo") else {
        return Ok(None);
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(geo)) => Ok(Some(geo)),
        Ok(_) => Err(geo_error(shown, "no JSON object".to_owned())),
        Err(error) => Err(geo_error(shown, error.to_string())),
    }
}

fn geo_error(shown: &str, reason: String) -> SourceError {
    SourceError::GeoKey {
        shown: shown.to_owned(),
        reason,
    }
}

fn column_metadata<'a>(geo: Option<&'a Map<String, Value>>, column: &str) -> Option<&'a Value> {
    geo?.get("columns")?.get(column)
}

fn primary_column(geo: &Map<String, Value>, footer: &Footer, shown: &str) -> Result<usize, SourceError> {
    let primary = geo.get("primary_column").and_then(Value::as_str);
    let primary = primary.ok_or_else(|| geo_error(shown, "it names no `primary_column`".to_owned()))?;
    let found = footer.names.iter().position(|name| name == primary);
    found.ok_or_else(|| {
        geo_error(
            shown,
            format!("its primary column `{primary}` is not in the file"),
        )
    })
}

/// The only column of a native geometry type.
fn only_native(footer: &Footer, shown: &str) -> Result<usize, SourceError> {
    let natives: Vec<usize> = (0..footer.names.len())
        .filter(|at| native_crs_text(footer, *at).is_some())
        .collect();
    match natives.as_slice() {
        [only] => Ok(*only),
        [] => Err(SourceError::NoGeometry {
            shown: shown.to_owned(),
            found: footer.names.clone(),
        }),
        several => Err(SourceError::GeometryNeeded {
            shown: shown.to_owned(),
            columns: several.iter().map(|at| footer.names[*at].clone()).collect(),
        }),
    }
}

/// The CRS text of a native geometry type, blank for its default; none for any other type.
fn native_crs_text(footer: &Footer, position: usize) -> Option<&str> {
    match footer.logical_type(position)? {
        LogicalType::Geometry(geometry) => Some(geometry.crs.as_deref().unwrap_or_default()),
        LogicalType::Geography(geography) => Some(geography.crs.as_deref().unwrap_or_default()),
        _ => None,
    }
}

/// What the `geo` key says, which a native type beside it may not contradict.
fn agreed_crs(
    footer: &Footer,
    column: &Value,
    native: Option<&str>,
    shown: &str,
) -> Result<StatedCrs, SourceError> {
    let stated = crs_of_geo(column);
    let native = native
        .filter(|text| !text.is_empty())
        .map(|text| crs_of_native(footer, text));
    if let (StatedCrs::Named(geo), Some(StatedCrs::Named(native))) = (&stated, &native) {
        let geo = ogr::canonical_crs(geo);
        let native = ogr::canonical_crs(native);
        if geo != native && !ogr::is_same(&geo, &native) {
            return Err(SourceError::CrsContradiction {
                shown: shown.to_owned(),
                geo: geo.to_string(),
                native: native.to_string(),
            });
        }
    }
    Ok(stated)
}

fn crs_of_geo(column: &Value) -> StatedCrs {
    match column.get("crs") {
        // GeoParquet: a column without `crs` is in OGC:CRS84, one with null in no known CRS.
        None => StatedCrs::Named(Crs::Crs84),
        Some(Value::Null) => StatedCrs::Silent,
        Some(Value::String(text)) => crs_of_text(text),
        Some(definition) => crs_of_projjson(definition),
    }
}

/// What the text of a native type says: `OGC:CRS84` where there is none; an authority's code,
/// PROJJSON, `projjson:<key of the footer>`, or `srid:<number>`, which names no authority.
fn crs_of_native(footer: &Footer, text: &str) -> StatedCrs {
    match text.trim() {
        "" => StatedCrs::Named(Crs::Crs84),
        "srid:0" => StatedCrs::Silent,
        text if text.starts_with("srid:") => StatedCrs::Unclear(text.to_owned()),
        text => match text.strip_prefix("projjson:") {
            Some(key) => footer
                .key_value(key)
                .map_or_else(|| StatedCrs::Unclear(text.to_owned()), crs_of_text),
            None => crs_of_text(text),
        },
    }
}

/// A CRS as text: PROJJSON, an authority's code, or WKT.
fn crs_of_text(text: &str) -> StatedCrs {
    if let Ok(definition @ Value::Object(_)) = serde_json::from_str(text) {
        return crs_of_projjson(&definition);
    }
    match parse_crs_code(text).or_else(|| ogr::identify_wkt(text)) {
        Some(crs) => StatedCrs::Named(crs),
        None => StatedCrs::Unclear(text.chars().take(100).collect()),
    }
}

fn crs_of_projjson(definition: &Value) -> StatedCrs {
    let coded = projjson::own_code(definition).and_then(|code| parse_crs_code(&code));
    if let Some(crs) = coded.or_else(|| ogr::identify_projjson(definition)) {
        return StatedCrs::Named(crs);
    }
    let name = definition.get("name").and_then(Value::as_str);
    StatedCrs::Unclear(name.unwrap_or("PROJJSON without a name").to_owned())
}
