//! Well-known binary in and out: hostile bytes in, little-endian ISO WKB 2-D out.
//!
//! Reads by itself, because the `wkb` crate takes curve types for points and lines (it looks at
//! three bits of the type) and panics on a multi-point whose members claim an SRID; it does write.

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use wkb::writer::{WriteOptions, write_geometry};

use super::check::{is_line, is_polygon, is_ring};
use crate::feature::RejectReason;

const BAD: RejectReason = RejectReason::ImpossibleGeometry;

/// Bytes of a member's header: byte order, type, and at least a count.
const MEMBER: usize = 9;
/// Bytes of a ring's count.
const RING: usize = 4;

/// Reads a geometry from ISO WKB or EWKB in either byte order; Z, M and SRID are left out.
///
/// Rings are closed. A degenerate part beside good ones is dropped: an empty point, a line with
/// less than two distinct points, a polygon or hole with less than three. Where no part is good
/// they stay, and `check` tells. Never allocates more than a small multiple of the input.
///
/// # Errors
/// `EmptyGeometry` for an empty point; `ImpossibleGeometry` for a collection, a curve, a surface,
/// and bytes that end early or go on after the geometry.
pub fn decode(wkb: &[u8]) -> Result<Geometry<f64>, RejectReason> {
    decode_with_srid(wkb).map(|(geometry, _)| geometry)
}

/// The same, and the SRID of EWKB; none where there is none, or 0, which stands for none.
///
/// # Errors
/// As `decode`.
pub fn decode_with_srid(wkb: &[u8]) -> Result<(Geometry<f64>, Option<u32>), RejectReason> {
    let mut reader = Reader { bytes: wkb, little: true };
    let Header { kind, coordinate, srid } = reader.header()?;
    let geometry = match kind {
        1 => Geometry::Point(reader.point(coordinate)?.ok_or(RejectReason::EmptyGeometry)?),
        2 => Geometry::LineString(reader.line(coordinate)?),
        3 => Geometry::Polygon(reader.polygon(coordinate)?),
        4 => {
            let points = reader.members(1, Reader::point)?;
            Geometry::MultiPoint(MultiPoint::new(points.into_iter().flatten().collect()))
        }
        5 => Geometry::MultiLineString(MultiLineString::new(good(reader.members(2, Reader::line)?, is_line))),
        6 => Geometry::MultiPolygon(MultiPolygon::new(good(reader.members(3, Reader::polygon)?, is_polygon))),
        _ => return Err(BAD),
    };
    if reader.bytes.is_empty() { Ok((geometry, srid)) } else { Err(BAD) }
}

/// Appends a geometry as little-endian ISO WKB, 2-D.
///
/// # Panics
/// If a part has 2^32 points, a number that WKB has no room for.
pub fn encode(geometry: &Geometry<f64>, out: &mut Vec<u8>) {
    write_geometry(out, geometry, &WriteOptions::default())
        .expect("memory takes every byte, and counts fit 32 bits");
}

/// GeoParquet's name for the type of what `encode` wrote: ISO codes 1 to 6.
pub fn type_of(wkb: &[u8]) -> &'static str {
    match wkb.get(1) {
        Some(1) => "Point",
        Some(2) => "LineString",
        Some(3) => "Polygon",
        Some(4) => "MultiPoint",
        Some(5) => "MultiLineString",
        _ => "MultiPolygon",
    }
}

/// The good parts, or all of them where none is good.
fn good<T>(mut parts: Vec<T>, is_good: impl Fn(&T) -> bool) -> Vec<T> {
    if parts.iter().any(&is_good) {
        parts.retain(is_good);
    }
    parts
}

struct Header {
    /// Type without dimensions, 1 (point) and up.
    kind: u32,
    /// Bytes of a coordinate: 16, 24 or 32.
    coordinate: usize,
    srid: Option<u32>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Reader<'_> {
    /// Byte order, type, dimensions, SRID.
    fn header(&mut self) -> Result<Header, RejectReason> {
        let (&order, rest) = self.bytes.split_first().ok_or(BAD)?;
        if order > 1 {
            return Err(BAD);
        }
        (self.bytes, self.little) = (rest, order == 1);
        let code = self.count()?;
        let (z, m) = (code & 0x8000_0000 != 0, code & 0x4000_0000 != 0);
        let srid = if code & 0x2000_0000 != 0 { Some(self.count()?).filter(|srid| *srid != 0) } else { None };
        let iso = code & 0x1FFF_FFFF;
        let (z, m) = match iso / 1000 {
            0 => (z, m),
            1 => (true, m),
            2 => (z, true),
            3 => (true, true),
            _ => return Err(BAD),
        };
        Ok(Header { kind: iso % 1000, coordinate: 8 * (2 + usize::from(z) + usize::from(m)), srid })
    }

    fn count(&mut self) -> Result<u32, RejectReason> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or(BAD)?;
        self.bytes = rest;
        Ok(if self.little { u32::from_le_bytes(*head) } else { u32::from_be_bytes(*head) })
    }

    /// A count of things of at least `size` bytes, which the rest must be able to hold.
    fn count_of(&mut self, size: usize) -> Result<usize, RejectReason> {
        match usize::try_from(self.count()?) {
            Ok(count) if count <= self.bytes.len() / size => Ok(count),
            _ => Err(BAD),
        }
    }

    fn coord(&mut self, size: usize) -> Result<Coord<f64>, RejectReason> {
        let (head, rest) = self.bytes.split_at_checked(size).ok_or(BAD)?;
        self.bytes = rest;
        Ok(Coord { x: self.number(&head[..8]), y: self.number(&head[8..16]) })
    }

    fn number(&self, bytes: &[u8]) -> f64 {
        let bytes = bytes.try_into().expect("a coordinate has eight bytes");
        if self.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) }
    }

    /// A point; none where every ordinate is NaN, which is how WKB spells an empty one.
    fn point(&mut self, size: usize) -> Result<Option<Point<f64>>, RejectReason> {
        let c = self.coord(size)?;
        Ok(if c.x.is_nan() && c.y.is_nan() { None } else { Some(c.into()) })
    }

    fn line(&mut self, size: usize) -> Result<LineString<f64>, RejectReason> {
        let count = self.count_of(size)?;
        (0..count).map(|_| self.coord(size)).collect()
    }

    fn polygon(&mut self, size: usize) -> Result<Polygon<f64>, RejectReason> {
        let count = self.count_of(RING)?;
        let mut rings = (0..count).map(|_| self.line(size));
        let exterior = rings.next().transpose()?.unwrap_or_else(|| LineString::new(vec![]));
        let polygon = Polygon::new(exterior, rings.collect::<Result<_, _>>()?);
        let (exterior, mut holes) = polygon.into_inner();
        holes.retain(is_ring);
        Ok(Polygon::new(exterior, holes))
    }

    /// The members of a multi-geometry, each of type `kind` with a header of its own.
    fn members<T>(
        &mut self,
        kind: u32,
        read: impl Fn(&mut Self, usize) -> Result<T, RejectReason>,
    ) -> Result<Vec<T>, RejectReason> {
        let count = self.count_of(MEMBER)?;
        (0..count)
            .map(|_| {
                let header = self.header()?;
                if header.kind == kind { read(self, header.coordinate) } else { Err(BAD) }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use geo::{Geometry, wkt};
    use proptest::prelude::*;

    use super::{decode, decode_with_srid, encode};
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
            assert_eq!(decode(&point(little, 0xE000_0001, Some(4326), &[1.0, 2.0, 9.0, 9.0])), plain);
        }
        let srid = |srid| decode_with_srid(&point(true, 0x2000_0001, Some(srid), &[1.0, 2.0])).unwrap().1;
        assert_eq!((srid(26915), srid(0)), (Some(26915), None));
        let mut multi = vec![0, 0, 0, 0, 4, 0, 0, 0, 2];
        multi.extend(point(true, 0x2000_0001, Some(4326), &[1.0, 2.0]));
        multi.extend(point(false, 1, None, &[3.0, 4.0]));
        assert_eq!(decode(&multi), Ok(wkt!(MULTIPOINT(1. 2.,3. 4.)).into()));
    }

    #[test]
    fn other_bytes_are_refused() {
        for kind in [0, 7, 8, 9, 10, 11, 12, 15, 16, 17, 1009, 4001] {
            let bytes = point(true, kind, None, &[1.0, 2.0, 3.0]);
            assert_eq!(decode(&bytes), Err(ImpossibleGeometry), "type {kind}");
        }
        assert_eq!(decode(&point(true, 1, None, &[f64::NAN, f64::NAN])), Err(EmptyGeometry));
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
        assert_eq!(decode(&encoded(&line)), Ok(wkt!(MULTILINESTRING((0. 0.,1. 1.))).into()));
        let hole: Geometry<f64> = wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.),(4. 1.,4. 1.,4. 1.))).into();
        assert_eq!(decode(&encoded(&hole)), Ok(wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.))).into()));
        let none: Geometry<f64> = wkt!(MULTILINESTRING((5. 5.,5. 5.))).into();
        assert_eq!(decode(&encoded(&none)), Ok(none));
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
}
