//! Tile sets of a collection: which there are, and what is in them.
//!
//! An archive tells of itself; where tiles are made, the rows' columns do.

use serde_json::{Map, Value, json};

use super::made;
use super::matrix_set::{NAME, REGISTERED, check_set};
use super::tile::MVT;
use crate::serve::answer::Answer;
use crate::serve::features::asked_collection;
use crate::serve::links::{JSON, link, path_part, with_parameter};
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::Request;
use crate::serve::site::{RELEASE, Site};
use crate::vector_tiles::DEEPEST;

/// Link relations of OGC API – Tiles.
const SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";
/// Where nobody says which zooms have so few features that their tiles can be made: a tile of this one is the size of a state.
const LEAST_MADE_ZOOM: u8 = 6;

/// What is known of tiles.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) attribution: String,
    pub(super) zooms: [u8; 2],
    pub(super) bounds: Option<[f64; 4]>,
    pub(super) vector_layers: Value,
}

/// What is known of the tiles of a collection, or of outlines that the release has tiles of.
///
/// # Errors
/// When there are none.
pub(super) fn told(release: &Opened, name: &str, request: &Request) -> Result<Told, Problem> {
    if let Some(archive) = release.archive(name)? {
        let text = |key: &str| archive.metadata()[key].as_str().unwrap_or_default().to_owned();
        let head = archive.head();
        return Ok(Told {
            title: text("name"),
            description: text("description"),
            attribution: text("attribution"),
            zooms: head.zooms,
            bounds: Some(head.bounds),
            vector_layers: archive.metadata()["vector_layers"].clone(),
        });
    }
    let Some(of) = release.collection(name) else {
        return Err(Problem::not_found(format!(
            "there are no tiles of `{}`",
            name.chars().take(100).collect::<String>()
        )));
    };
    let layer = made::layer(release, of, &request.limits)?;
    let fields: Map<String, Value> = layer
        .columns()
        .all()
        .iter()
        .map(|column| (column.name.clone(), json!(column.type_name())))
        .collect();
    Ok(Told {
        title: of.title().to_owned(),
        description: of.description().to_owned(),
        attribution: String::new(),
        zooms: [LEAST_MADE_ZOOM, DEEPEST],
        bounds: of.bounds(),
        vector_layers: json!([{"id": name, "description": of.description(), "fields": fields}]),
    })
}

/// `/collections/{collection}/tiles`.
pub(in crate::serve) fn sets(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    let release = site.release(request)?;
    let of = asked_collection(&release, request)?;
    let own = format!(
        "{}/collections/{}/tiles",
        site.base_url(request),
        path_part(of.id())
    );
    Ok(Answer::json(&json!({
        "links": [link("self", &own, JSON, of.title())],
        "tilesets": [{
            "title": of.title(),
            "dataType": "vector",
            "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
            "tileMatrixSetURI": REGISTERED,
            "links": [link("self", &format!("{own}/{NAME}"), JSON, of.title())],
        }],
    })))
}

/// `/collections/{collection}/tiles/{set}`.
pub(in crate::serve) fn set(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    check_set(request)?;
    let release = site.release(request)?;
    let of = asked_collection(&release, request)?;
    let told = told(&release, of.id(), request)?;
    let base = site.base_url(request).to_string();
    let own = format!("{base}/collections/{}/tiles/{NAME}", path_part(of.id()));
    let template = with_parameter(
        &format!("{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"),
        RELEASE,
        release.id(),
    );
    let mut tiles = link("item", &template, MVT, of.title());
    tiles["templated"] = json!(true);
    let tilejson = format!("{base}/tiles/{}.json", path_part(of.id()));
    let [least, deepest] = told.zooms;
    Ok(Answer::json(&json!({
        "title": of.title(),
        "dataType": "vector",
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": REGISTERED,
        "tileMatrixSetLimits": (least..=deepest).map(|zoom| {
            let far = (1_u32 << zoom) - 1;
            json!({"tileMatrix": zoom.to_string(), "minTileRow": 0, "maxTileRow": far, "minTileCol": 0, "maxTileCol": far})
        }).collect::<Vec<_>>(),
        "layers": told.vector_layers.as_array().into_iter().flatten().map(|layer| {
            json!({"id": layer["id"], "dataType": "vector", "description": layer["description"]})
        }).collect::<Vec<_>>(),
        "links": [
            link("self", &own, JSON, of.title()),
            link(SCHEME, &format!("{base}/tileMatrixSets/{NAME}"), JSON, NAME),
            link("describedby", &tilejson, JSON, "TileJSON"),
            tiles,
        ],
    })))
}
