//! The `geo` key of a GeoParquet 1.1 footer, as it is written and as it is read.
//!
//! Pure data; source of every rule: opengeospatial/geoparquet v1.1.0, format-specs/geoparquet.md.

use std::collections::BTreeMap;

use geo::Rect;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::feature::BBOX_SIDES;

/// Version written; the only one that every reader tried opens with a covering.
const VERSION: &str = "1.1.0";

/// The `geo` key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GeoMetadata {
    /// Version of GeoParquet.
    pub version: String,
    /// Name of the main geometry column.
    pub primary_column: String,
    /// Geometry columns by name.
    pub columns: BTreeMap<String, GeoColumn>,
}

impl GeoMetadata {
    /// The main geometry column.
    pub fn primary_column_metadata(&self) -> Option<&GeoColumn> {
        self.columns.get(&self.primary_column)
    }
}

/// What the `geo` key says of one geometry column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GeoColumn {
    /// `WKB`.
    pub encoding: String,
    /// Geometry types present; exact.
    pub geometry_types: Vec<String>,
    /// PROJJSON of the CRS; always written, since some readers reject a null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<Value>,
    /// Exact extent `[xmin, ymin, xmax, ymax]`, degrees; absent where there is no row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bbox: Option<Vec<f64>>,
    /// Where each row's box stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covering: Option<Covering>,
}

/// Where each row's box stands: a path of names per side, by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covering {
    /// `xmin`, `ymin`, `xmax`, `ymax` → path of the column.
    pub bbox: BTreeMap<String, Vec<String>>,
}

/// The `geo` key of rows with a `geometry` column and a `bbox` struct in OGC:CRS84.
///
/// ```
/// use cikr::geoparquet::geo_metadata;
///
/// let geo = geo_metadata(&["Point".to_owned()], None);
/// assert_eq!(geo.version, "1.1.0");
/// let column = &geo.columns[&geo.primary_column];
/// assert_eq!(column.encoding, "WKB");
/// assert_eq!(column.covering.as_ref().map(|c| c.bbox["ymax"].join(".")), Some("bbox.ymax".to_owned()));
/// assert!(column.bbox.is_none(), "there is no row");
/// ```
pub fn geo_metadata(geometry_types: &[String], extent: Option<Rect<f64>>) -> GeoMetadata {
    let column = GeoColumn {
        encoding: "WKB".to_owned(),
        // Exact, as the specification wants them: a reader may make its own column types of these.
        geometry_types: geometry_types.to_vec(),
        // OGC:CRS84 is what an absent `crs` means; it is written all the same, since readers differ in what they make of
        // an absent one, and reject a null (DuckDB 1.5.0, duckdb#21332).
        crs: Some(crs84_projjson()),
        bbox: extent.map(|e| vec![e.min().x, e.min().y, e.max().x, e.max().y]),
        covering: Some(Covering {
            bbox: BBOX_SIDES
                .map(|side| (side.to_owned(), vec!["bbox".to_owned(), side.to_owned()]))
                .into(),
        }),
    };
    GeoMetadata {
        version: VERSION.to_owned(),
        primary_column: "geometry".to_owned(),
        columns: [("geometry".to_owned(), column)].into(),
    }
}

/// PROJJSON of OGC:CRS84: longitude, latitude on the WGS 84 ensemble, degrees.
///
/// Source: the PROJ database, as the GeoParquet specification prints it under "OGC:CRS84 details".
///
/// ```
/// let crs = cikr::geoparquet::crs84_projjson();
/// assert_eq!(crs["id"]["code"], "CRS84");
/// assert_eq!(crs["coordinate_system"]["axis"][0]["direction"], "east", "longitude comes first");
/// ```
pub fn crs84_projjson() -> Value {
    json!({
        "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
        "type": "GeographicCRS",
        "name": "WGS 84 (CRS84)",
        "datum_ensemble": {
            "name": "World Geodetic System 1984 ensemble",
            "members": [
                ensemble_member("World Geodetic System 1984 (Transit)", 1166),
                ensemble_member("World Geodetic System 1984 (G730)", 1152),
                ensemble_member("World Geodetic System 1984 (G873)", 1153),
                ensemble_member("World Geodetic System 1984 (G1150)", 1154),
                ensemble_member("World Geodetic System 1984 (G1674)", 1155),
                ensemble_member("World Geodetic System 1984 (G1762)", 1156),
                ensemble_member("World Geodetic System 1984 (G2139)", 1309),
            ],
            "ellipsoid": {
                "name": "WGS 84",
                "semi_major_axis": 6_378_137,
                "inverse_flattening": 298.257_223_563,
            },
            "accuracy": "2.0",
            "id": {"authority": "EPSG", "code": 6326},
        },
        "coordinate_system": {
            "subtype": "ellipsoidal",
            "axis": [
                {"name": "Geodetic longitude", "abbreviation": "Lon", "direction": "east", "unit": "degree"},
                {"name": "Geodetic latitude", "abbreviation": "Lat", "direction": "north", "unit": "degree"},
            ],
        },
        "scope": "Not known.",
        "area": "World.",
        "bbox": {
            "south_latitude": -90,
            "west_longitude": -180,
            "north_latitude": 90,
            "east_longitude": 180,
        },
        "id": {"authority": "OGC", "code": "CRS84"},
    })
}

/// A realisation of WGS 84, as PROJJSON names it.
fn ensemble_member(name: &str, epsg: u32) -> Value {
    json!({"name": name, "id": {"authority": "EPSG", "code": epsg}})
}
