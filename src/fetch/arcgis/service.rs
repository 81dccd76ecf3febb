//! From what the plan names to the URL of a layer: `…/FeatureServer/0`, or a service and a layer's id or name.

use serde::Deserialize;

use super::answer::{PATIENT, ask, parsed};
use super::error::ArcgisError;
use super::wire::Wire;

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    layers: Option<Vec<Entry>>,
    #[serde(default)]
    tables: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    id: i64,
    #[serde(default)]
    name: String,
    #[serde(rename = "subLayerIds", default)]
    children: Option<Vec<i64>>,
}

impl Entry {
    fn is_group(&self) -> bool {
        self.children
            .as_ref()
            .is_some_and(|children| !children.is_empty())
    }
}

/// URL of the layer, without a slash or a query at its end.
///
/// # Errors
/// The service can't be read, has no such layer, or has several and the plan names none.
pub(super) fn layer_url(wire: &dyn Wire, url: &str, layer: Option<&str>) -> Result<String, ArcgisError> {
    let url = trimmed(url);
    if layer.is_none() && names_a_layer(url) {
        return Ok(url.to_owned());
    }
    let body = ask(wire, url, &[("f", "json".to_owned())], PATIENT)?.body;
    let shown = wire.shown(url);
    let service: Service = parsed(&shown, &body)?;
    let (layers, tables) = (
        service.layers.unwrap_or_default(),
        service.tables.unwrap_or_default(),
    );
    let all: Vec<Entry> = layers.into_iter().chain(tables).collect();
    let (groups, rows): (Vec<&Entry>, Vec<&Entry>) = all.iter().partition(|entry| entry.is_group());
    let not_a_layer = |kind: &str| {
        let (url, kind, found) = (shown.clone(), kind.to_owned(), list(&rows));
        ArcgisError::NotALayer { url, kind, found }
    };
    let Some(wanted) = layer else {
        let [only] = rows.as_slice() else {
            return Err(not_a_layer("service"));
        };
        return Ok(format!("{url}/{}", only.id));
    };
    match (named(wanted, &rows).as_slice(), named(wanted, &groups).is_empty()) {
        ([one], _) => Ok(format!("{url}/{}", one.id)),
        ([], false) => Err(not_a_layer("Group Layer")),
        ([], true) => {
            let (url, wanted, found) = (shown.clone(), wanted.to_owned(), list(&rows));
            Err(ArcgisError::NoSuchLayer { url, wanted, found })
        }
        (several, _) => {
            let (url, wanted, found) = (shown.clone(), wanted.to_owned(), list(several));
            Err(ArcgisError::Ambiguous { url, wanted, found })
        }
    }
}

/// Entries with that id, else with that name.
fn named<'a>(wanted: &str, entries: &[&'a Entry]) -> Vec<&'a Entry> {
    let by_id: Vec<&Entry> = entries
        .iter()
        .copied()
        .filter(|entry| entry.id.to_string() == wanted)
        .collect();
    if by_id.is_empty() {
        return entries
            .iter()
            .copied()
            .filter(|entry| entry.name == wanted)
            .collect();
    }
    by_id
}

fn list(entries: &[&Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| format!("{} `{}`", entry.id, entry.name))
        .collect()
}

fn trimmed(url: &str) -> &str {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = url[..end].trim_end_matches('/');
    url.strip_suffix("/query").unwrap_or(url)
}

fn names_a_layer(url: &str) -> bool {
    let last = url.rsplit('/').next().unwrap_or_default();
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::arcgis::wire::{Came, Spent, WireError};

    struct Root;

    impl Wire for Root {
        fn ask(&self, url: &str, _: &[(&str, String)]) -> Result<Came, WireError> {
            assert_eq!(url, "http://h/s/MapServer");
            let body = r#"{"layers":[{"id":0,"name":"All","subLayerIds":[1,4]},{"id":1,"name":"Dams","subLayerIds":null},
                {"id":4,"name":"Locks"},{"id":5,"name":"Locks"}],"tables":[{"id":9,"name":"Owners"}]}"#;
            Ok(Came {
                body: body.as_bytes().to_vec(),
                ..Came::default()
            })
        }
        fn renew(&self, _: Option<u32>) -> bool {
            false
        }
        fn shown(&self, url: &str) -> String {
            url.to_owned()
        }
        fn spent(&self) -> Spent {
            Spent::default()
        }
    }

    #[track_caller]
    fn of(url: &str, layer: Option<&str>) -> Result<String, String> {
        layer_url(&Root, url, layer).map_err(|error| error.to_string())
    }

    #[test]
    fn a_layers_url_needs_no_question() {
        for end in ["3", "3/", "3/query?f=json"] {
            let url = of(&format!("http://h/s/FeatureServer/{end}"), None).unwrap();
            assert_eq!(url, "http://h/s/FeatureServer/3");
        }
    }

    #[test]
    fn a_service_gives_the_layer_by_id_or_name_or_the_choice() {
        const CHOICE: &str = "it has 1 `Dams`, 4 `Locks`, 5 `Locks`, 9 `Owners`";
        let root = "http://h/s/MapServer";
        assert_eq!(of(root, Some("4")).unwrap(), "http://h/s/MapServer/4");
        assert_eq!(of(root, Some("Owners")).unwrap(), "http://h/s/MapServer/9");
        let refused = |layer| of(root, layer).unwrap_err();
        assert_eq!(
            refused(None),
            format!("{root} is a service, not a layer with rows; {CHOICE}")
        );
        assert_eq!(
            refused(Some("dam")),
            format!("{root} has no layer `dam`; {CHOICE}")
        );
        assert_eq!(
            refused(Some("0")),
            format!("{root} is a Group Layer, not a layer with rows; {CHOICE}")
        );
        assert!(refused(Some("Locks")).contains("more than one layer `Locks`; name it by its id; it has 4"));
    }
}
