//! TileJSON 3.0: what maps in a browser ask for first.
//!
//! Addresses in it are those of the release that was asked, so that they can be kept.

use serde_json::{Value, json};

use super::sets::{Told, told};
use crate::serve::answer::Answer;
use crate::serve::links::{path_part, with_parameter};
use crate::serve::problem::Problem;
use crate::serve::request::Request;
use crate::serve::site::{RELEASE, Site};

/// `/tiles/{collection}.json`.
pub(in crate::serve) fn tilejson(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    let file = request.place("collection");
    let name = file
        .strip_suffix(".json")
        .ok_or_else(|| Problem::not_found("expected the id of a collection and `.json`"))?;
    let release = site.release(request)?;
    let told = told(&release, name, request)?;
    let base = site.base_url(request).to_string();
    let tiles = format!("{base}/tiles/{}/{{z}}/{{x}}/{{y}}.mvt", path_part(name));
    Ok(Answer::json(&tilejson_of(
        &told,
        name,
        &with_parameter(&tiles, RELEASE, release.id()),
    )))
}

fn tilejson_of(told: &Told, name: &str, tiles: &str) -> Value {
    let [least, deepest] = told.zooms;
    json!({
        "tilejson": "3.0.0",
        "name": told.title,
        "description": told.description,
        "attribution": told.attribution,
        "scheme": "xyz",
        "tiles": [tiles],
        "minzoom": least,
        "maxzoom": deepest,
        "bounds": told.bounds,
        "vector_layers": told.vector_layers,
        "cikr:collection": name,
    })
}
