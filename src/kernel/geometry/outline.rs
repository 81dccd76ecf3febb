//! Coarse outlines of polygons, for drawings.

use geo::MultiPolygon;

/// Steps per degree: about a kilometre.
const STEPS_PER_DEGREE: f64 = 100.0;

/// Outer rings with their corners moved to a grid of a hundredth of a degree, repeats and the closing
/// corner left out.
///
/// Each corner moves by itself, so that neighbours keep their common border.
///
/// ```
/// use cikr::kernel::geometry::outline;
/// use geo::{MultiPolygon, polygon};
///
/// let shape = polygon![(x: 0.0, y: 0.0), (x: 1.004, y: 0.0), (x: 1.0, y: 1.0)];
/// assert_eq!(outline(&MultiPolygon::from(shape)), [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]);
/// ```
pub fn outline(shape: &MultiPolygon<f64>) -> Vec<Vec<[f64; 2]>> {
    let rings = shape.iter().map(|polygon| {
        let mut ring: Vec<[f64; 2]> = polygon
            .exterior()
            .coords()
            .map(|corner| [snap_to_grid(corner.x), snap_to_grid(corner.y)])
            .collect();
        ring.dedup();
        if ring.first() == ring.last() {
            ring.pop();
        }
        ring
    });
    // What is smaller than a step of the grid is left with a corner or two, and is nothing to draw.
    rings.filter(|ring| ring.len() > 2).collect()
}

fn snap_to_grid(degrees: f64) -> f64 {
    (degrees * STEPS_PER_DEGREE).round() / STEPS_PER_DEGREE
}

#[cfg(test)]
mod tests {
    use geo::wkt;

    use super::*;

    #[test]
    fn corners_go_to_the_grid_and_specks_go() {
        let shape = wkt! { MULTIPOLYGON(
            ((0.0 0.0, 1.004 0.0, 1.0 0.001, 1.0 1.0, 0.0 0.0)),
            ((5.0 5.0, 5.001 5.0, 5.001 5.001, 5.0 5.0))
        ) };
        assert_eq!(outline(&shape), [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]);
    }
}
