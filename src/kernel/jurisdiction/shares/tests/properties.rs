//! Shares against brute force, on coordinates that meet as often as not.

use geo::{Coord, Geometry, Intersects, LineString, MultiPolygon, Point, Polygon, Rect};
use proptest::prelude::*;

use super::made::{EVERY, LOWEST, by_rank, gap, geometry};
use super::scan::brute_areas;
use crate::kernel::jurisdiction::{Boundary, SurfaceIndex, measure_of};

/// Corners on a small grid, so that they repeat, line up and lie on edges.
fn corner() -> impl Strategy<Value = Coord<f64>> + Clone {
    (0..=8_i32, 0..=8_i32).prop_map(|(x, y)| Coord {
        x: f64::from(x) / 2.0 - 100.0,
        y: f64::from(y) / 2.0 + 40.0,
    })
}

/// Corners of the grid, some of them off by as little as there is.
fn shaken_corner() -> impl Strategy<Value = Coord<f64>> + Clone {
    (corner(), -1..=1_i32, -1..=1_i32).prop_map(|(Coord { x, y }, east, north)| Coord {
        x: shaken(x, east),
        y: shaken(y, north),
    })
}

fn shaken(value: f64, steps: i32) -> f64 {
    match steps {
        -1 => value.next_down(),
        1 => value.next_up(),
        _ => value,
    }
}

/// Any polygon, whose rings may cross themselves and each other.
fn any_polygon(corner: impl Strategy<Value = Coord<f64>> + Clone) -> impl Strategy<Value = Polygon<f64>> {
    let hole = prop::collection::vec(corner.clone(), 0..5);
    (prop::collection::vec(corner, 3..9), hole).prop_map(|(outer, hole)| {
        let holes = if hole.len() < 3 {
            vec![]
        } else {
            vec![LineString(hole)]
        };
        Polygon::new(LineString(outer), holes)
    })
}

fn any_box() -> impl Strategy<Value = Polygon<f64>> {
    (corner(), corner()).prop_map(|(a, b)| Rect::new(a, b).to_polygon())
}

fn boundaries_of(polygons: &[Polygon<f64>], codes: usize) -> Vec<Boundary> {
    let all = polygons.iter().enumerate().map(|(at, polygon)| Boundary {
        code: format!("{}", at % codes),
        name: None,
        shape: MultiPolygon::new(vec![polygon.clone()]),
    });
    all.collect()
}

/// The lowest box that holds most of each piece of a line, its border included, and its part of the line in degrees.
fn brute_degrees(line: &LineString<f64>, boxes: &[Polygon<f64>]) -> Vec<f64> {
    let mut degrees = vec![0.0; boxes.len()];
    for segment in line.lines() {
        let along = segment.end - segment.start;
        let mut parts = vec![0.0, 1.0];
        // Every border lies on a half degree.
        for half in 0..=16_i32 {
            parts.push((f64::from(half) / 2.0 - 100.0 - segment.start.x) / along.x);
            parts.push((f64::from(half) / 2.0 + 40.0 - segment.start.y) / along.y);
        }
        parts.retain(|part| (0.0..=1.0).contains(part));
        parts.sort_by(f64::total_cmp);
        for ends in parts.windows(2) {
            let middle = Point(segment.start + along * f64::midpoint(ends[0], ends[1]));
            if let Some(holder) = boxes.iter().position(|polygon| polygon.intersects(&middle)) {
                degrees[holder] += (ends[1] - ends[0]) * along.x.hypot(along.y);
            }
        }
    }
    degrees
}

fn check_areas(asked: Polygon<f64>, polygons: &[Polygon<f64>]) -> Result<(), TestCaseError> {
    let codes = polygons.len().min(3);
    let index = SurfaceIndex::build(&boundaries_of(polygons, codes));
    let brute = brute_areas(&asked, polygons, codes);
    let asked = Geometry::Polygon(asked);
    let found = index.shares_of(&asked, LOWEST);
    prop_assert!(gap(&found) < 1e-9 || found.whole == 0.0, "{found:?}");
    prop_assert_eq!(found.whole.to_bits(), measure_of(&asked).to_bits());
    let whole = found.whole;
    prop_assert!(
        (whole - brute.whole).abs() < 1e-9 * brute.whole.max(1e8),
        "{whole}, {}",
        brute.whole
    );
    if whole > 0.0 {
        let every = by_rank(&index.shares_of(&asked, EVERY), codes);
        for (shares, areas) in [(by_rank(&found, codes), &brute.lowest), (every, &brute.every)] {
            for (share, area) in shares.iter().zip(areas) {
                prop_assert!((share - area / whole).abs() < 1e-9, "{share}, {area} of {whole}");
            }
        }
    }
    Ok(())
}

/// Found by chance: crossings at the corner that all three share were put somewhere along the line they share, too.
#[test]
fn three_borders_along_one_line_cross_at_the_same_place() {
    let polygons = [
        polygon("POLYGON((-98 42,-99 41,-100 40.5,-98 42))"),
        polygon("POLYGON((-97 43,-99 41,-100 40.5,-97 43))"),
    ];
    let asked = polygon("POLYGON((-99 41,-96 44,-96 40,-99.5 43,-97 40,-99 41))");
    check_areas(asked, &polygons).unwrap();
}

fn polygon(text: &str) -> Polygon<f64> {
    let Geometry::Polygon(polygon) = geometry(text) else {
        panic!("no polygon: {text}")
    };
    polygon
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn areas_are_those_of_scan_lines(
        asked in any_polygon(corner()),
        polygons in prop::collection::vec(any_polygon(corner()), 1..6),
    ) {
        check_areas(asked, &polygons)?;
    }

    #[test]
    fn areas_are_those_of_scan_lines_where_corners_nearly_meet(
        asked in any_polygon(shaken_corner()),
        polygons in prop::collection::vec(any_polygon(shaken_corner()), 1..6),
    ) {
        check_areas(asked, &polygons)?;
    }

    #[test]
    fn lines_are_those_of_pieces_located_one_by_one(
        corners in prop::collection::vec(corner(), 2..8),
        boxes in prop::collection::vec(any_box(), 1..6),
    ) {
        let boxes: Vec<Polygon<f64>> = boxes
            .into_iter()
            .filter(|polygon| measure_of(&Geometry::Polygon(polygon.clone())) > 0.0)
            .collect();
        let line = LineString(corners);
        let index = SurfaceIndex::build(&boundaries_of(&boxes, boxes.len().max(1)));
        let found = index.shares_of(&Geometry::LineString(line.clone()), LOWEST);
        prop_assert!(gap(&found) < 1e-9);
        let degrees = brute_degrees(&line, &boxes);
        for (share, degrees) in by_rank(&found, boxes.len()).into_iter().zip(degrees) {
            // Degrees are no metres, but what has none of the one has none of the other.
            prop_assert!((share > 1e-12) == (degrees > 1e-12) || found.whole == 0.0, "{share}, {degrees}");
        }
    }

    #[test]
    fn neither_order_nor_turn_changes_an_answer(
        asked in any_polygon(corner()),
        polygons in prop::collection::vec(any_polygon(corner()), 1..6),
        start in 0..8_usize,
    ) {
        let boundaries = boundaries_of(&polygons, 3);
        let mut backward = boundaries.clone();
        backward.reverse();
        let ranks = 3.min(polygons.len());
        let first = SurfaceIndex::build(&boundaries);
        let second = SurfaceIndex::build(&backward);
        second.prepare();
        let found = first.shares_of(&Geometry::Polygon(asked.clone()), LOWEST);
        let again = second.shares_of(&Geometry::Polygon(asked.clone()), LOWEST);
        for (one, other) in by_rank(&found, ranks).iter().zip(by_rank(&again, ranks)) {
            prop_assert!((one - other).abs() < 1e-12);
        }
        let mut ring = asked.exterior().0.clone();
        ring.pop();
        let places = ring.len();
        ring.rotate_left(start % places);
        ring.reverse();
        let turned = Polygon::new(LineString(ring), asked.interiors().to_vec());
        let turned = first.shares_of(&Geometry::Polygon(turned), LOWEST);
        prop_assert!((found.whole - turned.whole).abs() <= 1e-9 * found.whole);
        if found.whole > 0.0 {
            for (one, other) in by_rank(&found, ranks).iter().zip(by_rank(&turned, ranks)) {
                prop_assert!((one - other).abs() < 1e-9);
            }
        }
    }
}
