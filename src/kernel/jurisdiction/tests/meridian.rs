//! Rings that cross ±180 uncut, go around the world or touch a pole.

use geo::{Coord, Intersects, LineString, MultiPolygon, Point, Polygon, wkt};
use proptest::prelude::*;

use super::super::JurisdictionIndex;
use super::{boundary, code};

fn index_of(shape: impl Into<MultiPolygon<f64>>) -> JurisdictionIndex {
    JurisdictionIndex::build(vec![boundary("A", shape)])
}

/// Asserts which places are held and which aren't.
fn check(index: &JurisdictionIndex, held: &[(f64, f64)], free: &[(f64, f64)]) {
    for (x, y) in held {
        assert_eq!(code(index, *x, *y), Some("A"), "({x} {y}) is held");
    }
    for (x, y) in free {
        assert_eq!(code(index, *x, *y), None, "({x} {y}) is free");
    }
}

#[test]
fn a_ring_over_the_meridian_is_cut_however_it_is_written() {
    let forms = [
        wkt!(POLYGON((172. 51.,-170. 51.,-170. 54.,172. 54.,172. 51.))),
        wkt!(POLYGON((172. 51.,190. 51.,190. 54.,172. 54.,172. 51.))),
        wkt!(POLYGON((-188. 51.,-170. 51.,-170. 54.,-188. 54.,-188. 51.))),
        wkt!(POLYGON((172. 51.,179. 51.,-179. 51.,-170. 51.,-170. 54.,-179. 54.,179. 54.,172. 54.,172. 51.))),
        wkt!(POLYGON((172. 51.,180. 51.,-180. 51.,-170. 51.,-170. 54.,180. 54.,172. 54.,172. 51.))),
        wkt!(POLYGON((180. 51.,-170. 51.,-170. 54.,-180. 54.,172. 54.,172. 51.,180. 51.))),
    ];
    for form in forms {
        let index = index_of(form);
        check(
            &index,
            &[
                (175.0, 52.0),
                (-175.0, 52.0),
                (180.0, 52.0),
                (-180.0, 52.0),
                (185.0, 52.0),
                (-185.0, 52.0),
                (172.0, 51.0),
                (180.0, 54.0),
            ],
            &[
                (0.0, 52.0),
                (171.9, 52.0),
                (-169.9, 52.0),
                (180.0, 50.9),
                (-180.0, 54.1),
            ],
        );
    }
}

#[test]
fn islands_on_both_sides_stay_what_they_are() {
    let fiji = MultiPolygon::new(vec![
        wkt!(POLYGON((
            178. - 17.,
            180. - 17.,
            180. - 16.,
            178. - 16.,
            178. - 17.
        ))),
        wkt!(POLYGON((
            -180. - 17.,
            -179. - 17.,
            -179. - 16.,
            -180. - 16.,
            -180. - 17.
        ))),
    ]);
    let index = index_of(fiji);
    check(
        &index,
        &[(179.0, -16.5), (-179.5, -16.5), (180.0, -16.5), (-180.0, -16.5)],
        &[(0.0, -16.5), (-178.9, -16.5), (177.9, -16.5), (180.0, -15.9)],
    );
    assert_eq!(index.ranks_holding(Point::new(-180.0, -16.5)), [0]);
    let samoa = wkt!(POLYGON((
        -171.1 - 14.6,
        -168.1 - 14.6,
        -168.1 - 11.,
        -171.1 - 11.,
        -171.1 - 14.6
    )));
    check(
        &index_of(samoa),
        &[(-170.7, -14.3)],
        &[(170.7, -14.3), (0.0, -14.3)],
    );
    let guam = wkt!(POLYGON((144.6 13.2,145. 13.2,145. 13.7,144.6 13.7,144.6 13.2)));
    check(&index_of(guam), &[(144.8, 13.4)], &[(-144.8, 13.4), (0.0, 13.4)]);
    let eastern = wkt!(POLYGON((
        188.9 - 14.6,
        191.9 - 14.6,
        191.9 - 11.,
        188.9 - 11.,
        188.9 - 14.6
    )));
    check(
        &index_of(eastern),
        &[(-170.7, -14.3), (189.3, -14.3)],
        &[(170.7, -14.3)],
    );
}

#[test]
fn a_ring_on_the_meridian_itself_holds_no_more_than_its_side() {
    for x in [180.0, -180.0] {
        let strip = wkt!(POLYGON((179. 0.,180. 0.,180. 1.,179. 1.,179. 0.)));
        let strip = geo::MapCoords::map_coords(&strip, |c| Coord {
            x: if c.x > 179.5 { x } else { c.x },
            y: c.y,
        });
        check(
            &index_of(strip),
            &[(179.5, 0.5), (180.0, 0.5), (-180.0, 0.5)],
            &[(-179.9, 0.5), (178.9, 0.5), (0.0, 0.5)],
        );
    }
    let line = wkt!(POLYGON((180. 0.,-180. 1.,180. 2.,180. 0.)));
    check(
        &index_of(line),
        &[(180.0, 1.5), (-180.0, 0.5)],
        &[(179.9, 1.0), (0.0, 1.0)],
    );
}

/// A ring around the world at a latitude, a vertex every 20 degrees, beginning at `from`.
fn belt(latitude: f64, from: f64, is_eastward: bool) -> LineString<f64> {
    let step = if is_eastward { 20.0 } else { -20.0 };
    (0..18)
        .map(|n| (from + step * f64::from(n), latitude))
        .map(|(x, y)| {
            (
                if x > 180.0 {
                    x - 360.0
                } else if x < -180.0 {
                    x + 360.0
                } else {
                    x
                },
                y,
            )
        })
        .collect()
}

#[test]
fn a_ring_around_the_world_holds_the_nearer_pole() {
    for (from, is_eastward) in [(-170.0, true), (-180.0, true), (0.0, false), (180.0, false)] {
        let south = index_of(Polygon::new(belt(-65.0, from, is_eastward), vec![]));
        check(
            &south,
            &[
                (0.0, -70.0),
                (180.0, -66.0),
                (-180.0, -65.0),
                (33.0, -90.0),
                (-180.0, -90.0),
            ],
            &[(0.0, -64.9), (180.0, -64.0), (0.0, 90.0)],
        );
        let north = index_of(Polygon::new(belt(60.0, from, is_eastward), vec![]));
        check(
            &north,
            &[(10.0, 60.0), (-123.0, 89.0), (50.0, 90.0), (180.0, 75.0)],
            &[(10.0, 59.9), (0.0, -90.0)],
        );
        let between = index_of(Polygon::new(
            belt(60.0, from, is_eastward),
            vec![belt(70.0, 0.0, true)],
        ));
        check(
            &between,
            &[(10.0, 65.0), (180.0, 65.0), (-180.0, 60.0)],
            &[(10.0, 71.0), (180.0, 71.0), (10.0, 59.0), (0.0, 90.0)],
        );
    }
}

#[test]
fn a_coast_closed_by_way_of_the_pole_is_the_same_as_one_that_is_not() {
    let closed = wkt!(POLYGON((
        -180. - 70.,
        -90. - 72.,
        0. - 69.,
        90. - 66.,
        180. - 70.,
        180. - 90.,
        -180. - 90.,
        -180. - 70.
    )));
    let open = wkt!(POLYGON((
        -180. - 70.,
        -90. - 72.,
        0. - 69.,
        90. - 66.,
        180. - 70.,
        -180. - 70.
    )));
    for shape in [closed, open] {
        check(
            &index_of(shape),
            &[
                (0.0, -80.0),
                (180.0, -75.0),
                (-180.0, -70.0),
                (7.0, -90.0),
                (179.9, -89.0),
            ],
            &[(0.0, -68.0), (-90.0, -71.0), (180.0, -69.0), (0.0, 0.0)],
        );
    }
}

#[test]
fn a_world_rectangle_stays_and_a_long_edge_takes_the_shorter_way() {
    let world = wkt!(POLYGON((-180. -90.,180. -90.,180. 90.,-180. 90.,-180. -90.)));
    check(
        &index_of(world),
        &[(0.0, 0.0), (180.0, 0.0), (-180.0, 90.0), (77.0, -90.0)],
        &[],
    );
    let tropics = wkt!(POLYGON((-180. -23.,180. -23.,180. 0.,180. 23.,-180. 23.,-180. -23.)));
    check(&index_of(tropics), &[(0.0, 0.0), (180.0, 23.0)], &[(0.0, 24.0)]);
    let ocean = wkt!(POLYGON((-170. -10.,170. -10.,170. 10.,-170. 10.,-170. -10.)));
    check(
        &index_of(ocean),
        &[(175.0, 0.0), (-175.0, 0.0), (180.0, 10.0)],
        &[(0.0, 0.0), (169.0, 0.0)],
    );
    let by_greenwich = wkt!(POLYGON((-170. -10.,0. -10.,170. -10.,170. 10.,0. 10.,-170. 10.,-170. -10.)));
    check(
        &index_of(by_greenwich),
        &[(0.0, 0.0), (169.0, 0.0)],
        &[(175.0, 0.0), (180.0, 0.0)],
    );
    let half = wkt!(POLYGON((90. 0.,270. 0.,270. 9.,90. 9.,90. 0.)));
    check(
        &index_of(half),
        &[(180.0, 5.0), (-100.0, 5.0), (100.0, 5.0)],
        &[(0.0, 5.0), (89.0, 5.0)],
    );
}

#[test]
fn a_hole_may_lie_over_the_meridian() {
    let lake = wkt!(POLYGON((170. 0.,-170. 0.,-170. 9.,170. 9.,170. 0.),(178. 3.,-178. 3.,-178. 6.,178. 6.,178. 3.)));
    check(
        &index_of(lake),
        &[
            (175.0, 4.0),
            (-175.0, 4.0),
            (180.0, 1.0),
            (180.0, 3.0),
            (180.0, 6.0),
            (-180.0, 7.0),
        ],
        &[
            (179.0, 4.0),
            (180.0, 4.0),
            (-180.0, 5.0),
            (-179.0, 4.0),
            (0.0, 4.0),
        ],
    );
}

#[test]
fn a_polygon_that_touches_a_pole_holds_it_at_any_longitude() {
    let slice = index_of(wkt!(POLYGON((0. 80.,10. 80.,5. 90.,0. 80.))));
    check(
        &slice,
        &[(5.0, 90.0), (-100.0, 90.0), (180.0, 90.0)],
        &[(-100.0, 89.9), (0.0, -90.0)],
    );
    assert_eq!(
        slice.ranks_of(&[Point::new(99.0, 90.0), Point::new(99.0, 89.0)]),
        [Some(0), None]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// The same rings, moved to the meridian and written in another form, hold the same places.
    #[test]
    fn nothing_depends_on_where_the_meridian_is(
        star in super::star(),
        turns in prop::collection::vec(-1i8..=1, 12),
        probes in prop::collection::vec((-24i8..=24, -24i8..=24), 40),
        east in -8i8..8,
    ) {
        let plain = index_of(star.clone());
        let shift = 180.0 + f64::from(east);
        let ring: LineString<f64> = star.exterior().0[..star.exterior().0.len() - 1]
            .iter()
            .zip(turns.iter().cycle())
            .map(|(c, turn)| (c.x + shift - 360.0 * f64::from(*turn), c.y))
            .collect();
        let moved = index_of(Polygon::new(ring, vec![]));
        for (x, y) in probes {
            let [x, y] = [f64::from(x) / 2.0, f64::from(y) / 2.0];
            // An edge that is cut is bent there by some units of the last place: points on edges are let alone.
            if star.exterior().intersects(&Point::new(x, y)) {
                continue;
            }
            let there = if x + shift > 180.0 { x + shift - 360.0 } else { x + shift };
            prop_assert_eq!(code(&moved, there, y), code(&plain, x, y), "at ({} {}), there {}", x, y, there);
        }
    }
}
