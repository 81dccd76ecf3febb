//! Where things are: addresses of the STAC API, and those of files that the release's own catalog names.
//!
//! Pure.

use serde_json::{Value, json};
use url::Url;

use crate::serve::links::{GEOJSON, JSON, link, path_part};

/// Links of the release's own catalog that lead within it: those of the service stand in their place.
const WITHIN: [&str; 6] = ["root", "parent", "self", "item", "child", "collection"];

/// Addresses below that of the service.
#[derive(Debug, Clone)]
pub(super) struct Places {
    base: String,
    release: String,
}

impl Places {
    pub(super) fn new(base: String, release: &str) -> Self {
        Self {
            base,
            release: release.to_owned(),
        }
    }

    /// Of the service itself.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// `/stac`.
    pub(super) fn root(&self) -> String {
        format!("{}/stac", self.base)
    }

    /// Of a collection.
    pub(super) fn collection(&self, id: &str) -> String {
        format!("{}/stac/collections/{}", self.base, path_part(id))
    }

    /// Of an item.
    pub(super) fn item(&self, collection: &str, id: &str) -> String {
        format!("{}/items/{}", self.collection(collection), path_part(id))
    }

    pub(super) fn root_link(&self) -> Value {
        link("root", &self.root(), JSON, "STAC API")
    }

    /// A collection as its file has it, with links of the service.
    pub(super) fn told_collection(&self, stac: &Value, folder: &str) -> Value {
        let mut told = stac.clone();
        let from = self.file(&format!("{folder}/collection.json"));
        resolve_assets(&mut told, from.as_ref());
        let id = stac["id"].as_str().unwrap_or_default();
        let title = stac["title"].as_str().unwrap_or_default();
        let own = self.collection(id);
        let mut links = outward_links(stac, from.as_ref());
        links.extend([
            self.root_link(),
            link("parent", &self.root(), JSON, "STAC API"),
            link("self", &own, JSON, title),
            link("items", &format!("{own}/items"), GEOJSON, title),
        ]);
        told["links"] = json!(links);
        told
    }

    /// An item as its file has it, with links of the service.
    pub(super) fn told_item(&self, mut item: Value, path: &str) -> Value {
        let from = self.file(path);
        resolve_assets(&mut item, from.as_ref());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = text(&item["id"]);
        let collection = text(&item["collection"]);
        let mut links = outward_links(&item, from.as_ref());
        let parent = self.collection(&collection);
        links.extend([
            self.root_link(),
            link("parent", &parent, JSON, &collection),
            link("collection", &parent, JSON, &collection),
            link("self", &self.item(&collection, &id), GEOJSON, &id),
        ]);
        item["links"] = json!(links);
        item
    }

    fn file(&self, path: &str) -> Option<Url> {
        Url::parse(&format!("{}/releases/{}/{path}", self.base, self.release)).ok()
    }
}

fn resolve_assets(told: &mut Value, from: Option<&Url>) {
    let assets = told["assets"].as_object_mut().into_iter().flatten();
    for (_, asset) in assets {
        resolve(asset, from);
    }
}

fn outward_links(told: &Value, from: Option<&Url>) -> Vec<Value> {
    let links = told["links"].as_array().into_iter().flatten();
    let outward = links.filter(|link| !WITHIN.contains(&link["rel"].as_str().unwrap_or_default()));
    outward
        .map(|link| {
            let mut link = link.clone();
            resolve(&mut link, from);
            link
        })
        .collect()
}

/// Makes what is relative to a file absolute.
fn resolve(of: &mut Value, from: Option<&Url>) {
    let href = of["href"].as_str().unwrap_or_default();
    if let Some(url) = from.and_then(|from| from.join(href).ok()) {
        of["href"] = json!(url.as_str());
    }
}
