//! Chains of vertices as edges, cut where they cross the meridian ±180.
//!
//! A jump of more than 180° between neighbours is taken for the short way across it.

use geo::Coord;

use super::edge::Edge;

/// The meridian at which the world is cut.
const SEAM: f64 = 180.0;

/// The edges between vertices; none where neighbours are the same. Tells the latitudes at which edges were cut.
pub(super) fn edges_along(vertices: &[Coord<f64>], edges: &mut Vec<Edge>, cuts: &mut Vec<f64>) {
    for pair in vertices.windows(2) {
        let &[from, to] = pair else { continue };
        let jump = to.x - from.x;
        if jump.abs() <= SEAM {
            push_edge(from, to, edges);
            continue;
        }
        // Far to the east is near to the west.
        let seam = if jump > 0.0 { -SEAM } else { SEAM };
        let ratio = (seam - from.x) / (jump + 2.0 * seam);
        // An edge along the meridian itself, written once on either side, is cut at its end.
        let part = if ratio.is_nan() {
            1.0
        } else {
            ratio.clamp(0.0, 1.0)
        };
        let latitude = if part >= 1.0 {
            to.y
        } else {
            from.y + part * (to.y - from.y)
        };
        push_edge(from, Coord { x: seam, y: latitude }, edges);
        push_edge(
            Coord {
                x: -seam,
                y: latitude,
            },
            to,
            edges,
        );
        cuts.push(latitude);
    }
}

/// The edges along both sides of the meridian that close rings which were cut at these latitudes.
///
/// A ring around a pole is cut an odd number of times, and is closed at the `nearest_pole` (±90).
pub(super) fn edges_along_seam(mut cuts: Vec<f64>, nearest_pole: f64, edges: &mut Vec<Edge>) {
    if !cuts.len().is_multiple_of(2) {
        cuts.push(nearest_pole);
    }
    cuts.sort_by(f64::total_cmp);
    for pair in cuts.chunks_exact(2) {
        for x in [-SEAM, SEAM] {
            push_edge(Coord { x, y: pair[0] }, Coord { x, y: pair[1] }, edges);
        }
    }
}

fn push_edge(from: Coord<f64>, to: Coord<f64>, edges: &mut Vec<Edge>) {
    if from != to {
        edges.push(Edge { from, to });
    }
}
