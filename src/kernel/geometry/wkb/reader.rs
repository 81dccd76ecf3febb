//! Reads one geometry out of bytes that anybody may have written.
//!
//! Nothing is believed of them: a count is held against the bytes that are left, and nesting is bounded.

use geo::{
    Coord, CoordsIter, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
};

use crate::feature::RejectReason;
use crate::feature::curves::{Segment, linearise};
use crate::kernel::geometry::check::{is_line, is_polygon, is_ring};
use crate::kernel::geometry::fault::Fault;

const ENDS_EARLY: Fault = Fault::impossible("the WKB ends early");
const TRAILING_BYTES: Fault = Fault::impossible("the WKB goes on behind the geometry");
const NO_BYTE_ORDER: Fault = Fault::impossible("no WKB: it begins with no byte order");
const UNKNOWN_TYPE: Fault = Fault::impossible("a type that no WKB has");
const WRONG_MEMBER: Fault = Fault::impossible("a geometry of parts of another type");
const SURFACE_OF_FACES: Fault = Fault::impossible("a surface of faces (TIN, triangle or polyhedron)");
const MIXED_COLLECTION: Fault = Fault::impossible("a collection of several kinds of geometry");
const NESTED_TOO_DEEPLY: Fault = Fault::impossible("a collection nested too deeply");
const EVEN_ARC: Fault = Fault::impossible("an arc of an even number of points");

/// Bytes of a member's header: byte order, type, and at least a count.
const LEAST_MEMBER_BYTES: usize = 9;
/// Bytes of a ring's count.
const LEAST_RING_BYTES: usize = 4;
/// The type of a collection of geometries of any kind.
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

/// What stands before a geometry.
struct Header {
    /// Type without dimensions, 1 (point) and up.
    kind: u32,
    /// Bytes of a coordinate: 16, 24 or 32.
    coordinate: usize,
    srid: Option<u32>,
}

/// Bytes that are still to be read, and what was met in those before.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    little: bool,
    dropped: u64,
    is_curved: bool,
    /// Whether of collections only the polygons are wanted.
    takes_areas: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(wkb: &'a [u8]) -> Self {
        Self {
            bytes: wkb,
            little: true,
            dropped: 0,
            is_curved: false,
            takes_areas: false,
        }
    }
}

impl Reader<'_> {
    /// The geometry that all the bytes are.
    pub(super) fn read_whole(mut self) -> Result<Decoded, Fault> {
        let header = self.read_header()?;
        let geometry = self.read_geometry(&header, 0)?;
        if !self.bytes.is_empty() {
            return Err(TRAILING_BYTES);
        }
        Ok(Decoded {
            geometry,
            srid: header.srid,
            dropped_parts: self.dropped,
            is_straightened: self.is_curved,
        })
    }

    /// Whether all the bytes say that they are a collection of geometries of any kind.
    pub(super) fn begins_collection(mut self) -> bool {
        self.read_header().is_ok_and(|header| header.kind == COLLECTION)
    }

    /// The polygons of the collection that all the bytes are; none where they are none, or have none.
    pub(super) fn read_areas(mut self) -> Option<Decoded> {
        if !Reader::new(self.bytes).begins_collection() {
            return None;
        }
        self.takes_areas = true;
        self.read_whole().ok()
    }

    /// The geometry behind its header, so deep in others.
    fn read_geometry(&mut self, header: &Header, depth: u32) -> Result<Geometry<f64>, Fault> {
        let size = header.coordinate;
        // Each level is a call: headers nested in each other without end would exhaust the stack.
        if depth > MAX_NESTING {
            return Err(NESTED_TOO_DEEPLY);
        }
        Ok(match header.kind {
            1 => Geometry::Point(
                self.read_point(size)?
                    .ok_or(Fault::from(RejectReason::EmptyGeometry))?,
            ),
            2 => Geometry::LineString(self.read_line(size)?),
            3 => Geometry::Polygon(self.read_polygon(size)?),
            4 => {
                let points = self.read_members(|reader, header| match header.kind {
                    1 => reader.read_point(header.coordinate),
                    _ => Err(WRONG_MEMBER),
                })?;
                Geometry::MultiPoint(MultiPoint::new(self.keep_present(points)))
            }
            5 | 11 => {
                let is_curved = header.kind == 11;
                let lines = self.read_members(|reader, header| match header.kind {
                    2 => reader.read_line(header.coordinate),
                    8 | 9 if is_curved => reader.read_curve(header, depth + 1),
                    _ => Err(WRONG_MEMBER),
                })?;
                Geometry::MultiLineString(MultiLineString::new(self.keep_good(lines, is_line)))
            }
            6 | 12 => {
                let is_curved = header.kind == 12;
                let polygons = self.read_members(|reader, header| match header.kind {
                    3 => reader.read_polygon(header.coordinate),
                    10 if is_curved => reader.read_curve_polygon(depth + 1),
                    _ => Err(WRONG_MEMBER),
                })?;
                Geometry::MultiPolygon(MultiPolygon::new(self.keep_good(polygons, is_polygon)))
            }
            COLLECTION => {
                let members =
                    self.read_members(|reader, header| match reader.read_geometry(header, depth + 1) {
                        // An empty member takes nothing away from the others.
                        Err(fault) if fault.reason == RejectReason::EmptyGeometry => Ok(None),
                        member => member.map(Some),
                    })?;
                let members = self.keep_present(members);
                self.join_members(members)?
            }
            8 | 9 => Geometry::LineString(self.read_curve(header, depth)?),
            10 => Geometry::Polygon(self.read_curve_polygon(depth)?),
            15..=17 => return Err(SURFACE_OF_FACES),
            _ => return Err(UNKNOWN_TYPE),
        })
    }

    /// Members of a collection as one geometry, where they are all of one family.
    fn join_members(&mut self, members: Vec<Geometry<f64>>) -> Result<Geometry<f64>, Fault> {
        let mut points = Vec::new();
        let mut lines = Vec::new();
        let mut polygons = Vec::new();
        // What is empty is of no family.
        for member in members.into_iter().filter(|member| member.coords_count() > 0) {
            match member {
                Geometry::Point(point) => points.push(point),
                Geometry::MultiPoint(many) => points.extend(many),
                Geometry::LineString(line) => lines.push(line),
                Geometry::MultiLineString(many) => lines.extend(many),
                Geometry::Polygon(polygon) => polygons.push(polygon),
                Geometry::MultiPolygon(many) => polygons.extend(many),
                _ => return Err(MIXED_COLLECTION),
            }
        }
        if self.takes_areas {
            points.clear();
            lines.clear();
        }
        Ok(match (points.is_empty(), lines.is_empty(), polygons.is_empty()) {
            (true, true, true) => return Err(RejectReason::EmptyGeometry.into()),
            (false, true, true) => Geometry::MultiPoint(MultiPoint::new(points)),
            (true, false, true) => {
                Geometry::MultiLineString(MultiLineString::new(self.keep_good(lines, is_line)))
            }
            (true, true, false) => {
                Geometry::MultiPolygon(MultiPolygon::new(self.keep_good(polygons, is_polygon)))
            }
            _ => return Err(MIXED_COLLECTION),
        })
    }

    /// The good parts, or all of them where none is good.
    fn keep_good<T>(&mut self, mut parts: Vec<T>, is_good: impl Fn(&T) -> bool) -> Vec<T> {
        if parts.iter().any(&is_good) {
            let all = parts.len();
            parts.retain(is_good);
            self.dropped += (all - parts.len()) as u64;
        }
        parts
    }

    /// The parts that there are.
    fn keep_present<T>(&mut self, parts: Vec<Option<T>>) -> Vec<T> {
        let all = parts.len();
        let present: Vec<T> = parts.into_iter().flatten().collect();
        if !present.is_empty() {
            self.dropped += (all - present.len()) as u64;
        }
        present
    }

    /// Byte order, type, dimensions, SRID.
    fn read_header(&mut self) -> Result<Header, Fault> {
        let (&order, rest) = self.bytes.split_first().ok_or(ENDS_EARLY)?;
        if order > 1 {
            return Err(NO_BYTE_ORDER);
        }
        (self.bytes, self.little) = (rest, order == 1);
        let code = self.read_count()?;
        // EWKB of PostGIS sets high bits for Z, M and an SRID; ISO WKB adds thousands to the type: both are read, also together.
        let has_z = code & 0x8000_0000 != 0;
        let has_m = code & 0x4000_0000 != 0;
        let srid = if code & 0x2000_0000 != 0 {
            Some(self.read_count()?).filter(|srid| *srid != 0)
        } else {
            None
        };
        let iso = code & 0x1FFF_FFFF;
        let (has_z, has_m) = match iso / 1000 {
            0 => (has_z, has_m),
            1 => (true, has_m),
            2 => (has_z, true),
            3 => (true, true),
            _ => return Err(UNKNOWN_TYPE),
        };
        Ok(Header {
            kind: iso % 1000,
            coordinate: 8 * (2 + usize::from(has_z) + usize::from(has_m)),
            srid,
        })
    }

    fn read_count(&mut self) -> Result<u32, Fault> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or(ENDS_EARLY)?;
        self.bytes = rest;
        Ok(if self.little {
            u32::from_le_bytes(*head)
        } else {
            u32::from_be_bytes(*head)
        })
    }

    /// A count of things of at least `size` bytes, which the rest must be able to hold.
    fn read_count_of(&mut self, size: usize) -> Result<usize, Fault> {
        // Before anything is allocated for them: a count is four bytes that anybody can write.
        match usize::try_from(self.read_count()?) {
            Ok(count) if count <= self.bytes.len() / size => Ok(count),
            _ => Err(ENDS_EARLY),
        }
    }

    /// A coordinate of `size` bytes, of which the first two ordinates are taken: heights and measures have no column.
    fn read_coord(&mut self, size: usize) -> Result<Coord<f64>, Fault> {
        let (head, rest) = self.bytes.split_at_checked(size).ok_or(ENDS_EARLY)?;
        self.bytes = rest;
        Ok(Coord {
            x: self.to_double(&head[..8]),
            y: self.to_double(&head[8..16]),
        })
    }

    fn to_double(&self, bytes: &[u8]) -> f64 {
        let bytes = bytes.try_into().expect("a coordinate has eight bytes");
        if self.little {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        }
    }

    /// A point; none where every ordinate is NaN, which is how WKB spells an empty one.
    fn read_point(&mut self, size: usize) -> Result<Option<Point<f64>>, Fault> {
        let c = self.read_coord(size)?;
        Ok(if c.x.is_nan() && c.y.is_nan() {
            None
        } else {
            Some(c.into())
        })
    }

    /// Coordinates behind their count.
    fn read_line(&mut self, size: usize) -> Result<LineString<f64>, Fault> {
        let count = self.read_count_of(size)?;
        (0..count).map(|_| self.read_coord(size)).collect()
    }

    /// A polygon of straight rings.
    fn read_polygon(&mut self, size: usize) -> Result<Polygon<f64>, Fault> {
        let count = self.read_count_of(LEAST_RING_BYTES)?;
        let rings = (0..count)
            .map(|_| self.read_line(size))
            .collect::<Result<_, _>>()?;
        Ok(self.polygon_of(rings))
    }

    /// A polygon whose rings may be curves.
    fn read_curve_polygon(&mut self, depth: u32) -> Result<Polygon<f64>, Fault> {
        let rings = self.read_members(|reader, header| match header.kind {
            2 => reader.read_line(header.coordinate),
            8 | 9 => reader.read_curve(header, depth + 1),
            _ => Err(WRONG_MEMBER),
        })?;
        Ok(self.polygon_of(rings))
    }

    /// A polygon of rings, the first of them its outline; holes that are none are left out.
    fn polygon_of(&mut self, rings: Vec<LineString<f64>>) -> Polygon<f64> {
        // Through `Polygon::new`, which closes rings: only a closed one can be judged.
        let mut rings = rings.into_iter();
        let exterior = rings.next().unwrap_or_else(|| LineString::new(vec![]));
        let (exterior, mut holes) = Polygon::new(exterior, rings.collect()).into_inner();
        let all = holes.len();
        holes.retain(is_ring);
        self.dropped += (all - holes.len()) as u64;
        Polygon::new(exterior, holes)
    }

    /// A line of arcs, each through a point between its ends, or a compound one of lines and such arcs.
    fn read_curve(&mut self, header: &Header, depth: u32) -> Result<LineString<f64>, Fault> {
        self.is_curved = true;
        if depth > MAX_NESTING {
            return Err(NESTED_TOO_DEEPLY);
        }
        if header.kind == 9 {
            let parts = self.read_members(|reader, header| match header.kind {
                2 => reader.read_line(header.coordinate),
                8 => reader.read_curve(header, depth + 1),
                _ => Err(WRONG_MEMBER),
            })?;
            let mut line: Vec<Coord<f64>> = Vec::new();
            for part in parts {
                // Each part begins where the one before it ends.
                let is_joined = line.last().is_some() && line.last() == part.0.first();
                line.extend(part.0.into_iter().skip(usize::from(is_joined)));
            }
            return Ok(LineString::new(line));
        }
        let points = self.read_line(header.coordinate)?.0;
        if !points.is_empty() && points.len() % 2 == 0 {
            return Err(EVEN_ARC);
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
    fn read_members<T>(
        &mut self,
        read: impl Fn(&mut Self, &Header) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let count = self.read_count_of(LEAST_MEMBER_BYTES)?;
        let little = self.little;
        let members = (0..count)
            .map(|_| {
                let header = self.read_header()?;
                read(self, &header)
            })
            .collect::<Result<_, _>>()?;
        // Each has a byte order of its own.
        self.little = little;
        Ok(members)
    }
}
