//! A partitioned set answers as an index in memory does.

use geo::{Coord, MapCoords, Point, Rect};
use proptest::prelude::*;

use super::super::{Boundary, JurisdictionIndex, PartitionedIndex};
use super::{boundary, star};
use crate::feature::scratch_in_memory::Memory;

fn check(set: &[Boundary], points: &[Point<f64>], vertices_at_once: usize) {
    let whole = JurisdictionIndex::build(set.to_vec());
    let divided = PartitionedIndex::build(set.to_vec(), &Memory, vertices_at_once).unwrap();
    assert_eq!(divided.len(), whole.len());
    assert!(divided.names().eq(whole.names()));
    assert_eq!(divided.ranks_of(points).unwrap(), whole.ranks_of(points));
}

#[test]
fn the_world_over() {
    let mut set: Vec<Boundary> = (0..400)
        .map(|n| {
            let [x, y] = [f64::from(n % 36) * 10.0 - 180.0, f64::from(n / 36) * 14.0 - 80.0];
            let mut square = boundary(
                &format!("{:03}", n % 350),
                Rect::new((x, y), (x + 8.0, y + 11.0)).to_polygon(),
            );
            square.name = (n % 5 > 0).then(|| format!("{n}"));
            square
        })
        .collect();
    set.push(boundary(
        "999",
        geo::wkt!(POLYGON((170. 10.,-170. 10.,-170. 20.,170. 20.,170. 10.))),
    ));
    set.push(boundary(
        "998",
        geo::wkt!(POLYGON((0. 80.,10. 80.,5. 90.,0. 80.))),
    ));
    let mut points: Vec<Point<f64>> = (-200i16..=200)
        .flat_map(|x| (-18i16..=18).map(move |y| Point::new(f64::from(x), f64::from(y) * 5.0)))
        .collect();
    points.push(Point::new(f64::NAN, 1.0));
    for vertices_at_once in [1, 200, 1_000_000] {
        check(&set, &points, vertices_at_once);
    }
    check(&[], &points, 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn stars_anywhere(
        stars in prop::collection::vec((star(), -180.0..180.0f64, 0u8..6), 1..9),
        probes in prop::collection::vec((0..9usize, -12i8..=12, -12i8..=12), 60),
    ) {
        let moved = |c: Coord<f64>, east: f64| Coord { x: c.x / 4.0 + east, y: c.y / 4.0 };
        let set: Vec<Boundary> = stars
            .iter()
            .map(|(star, east, code)| boundary(&code.to_string(), star.map_coords(|c| moved(c, *east))))
            .collect();
        let points: Vec<Point<f64>> = probes
            .iter()
            .map(|(at, x, y)| Point(moved(Coord { x: f64::from(*x), y: f64::from(*y) }, stars[at % stars.len()].1)))
            .collect();
        check(&set, &points, 8);
    }
}
