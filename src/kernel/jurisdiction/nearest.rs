//! The nearest polygon to a point outside every one.

#![expect(clippy::float_cmp, reason = "ties are of the same bits")]

use geo::Point;

use super::geodesic::Viewpoint;
use super::outlines::Outlines;
use super::tree::{Tree, box_of};

/// Rank of the nearest edge's polygon and its geodesic distance, if within `max_m` metres; the lowest rank where several are
/// equally near.
pub(super) fn nearest_owner(
    point: Point<f64>,
    max_m: f64,
    outlines: &Outlines,
    tree: &Tree,
) -> Option<(u32, f64)> {
    if !(max_m > 0.0 && point.x().is_finite() && point.y().abs() <= 90.0) {
        return None;
    }
    let viewpoint = Viewpoint::new(point);
    let mut best: Option<(u32, f64)> = None;
    tree.visit_nearest(
        max_m,
        |bounds| viewpoint.least_distance(bounds),
        |run| {
            let owner = outlines.owners[run.part as usize];
            for edge in run.edges() {
                let limit = best.map_or(max_m, |(_, metres)| metres);
                if viewpoint.least_distance(box_of(&outlines.ends(edge))) > limit {
                    continue;
                }
                let metres = viewpoint.distance_to(outlines.edge(edge), limit);
                // Equally near is common: counties share their corners, and a shared corner ties bit for bit.
                let is_better =
                    best.is_none_or(|(first, least)| metres < least || (metres == least && owner < first));
                if metres <= max_m && is_better {
                    best = Some((owner, metres));
                }
            }
            best.map_or(max_m, |(_, metres)| metres)
        },
    );
    best
}
