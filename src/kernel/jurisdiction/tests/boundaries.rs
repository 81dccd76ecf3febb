//! Boundaries written and read back: bit for bit, and an error for whatever was done to their bytes.

use geo::{Coord, CoordsIter, LineString, MultiPolygon, Polygon, wkt};

use super::super::{Boundary, JurisdictionIndex, StoredIndexError, read_boundaries, write_boundaries};
use super::boundary;

const KEY: &str = "what they were made of";

fn bytes_of(boundaries: &[Boundary]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_boundaries(&mut bytes, KEY, b"{\"restored\":1}", boundaries).unwrap();
    bytes
}

/// Holes, several parts, none, a part that WKB's reader would leave out, and a zero that has a sign.
fn odd_set() -> Vec<Boundary> {
    let degenerate = Polygon::new(LineString::from(vec![(1.0, 1.0), (1.0, 1.0)]), vec![]);
    let signed = wkt!(POLYGON((-0. 0.,1. 0.,0. 1.,-0. 0.)));
    let mut unnamed = boundary("A", MultiPolygon::new(vec![signed, degenerate]));
    unnamed.name = None;
    let mut empty_name = boundary(
        "",
        wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.),(1. 0.5,2. 0.5,2. 1.,1. 0.5))),
    );
    empty_name.name = Some(String::new());
    vec![
        unnamed,
        boundary("nothing", MultiPolygon::new(vec![])),
        empty_name,
        boundary("Ñ", Polygon::new(LineString::new(vec![]), vec![])),
        boundary("A", wkt!(POLYGON((0. 0.,1e-300 0.,0. 1.,0. 0.)))),
    ]
}

fn bits(boundary: &Boundary) -> Vec<[u64; 2]> {
    let places = boundary.shape.coords_iter();
    places
        .map(|place| [place.x.to_bits(), place.y.to_bits()])
        .collect()
}

fn assert_same(found: &[Boundary], expected: &[Boundary]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((&found.code, &found.name), (&expected.code, &expected.name));
        assert_eq!(found.shape, expected.shape, "the same rings");
        assert_eq!(bits(found), bits(expected));
    }
}

#[test]
fn boundaries_come_back_bit_for_bit_and_what_follows_stays_unread() {
    for set in [vec![], odd_set()] {
        let mut bytes = bytes_of(&set);
        let index = JurisdictionIndex::build(set.clone());
        index.write_to(&mut bytes).unwrap();
        let mut rest = bytes.as_slice();
        let again = read_boundaries(&mut rest, KEY).unwrap();
        assert_eq!(again.note, b"{\"restored\":1}");
        assert_same(&again.boundaries, &set);
        assert_eq!(JurisdictionIndex::read_from(&mut rest).unwrap().len(), set.len());
        assert!(rest.is_empty());
    }
}

#[test]
fn a_set_of_more_vertices_than_are_written_together_comes_back() {
    let ring = |count: u32| {
        let places = (0..count).map(|n| Coord {
            x: f64::from(n % 179),
            y: f64::from(n % 83),
        });
        Polygon::new(places.collect(), vec![])
    };
    let set = [
        boundary("A", ring(1 << 20)),
        boundary("B", ring(99)),
        boundary("C", ring(1 << 20)),
    ];
    let again = read_boundaries(&mut bytes_of(&set).as_slice(), KEY).unwrap();
    assert_same(&again.boundaries, &set);
}

#[test]
fn another_key_is_no_damage_and_a_damaged_key_is() {
    let mut bytes = bytes_of(&odd_set());
    let error = read_boundaries(&mut bytes.as_slice(), "of something else").unwrap_err();
    assert!(error.is_outdated(), "{error}");
    let at = bytes
        .windows(KEY.len())
        .position(|found| found == KEY.as_bytes())
        .unwrap();
    bytes[at] ^= 1;
    let error = read_boundaries(&mut bytes.as_slice(), KEY).unwrap_err();
    assert!(matches!(error, StoredIndexError::Damaged { .. }), "{error}");
}

#[test]
fn a_file_cut_short_or_changed_anywhere_is_an_error() {
    let bytes = bytes_of(&odd_set());
    for end in 0..bytes.len() {
        assert!(read_boundaries(&mut &bytes[..end], KEY).is_err(), "cut at {end}");
        let mut changed = bytes.clone();
        changed[end] ^= 1 << (end % 8);
        assert!(
            read_boundaries(&mut changed.as_slice(), KEY).is_err(),
            "byte {end}"
        );
    }
}

#[test]
fn an_index_is_no_boundaries() {
    let mut bytes = Vec::new();
    JurisdictionIndex::build(odd_set()).write_to(&mut bytes).unwrap();
    let error = read_boundaries(&mut bytes.as_slice(), KEY).unwrap_err();
    assert!(matches!(error, StoredIndexError::Foreign), "{error}");
}
