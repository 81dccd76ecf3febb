//! From what the plan names to the URL of a layer: `…/FeatureServer/0`, or a service and a layer's id or name.

use serde::Deserialize;

use super::answer::{PATIENT, ask_service, parse_json};
use super::error::ArcgisError;
use super::wire::Wire;

#[derive(Deserialize)]
struct ServiceJson {
    #[serde(default)]
    layers: Option<Vec<LayerEntry>>,
    #[serde(default)]
    tables: Option<Vec<LayerEntry>>,
}

#[derive(Deserialize)]
struct LayerEntry {
    id: i64,
    #[serde(default)]
    name: String,
    #[serde(rename = "subLayerIds", default)]
    children: Option<Vec<i64>>,
}

impl LayerEntry {
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
    let url = trim_layer_url(url);
    if layer.is_none() && names_a_layer(url) {
        return Ok(url.to_owned());
    }
    let body = ask_service(wire, url, &[("f", "json".to_owned())], PATIENT)?.body;
    let shown = wire.without_secrets(url);
    let service: ServiceJson = parse_json(&shown, &body)?;
    let mut all = service.layers.unwrap_or_default();
    all.extend(service.tables.unwrap_or_default());
    let (groups, rows): (Vec<&LayerEntry>, Vec<&LayerEntry>) = all.iter().partition(|entry| entry.is_group());
    let Some(wanted) = layer else {
        return match rows.as_slice() {
            [only] => Ok(format!("{url}/{}", only.id)),
            _ => Err(not_a_layer(shown, "service", &rows)),
        };
    };
    match matching_entries(wanted, &rows).as_slice() {
        [one] => Ok(format!("{url}/{}", one.id)),
        [] if !matching_entries(wanted, &groups).is_empty() => Err(not_a_layer(shown, "Group Layer", &rows)),
        [] => Err(ArcgisError::NoSuchLayer {
            url: shown,
            wanted: wanted.to_owned(),
            found: describe_entries(&rows),
        }),
        several => Err(ArcgisError::Ambiguous {
            url: shown,
            wanted: wanted.to_owned(),
            found: describe_entries(several),
        }),
    }
}

fn not_a_layer(url: String, kind: &str, rows: &[&LayerEntry]) -> ArcgisError {
    ArcgisError::NotALayer {
        url,
        kind: kind.to_owned(),
        found: describe_entries(rows),
    }
}

/// Entries with that id, else with that name.
fn matching_entries<'a>(wanted: &str, entries: &[&'a LayerEntry]) -> Vec<&'a LayerEntry> {
    // A layer may be called by a number that is another one's id; the id counts, since it is what URLs have.
    let by_id: Vec<&LayerEntry> = entries
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

fn describe_entries(entries: &[&LayerEntry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| format!("{} `{}`", entry.id, entry.name))
        .collect()
}

fn trim_layer_url(url: &str) -> &str {
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
    use crate::fetch::arcgis::wire::{RequestTotals, Response, WireError};

    struct Root;

    impl Wire for Root {
        fn ask(&self, url: &str, _: &[(&str, String)]) -> Result<Response, WireError> {
            assert_eq!(url, "http://h/s/MapServer");
            let body = r#"{"layers":[{"id":0,"name":"All","subLayerIds":[1,4]},{"id":1,"name":"Dams","subLayerIds":null},
                {"id":4,"name":"Locks"},{"id":5,"name":"Locks"}],"tables":[{"id":9,"name":"Owners"}]}"#;
            Ok(Response {
                body: body.as_bytes().to_vec(),
                ..Response::default()
            })
        }
        fn renew_token(&self, _: Option<u32>) -> bool {
            false
        }
        fn without_secrets(&self, url: &str) -> String {
            url.to_owned()
        }
        fn request_totals(&self) -> RequestTotals {
            RequestTotals::default()
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
