//! Which column of a Parquet file is the geometry, and which CRS it is in.
//!
//! Pure, but for CRS definitions that PROJ has to read. In this order: the column that the pipeline
//! names; the primary column of the `geo` key (GeoParquet 1.0, 1.1, 2.0, and the drafts before); the
//! only column of Parquet's own type GEOMETRY or GEOGRAPHY. A name or a type alone is never taken
//! for a geometry. Where `geo` says nothing of the CRS, its default OGC:CRS84 holds; where it says
//! null, the CRS is unknown.

use parquet::basic::LogicalType;
use serde_json::{Map, Value};

use super::super::crs::{self, Stated};
use super::super::error::SourceError;
use super::super::{header, ogr, projjson};
use super::footer::Footer;
use crate::feature::Crs;

/// A geometry column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GeometryColumn {
    /// Position among the columns of the file.
    pub(super) position: usize,
    /// What the file says about its CRS.
    pub(super) stated: Stated,
    /// Geometry types that `geo` lists; empty where it doesn't know.
    pub(super) types: Vec<String>,
}

/// Finds the geometry column of a file; `wanted` is the pipeline's word.
pub(super) fn find(
    footer: &Footer,
    shown: &str,
    wanted: Option<&str>,
) -> Result<GeometryColumn, SourceError> {
    let geo = geo(footer, shown)?;
    let position = match (wanted, &geo) {
        (Some(wanted), _) => header::position(wanted, &footer.names, shown)?,
        (None, Some(geo)) => primary(geo, footer, shown)?,
        (None, None) => only_native(footer, shown)?,
    };
    let name = &footer.names[position];
    if !footer.is_binary(position) {
        let encoding = described(geo.as_ref(), name).and_then(|column| column.get("encoding")?.as_str());
        return Err(SourceError::NotWkb {
            shown: shown.to_owned(),
            column: name.clone(),
            kind: match encoding {
                Some(encoding) if encoding != "WKB" => format!("GeoArrow `{encoding}`"),
                _ => footer.kind(position),
            },
        });
    }
    let column = described(geo.as_ref(), name);
    let stated = match (column, native(footer, position)) {
        (Some(column), native) => agreed(footer, column, native, shown)?,
        (None, Some(native)) => of_native(footer, native),
        (None, None) => Stated::Silent,
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
pub(super) fn beside(footer: &Footer, chosen: &GeometryColumn) -> Vec<usize> {
    let geo = geo(footer, "").ok().flatten();
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
    let is_beside = |position: &usize| {
        let name = &footer.names[*position];
        let geometry =
            columns.is_some_and(|columns| columns.contains_key(name)) || native(footer, *position).is_some();
        *position != chosen.position && (geometry || coverings.contains(name))
    };
    (0..footer.names.len()).filter(is_beside).collect()
}

/// The `geo` key; none where there is none.
fn geo(footer: &Footer, shown: &str) -> Result<Option<Map<String, Value>>, SourceError> {
    let Some(text) = footer.value("geo") else {
        return Ok(None);
    };
    let broken = |reason: String| SourceError::GeoKey {
        shown: shown.to_owned(),
        reason,
    };
    match serde_json::from_str(text).map_err(|error| broken(error.to_string()))? {
        Value::Object(geo) => Ok(Some(geo)),
        _ => Err(broken("no JSON object".to_owned())),
    }
}

fn described<'a>(geo: Option<&'a Map<String, Value>>, column: &str) -> Option<&'a Value> {
    geo?.get("columns")?.get(column)
}

fn primary(geo: &Map<String, Value>, footer: &Footer, shown: &str) -> Result<usize, SourceError> {
    let broken = |reason: String| SourceError::GeoKey {
        shown: shown.to_owned(),
        reason,
    };
    let primary = geo.get("primary_column").and_then(Value::as_str);
    let primary = primary.ok_or_else(|| broken("it names no `primary_column`".to_owned()))?;
    let found = footer.names.iter().position(|name| name == primary);
    found.ok_or_else(|| broken(format!("its primary column `{primary}` is not in the file")))
}

/// The only column of a native geometry type.
fn only_native(footer: &Footer, shown: &str) -> Result<usize, SourceError> {
    let natives: Vec<usize> = (0..footer.names.len())
        .filter(|at| native(footer, *at).is_some())
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
fn native(footer: &Footer, position: usize) -> Option<&str> {
    match footer.logical_type(position)? {
        LogicalType::Geometry(geometry) => Some(geometry.crs.as_deref().unwrap_or_default()),
        LogicalType::Geography(geography) => Some(geography.crs.as_deref().unwrap_or_default()),
        _ => None,
    }
}

/// What the `geo` key says, which a native type beside it may not contradict.
fn agreed(footer: &Footer, column: &Value, native: Option<&str>, shown: &str) -> Result<Stated, SourceError> {
    let stated = of_geo(column);
    let native = native
        .filter(|text| !text.is_empty())
        .map(|text| of_native(footer, text));
    if let (Stated::Named(geo), Some(Stated::Named(native))) = (&stated, &native) {
        let (a, b) = (crs::normalise(geo), crs::normalise(native));
        if a != b && !ogr::is_same(&a, &b) {
            return Err(SourceError::CrsTwice {
                shown: shown.to_owned(),
                geo: a.to_string(),
                native: b.to_string(),
            });
        }
    }
    Ok(stated)
}

fn of_geo(column: &Value) -> Stated {
    match column.get("crs") {
        None => Stated::Named(Crs::Crs84),
        Some(Value::Null) => Stated::Silent,
        Some(Value::String(text)) => of_text(text),
        Some(definition) => of_projjson(definition),
    }
}

/// What the text of a native type says: `OGC:CRS84` where there is none; an authority's code,
/// PROJJSON, `projjson:<key of the footer>`, or `srid:<number>`, which names no authority.
fn of_native(footer: &Footer, text: &str) -> Stated {
    match text.trim() {
        "" => Stated::Named(Crs::Crs84),
        "srid:0" => Stated::Silent,
        text if text.starts_with("srid:") => Stated::Unclear(text.to_owned()),
        text => match text.strip_prefix("projjson:") {
            Some(key) => footer
                .value(key)
                .map_or_else(|| Stated::Unclear(text.to_owned()), of_text),
            None => of_text(text),
        },
    }
}

/// A CRS as text: PROJJSON, an authority's code, or WKT.
fn of_text(text: &str) -> Stated {
    if let Ok(definition @ Value::Object(_)) = serde_json::from_str(text) {
        return of_projjson(&definition);
    }
    match crs::named(text).or_else(|| ogr::identify_wkt(text)) {
        Some(crs) => Stated::Named(crs),
        None => Stated::Unclear(text.chars().take(100).collect()),
    }
}

fn of_projjson(definition: &Value) -> Stated {
    let named = projjson::code(definition).and_then(|code| crs::named(&code));
    let name = || {
        definition
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("PROJJSON without a name")
    };
    named
        .or_else(|| ogr::identify_projjson(definition))
        .map_or_else(|| Stated::Unclear(name().to_owned()), Stated::Named)
}
