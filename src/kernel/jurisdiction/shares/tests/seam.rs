//! Geometries that cross ±180, and those around a pole.

use super::made::{LOWEST, by_rank, gap, geometry, index_of};
use crate::kernel::jurisdiction::measure_of;

#[test]
fn what_crosses_the_seam_goes_the_short_way() {
    let index = index_of(&[
        ("E", "POLYGON((170 -10,180 -10,180 10,170 10,170 -10))"),
        ("W", "POLYGON((-180 -10,-170 -10,-170 10,-180 10,-180 -10))"),
    ]);
    for (text, shares) in [
        ("LINESTRING(179 0,-178 0)", [1.0 / 3.0, 2.0 / 3.0]),
        ("LINESTRING(-178 0,179 0)", [1.0 / 3.0, 2.0 / 3.0]),
        ("LINESTRING(179 0,180 0,-180 0,-178 0)", [1.0 / 3.0, 2.0 / 3.0]),
        ("LINESTRING(160 0,-160 0)", [0.25, 0.25]),
        ("POLYGON((179 -1,-179 -1,-179 1,179 1,179 -1))", [0.5, 0.5]),
        (
            "POLYGON((179 -1,179 1,-179 1,-179 -1,179 -1),(179.5 0,-179 0.5,-179 -0.5,179.5 0))",
            [0.0, 0.0],
        ),
    ] {
        let found = index.shares_of(&geometry(text), LOWEST);
        assert!(gap(&found) < 1e-12, "{text}");
        let told = by_rank(&found, 2);
        if shares == [0.0, 0.0] {
            assert!(told[0] > 0.5 && found.outside == 0.0, "{text}: {told:?}");
            continue;
        }
        assert!(
            told.iter().zip(shares).all(|(a, b)| (a - b).abs() < 1e-9),
            "{text}: {told:?}"
        );
    }
}

#[test]
fn a_surface_cut_by_us_is_as_large_as_one_that_came_cut() {
    let uncut = measure_of(&geometry("POLYGON((175 50,-170 52,-175 58,172 60,175 50))"));
    let moved = measure_of(&geometry("POLYGON((-5 50,10 52,5 58,-8 60,-5 50))"));
    assert!((uncut / moved - 1.0).abs() < 1e-12, "{uncut}, {moved}");
}

#[test]
fn a_ring_around_a_pole_holds_the_pole() {
    let around = measure_of(&geometry("POLYGON((-90 60,0 60,90 60,180 60,-90 60))"));
    let zone = measure_of(&geometry(
        "MULTIPOLYGON(((0 60,180 60,180 90,0 90,0 60)),((-180 60,0 60,0 90,-180 90,-180 60)))",
    ));
    assert!((around / zone - 1.0).abs() < 1e-12, "{around}, {zone}");
    let southern = measure_of(&geometry("POLYGON((-90 -60,180 -60,90 -60,0 -60,-90 -60))"));
    assert!((southern / zone - 1.0).abs() < 1e-12, "{southern}, {zone}");
}
