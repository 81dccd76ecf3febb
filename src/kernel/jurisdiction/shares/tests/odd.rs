//! Geometries without size, rings that cross, touch and repeat, and lines along borders.

use geo::{Coord, Geometry, LineString, MultiPolygon, Point, Polygon};

use super::made::{EVERY, LOWEST, boundary, by_rank, gap, geometry, index_of};
use crate::kernel::jurisdiction::{Boundary, Shares, SurfaceIndex, measure_of};

/// Two squares side by side, the western one with a hole.
fn squares() -> SurfaceIndex {
    index_of(&[
        ("E", "POLYGON((2 0,4 0,4 2,2 2,2 0))"),
        (
            "W",
            "POLYGON((0 0,2 0,2 2,0 2,0 0),(0.5 0.5,1.5 0.5,1.5 1.5,0.5 1.5,0.5 0.5))",
        ),
    ])
}

fn shares(text: &str) -> Vec<f64> {
    let found = squares().shares_of(&geometry(text), LOWEST);
    assert!(gap(&found) < 1e-12, "{text}");
    by_rank(&found, 2)
}

#[test]
fn a_line_along_a_border_belongs_to_both_sides() {
    let along = "LINESTRING(2 0.25,2 1.75)";
    assert_eq!(shares(along), [1.0, 0.0]);
    let every = squares().shares_of(&geometry(along), EVERY);
    assert_eq!((by_rank(&every, 2), every.outside), (vec![1.0, 1.0], 0.0));
    assert_eq!(
        shares("LINESTRING(0 0,0 2,2 2)"),
        [0.0, 1.0],
        "along an outer border"
    );
    assert_eq!(
        shares("LINESTRING(0.5 1.5,0.5 0.5,1.5 0.5)"),
        [0.0, 1.0],
        "along a hole"
    );
    let beyond = shares("LINESTRING(2 -1,2 3)");
    assert!((beyond[0] - 0.5).abs() < 1e-4 && beyond[1] == 0.0, "{beyond:?}");
}

#[test]
fn a_slanted_border_is_a_border_too() {
    let index = index_of(&[
        ("A", "POLYGON((0 0,3 7.1,0 7.1,0 0))"),
        ("B", "POLYGON((0 0,3 0,3 7.1,0 0))"),
    ]);
    let both = index.shares_of(&geometry("LINESTRING(3 7.1,0 0)"), EVERY);
    assert_eq!((by_rank(&both, 2), both.outside), (vec![1.0, 1.0], 0.0));
}

#[test]
fn what_meets_in_points_alone_is_not_told() {
    assert_eq!(shares("LINESTRING(5 1,4 1,5 0)"), [0.0, 0.0]);
    assert_eq!(shares("POLYGON((4 0,5 0,5 2,4 2,4 0))"), [0.0, 0.0]);
    assert_eq!(
        shares("POLYGON((0.5 0.5,1.5 0.5,1.5 1.5,0.5 1.5,0.5 0.5))"),
        [0.0, 0.0],
        "the hole itself"
    );
}

#[test]
fn what_has_no_size_belongs_to_what_holds_its_first_vertex() {
    for text in [
        "LINESTRING(2 1,2 1,2 1)",
        "POLYGON((3 1,3 1,3 1,3 1))",
        "POLYGON((3 1,5 1,9 1,3 1))",
        "POLYGON((2.1 0.1,2.2 0.2,2.3 0.3,2.1 0.1))",
        "GEOMETRYCOLLECTION(LINESTRING(2 0,2 0),POINT(0.1 0.1))",
    ] {
        let found = squares().shares_of(&geometry(text), LOWEST);
        assert_eq!((by_rank(&found, 2), found.whole), (vec![1.0, 0.0], 0.0), "{text}");
        assert_eq!((found.parts[0].measure, found.outside), (0.0, 0.0), "{text}");
    }
    let nowhere = squares().shares_of(&geometry("LINESTRING(9 9,9 9)"), LOWEST);
    assert_eq!(nowhere, Shares::default());
    let both = squares().shares_of(&geometry("LINESTRING(2 1,2 1)"), EVERY);
    assert_eq!(by_rank(&both, 2), [1.0, 1.0]);
}

#[test]
fn points_count_one_each() {
    let found = squares().shares_of(&geometry("MULTIPOINT((2 1),(0.1 0.1),(3 1),(7 7))"), LOWEST);
    assert_eq!(
        (by_rank(&found, 2), found.whole, found.outside),
        (vec![0.5, 0.25], 4.0, 1.0)
    );
    let corner = squares().shares_of(&Geometry::Point(Point::new(0.5, 0.5)), LOWEST);
    assert_eq!(by_rank(&corner, 2), [0.0, 1.0], "a corner of the hole");
}

#[test]
fn of_a_collection_the_highest_dimension_counts() {
    let found = shares("GEOMETRYCOLLECTION(POINT(1 0.1),LINESTRING(0 0,2 0),POLYGON((3 0,4 0,4 1,3 0)))");
    assert_eq!(found, [1.0, 0.0]);
    assert_eq!(
        shares("GEOMETRYCOLLECTION(POINT(3 1),LINESTRING(0 0,0 2))"),
        [0.0, 1.0]
    );
}

#[test]
fn what_is_not_finite_counts_for_nothing() {
    let broken = LineString::from(vec![(0.0, 0.0), (f64::NAN, 1.0)]);
    let found = squares().shares_of(&Geometry::LineString(broken.clone()), LOWEST);
    assert_eq!(found, Shares::default());
    let polygon = Polygon::new(vec![(0.0, 0.0), (1.0, f64::INFINITY), (1.0, 0.0)].into(), vec![]);
    assert_eq!(
        squares().shares_of(&Geometry::Polygon(polygon.clone()), LOWEST),
        Shares::default()
    );
    let index = SurfaceIndex::build(&[Boundary {
        code: "A".to_owned(),
        name: None,
        shape: MultiPolygon::new(vec![polygon]),
    }]);
    assert!(
        index
            .shares_of(&geometry("LINESTRING(0 0,1 1)"), LOWEST)
            .parts
            .is_empty()
    );
    assert_eq!(
        measure_of(&Geometry::LineString(broken)).to_bits(),
        0.0_f64.to_bits()
    );
}

#[test]
fn rings_that_cross_touch_or_repeat_are_even_odd() {
    let square = measure_of(&geometry("POLYGON((0 0,1 0,1 1,0 1,0 0))"));
    for (text, squares) in [
        ("POLYGON((0 0,1 0,1 1,0 1,0 0),(0 0,1 0,1 1,0 1,0 0))", 0.0),
        ("POLYGON((0 0,1 0,1 1,0 1,0 0,1 0,1 1,0 1,0 0))", 0.0),
        ("POLYGON((0 0,1 0,1 1,0 1,0 0,0 1,0 0))", 1.0),
        ("POLYGON((0 0,1 0,1 1,1 1,0 1,0 0,-1 0,-1 0,0 0))", 1.0),
        ("POLYGON((0 0,0 1,1 1,1 0,0.5 0,0 0))", 1.0),
        ("POLYGON((0 0,2 0,2 1,0 1,0 0),(1 0,1 1,2 1,2 0,1 0))", 1.0),
        ("POLYGON((0 0,1 0,1 1,0 1,0 0),(5 0,6 0,6 1,5 1,5 0))", 2.0),
        (
            "MULTIPOLYGON(((0 0,1 0,1 1,0 1,0 0)),((0 0,1 0,1 1,0 1,0 0)))",
            2.0,
        ),
    ] {
        let area = measure_of(&geometry(text));
        assert!((area / square - squares).abs() < 1e-9, "{text}: {area}");
    }
    // A bow tie is two triangles; a hole that touches its ring is one; a ring may touch itself.
    for (crossing, plain) in [
        (
            "POLYGON((0 0,2 2,2 0,0 2,0 0))",
            "MULTIPOLYGON(((0 0,1 1,0 2,0 0)),((2 0,2 2,1 1,2 0)))",
        ),
        (
            "POLYGON((0 0,4 0,4 4,0 4,0 0),(0 0,2 1,1 2,0 0))",
            "POLYGON((0 0,4 0,4 4,0 4,0 0),(0.00001 0.00001,2 1,1 2,0.00001 0.00001))",
        ),
        (
            "POLYGON((0 0,4 0,4 4,2 0,0 4,0 0))",
            "MULTIPOLYGON(((0 0,2 0,0 4,0 0)),((2 0,4 0,4 4,2 0)))",
        ),
    ] {
        let ratio = measure_of(&geometry(crossing)) / measure_of(&geometry(plain));
        assert!((ratio - 1.0).abs() < 1e-4, "{crossing}: {ratio}");
        let found = squares().shares_of(&geometry(crossing), LOWEST);
        let expected = squares().shares_of(&geometry(plain), LOWEST);
        assert!(gap(&found) < 1e-12, "{crossing}");
        for (share, expected) in by_rank(&found, 2).iter().zip(by_rank(&expected, 2)) {
            assert!((share - expected).abs() < 1e-4, "{crossing}");
        }
    }
}

#[test]
fn corners_within_rounding_of_a_border_do_no_harm() {
    // The corners lie on the slanted border but for rounding, some on either side of it.
    let corner = |part: f64| Coord {
        x: 0.1 + 2.3 * part,
        y: 0.2 + 5.9 * part,
    };
    let parts: Vec<f64> = (0..=50).map(|step| f64::from(step) / 50.0).collect();
    let border: Vec<Coord<f64>> = parts.iter().map(|&part| corner(part)).collect();
    let mut west = border.clone();
    west.push(Coord { x: 0.1, y: 6.1 });
    let east = [Coord { x: 2.4, y: 0.2 }, corner(0.0), corner(1.0)];
    let shapes = [("A", west), ("B", east.to_vec())];
    let index = SurfaceIndex::build(
        &shapes
            .into_iter()
            .map(|(code, ring)| Boundary {
                code: code.to_owned(),
                name: None,
                shape: MultiPolygon::new(vec![Polygon::new(LineString(ring), vec![])]),
            })
            .collect::<Vec<_>>(),
    );
    let found = index.shares_of(
        &geometry("POLYGON((0.1 0.2,2.4 0.2,2.4 6.1,0.1 6.1,0.1 0.2))"),
        LOWEST,
    );
    let alone = index.shares_of(&geometry("POLYGON((0.1 0.2,2.4 0.2,2.4 6.1,0.1 0.2))"), LOWEST);
    assert!(
        gap(&found) < 1e-12 && found.outside / found.whole < 1e-12,
        "{found:?}"
    );
    assert!((found.parts.iter().map(|part| part.share).sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(
        found.parts.iter().all(|part| (part.share - 0.5).abs() < 0.01),
        "{found:?}"
    );
    assert_eq!((alone.parts.len(), alone.parts[0].rank), (1, 1), "{alone:?}");
}

#[test]
fn rings_that_cross_too_often_are_told_and_not_sorted_out() {
    // A scribble over both squares: each of its edges crosses nearly all others.
    let mut scribble: Vec<Coord<f64>> = vec![Coord { x: 1.75, y: 1.75 }];
    for at in 0..1_500_u32 {
        let angle = f64::from(at) * 2.4;
        scribble.push(Coord {
            x: 2.0 + 1.9 * angle.cos(),
            y: 1.0 + 0.9 * angle.sin(),
        });
    }
    let scribble = Polygon::new(LineString(scribble), vec![]);
    let tangled = Geometry::Polygon(scribble.clone());
    let found = squares().shares_of(&tangled, LOWEST);
    assert!(found.is_tangled);
    assert_eq!(by_rank(&found, 2), [0.0, 1.0], "where its first vertex lies");
    let set = SurfaceIndex::build(&[
        Boundary {
            code: "S".to_owned(),
            name: None,
            shape: MultiPolygon::new(vec![scribble]),
        },
        boundary("A", "POLYGON((0 0,1 0,1 1,0 0))"),
    ]);
    assert_eq!(set.tangled(), [1], "of a set such a polygon is told by its rank");
    let untangled = squares().shares_of(&geometry("POLYGON((1 1.6,3 1.6,1 1.9,3 1.9,1 1.6))"), LOWEST);
    assert!(!untangled.is_tangled && gap(&untangled) < 1e-12);
}
