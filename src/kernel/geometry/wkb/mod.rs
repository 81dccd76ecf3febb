//! Well-known binary in and out: hostile bytes in, little-endian ISO WKB 2-D out.
//!
//! Reads by itself, because the `wkb` crate takes curve types for points and lines (it looks at
//! three bits of the type) and panics on a multi-point whose members claim an SRID; it does write.

use geo::{
    Coord, CoordsIter, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
};
use wkb::writer::{WriteOptions, write_geometry};

use super::check::{is_line, is_polygon, is_ring};
use super::fault::Fault;
use crate::feature::RejectReason;
use crate::feature::curves::{Segment, linearise};

const CUT: Fault = Fault::impossible("the WKB ends early");
const LONG: Fault = Fault::impossible("the WKB goes on behind the geometry");
const ORDER: Fault = Fault::impossible("no WKB: it begins with no byte order");
const UNKNOWN: Fault = Fault::impossible("a type that no WKB has");
const MEMBERS: Fault = Fault::impossible("a geometry of parts of another type");
const SURFACE: Fault = Fault::impossible("a surface of faces (TIN, triangle or polyhedron)");
const MIXED: Fault = Fault::impossible("a collection of several kinds of geometry");
const DEEP: Fault = Fault::impossible("a collection nested too deeply");
const ARC: Fault = Fault::impossible("an arc of an even number of points");

/// Bytes of a member's header: byte order, type, and at least a count.
const MEMBER: usize = 9;
/// Bytes of a ring's count.
const RING: usize = 4;
/// The type of a collection of geometries.
const COLLECTION: u32 = 7;
/// How deep collections, compound curves and the like may nest in each other.
const MAX_NESTING: u32 = 16;

/// A geometry out of WKB.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The geometry, in two dimensions and of straight segments.
    pub geometry: Geometry<f64>,
    /// The SRID of EWKB; none where there is none, or 0, which stands for none.
    pub srid: Option<u32>,
    /// Degenerate parts that were left out.
    pub dropped_parts: u64,
    /// Whether it had curves.
    pub is_straightened: bool,
}

/// Reads a geometry from ISO WKB or EWKB in either byte order; Z, M and SRID are left out.
///
/// Rings are closed. A degenerate part beside good ones is dropped: an empty point, a line with
/// less than two distinct points, a polygon or hole with less than three. Where no part is good
/// they stay, and `check` tells. Curves become straight segments, and a collection whose members are all of one
/// family is the multi-geometry of them. Never allocates more than a small multiple of the input, of arcs 180 points each.
///
/// # Errors
/// `EmptyGeometry` for an empty point or collection; `ImpossibleGeometry` for a collection of several families, a surface of faces,
/// and bytes that end early or go on after the geometry.
pub fn read(wkb: &[u8]) -> Result<Decoded, Fault> {
    let mut reader = Reader::of(wkb);
    let header = reader.header()?;
    let geometry = reader.geometry(&header, 0)?;
    if !reader.bytes.is_empty() {
        return Err(LONG);
    }
    let Reader {
        dropped, is_curved, ..
    } = reader;
    Ok(Decoded {
        geometry,
        srid: header.srid,
        dropped_parts: dropped,
        is_straightened: is_curved,
    })
}

/// Whether WKB says that it is a collection of geometries of any kind.
pub fn is_collection(wkb: &[u8]) -> bool {
    Reader::of(wkb)
        .header()
        .is_ok_and(|header| header.kind == COLLECTION)
}

/// Of a collection of several kinds of geometry its polygons, as WKB with its SRID; none where it has none, or is no such
/// collection. For sets of areas, of which points and lines are no part.
pub fn areas(wkb: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader {
        takes_areas: true,
        ..Reader::of(wkb)
    };
    let header = reader.header().ok().filter(|header| header.kind == COLLECTION)?;
    let geometry = reader
        .geometry(&header, 0)
        .ok()
        .filter(|_| reader.bytes.is_empty())?;
    let mut areas = Vec::new();
    encode(&geometry, &mut areas);
    if let Some(srid) = header.srid {
        // Behind byte order and type; the type's highest byte says that it is there.
        areas.splice(5..5, srid.to_le_bytes());
        areas[4] |= 0x20;
    }
    Some(areas)
}

/// The geometry alone, and of what is wrong the code alone: enough for what this program has written.
///
/// # Errors
/// As [`read`].
pub fn decode(wkb: &[u8]) -> Result<Geometry<f64>, RejectReason> {
    read(wkb)
        .map(|decoded| decoded.geometry)
        .map_err(|fault| fault.reason)
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
    dropped: u64,
    is_curved: bool,
    /// Whether of collections only the polygons are wanted.
    takes_areas: bool,
}

impl<'a> Reader<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            little: true,
            dropped: 0,
            is_curved: false,
            takes_areas: false,
        }
    }
}

impl Reader<'_> {
    /// The geometry behind its header, so deep in others.
    fn geometry(&mut self, header: &Header, depth: u32) -> Result<Geometry<f64>, Fault> {
        let size = header.coordinate;
        if depth > MAX_NESTING {
            return Err(DEEP);
        }
        Ok(match header.kind {
            1 => Geometry::Point(
                self.point(size)?
                    .ok_or(Fault::from(RejectReason::EmptyGeometry))?,
            ),
            2 => Geometry::LineString(self.line(size)?),
            3 => Geometry::Polygon(self.polygon(size)?),
            4 => {
                let points = self.members(|reader, header| match header.kind {
                    1 => reader.point(header.coordinate),
                    _ => Err(MEMBERS),
                })?;
                Geometry::MultiPoint(MultiPoint::new(self.present(points)))
            }
            5 | 11 => {
                let is_curved = header.kind == 11;
                let lines = self.members(|reader, header| match header.kind {
                    2 => reader.line(header.coordinate),
                    8 | 9 if is_curved => reader.curve(header, depth + 1),
                    _ => Err(MEMBERS),
                })?;
                Geometry::MultiLineString(MultiLineString::new(self.good(lines, is_line)))
            }
            6 | 12 => {
                let is_curved = header.kind == 12;
                let polygons = self.members(|reader, header| match header.kind {
                    3 => reader.polygon(header.coordinate),
                    10 if is_curved => reader.curve_polygon(depth + 1),
                    _ => Err(MEMBERS),
                })?;
                Geometry::MultiPolygon(MultiPolygon::new(self.good(polygons, is_polygon)))
            }
            COLLECTION => {
                let members = self.members(|reader, header| match reader.geometry(header, depth + 1) {
                    Err(fault) if fault.reason == RejectReason::EmptyGeometry => Ok(None),
                    member => member.map(Some),
                })?;
                let members = self.present(members);
                self.family(members)?
            }
            8 | 9 => Geometry::LineString(self.curve(header, depth)?),
            10 => Geometry::Polygon(self.curve_polygon(depth)?),
            15..=17 => return Err(SURFACE),
            _ => return Err(UNKNOWN),
        })
    }

    /// Members of a collection as one geometry, where they are all of one family.
    fn family(&mut self, members: Vec<Geometry<f64>>) -> Result<Geometry<f64>, Fault> {
        let (mut points, mut lines, mut polygons) = (Vec::new(), Vec::new(), Vec::new());
        // What is empty is of no family.
        for member in members.into_iter().filter(|member| member.coords_count() > 0) {
            match member {
                Geometry::Point(point) => points.push(point),
                Geometry::MultiPoint(many) => points.extend(many),
                Geometry::LineString(line) => lines.push(line),
                Geometry::MultiLineString(many) => lines.extend(many),
                Geometry::Polygon(polygon) => polygons.push(polygon),
                Geometry::MultiPolygon(many) => polygons.extend(many),
                _ => return Err(MIXED),
            }
        }
        if self.takes_areas {
            points.clear();
            lines.clear();
        }
        Ok(match (points.is_empty(), lines.is_empty(), polygons.is_empty()) {
            (true, true, true) => return Err(RejectReason::EmptyGeometry.into()),
            (false, true, true) => Geometry::MultiPoint(MultiPoint::new(points)),
            (true, false, true) => Geometry::MultiLineString(MultiLineString::new(self.good(lines, is_line))),
            (true, true, false) => Geometry::MultiPolygon(MultiPolygon::new(self.good(polygons, is_polygon))),
            _ => return Err(MIXED),
        })
    }

    /// The good parts, or all of them where none is good.
    fn good<T>(&mut self, mut parts: Vec<T>, is_good: impl Fn(&T) -> bool) -> Vec<T> {
        if parts.iter().any(&is_good) {
            let all = parts.len();
            parts.retain(is_good);
            self.dropped += (all - parts.len()) as u64;
        }
        parts
    }

    /// The parts that there are.
    fn present<T>(&mut self, parts: Vec<Option<T>>) -> Vec<T> {
        let all = parts.len();
        let present: Vec<T> = parts.into_iter().flatten().collect();
        if !present.is_empty() {
            self.dropped += (all - present.len()) as u64;
        }
        present
    }

    /// Byte order, type, dimensions, SRID.
    fn header(&mut self) -> Result<Header, Fault> {
        let (&order, rest) = self.bytes.split_first().ok_or(CUT)?;
        if order > 1 {
            return Err(ORDER);
        }
        (self.bytes, self.little) = (rest, order == 1);
        let code = self.count()?;
        let (z, m) = (code & 0x8000_0000 != 0, code & 0x4000_0000 != 0);
        let srid = if code & 0x2000_0000 != 0 {
            Some(self.count()?).filter(|srid| *srid != 0)
        } else {
            None
        };
        let iso = code & 0x1FFF_FFFF;
        let (z, m) = match iso / 1000 {
            0 => (z, m),
            1 => (true, m),
            2 => (z, true),
            3 => (true, true),
            _ => return Err(UNKNOWN),
        };
        Ok(Header {
            kind: iso % 1000,
            coordinate: 8 * (2 + usize::from(z) + usize::from(m)),
            srid,
        })
    }

    fn count(&mut self) -> Result<u32, Fault> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or(CUT)?;
        self.bytes = rest;
        Ok(if self.little {
            u32::from_le_bytes(*head)
        } else {
            u32::from_be_bytes(*head)
        })
    }

    /// A count of things of at least `size` bytes, which the rest must be able to hold.
    fn count_of(&mut self, size: usize) -> Result<usize, Fault> {
        match usize::try_from(self.count()?) {
            Ok(count) if count <= self.bytes.len() / size => Ok(count),
            _ => Err(CUT),
        }
    }

    fn coord(&mut self, size: usize) -> Result<Coord<f64>, Fault> {
        let (head, rest) = self.bytes.split_at_checked(size).ok_or(CUT)?;
        self.bytes = rest;
        Ok(Coord {
            x: self.number(&head[..8]),
            y: self.number(&head[8..16]),
        })
    }

    fn number(&self, bytes: &[u8]) -> f64 {
        let bytes = bytes.try_into().expect("a coordinate has eight bytes");
        if self.little {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        }
    }

    /// A point; none where every ordinate is NaN, which is how WKB spells an empty one.
    fn point(&mut self, size: usize) -> Result<Option<Point<f64>>, Fault> {
        let c = self.coord(size)?;
        Ok(if c.x.is_nan() && c.y.is_nan() {
            None
        } else {
            Some(c.into())
        })
    }

    fn line(&mut self, size: usize) -> Result<LineString<f64>, Fault> {
        let count = self.count_of(size)?;
        (0..count).map(|_| self.coord(size)).collect()
    }

    fn polygon(&mut self, size: usize) -> Result<Polygon<f64>, Fault> {
        let count = self.count_of(RING)?;
        let rings = (0..count).map(|_| self.line(size)).collect::<Result<_, _>>()?;
        Ok(self.of_rings(rings))
    }

    /// A polygon whose rings may be curves.
    fn curve_polygon(&mut self, depth: u32) -> Result<Polygon<f64>, Fault> {
        let rings = self.members(|reader, header| match header.kind {
            2 => reader.line(header.coordinate),
            8 | 9 => reader.curve(header, depth + 1),
            _ => Err(MEMBERS),
        })?;
        Ok(self.of_rings(rings))
    }

    /// A polygon of rings, the first of them its outline; holes that are none are left out.
    fn of_rings(&mut self, rings: Vec<LineString<f64>>) -> Polygon<f64> {
        let mut rings = rings.into_iter();
        let exterior = rings.next().unwrap_or_else(|| LineString::new(vec![]));
        let (exterior, mut holes) = Polygon::new(exterior, rings.collect()).into_inner();
        let all = holes.len();
        holes.retain(is_ring);
        self.dropped += (all - holes.len()) as u64;
        Polygon::new(exterior, holes)
    }

    /// A line of arcs, each through a point between its ends, or a compound one of lines and such arcs.
    fn curve(&mut self, header: &Header, depth: u32) -> Result<LineString<f64>, Fault> {
        self.is_curved = true;
        if depth > MAX_NESTING {
            return Err(DEEP);
        }
        if header.kind == 9 {
            let parts = self.members(|reader, header| match header.kind {
                2 => reader.line(header.coordinate),
                8 => reader.curve(header, depth + 1),
                _ => Err(MEMBERS),
            })?;
            let mut line: Vec<Coord<f64>> = Vec::new();
            for part in parts {
                // Each part begins where the one before it ends.
                let is_joined = line.last().is_some() && line.last() == part.0.first();
                line.extend(part.0.into_iter().skip(usize::from(is_joined)));
            }
            return Ok(LineString::new(line));
        }
        let points = self.line(header.coordinate)?.0;
        if !points.is_empty() && points.len() % 2 == 0 {
            return Err(ARC);
        }
        let mut line: Vec<Coord<f64>> = points.first().copied().into_iter().collect();
        for arc in points.get(1..).unwrap_or_default().chunks_exact(2) {
            let start = *line.last().expect("the first point is there");
            linearise(
                start,
                &Segment::Through {
                    on: arc[0],
                    end: arc[1],
                },
                &mut line,
            );
        }
        Ok(LineString::new(line))
    }

    /// The members of a multi-geometry, each with a header of its own.
    fn members<T>(&mut self, read: impl Fn(&mut Self, &Header) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        let count = self.count_of(MEMBER)?;
        let little = self.little;
        let member = |_| {
            let header = self.header()?;
            read(self, &header)
        };
        let members = (0..count).map(member).collect::<Result<_, _>>()?;
        // Each has a byte order of its own.
        self.little = little;
        Ok(members)
    }
}

#[cfg(test)]
mod tests;
