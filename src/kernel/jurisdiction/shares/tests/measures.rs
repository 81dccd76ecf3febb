//! Quadrature against geodesics of pieces of 0.005°.

use geo::{Densify, Distance, Euclidean, Geodesic, GeodesicArea, Geometry, LineString, LinesIter, Polygon};

use super::made::geometry;
use crate::kernel::jurisdiction::measure_of;

/// Degrees of a piece, by the rule that edges are straight in longitude and latitude.
const PIECE: f64 = 0.005;

fn length_of_pieces(line: &LineString<f64>) -> f64 {
    let pieces = Euclidean.densify(line, PIECE);
    let metres = pieces
        .lines_iter()
        .map(|piece| Geodesic.distance(piece.start_point(), piece.end_point()));
    metres.sum()
}

#[test]
fn lengths_are_those_of_short_geodesics() {
    for text in [
        "LINESTRING(-100 40,-99 41)",
        "LINESTRING(0 0,30 0)",
        "LINESTRING(-120 48.9,-95 48.9)",
        "LINESTRING(10 -35,10.03 -35.02,17 -20)",
        "LINESTRING(-150 70,-140.9999 71.1)",
        "LINESTRING(0 79,3 88)",
        "LINESTRING(5 60,5 90)",
    ] {
        let Geometry::LineString(line) = geometry(text) else {
            panic!("no line: {text}")
        };
        let pieces = length_of_pieces(&line);
        let whole = measure_of(&Geometry::LineString(line));
        // A piece along a parallel is longer than its geodesic by 3e-10 of it at 45°, and with the tangent squared.
        let tolerance = if text.contains("88") { 1e-7 } else { 4e-9 };
        assert!(
            (whole / pieces - 1.0).abs() < tolerance,
            "{text}: {whole}, {pieces}"
        );
    }
}

#[test]
fn areas_are_those_of_short_geodesics() {
    for (text, tolerance) in [
        ("POLYGON((-100 40,-99 40,-99 41,-100 41,-100 40))", 1e-7),
        (
            "POLYGON((-100 40,-90 41,-97 48,-100 40),(-98 42,-97 43,-97 42,-98 42))",
            1e-7,
        ),
        ("POLYGON((10 -5,30 7,12 20,10 -5))", 1e-7),
        ("POLYGON((0 50,0.5 50,0.25 50.5,0 50))", 1e-6),
        // With ever shorter pieces the sum tends to ours, by the square of their length. Here the
        // pieces of the slanted edges bulge to the pole by 1 m² each.
        ("POLYGON((-90 38,-89.99 38.01,-90.01 38.01,-90 38))", 1e-5),
    ] {
        let Geometry::Polygon(polygon) = geometry(text) else {
            panic!("no polygon: {text}")
        };
        let pieces: Polygon<f64> = Euclidean.densify(&polygon, PIECE);
        let expected = pieces.geodesic_area_unsigned();
        let area = measure_of(&Geometry::Polygon(polygon));
        assert!(
            (area / expected - 1.0).abs() < tolerance,
            "{text}: {area}, {expected}"
        );
    }
}

#[test]
fn the_whole_earth_has_its_area() {
    let halves = geometry(
        "MULTIPOLYGON(((-180 -90,0 -90,0 90,-180 90,-180 -90)),((0 -90,180 -90,180 90,0 90,0 -90)))",
    );
    // By the closed form for WGS 84.
    assert!((measure_of(&halves) / 510_065_621_724_088.4 - 1.0).abs() < 1e-12);
}

#[test]
fn a_metre_wide_surface_is_measured_as_well_as_a_wide_one() {
    let [near, far] = [0.0, -179.0].map(|west| {
        let side = 1.0 / 131_072.0;
        let ring = [
            (west, 45.0),
            (west + side, 45.0),
            (west + side, 45.0 + side),
            (west, 45.0 + side),
        ];
        measure_of(&Geometry::Polygon(Polygon::new(ring.to_vec().into(), vec![])))
    });
    assert!((near / far - 1.0).abs() < 1e-12, "{near}, {far}");
}
