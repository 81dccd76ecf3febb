//! Collections of items, and items one by one.
//!
//! Reads the files of the release's catalog.

use serde_json::json;

use super::places::Places;
use super::search::{Asked, PARAMETERS, answer};
use crate::serve::answer::Answer;
use crate::serve::features::asked_collection;
use crate::serve::links::{GEOJSON, JSON, link};
use crate::serve::problem::Problem;
use crate::serve::request::Request;
use crate::serve::site::{RELEASE, Site};
use crate::serve::summary::item_at;

/// `/stac/collections`.
pub(in crate::serve) fn collections(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    let release = site.release(request)?;
    let places = Places::new(site.base_url(request).to_string(), release.id());
    let all = release.collections().iter();
    let told = all.map(|one| places.told_collection(one.stac(), one.folder()));
    Ok(Answer::json(&json!({
        "collections": told.collect::<Vec<_>>(),
        "links": [places.root_link(), link("self", &format!("{}/collections", places.root()), JSON, "Collections")],
    })))
}

/// `/stac/collections/{collection}`.
pub(in crate::serve) fn collection(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    let release = site.release(request)?;
    let places = Places::new(site.base_url(request).to_string(), release.id());
    let of = asked_collection(&release, request)?;
    Ok(Answer::json(&places.told_collection(of.stac(), of.folder())))
}

/// `/stac/collections/{collection}/items`.
pub(in crate::serve) fn items(site: &Site, request: &Request) -> Result<Answer, Problem> {
    // Clients send all that they would send to the search.
    request.check_names(&PARAMETERS)?;
    request.json_alone()?;
    let release = site.release(request)?;
    let of = asked_collection(&release, request)?;
    let mut asked = Asked::of_parameters(request)?;
    asked.collections = Some(vec![of.id().to_owned()]);
    let base = site.base_url(request).to_string();
    answer(&release, base, request, &asked)
}

/// `/stac/collections/{collection}/items/{feature}`.
pub(in crate::serve) fn item(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    let release = site.release(request)?;
    let of = asked_collection(&release, request)?;
    let id = request.place("feature");
    let items = release.items().map_err(|reason| Problem::internal(&reason))?;
    let found = items
        .0
        .iter()
        .find(|item| item.collection == of.id() && item.id == id);
    let Some(found) = found else {
        let id: String = id.chars().take(200).collect();
        return Err(Problem::not_found(format!(
            "there is no item `{id}` in `{}`",
            of.id()
        )));
    };
    let places = Places::new(site.base_url(request).to_string(), release.id());
    let item = item_at(release.files(), &found.path).map_err(|reason| Problem::internal(&reason))?;
    let told = places.told_item(item, &found.path);
    Ok(Answer::json_text(told.to_string(), GEOJSON))
}
