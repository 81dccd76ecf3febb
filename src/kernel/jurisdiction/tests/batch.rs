//! Many points at once: the same answers as one by one, by all polygons.

use geo::{Coord, Intersects, MultiPolygon, Point, Polygon, Rect};
use proptest::prelude::*;

use super::super::{Boundary, JurisdictionIndex};
use super::{boundary, star};

/// Ranks of all boundaries that hold a point, by asking each.
fn brute_ranks(set: &[Boundary], point: Point<f64>) -> Vec<u32> {
    let mut codes: Vec<&str> = set.iter().map(|b| b.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let holds = |code: &str| set.iter().any(|b| b.code == code && b.shape.intersects(&point));
    codes
        .iter()
        .zip(0..)
        .filter(|(code, _)| holds(code))
        .map(|(_, rank)| rank)
        .collect()
}

/// The next number; beside 0 one whose products aren't lost.
fn above(value: f64) -> f64 {
    if value == 0.0 { 1e-100 } else { value.next_up() }
}

/// Vertices, places on edges and beside both, level with a vertex, and the corners of a lattice.
fn adversarial(set: &[Boundary]) -> Vec<Point<f64>> {
    let mut points: Vec<Point<f64>> = (-13i8..=13)
        .flat_map(|x| (-13i8..=13).map(move |y| Point::new(f64::from(x) / 2.0, f64::from(y) / 2.0)))
        .collect();
    for edge in set.iter().flat_map(|b| geo::LinesIter::lines_iter(&b.shape)) {
        let middle = edge.start + edge.delta() / 3.0;
        for Coord { x, y } in [
            edge.start,
            middle,
            Coord {
                x: middle.x,
                y: edge.start.y,
            },
        ] {
            let besides = [
                (x, y),
                (above(x), y),
                (-above(-x), y),
                (x, above(y)),
                (x, -above(-y)),
            ];
            points.extend(besides.map(Point::from));
        }
    }
    points.extend([
        Point::new(f64::NAN, 0.0),
        Point::new(0.0, f64::NAN),
        Point::new(f64::INFINITY, 0.0),
        Point::new(1e300, -1e300),
    ]);
    points
}

/// All answers agree with asking each polygon.
fn check(set: &[Boundary]) {
    let index = JurisdictionIndex::build(set.to_vec());
    let points = adversarial(set);
    let ranks = index.ranks_of(&points);
    for (point, rank) in points.iter().zip(ranks) {
        let holding = if point.x().is_finite() && point.y().is_finite() {
            brute_ranks(set, *point)
        } else {
            vec![]
        };
        assert_eq!(index.ranks_holding(*point), holding, "at {point:?}");
        assert_eq!(rank, holding.first().copied(), "at {point:?}");
        assert_eq!(index.rank_at(*point), rank, "at {point:?}");
    }
}

#[test]
fn more_polygons_than_a_page_share_a_cell() {
    let square = |n: u32| {
        let half = 1.0 + f64::from(n % 7) / 8.0;
        boundary(
            &format!("{n:03}"),
            Rect::new((-half, -half), (half, half)).to_polygon(),
        )
    };
    check(&(0..150).map(square).collect::<Vec<_>>());
    let same: Vec<Boundary> = (0..70)
        .map(|n| boundary(&format!("{n:03}"), Rect::new((0.0, 0.0), (1.0, 1.0)).to_polygon()))
        .collect();
    check(&same);
}

#[test]
fn a_large_polygon_without_edges_in_most_tiles_holds_them() {
    // Many small edges in one corner make many tiles.
    let corner: Vec<Boundary> = (0..40)
        .map(|n| {
            let at = f64::from(n) / 40.0;
            boundary("B", Rect::new((at, 0.0), (at + 0.02, 0.02)).to_polygon())
        })
        .collect();
    let frame = Polygon::new(
        Rect::new((-9.0, -9.0), (9.0, 9.0)).to_polygon().into_inner().0,
        vec![Rect::new((-5.0, -4.0), (-1.0, 4.0)).to_polygon().into_inner().0],
    );
    let mut set = corner;
    set.push(boundary("A", frame));
    check(&set);
}

#[test]
fn an_edge_that_a_ring_follows_twice_is_a_border_and_crossed_twice() {
    let spike = geo::wkt!(POLYGON((0. 0.,4. 0.,4. 4.,2. 4.,2. 8.,2. 4.,0. 4.,0. 0.)));
    let neighbour = geo::wkt!(POLYGON((2. 4.,4. 4.,4. 8.,2. 8.,2. 4.)));
    check(&[boundary("A", spike), boundary("B", neighbour)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_way_to_ask_agrees_with_brute_force(
        stars in prop::collection::vec((star(), 0u8..9), 1..9),
        step in 0.2..20.0,
    ) {
        let dense = |shape: MultiPolygon<f64>| geo::Densify::densify(&geo::Euclidean, &shape, step);
        let set: Vec<Boundary> = stars.iter().map(|(star, code)| boundary(&code.to_string(), dense(star.clone().into()))).collect();
        check(&set);
    }

    #[test]
    fn rings_of_any_kind_agree_with_asking_every_ring(
        rings in prop::collection::vec(prop::collection::vec((-6i8..=6, -6i8..=6), 3..14), 1..5),
        codes in prop::collection::vec(0u8..4, 5),
    ) {
        let ring = |corners: &Vec<(i8, i8)>| Polygon::new(corners.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).collect(), vec![]);
        let set: Vec<Boundary> = rings.iter().zip(codes).map(|(corners, code)| boundary(&code.to_string(), ring(corners))).collect();
        let index = JurisdictionIndex::build(set.clone());
        let points = adversarial(&set);
        for (point, rank) in points.iter().zip(index.ranks_of(&points)) {
            prop_assert_eq!(index.rank_at(*point), rank);
            let held = even_odd_ranks(&set, *point);
            prop_assert_eq!(index.ranks_holding(*point), held, "at {:?}", point);
        }
    }
}

/// Ranks by the even-odd rule, whatever the rings are: a ray to the east over every edge, on exact predicates.
fn even_odd_ranks(set: &[Boundary], point: Point<f64>) -> Vec<u32> {
    use geo::kernels::{Kernel, RobustKernel};
    let p = point.0;
    let mut codes: Vec<&str> = set.iter().map(|b| b.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let holds = |polygon: &Polygon<f64>| {
        let mut inside = false;
        for edge in geo::LinesIter::lines_iter(polygon) {
            if edge.intersects(&point) {
                return true;
            }
            let (low, high) = if edge.start.y <= edge.end.y {
                (edge.start, edge.end)
            } else {
                (edge.end, edge.start)
            };
            if low.y <= p.y
                && p.y < high.y
                && RobustKernel::orient2d(low, high, p) == geo::Orientation::CounterClockwise
            {
                inside = !inside;
            }
        }
        inside
    };
    let of_code = |code: &str| set.iter().any(|b| b.code == code && b.shape.iter().any(holds));
    codes
        .iter()
        .zip(0..)
        .filter(|(code, _)| of_code(code))
        .map(|(_, rank)| rank)
        .collect()
}
