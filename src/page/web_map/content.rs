//! `map/map.json`: what the page knows of the release before it opens an archive.
//!
//! Pure. Names, colours, counts and outlines; no facility. Whoever changes it raises `VERSION`, and the script with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::changed::ChangesTold;
use super::counts::{FacilityCounts, MapLists};
use super::flags::FLAGS;
use super::legend::{groups_of_scheme, lifeline_groups};
use super::map_style::style_file;
use super::states::{outlines_json, state_places};
use crate::feature::release::paths::region_of;
use crate::feature::{LayerReport, Outline, RunReport, TileRecord};
use crate::plan::{GeometryKind, LayerPlan, Plan};

/// Version of the format.
const VERSION: u32 = 1;

/// Zoom at which archives have every row with all its columns.
pub(super) const FULL_ZOOM: u8 = 14;

/// A layer that the map shows.
#[derive(Debug, Clone, Copy)]
pub struct MapLayer<'a> {
    /// Its plan.
    pub plan: &'a LayerPlan,
    /// What became of it.
    pub report: &'a LayerReport,
    /// Its tiles, which hold the rows that the page leads to.
    pub tiles: &'a [TileRecord],
}

/// What the page is told.
#[derive(Debug, Clone, Copy)]
pub struct MapContent<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// What became of it.
    pub report: &'a RunReport,
    /// Layers that have an archive.
    pub layers: &'a [MapLayer<'a>],
    /// Archives of no layer that there are: `facilities`, `states`, `counties`.
    pub archives: &'a [String],
    /// The lists that counts refer to.
    pub lists: &'a MapLists,
    /// The facilities counted.
    pub counts: &'a FacilityCounts,
    /// States' outlines; empty where the pipeline joins none.
    pub outlines: &'a [Outline],
    /// What differs from the release before; none where nothing was compared.
    pub changes: Option<&'a ChangesTold>,
}

/// The bytes of `map/map.json`.
pub fn map_json(content: &MapContent<'_>) -> Vec<u8> {
    let reference = &content.plan.reference;
    let schemes = reference.schemes.iter().map(|scheme| {
        json!({
            "id": scheme.id,
            "title": format!("{} ({})", scheme.title, scheme.date.get(..4).unwrap_or(&scheme.id)),
            "style": style_file(&scheme.id),
            "groups": groups_of_scheme(reference, scheme),
        })
    });
    let kinds = content
        .counts
        .kinds()
        .filter_map(|(kind, n)| counts_json(content, kind, n));
    json!({
        "version": VERSION,
        "release": content.report.release,
        "pipeline": content.report.pipeline,
        "title": content.plan.title,
        "started": content.report.started,
        "rows": content.counts.rows(),
        "full_zoom": FULL_ZOOM,
        "view": content.counts.first_view(),
        "archives": content.archives,
        "layers": content.layers.iter().map(|layer| layer_json(content, layer)).collect::<Vec<_>>(),
        "sectors": content.lists.sectors,
        "schemes": schemes.collect::<Vec<_>>(),
        "lifelines": lifeline_groups(reference),
        "lifeline_values": content.lists.lifelines,
        "states": states_json(content),
        "regions": regions_json(content),
        "flags": FLAGS.iter().map(super::flags::MapFlag::to_json).collect::<Vec<_>>(),
        "counts": kinds.collect::<Vec<_>>(),
        "changes": content.changes.map(ChangesTold::to_json),
        "outlines": outlines_json(content.outlines, reference),
    })
    .to_string()
    .into_bytes()
}

/// Places in the lists, with that of the layer among those shown.
fn counts_json(content: &MapContent<'_>, kind: [i32; 5], n: u64) -> Option<Value> {
    let [layer, sector, lifeline, state, flags] = kind;
    let id = content.lists.layers.get(usize::try_from(layer).ok()?)?;
    let shown = content
        .layers
        .iter()
        .position(|shown| shown.plan.id.as_str() == id)?;
    Some(json!([shown, sector, lifeline, state, flags, n]))
}

fn layer_json(content: &MapContent<'_>, layer: &MapLayer<'_>) -> Value {
    let schema = &layer.plan.schema;
    let id = layer.plan.id.as_str();
    let place = content
        .lists
        .layers
        .iter()
        .zip(0..)
        .find(|(known, _)| *known == id);
    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
    for tile in layer.tiles {
        *parts
            .entry(region_of(&tile.path).unwrap_or_default())
            .or_default() += 1;
    }
    json!({
        "id": id,
        "title": schema.title,
        "shape": match schema.geometry {
            GeometryKind::Point => "point",
            GeometryKind::Line => "line",
            GeometryKind::Polygon => "area",
        },
        "rows": place.map_or(0, |(_, place)| content.counts.rows_of_layer(place)),
        "in_inventory": layer.plan.inventory,
        "agency": schema.agency,
        "licence": schema.licence,
        "handling": schema.handling,
        "landed": layer.report.landed_at,
        "synthetic": schema.synthetic,
        "tiles": parts,
    })
}

fn states_json(content: &MapContent<'_>) -> Vec<Value> {
    let reference = &content.plan.reference;
    let places = state_places(content.outlines, reference);
    let states = reference.states.iter().map(|state| {
        let place = places.get(&state.usps);
        // Of a state that several regions share, rows say which is theirs; a list has but one.
        let mut members = reference.regions.iter();
        let region = members.find(|region| region.state == state.usps);
        json!({
            "code": state.usps,
            "name": state.name,
            "region": region.map(|region| &region.code),
            "label": place.map(|place| place.label),
            "box": place.map(|place| place.bounds),
        })
    });
    states.collect()
}

fn regions_json(content: &MapContent<'_>) -> Vec<Value> {
    let regions = content.plan.reference.regions.iter();
    let named: BTreeMap<&str, &str> = regions
        .map(|region| (region.code.as_str(), region.name.as_str()))
        .collect();
    let listed = named
        .iter()
        .map(|(code, name)| json!({ "code": code, "name": name }));
    listed.collect()
}
