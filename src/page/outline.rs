//! Outlines of states on a map: quantized, simplified arc by arc, so that neighbours keep one border.
//!
//! Pure. A border that two rings share is the same arc of both and is simplified once; simplified
//! ring by ring, neighbours would part and overlap.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A place on a panel, whole units.
pub(super) type Spot = (i32, i32);

/// A ring of an area, and which group the area is in.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    /// Group of the area: borders between groups are drawn stronger.
    pub(super) group: usize,
    /// Its corners, without the closing one.
    pub(super) spots: Vec<Spot>,
}

/// What is drawn.
#[derive(Debug, Default)]
pub(super) struct Outlines {
    /// SVG path of every area, closed.
    pub(super) areas: String,
    /// SVG path of the borders between groups.
    pub(super) borders: String,
}

// Under one unit: at a unit to a pixel, nobody sees which of the two lines was drawn.

/// Farthest distance of a dropped corner from the line that replaces it, units.
const TOLERANCE: f64 = 0.8;

/// Rings simplified together.
#[derive(Debug, Default)]
pub(super) struct Simplified {
    /// Those of which something is left.
    pub(super) rings: Vec<Ring>,
    /// Borders between groups.
    pub(super) borders: Vec<Vec<Spot>>,
}

/// Simplifies rings together, as paths to be drawn.
pub(super) fn simplify_outlines(rings: &[Ring]) -> Outlines {
    let simplified = simplify_rings(rings);
    let mut drawn = Outlines::default();
    for ring in &simplified.rings {
        push_path(&mut drawn.areas, &ring.spots);
        drawn.areas.push('z');
    }
    for border in &simplified.borders {
        push_path(&mut drawn.borders, border);
    }
    drawn
}

/// Simplifies rings together.
pub(super) fn simplify_rings(rings: &[Ring]) -> Simplified {
    let rings: Vec<Ring> = rings.iter().filter_map(tidy_ring).collect();
    let junctions = find_junctions(&rings);
    // Keyed by the corners themselves: two rings find their common border without knowing of each other. That takes
    // whole units, to which both were rounded alike.
    let mut groups: BTreeMap<Vec<Spot>, BTreeSet<usize>> = BTreeMap::new();
    let cut: Vec<Vec<Arc>> = rings
        .iter()
        .map(|ring| cut_arcs(&ring.spots, &junctions))
        .collect();
    for (ring, arcs) in rings.iter().zip(&cut) {
        for arc in arcs {
            groups.entry(arc.spots.clone()).or_default().insert(ring.group);
        }
    }
    let simple: BTreeMap<&[Spot], Vec<Spot>> = groups
        .keys()
        .map(|arc| (arc.as_slice(), simplify_arc(arc)))
        .collect();
    let joined = rings.iter().zip(&cut).map(|(ring, arcs)| Ring {
        group: ring.group,
        spots: join_arcs(arcs, &simple),
    });
    let between = groups.iter().filter(|(_, groups)| groups.len() > 1);
    Simplified {
        rings: joined.filter(|ring| ring.spots.len() > 2).collect(),
        borders: between.map(|(arc, _)| simple[arc.as_slice()].clone()).collect(),
    }
}

/// The ring that arcs make once they are simplified.
fn join_arcs(arcs: &[Arc], simple: &BTreeMap<&[Spot], Vec<Spot>>) -> Vec<Spot> {
    let mut ring: Vec<Spot> = Vec::new();
    for arc in arcs {
        let mut spots = simple[arc.spots.as_slice()].clone();
        if arc.is_reversed {
            spots.reverse();
        }
        ring.extend(&spots[..spots.len() - 1]);
    }
    ring
}

/// A ring without repeated corners and spikes; none where nothing is left.
fn tidy_ring(ring: &Ring) -> Option<Ring> {
    // Rounding to whole units lets corners fall together, and folds narrow inlets and capes into lines that go out and
    // come back. Neither has an area, and each would be a junction.
    let mut spots: Vec<Spot> = Vec::with_capacity(ring.spots.len());
    for spot in &ring.spots {
        if spots.len() > 1 && spots[spots.len() - 2] == *spot {
            spots.pop();
        } else if spots.last() != Some(spot) {
            spots.push(*spot);
        }
    }
    while spots.len() > 1 && (spots.first() == spots.last() || spots[1] == spots[spots.len() - 1]) {
        let is_spike = spots.first() != spots.last();
        spots.pop();
        if is_spike {
            spots.remove(0);
        }
    }
    (spots.len() > 2).then_some(Ring {
        group: ring.group,
        spots,
    })
}

/// Corners where arcs end: those that have other than two neighbours over all rings.
fn find_junctions(rings: &[Ring]) -> BTreeSet<Spot> {
    let mut neighbours: BTreeMap<Spot, BTreeSet<Spot>> = BTreeMap::new();
    for ring in rings {
        for (a, b) in ring.spots.iter().zip(ring.spots.iter().cycle().skip(1)) {
            neighbours.entry(*a).or_default().insert(*b);
            neighbours.entry(*b).or_default().insert(*a);
        }
    }
    neighbours
        .into_iter()
        .filter(|(_, near)| near.len() != 2)
        .map(|(spot, _)| spot)
        .collect()
}

/// A run of corners from junction to junction, in the direction that sorts first: two neighbours go along their border in
/// opposite directions, and must find it to be one.
struct Arc {
    spots: Vec<Spot>,
    is_reversed: bool,
}

impl Arc {
    fn new(spots: Vec<Spot>) -> Self {
        let other: Vec<Spot> = spots.iter().rev().copied().collect();
        let is_reversed = other < spots;
        Self {
            spots: if is_reversed { other } else { spots },
            is_reversed,
        }
    }
}

fn cut_arcs(ring: &[Spot], junctions: &BTreeSet<Spot>) -> Vec<Arc> {
    // A ring without junctions starts at its lowest corner, so that two of the same shape are one arc.
    let start = ring
        .iter()
        .position(|spot| junctions.contains(spot))
        .or_else(|| (0..ring.len()).min_by_key(|at| ring[*at]))
        .unwrap_or(0);
    let closed = ring[start..].iter().chain(&ring[..=start]);
    let mut arcs = Vec::new();
    let mut open: Vec<Spot> = Vec::new();
    for spot in closed {
        open.push(*spot);
        if open.len() > 1 && junctions.contains(spot) {
            arcs.push(Arc::new(std::mem::replace(&mut open, vec![*spot])));
        }
    }
    if open.len() > 1 {
        arcs.push(Arc::new(open));
    }
    arcs
}

/// Douglas and Peucker's rule; a closed arc is first cut at the corner farthest from its start.
fn simplify_arc(arc: &[Spot]) -> Vec<Spot> {
    let last = arc.len() - 1;
    let mut keep = vec![false; arc.len()];
    keep[0] = true;
    keep[last] = true;
    // A stack, not a recursion: a coastline of a million corners that all stay would be as many calls deep.
    let mut waiting = vec![(0, last)];
    while let Some((from, to)) = waiting.pop() {
        let far = (from + 1..to).map(|at| (at, segment_distance(arc[at], arc[from], arc[to])));
        let far = far.reduce(|a, b| if b.1 > a.1 { b } else { a });
        if let Some((at, _)) = far.filter(|(_, distance)| *distance > TOLERANCE) {
            keep[at] = true;
            waiting.extend([(from, at), (at, to)]);
        }
    }
    arc.iter()
        .zip(keep)
        .filter(|(_, keep)| *keep)
        .map(|(spot, _)| *spot)
        .collect()
}

/// Distance from a spot to the segment between two others.
fn segment_distance(spot: Spot, from: Spot, to: Spot) -> f64 {
    let [(px, py), (ax, ay), (bx, by)] = [spot, from, to].map(|(x, y)| (f64::from(x), f64::from(y)));
    let dx = bx - ax;
    let dy = by - ay;
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 {
        (((px - ax) * dx + (py - ay) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - ax - along * dx).hypot(py - ay - along * dy)
}

/// A path in steps from corner to corner: shorter than in places.
fn push_path(path: &mut String, spots: &[Spot]) {
    let mut before: Option<Spot> = None;
    for (x, y) in spots {
        let told = match before {
            None => write!(path, "M{x} {y}l"),
            Some((px, py)) => {
                let dx = x - px;
                let dy = y - py;
                // A minus parts two numbers as well as a blank does.
                let gap = if path.ends_with('l') || dx < 0 { "" } else { " " };
                write!(path, "{gap}{dx}{}{dy}", if dy < 0 { "" } else { " " })
            }
        };
        told.expect("a string takes any text");
        before = Some((*x, *y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(group: usize, west: i32, wiggle: i32) -> Ring {
        // The eastern and western sides wiggle in the middle.
        let spots = vec![
            (west, 0),
            (west + 10, 0),
            (west + 10 + wiggle, 5),
            (west + 10, 10),
            (west, 10),
            (west + wiggle, 5),
        ];
        Ring { group, spots }
    }

    #[test]
    fn neighbours_share_one_border() {
        let drawn = simplify_outlines(&[square(0, 0, 3), square(1, 10, 3)]);
        assert_eq!(drawn.borders, "M10 0l3 5-3 5");
        assert_eq!(drawn.areas.matches('M').count(), 2);
        assert_eq!(
            simplify_outlines(&[square(0, 0, 3), square(0, 10, 3)]).borders,
            "",
            "the same group"
        );
    }

    #[test]
    fn what_hardly_differs_from_a_line_goes() {
        let ring = Ring {
            group: 0,
            spots: vec![(0, 0), (50, 0), (100, 0), (100, 100), (0, 100)],
        };
        assert_eq!(simplify_outlines(&[ring]).areas, "M0 0l100 0 0 100-100 0z");
    }

    #[test]
    fn what_is_too_small_to_see_is_left_out() {
        let speck = |spots: &[Spot]| {
            simplify_outlines(&[Ring {
                group: 0,
                spots: spots.to_vec(),
            }])
            .areas
        };
        assert_eq!(speck(&[(1, 1), (1, 1), (1, 1)]), "");
        assert_eq!(speck(&[(1, 1), (5, 1), (1, 1)]), "");
        assert_eq!(speck(&[(1, 1), (5, 1), (9, 1), (5, 1)]), "");
        assert_eq!(speck(&[]), "");
    }

    #[test]
    fn a_corner_of_four_areas_is_a_junction() {
        let square = |group, x: i32, y: i32| Ring {
            group,
            spots: vec![(x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10)],
        };
        let drawn = simplify_outlines(&[
            square(0, 0, 0),
            square(1, 10, 0),
            square(2, 0, 10),
            square(3, 10, 10),
        ]);
        assert_eq!(drawn.borders.matches('M').count(), 4);
        assert_eq!(drawn.areas.matches('z').count(), 4);
    }
}
