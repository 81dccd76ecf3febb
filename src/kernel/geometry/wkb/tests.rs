//! Geometries in any dress, and bytes that are none.

use geo::{Geometry, wkt};
use proptest::prelude::*;

use super::{Decoded, Fault, decode, encode, read};
use crate::feature::RejectReason::{EmptyGeometry, ImpossibleGeometry};

fn encoded(geometry: &Geometry<f64>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(geometry, &mut out);
    out
}

fn samples() -> Vec<Geometry<f64>> {
    vec![
        wkt!(POINT(-97.5 30.25)).into(),
        wkt!(LINESTRING(0. 0.,1. 2.,3. 4.)).into(),
        wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.),(4. 1.,6. 1.,6. 2.,4. 1.))).into(),
        wkt!(MULTIPOINT(1. 2.,3. 4.)).into(),
        wkt!(MULTILINESTRING((0. 0.,1. 1.),(2. 2.,3. 4.))).into(),
        wkt!(MULTIPOLYGON(((0. 0.,1. 0.,0. 1.,0. 0.)),((5. 5.,9. 5.,5. 9.,5. 5.)))).into(),
    ]
}

#[test]
fn what_is_written_is_read_back() {
    for geometry in samples() {
        assert_eq!(decode(&encoded(&geometry)), Ok(geometry));
    }
    assert_eq!(encoded(&wkt!(POINT(0. 0.)).into())[..5], [1, 1, 0, 0, 0]);
}

/// A point in any dress: type code, SRID or not, further ordinates.
fn point(little: bool, code: u32, srid: Option<u32>, ordinates: &[f64]) -> Vec<u8> {
    let mut out = vec![u8::from(little)];
    let mut put = |le: &[u8]| {
        let swapped = le.iter().rev().copied().collect::<Vec<_>>();
        out.extend_from_slice(if little { le } else { &swapped });
    };
    put(&code.to_le_bytes());
    if let Some(srid) = srid {
        put(&srid.to_le_bytes());
    }
    for ordinate in ordinates {
        put(&ordinate.to_le_bytes());
    }
    out
}

#[test]
fn z_m_srid_and_byte_order_are_taken_off() {
    let plain = Ok(wkt!(POINT(1. 2.)).into());
    for little in [true, false] {
        assert_eq!(decode(&point(little, 1, None, &[1.0, 2.0])), plain);
        assert_eq!(decode(&point(little, 1001, None, &[1.0, 2.0, 9.0])), plain);
        assert_eq!(decode(&point(little, 2001, None, &[1.0, 2.0, 9.0])), plain);
        assert_eq!(decode(&point(little, 3001, None, &[1.0, 2.0, 9.0, 9.0])), plain);
        assert_eq!(decode(&point(little, 0x8000_0001, None, &[1.0, 2.0, 9.0])), plain);
        assert_eq!(
            decode(&point(little, 0xE000_0001, Some(4326), &[1.0, 2.0, 9.0, 9.0])),
            plain
        );
    }
    let srid = |srid| {
        read(&point(true, 0x2000_0001, Some(srid), &[1.0, 2.0]))
            .unwrap()
            .srid
    };
    assert_eq!((srid(26915), srid(0)), (Some(26915), None));
    let mut multi = vec![0, 0, 0, 0, 4, 0, 0, 0, 2];
    multi.extend(point(true, 0x2000_0001, Some(4326), &[1.0, 2.0]));
    multi.extend(point(false, 1, None, &[3.0, 4.0]));
    assert_eq!(decode(&multi), Ok(wkt!(MULTIPOINT(1. 2.,3. 4.)).into()));
}

#[test]
fn other_bytes_are_refused() {
    for kind in [0, 8, 9, 10, 11, 12, 15, 16, 17, 1009, 4001] {
        let bytes = point(true, kind, None, &[1.0, 2.0, 3.0]);
        assert_eq!(decode(&bytes), Err(ImpossibleGeometry), "type {kind}");
    }
    assert_eq!(
        decode(&point(true, 1, None, &[f64::NAN, f64::NAN])),
        Err(EmptyGeometry)
    );
    assert_eq!(decode(&[]), Err(ImpossibleGeometry));
    let whole = encoded(&samples()[5]);
    for cut in 0..whole.len() {
        assert_eq!(decode(&whole[..cut]), Err(ImpossibleGeometry), "cut at {cut}");
    }
    assert_eq!(decode(&[&whole[..], &[0]].concat()), Err(ImpossibleGeometry));
    for kind in 2..=6 {
        let huge = [&[1, kind, 0, 0, 0][..], &u32::MAX.to_le_bytes()].concat();
        assert_eq!(decode(&huge), Err(ImpossibleGeometry), "type {kind}");
    }
}

#[test]
fn degenerate_parts_beside_good_ones_are_dropped() {
    let line: Geometry<f64> = wkt!(MULTILINESTRING((0. 0.,1. 1.),(5. 5.,5. 5.))).into();
    assert_eq!(
        decode(&encoded(&line)),
        Ok(wkt!(MULTILINESTRING((0. 0.,1. 1.))).into())
    );
    let hole: Geometry<f64> = wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.),(4. 1.,4. 1.,4. 1.))).into();
    assert_eq!(
        decode(&encoded(&hole)),
        Ok(wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.))).into())
    );
    let none: Geometry<f64> = wkt!(MULTILINESTRING((5. 5.,5. 5.))).into();
    assert_eq!(decode(&encoded(&none)), Ok(none));
}

#[test]
fn what_is_left_out_is_counted() {
    let dropped = |geometry: Geometry<f64>| read(&encoded(&geometry)).unwrap().dropped_parts;
    assert_eq!(
        dropped(wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.),(4. 1.,4. 1.,4. 1.),(5. 1.,6. 1.,5. 1.))).into()),
        2
    );
    assert_eq!(
        dropped(wkt!(MULTILINESTRING((0. 0.,1. 1.),(5. 5.,5. 5.))).into()),
        1
    );
    assert_eq!(
        dropped(wkt!(MULTILINESTRING((5. 5.,5. 5.))).into()),
        0,
        "nothing is left out where all is bad"
    );
}

/// Puts geometries into one of a type.
fn gathered(kind: u8, members: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(members.len()).unwrap().to_le_bytes();
    [&[1, kind, 0, 0, 0][..], &count, &members.concat()].concat()
}

/// A line as an arc: its type alone is another.
fn arc(line: &Geometry<f64>) -> Vec<u8> {
    let mut wkb = encoded(line);
    wkb[1] = 8;
    wkb
}

#[test]
fn a_collection_of_one_family_is_a_multi_geometry() {
    let of = |members: &[Geometry<f64>]| read(&gathered(7, &members.iter().map(encoded).collect::<Vec<_>>()));
    let point: Geometry<f64> = wkt!(POINT(1. 2.)).into();
    let line: Geometry<f64> = wkt!(LINESTRING(0. 0.,1. 1.)).into();
    let points = of(&[point.clone(), wkt!(MULTIPOINT(3. 4.,5. 6.)).into()])
        .unwrap()
        .geometry;
    assert_eq!(points, wkt!(MULTIPOINT(1. 2.,3. 4.,5. 6.)).into());
    assert_eq!(
        of(std::slice::from_ref(&line)).unwrap().geometry,
        wkt!(MULTILINESTRING((0. 0.,1. 1.))).into()
    );
    assert_eq!(
        of(&[point, line]).unwrap_err().why,
        "a collection of several kinds of geometry"
    );
    assert_eq!(of(&[]).unwrap_err().reason, EmptyGeometry);
    let deep = (0..40).fold(encoded(&wkt!(POINT(1. 2.)).into()), |inner, _| {
        gathered(7, &[inner])
    });
    assert_eq!(read(&deep).unwrap_err().why, "a collection nested too deeply");
}

#[test]
fn curves_become_straight_segments() {
    let half: Geometry<f64> = wkt!(LINESTRING(-1. 0.,0. 1.,1. 0.)).into();
    let straight = |wkb: &[u8]| -> Decoded { read(wkb).unwrap() };
    let Decoded {
        geometry: Geometry::LineString(line),
        is_straightened: true,
        ..
    } = straight(&arc(&half))
    else {
        panic!("no line")
    };
    assert_eq!((line.0.len(), line.0[90].x, line.0[90].y), (91, 1.0, 0.0));
    assert!(line.0.iter().all(|c| (c.x.hypot(c.y) - 1.0).abs() < 1e-12));
    // A half disc: an arc, and the line back.
    let back: Geometry<f64> = wkt!(LINESTRING(1. 0.,-1. 0.)).into();
    let ring = gathered(9, &[arc(&half), encoded(&back)]);
    let surface = gathered(12, &[gathered(10, &[ring]), encoded(&samples()[2])]);
    let Decoded {
        geometry: Geometry::MultiPolygon(polygons),
        is_straightened: true,
        ..
    } = straight(&surface)
    else {
        panic!("no polygons")
    };
    let area = geo::Area::unsigned_area(&polygons.0[0]);
    assert!((area - std::f64::consts::FRAC_PI_2).abs() < 1e-3, "{area}");
    assert_eq!(
        polygons.0[1],
        wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.),(4. 1.,6. 1.,6. 2.,4. 1.)))
    );
    let even = arc(&wkt!(LINESTRING(-1. 0.,0. 1.)).into());
    assert_eq!(
        read(&even),
        Err(Fault::impossible("an arc of an even number of points"))
    );
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn mutated_bytes_never_panic(
        sample in 0usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encoded(&samples()[sample]);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = decode(&bytes);
        let _ = decode(&bytes[..cut.index(bytes.len())]);
    }
}
