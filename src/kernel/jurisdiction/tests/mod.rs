//! The index against brute force, on points that lie on borders and corners as often as not.

mod batch;
mod boundaries;
mod meridian;
mod nearest;
mod partitioned;
mod stored;

use geo::{
    BooleanOps, Coord, Densify, Distance, Geodesic, Intersects, LineString, MultiPolygon, Point, Polygon, wkt,
};
use proptest::prelude::*;

use super::{Boundary, JurisdictionIndex};

fn boundary(code: &str, shape: impl Into<MultiPolygon<f64>>) -> Boundary {
    Boundary {
        code: code.to_owned(),
        name: Some(format!("{code} County")),
        shape: shape.into(),
    }
}

fn code(index: &JurisdictionIndex, x: f64, y: f64) -> Option<&str> {
    index.locate(Point::new(x, y)).map(|found| found.code)
}

fn brute(boundaries: &[Boundary], point: Point<f64>) -> Option<&str> {
    boundaries
        .iter()
        .filter(|b| b.shape.intersects(&point))
        .map(|b| b.code.as_str())
        .min()
}

#[test]
fn borders_count_as_inside_and_the_lowest_code_wins() {
    let east = wkt!(POLYGON((1. 0.,2. 0.,2. 1.,1. 1.,1. 0.)));
    let west = wkt!(POLYGON((0. 0.,1. 0.,1. 1.,0. 1.,0. 0.)));
    let index = JurisdictionIndex::build(vec![boundary("48003", east), boundary("48001", west)]);
    assert_eq!(index.len(), 2);
    assert_eq!(code(&index, 1.5, 0.5), Some("48003"));
    assert_eq!(code(&index, 2.0, 1.0), Some("48003"));
    assert_eq!(code(&index, 1.0, 0.5), Some("48001"));
    assert_eq!(code(&index, 1.0, 1.0), Some("48001"));
    assert_eq!(code(&index, 2.0, 1.0_f64.next_up()), None);
    assert_eq!(code(&index, f64::NAN, 0.5), None);
    assert_eq!(
        index.locate(Point::new(0.5, 0.5)).unwrap().name,
        Some("48001 County")
    );
}

#[test]
fn several_boundaries_share_a_code() {
    let mut first = boundary("A", wkt!(POLYGON((0. 0.,1. 0.,0. 1.,0. 0.))));
    first.name = None;
    let second = boundary("A", wkt!(POLYGON((5. 5.,6. 5.,5. 6.,5. 5.))));
    let index = JurisdictionIndex::build(vec![first, second]);
    assert_eq!(
        (index.len(), code(&index, 0.2, 0.2), code(&index, 5.2, 5.2)),
        (2, Some("A"), Some("A"))
    );
    assert_eq!(index.locate(Point::new(0.2, 0.2)).unwrap().name, Some("A County"));
}

#[test]
fn holes_may_turn_either_way_and_rings_may_cross_themselves() {
    let same_turn = wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.),(3. 3.,6. 3.,6. 6.,3. 6.,3. 3.)));
    let index = JurisdictionIndex::build(vec![boundary("A", same_turn)]);
    assert_eq!(
        (code(&index, 1.0, 4.0), code(&index, 4.0, 4.0)),
        (Some("A"), None)
    );
    assert_eq!(code(&index, 3.0, 4.0), Some("A"));

    let bow_tie = wkt!(POLYGON((0. 0.,4. 4.,4. 0.,0. 4.,0. 0.)));
    let index = JurisdictionIndex::build(vec![boundary("A", bow_tie)]);
    let found: Vec<bool> = [
        (0.5, 2.0),
        (3.5, 2.0),
        (2.0, 3.5),
        (2.0, 0.5),
        (2.0, 2.0),
        (0.0, 4.0),
    ]
    .into_iter()
    .map(|(x, y)| code(&index, x, y).is_some())
    .collect();
    assert_eq!(found, [true, true, false, false, true, true]);
}

#[test]
fn impossible_shapes_are_left_out() {
    let nan = Polygon::new(vec![(0.0, 0.0), (f64::NAN, 1.0), (1.0, 1.0)].into(), vec![]);
    let flat = wkt!(POLYGON((0. 0.,1. 0.,2. 0.,0. 0.)));
    let index = JurisdictionIndex::build(vec![
        boundary("NAN", nan),
        boundary("FLAT", flat),
        boundary("NONE", MultiPolygon::new(vec![])),
        boundary("EMPTY", wkt!(POLYGON EMPTY)),
    ]);
    assert_eq!(
        (code(&index, 0.5, 0.5), code(&index, 0.5, 0.0)),
        (None, Some("FLAT"))
    );
    let empty = JurisdictionIndex::build(vec![]);
    assert!(empty.is_empty() && empty.locate(Point::new(0.0, 0.0)).is_none());
    assert!(empty.nearest(Point::new(0.0, 0.0), 1e9).is_none());
}

#[test]
fn distances_are_geodesic_and_bounded() {
    let square = wkt!(POLYGON((0. -1.,1. -1.,1. 0.,0. 0.,0. -1.)));
    let index = JurisdictionIndex::build(vec![boundary("A", square)]);
    let (found, metres) = index.nearest(Point::new(0.5, 0.1), 20_000.0).unwrap();
    // A tenth of a degree of latitude at the equator: 11,057.43 m on WGS 84.
    assert!(found.code == "A" && (metres - 11_057.43).abs() < 0.01, "{metres}");
    assert_eq!(index.nearest(Point::new(0.5, 0.1), 11_057.0), None);
    assert_eq!(index.nearest(Point::new(0.5, -0.5), 1.0).unwrap().1.to_bits(), 0);
    assert_eq!(index.nearest(Point::new(0.5, 0.1), 0.0), None);
    assert_eq!(index.nearest(Point::new(f64::NAN, 0.1), 1e6), None);
}

#[test]
fn the_date_line_is_no_border() {
    let aleutian = wkt!(POLYGON((179. 51.,180. 51.,180. 52.,179. 52.,179. 51.)));
    let index = JurisdictionIndex::build(vec![boundary("02016", aleutian)]);
    assert_eq!(code(&index, -180.0, 51.5), Some("02016"));
    let (found, metres) = index.nearest(Point::new(-179.95, 51.5), 5000.0).unwrap();
    let expected = Geodesic.distance(Point::new(-179.95, 51.5), Point::new(180.0, 51.5));
    assert!(
        found.code == "02016" && (metres - expected).abs() < 1.0,
        "{metres} {expected}"
    );
}

#[test]
fn the_lowest_code_is_nearest_where_two_share_the_corner() {
    let west = wkt!(POLYGON((0. 0.,1. 0.,1. 1.,0. 1.,0. 0.)));
    let east = wkt!(POLYGON((1. 0.,2. 0.,2. 1.,1. 1.,1. 0.)));
    for (first, second) in [("A", "B"), ("B", "A")] {
        let set = vec![boundary(first, west.clone()), boundary(second, east.clone())];
        let index = JurisdictionIndex::build(set);
        assert_eq!(index.nearest(Point::new(1.0, 1.01), 5000.0).unwrap().0.code, "A");
    }
}

/// A ring of distinct directions around a lattice point, so it never crosses itself.
fn star() -> impl Strategy<Value = Polygon<f64>> {
    let corner = (-6i8..=6, -6i8..=6).prop_filter("off centre", |c| *c != (0, 0));
    (prop::collection::vec(corner, 3..12), -5i8..5, -5i8..5).prop_filter_map(
        "too few",
        |(corners, cx, cy)| {
            let angle = |c: &(i8, i8)| f64::from(c.1).atan2(f64::from(c.0));
            let mut corners = corners;
            corners.sort_by(|a, b| angle(a).total_cmp(&angle(b)).then(a.cmp(b)));
            corners.dedup_by(|a, b| angle(a).total_cmp(&angle(b)).is_eq());
            let ring: LineString<f64> = corners
                .iter()
                .map(|(x, y)| (f64::from(x + cx), f64::from(y + cy)))
                .collect();
            (corners.len() >= 3).then(|| Polygon::new(ring, vec![]))
        },
    )
}

proptest! {
    #[test]
    fn agrees_with_brute_force_on_and_off_the_borders(
        stars in prop::collection::vec(star(), 1..6),
        probes in prop::collection::vec((-24i8..=24, -24i8..=24), 40),
    ) {
        let codes = ["D", "B", "A", "C", "A", "B"];
        let set: Vec<_> = stars.iter().zip(codes).map(|(star, code)| boundary(code, star.clone())).collect();
        let index = JurisdictionIndex::build(set.clone());
        let reversed = JurisdictionIndex::build(set.iter().rev().cloned().collect());
        let lattice = probes.iter().map(|&(x, y)| Point::new(f64::from(x) / 2.0, f64::from(y) / 2.0));
        let on_edges = stars.iter().flat_map(|s| s.exterior().lines()).map(|line| Point(line.start + line.delta() / 3.0));
        for point in lattice.chain(on_edges) {
            prop_assert_eq!(index.locate(point).map(|m| m.code), brute(&set, point), "at {:?}", point);
            prop_assert_eq!(reversed.locate(point), index.locate(point));
            prop_assert_eq!(reversed.nearest(point, 4e5), index.nearest(point, 4e5));
        }
    }

    #[test]
    fn holes_and_islands_agree_with_brute_force(
        outer in star(), inner in star(), step in 0.1..9.0, probes in prop::collection::vec((-24i8..=24, -24i8..=24), 40),
    ) {
        // Many short edges make many cells, some of them held whole.
        let dense = |shape: MultiPolygon<f64>| geo::Euclidean.densify(&shape, step);
        let set = [
            boundary("A", dense(outer.difference(&inner))),
            boundary("B", dense(inner.difference(&outer))),
        ];
        let index = JurisdictionIndex::build(set.to_vec());
        for (x, y) in probes {
            let point = Point::new(f64::from(x) / 2.0, f64::from(y) / 2.0);
            prop_assert_eq!(index.locate(point).map(|m| m.code), brute(&set, point), "at {:?}", point);
        }
    }

    #[test]
    fn a_jittered_mesh_has_no_gap(jitter in prop::collection::vec((-0.4..0.4, -0.4..0.4), 36), at in (1.0..4.0, 1.0..4.0)) {
        let corner = |x: usize, y: usize| Coord { x: x as f64 + jitter[y * 6 + x].0, y: y as f64 + jitter[y * 6 + x].1 };
        let quad = |x, y| Polygon::new(vec![corner(x, y), corner(x + 1, y), corner(x + 1, y + 1), corner(x, y + 1)].into(), vec![]);
        let set: Vec<_> = (0..25).map(|i| boundary(&format!("{i:02}"), quad(i % 5, i / 5))).collect();
        let index = JurisdictionIndex::build(set.clone());
        let corners = (0..36).map(|i| Point(corner(i % 6, i / 6)));
        for point in corners.chain([Point::from(at)]) {
            prop_assert!(index.locate(point).is_some());
            prop_assert_eq!(index.locate(point).map(|m| m.code), brute(&set, point));
        }
    }

    #[test]
    fn any_ring_is_taken(
        ring in prop::collection::vec((-4i8..4, -4i8..4), 0..9), hole in prop::collection::vec((-9i8..9, -9i8..9), 0..6), at in (-5i8..5, -5i8..5),
    ) {
        let line = |ring: Vec<(i8, i8)>| ring.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect::<LineString<f64>>();
        let corners = line(ring.clone());
        let index = JurisdictionIndex::build(vec![boundary("A", Polygon::new(line(ring), vec![line(hole)]))]);
        let point = Point::new(f64::from(at.0), f64::from(at.1));
        let _ = (index.locate(point), index.nearest(point, 1e6));
        for corner in corners.points().take(if corners.0.len() > 1 { 9 } else { 0 }) {
            prop_assert_eq!(code(&index, corner.x(), corner.y()), Some("A"));
        }
    }

    #[test]
    fn nearest_is_never_beaten(star in star(), at in (-14.0..14.0, -14.0..14.0), north in 0.0..60.0) {
        // Some tens of kilometres: the geodesic, not the flat frame, must decide between edges.
        let small = |c: Coord<f64>| Coord { x: c.x / 50.0, y: north + c.y / 50.0 };
        let star = geo::MapCoords::map_coords(&star, small);
        let point = Point(small(Coord { x: at.0, y: at.1 }));
        let index = JurisdictionIndex::build(vec![boundary("A", star.clone())]);
        prop_assume!(!star.intersects(&point));
        let (_, metres) = index.nearest(point, 1e5).unwrap();
        let dense = geo::Euclidean.densify(star.exterior(), 0.002);
        let best = dense.points().map(|p| Geodesic.distance(point, p)).fold(f64::INFINITY, f64::min);
        prop_assert!(metres <= best * 1.001, "{} m found, {} m exists", metres, best);
        prop_assert!(index.nearest(point, metres * 0.999).is_none());
    }
}
