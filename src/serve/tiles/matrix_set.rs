//! The scheme of tiles: Web Mercator, as the web has it (OGC 17-083r4, annex D.1).
//!
//! Pure.

use serde_json::{Value, json};

use crate::serve::answer::Answer;
use crate::serve::links::{JSON, link};
use crate::serve::problem::Problem;
use crate::serve::request::Request;
use crate::serve::site::Site;
use crate::vector_tiles::DEEPEST;

/// Its name.
pub(super) const NAME: &str = "WebMercatorQuad";
/// Where it is registered.
pub(super) const REGISTERED: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
/// Its coordinate reference system.
const CRS: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";
/// Half of the world's width, metres.
const HALF_WIDTH_M: f64 = 20_037_508.342_789_244;
/// Side of a tile, pixels.
const TILE_PIXELS: f64 = 256.0;
/// Side of a pixel on a screen, metres (OGC 17-083r4, 6.2.6).
const PIXEL_M: f64 = 0.000_28;

/// `/tileMatrixSets`.
pub(in crate::serve) fn matrix_sets(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f"])?;
    request.json_alone()?;
    let own = format!("{}/tileMatrixSets/{NAME}", site.base_url(request));
    Ok(Answer::json(&json!({
        "tileMatrixSets": [{
            "id": NAME,
            "title": "Google Maps Compatible for the World",
            "uri": REGISTERED,
            "crs": CRS,
            "links": [link("self", &own, JSON, NAME)],
        }],
    })))
}

/// `/tileMatrixSets/{set}`.
pub(in crate::serve) fn matrix_set(_site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f"])?;
    request.json_alone()?;
    check_set(request)?;
    Ok(Answer::json(&json!({
        "id": NAME,
        "title": "Google Maps Compatible for the World",
        "uri": REGISTERED,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": (0..=DEEPEST).map(matrix).collect::<Vec<_>>(),
    })))
}

/// Refuses any other set.
pub(super) fn check_set(request: &Request) -> Result<(), Problem> {
    if request.place("set") == NAME {
        return Ok(());
    }
    Err(Problem::not_found(format!("there are tiles of {NAME} alone")))
}

fn matrix(zoom: u8) -> Value {
    let across = 1_u32 << zoom;
    let metres = 2.0 * HALF_WIDTH_M / TILE_PIXELS / f64::from(across);
    json!({
        "id": zoom.to_string(),
        "scaleDenominator": metres / PIXEL_M,
        "cellSize": metres,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-HALF_WIDTH_M, HALF_WIDTH_M],
        "matrixWidth": across,
        "matrixHeight": across,
        "tileWidth": TILE_PIXELS,
        "tileHeight": TILE_PIXELS,
    })
}
