//! `map/style-<scheme>.json`: a MapLibre style of a release for other maps, coloured by the sectors of a dated scheme.
//!
//! Pure. The page has a style of its own, which changes with what is shown. Texts and sprites are left out: they would need
//! servers that a release hasn't.

use serde_json::{Value, json};

use super::legend::{SectorGroup, groups_of_scheme};
use super::palette::{GREY, Mark};
use crate::feature::RunReport;
use crate::feature::release::paths::FACILITIES;
use crate::plan::{Plan, Scheme};

/// Version of MapLibre's style specification.
const STYLE_VERSION: u32 = 8;

/// Name of the style of a scheme.
pub(super) fn style_file(scheme: &str) -> String {
    format!("style-{scheme}.json")
}

/// The styles of all schemes: names within `map/`, and bytes. `archives` are the names of those that there are, layers' too.
pub fn map_styles(plan: &Plan, report: &RunReport, archives: &[String]) -> Vec<(String, Vec<u8>)> {
    let schemes = plan.reference.schemes.iter();
    let styles = schemes.map(|scheme| {
        let style = style_json(plan, report, scheme, archives);
        (style_file(&scheme.id), format!("{style:#}\n").into_bytes())
    });
    styles.collect()
}

fn style_json(plan: &Plan, report: &RunReport, scheme: &Scheme, archives: &[String]) -> Value {
    let groups = groups_of_scheme(&plan.reference, scheme);
    let is_outline = |id: &str| matches!(id, "states" | "counties");
    // The inventory has every facility as a point; without it, each layer is drawn by itself.
    let has_inventory = archives.iter().any(|id| id == FACILITIES);
    let drawn = archives
        .iter()
        .filter(|id| is_outline(id) || !has_inventory || *id == FACILITIES);
    let sources: serde_json::Map<String, Value> = drawn
        .clone()
        .map(|id| (id.clone(), source_json(plan, report, id)))
        .collect();
    let (outlines, facilities): (Vec<&String>, Vec<&String>) = drawn.partition(|id| is_outline(id));
    let layers = outlines
        .into_iter()
        .map(|id| outline_layer(id))
        .chain(facilities.into_iter().flat_map(|id| facility_layers(id, &groups)));
    json!({
        "version": STYLE_VERSION,
        "name": format!("{}: sectors of {}", plan.title, scheme.title),
        "metadata": {
            "cikr:release": report.release,
            "cikr:scheme": scheme.id,
            "cikr:document": scheme.document,
            "cikr:legend": groups,
        },
        "sources": sources,
        "layers": layers.collect::<Vec<_>>(),
    })
}

/// An archive as a source: by its address where the pipeline says it, else by a path from where the style lies.
fn source_json(plan: &Plan, report: &RunReport, id: &str) -> Value {
    let base = plan.output.base_url.as_deref();
    let folder = base.map_or_else(String::new, |base| {
        format!("{base}/releases/{}/map/", report.release)
    });
    json!({ "type": "vector", "url": format!("pmtiles://{folder}{id}.pmtiles") })
}

fn outline_layer(id: &str) -> Value {
    json!({
        "id": id,
        "type": "line",
        "source": id,
        "source-layer": id,
        "minzoom": if id == "counties" { 6 } else { 0 },
        "paint": { "line-color": "#8b96a1", "line-width": if id == "counties" { 0.5 } else { 1.0 } },
    })
}

fn facility_layers(id: &str, groups: &[SectorGroup]) -> Vec<Value> {
    let hue = match_sectors(groups, &|group| group.look.colour[0].into(), GREY[0].into());
    let fill = match_sectors(
        groups,
        &|group| match group.look.mark {
            Mark::Disc => group.look.colour[0].into(),
            Mark::Ring => "#ffffff".into(),
        },
        GREY[0].into(),
    );
    let layer = |kind: &str, drawn: &str, shape: &str, paint: Value| {
        json!({
            "id": format!("{id}-{kind}"),
            "type": drawn,
            "source": id,
            "source-layer": id,
            "filter": ["==", ["geometry-type"], shape],
            "paint": paint,
        })
    };
    let radius = json!(["interpolate", ["linear"], ["zoom"], 3, 1.8, 8, 3.4, 14, 6]);
    vec![
        layer(
            "area",
            "fill",
            "Polygon",
            json!({ "fill-color": hue, "fill-opacity": 0.14 }),
        ),
        layer(
            "edge",
            "line",
            "Polygon",
            json!({ "line-color": hue, "line-width": 1.2 }),
        ),
        layer(
            "line",
            "line",
            "LineString",
            json!({ "line-color": hue, "line-width": 1.6 }),
        ),
        layer(
            "point",
            "circle",
            "Point",
            json!({
                "circle-color": fill,
                "circle-radius": radius,
                "circle-stroke-color": hue,
                "circle-stroke-width": 1,
            }),
        ),
    ]
}

/// An expression that has a value for the sectors of each group, and another for all else.
fn match_sectors(groups: &[SectorGroup], value: &dyn Fn(&SectorGroup) -> Value, otherwise: Value) -> Value {
    let cases = groups
        .iter()
        .flat_map(|group| [json!(group.sectors), value(group)]);
    let head = [json!("match"), json!(["to-string", ["get", "sector_code"]])];
    head.into_iter().chain(cases).chain([otherwise]).collect()
}
