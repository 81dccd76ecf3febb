//! States on the map: their outlines, a place for their names, and the box that shows them.
//!
//! Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::feature::Outline;
use crate::page::outline::{Ring, Spot, simplify_rings};
use crate::plan::{Reference, State};

/// Most bytes that the outlines take: they are in the first answer that the page waits for.
const MOST_BYTES: usize = 100_000;

/// Steps of the grid that corners lie on, degrees: the finest whose outlines aren't too long is taken. A hundredth is what
/// outlines come in.
const STEPS: [f64; 6] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32];

/// What the map knows of a state's place.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatePlace {
    /// Longitude and latitude for its name.
    pub(super) label: [f64; 2],
    /// West, south, east, north.
    pub(super) bounds: [f64; 4],
}

/// Places of the states that are outlined, by USPS code.
pub(super) fn state_places(outlines: &[Outline], reference: &Reference) -> BTreeMap<String, StatePlace> {
    let known = outlines.iter().filter_map(|outline| {
        let state = state_of(reference, &outline.code)?;
        // Of the largest ring: the middle of an archipelago is water. The same keeps the islands beyond the antimeridian
        // from making a box around the globe.
        let sizes = outline.rings.iter().map(|ring| (area(ring).abs(), ring));
        let (_, mainland) = sizes.max_by(|a, b| a.0.total_cmp(&b.0))?;
        let place = StatePlace {
            label: centroid(mainland),
            bounds: bounds(mainland),
        };
        Some((state.usps.clone(), place))
    });
    known.collect()
}

fn state_of<'a>(reference: &'a Reference, code: &str) -> Option<&'a State> {
    let mut states = reference.states.iter();
    states.find(|state| state.fips == code || state.usps == code)
}

/// Outlines as GeoJSON, simplified together until they are short enough.
pub(super) fn outlines_json(outlines: &[Outline], reference: &Reference) -> Value {
    let mut drawn = Value::Null;
    for step in STEPS {
        drawn = outlines_on_grid(outlines, reference, step);
        if drawn.to_string().len() <= MOST_BYTES {
            break;
        }
    }
    drawn
}

fn outlines_on_grid(outlines: &[Outline], reference: &Reference, step: f64) -> Value {
    let rings: Vec<Ring> = outlines
        .iter()
        .enumerate()
        .flat_map(|(group, outline)| outline.rings.iter().map(move |ring| (group, ring)))
        .map(|(group, ring)| Ring {
            group,
            spots: ring.iter().map(|corner| to_spot(*corner, step)).collect(),
        })
        .collect();
    let mut polygons: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    for ring in simplify_rings(&rings).rings {
        let closed = ring.spots.iter().chain(ring.spots.first());
        let corners: Vec<[f64; 2]> = closed.map(|spot| to_degrees(*spot, step)).collect();
        polygons.entry(ring.group).or_default().push(json!([corners]));
    }
    let features = polygons.into_iter().map(|(group, polygons)| {
        let code = &outlines[group].code;
        let usps = state_of(reference, code).map_or(code, |state| &state.usps);
        json!({
            "type": "Feature",
            "properties": { "code": usps },
            "geometry": { "type": "MultiPolygon", "coordinates": polygons },
        })
    });
    json!({ "type": "FeatureCollection", "features": features.collect::<Vec<_>>() })
}

#[expect(clippy::cast_possible_truncation, reason = "degrees by hundredths are small")]
fn to_spot([longitude, latitude]: [f64; 2], step: f64) -> Spot {
    (
        (longitude / step).round() as i32,
        (latitude / step).round() as i32,
    )
}

/// To the hundredth: a product of steps has digits that mean nothing.
fn to_degrees((x, y): Spot, step: f64) -> [f64; 2] {
    [x, y].map(|units| (f64::from(units) * step * 100.0).round() / 100.0)
}

/// Twice the signed area of a ring, square degrees.
fn area(ring: &[[f64; 2]]) -> f64 {
    edges(ring).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

/// Centre of gravity of a ring.
fn centroid(ring: &[[f64; 2]]) -> [f64; 2] {
    let all = area(ring);
    let sum = |side: usize| -> f64 {
        let moments = edges(ring).map(|(a, b)| (a[side] + b[side]) * (a[0] * b[1] - b[0] * a[1]));
        moments.sum()
    };
    [sum(0), sum(1)].map(|moment| (moment / (3.0 * all) * 100.0).round() / 100.0)
}

fn bounds(ring: &[[f64; 2]]) -> [f64; 4] {
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    ring.iter().fold(start, |[west, south, east, north], [x, y]| {
        [west.min(*x), south.min(*y), east.max(*x), north.max(*y)]
    })
}

fn edges(ring: &[[f64; 2]]) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().copied().zip(next.copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(code: &str, rings: &[&[[f64; 2]]]) -> Outline {
        Outline {
            code: code.to_owned(),
            rings: rings.iter().map(|ring| ring.to_vec()).collect(),
        }
    }

    #[test]
    fn a_state_is_named_on_its_mainland() {
        let tables = crate::plan::reference_tables("schemas/reference".as_ref()).unwrap();
        let mainland = [[-100.0, 30.0], [-96.0, 30.0], [-96.0, 34.0], [-100.0, 34.0]];
        let island = [[170.0, 50.0], [171.0, 50.0], [171.0, 51.0]];
        let places = state_places(&[outline("48", &[&island, &mainland])], &tables);
        assert_eq!(places["TX"].label.map(|side| side.to_string()), ["-98", "32"]);
        let bounds = places["TX"].bounds.map(|side| side.to_string());
        assert_eq!(bounds, ["-100", "30", "-96", "34"]);
    }

    #[test]
    fn outlines_are_short_however_many_corners_they_come_with() {
        let tables = crate::plan::reference_tables("schemas/reference".as_ref()).unwrap();
        let ring: Vec<[f64; 2]> = (0..60_000)
            .map(|n| {
                let angle = f64::from(n) / 60_000.0 * std::f64::consts::TAU;
                let radius = if n % 2 == 0 { 9.0 } else { 9.2 };
                [-100.0 + radius * angle.cos(), 40.0 + radius * angle.sin()]
            })
            .collect();
        let drawn = outlines_json(&[outline("48", &[&ring])], &tables);
        assert!(drawn.to_string().len() <= MOST_BYTES);
        assert_eq!(drawn["features"][0]["properties"]["code"], "TX");
        let corners = drawn["features"][0]["geometry"]["coordinates"][0][0]
            .as_array()
            .unwrap();
        assert_eq!(corners.first(), corners.last());
    }
}
