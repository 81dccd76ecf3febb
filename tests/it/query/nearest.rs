//! What is near a place: the same rows, in the same order, as a look at every row gives.

use cikr::kernel::geometry::decode;
use cikr::kernel::jurisdiction::Viewpoint;
use geo::{Densify, Distance, Euclidean, Geodesic, Geometry, Intersects, Point};

use super::{account, answer, every_row, ids, released};
use crate::chance::Chance;
use crate::program::Folder;

/// Ids and metres of all rows, the nearest first; ties in the order of the tiles.
fn by_distance(folder: &Folder, layer: &str, from: Point<f64>) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    for rows in every_row(folder, layer) {
        let (ids, geometry) = (rows.ids().unwrap(), rows.geometry().unwrap());
        for row in 0..rows.num_rows() {
            let metres = metres(from, &decode(geometry.value(row)).unwrap());
            all.push((ids.value(row).unwrap().to_owned(), metres));
        }
    }
    all.sort_by(|one, other| one.1.total_cmp(&other.1));
    all
}

/// By places along the outline, a metre or so apart where it is near: nothing of the program's own way.
fn metres(from: Point<f64>, geometry: &Geometry<f64>) -> f64 {
    let line = match geometry {
        Geometry::Point(point) => return Geodesic.distance(from, *point),
        Geometry::Polygon(area) if area.intersects(&from) => return 0.0,
        Geometry::Polygon(area) => area.exterior().clone(),
        Geometry::LineString(line) => line.clone(),
        other => panic!("{other:?}"),
    };
    let least = |line: &geo::LineString<f64>| {
        let places = line.points().map(|place| (Geodesic.distance(from, place), place));
        places.min_by(|one, other| one.0.total_cmp(&other.0)).unwrap()
    };
    let (_, nearest) = least(&Euclidean.densify(&line, 0.002));
    let around: Vec<_> = Euclidean
        .densify(&line, 0.000_01)
        .points()
        .filter(|place| Euclidean.distance(*place, nearest) < 0.004)
        .collect();
    around
        .into_iter()
        .map(|place| Geodesic.distance(from, place))
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn the_nearest_points_are_those_of_a_look_at_every_row() {
    let folder = released();
    let mut chance = Chance(5);
    for k in [1, 7, 60] {
        for _ in 0..2 {
            let place = [
                -110.0 + chance.below(400) as f64 / 10.0,
                20.0 + chance.below(300) as f64 / 10.0,
            ];
            let near = format!("--near={},{}", place[0], place[1]);
            let k_text = k.to_string();
            let found = answer(&folder, &["--layer", "points", &near, "--k", &k_text]);
            let found: Vec<(String, f64)> = found["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    (
                        row["facility_id"].as_str().unwrap().to_owned(),
                        row["distance_m"].as_f64().unwrap(),
                    )
                })
                .collect();
            let expected = by_distance(&folder, "points", Point::new(place[0], place[1]));
            assert_eq!(found, expected[..k], "{near}");
        }
    }
    let far = account(&folder, &["--layer", "points", "--near=-95.4,33.3", "--k", "5"]);
    assert!(far["rows"]["read"].as_u64().unwrap() < 200, "{far}");
}

#[test]
fn lines_and_areas_are_as_far_as_their_nearest_place() {
    let folder = released();
    for layer in ["wires", "areas"] {
        for place in [[-95.03, 34.07], [-88.5, 36.2], [-120.0, 45.0]] {
            let near = format!("--near={},{}", place[0], place[1]);
            let found = answer(&folder, &["--layer", layer, &near, "--k", "6"]);
            let expected = by_distance(&folder, layer, Point::new(place[0], place[1]));
            for (row, (id, metres)) in found["rows"].as_array().unwrap().iter().zip(&expected) {
                let told = row["distance_m"].as_f64().unwrap();
                assert!(
                    (told - metres).abs() < 1.0,
                    "{layer} {near}: {told} and {metres} of {id}"
                );
            }
            let first = &expected[0].0;
            assert_eq!(
                found["rows"][0]["facility_id"].as_str(),
                Some(first.as_str()),
                "{layer} {near}"
            );
        }
    }
}

#[test]
fn a_radius_has_all_within_it_in_whatever_order_is_asked_for() {
    let folder = released();
    let place = Point::new(-95.0, 34.0);
    let expected = by_distance(&folder, "points", place);
    let within: Vec<String> = expected
        .iter()
        .take_while(|(_, metres)| *metres <= 150_000.0)
        .map(|(id, _)| id.clone())
        .collect();
    assert!(within.len() > 10);
    let near = ["--layer", "points", "--near=-95,34", "--radius-m", "150000"];
    let mut found = ids(&folder, &near);
    assert_ne!(found, within, "in the order of the tiles");
    found.sort();
    let mut sorted = within.clone();
    sorted.sort();
    assert_eq!(found, sorted);
    assert_eq!(
        ids(&folder, &[&near[..], &["--order-by", "distance"]].concat()),
        within
    );
    assert_eq!(ids(&folder, &[&near[..], &["--k", "4"]].concat()), within[..4]);
    let none = ids(
        &folder,
        &["--layer", "points", "--near=0,0", "--k", "3", "--radius-m", "10"],
    );
    assert!(none.is_empty());
}

#[test]
fn the_nearest_are_those_of_which_all_else_holds() {
    let folder = released();
    let place = Point::new(-95.0, 34.0);
    let beds = ids(
        &folder,
        &["--layer", "points", "--where", "beds>=70", "--bbox=-97,30,-94,36"],
    );
    let expected: Vec<String> = by_distance(&folder, "points", place)
        .into_iter()
        .map(|(id, _)| id)
        .filter(|id| beds.contains(id))
        .take(5)
        .collect();
    assert_eq!(expected.len(), 5);
    let args = [
        "--layer",
        "points",
        "--near=-95,34",
        "--k",
        "5",
        "--where",
        "beds>=70",
        "--bbox=-97,30,-94,36",
    ];
    assert_eq!(ids(&folder, &args), expected);
}

#[test]
fn the_least_distance_of_a_box_is_never_more_than_that_of_what_is_in_it() {
    let mut chance = Chance(9);
    let mut degree = |range: usize| chance.below(range * 1_000) as f64 / 1_000.0 - range as f64 / 2.0;
    for _ in 0..5_000 {
        let from = Viewpoint::new(Point::new(degree(360), degree(180)));
        let (x, y) = (degree(360), degree(180));
        let bounds = [
            x,
            y,
            (x + degree(40).abs()).min(180.0),
            (y + degree(40).abs()).min(90.0),
        ];
        let within =
            geo::coord! { x: f64::midpoint(bounds[0], bounds[2]), y: f64::midpoint(bounds[1], bounds[3]) };
        assert!(
            from.least_distance(bounds) <= from.metres_to(within),
            "{from:?} {bounds:?}"
        );
    }
}
