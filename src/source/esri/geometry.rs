//! Esri JSON geometries: raw JSON in, a geometry or a reason out, and what was mended on the way.
//!
//! Pure. The members tell the type (`x`, `points`, `paths`, `rings`), so the page needn't. Parts that can't be
//! used (too short, coordinates that are no numbers) are left out and rings left open are closed; where
//! nothing is left there is no geometry. Curves become straight segments.

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, Point};
use serde::Deserialize;

use super::rings::{AssembledRings, assemble_polygons};
use super::vertex::{Ordinate, Position, Vertex};
use crate::feature::{RejectReason, curves};
use crate::source::dimensions::Dimensions;
use crate::source::geometry_repairs::GeometryRepairs;
use crate::source::json;
use crate::source::shape::Shape;

/// What a third and fourth ordinate are, as page or layer say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ordinates {
    /// Whether there are heights.
    pub(super) has_z: bool,
    /// Whether there are measures.
    pub(super) has_m: bool,
}

/// A row's geometry.
#[derive(Debug, PartialEq)]
pub(super) struct EsriGeometry {
    /// The geometry, or why there is none; `None` where the row simply has none.
    pub(super) shape: Option<Shape>,
    /// What was mended.
    pub(super) mended: GeometryRepairs,
}

/// Reads the geometry object `raw`.
pub(super) fn from_esri(raw: &[u8], ordinates: Ordinates) -> EsriGeometry {
    let mut reading = GeometryReader {
        ordinates,
        has: Dimensions::default(),
        mended: GeometryRepairs::default(),
    };
    let shape = match reading.read_geometry(raw) {
        Ok(None) => None,
        Ok(Some(geometry)) => Some(Shape::of_finite(geometry, reading.has)),
        Err(reason) => Some(Shape::Lacking(reason)),
    };
    let is_found = matches!(shape, Some(Shape::Found(..)));
    EsriGeometry {
        shape,
        mended: if is_found {
            reading.mended
        } else {
            GeometryRepairs::default()
        },
    }
}

/// A geometry being read.
struct GeometryReader {
    ordinates: Ordinates,
    has: Dimensions,
    mended: GeometryRepairs,
}

impl GeometryReader {
    fn read_geometry(&mut self, raw: &[u8]) -> Result<Option<Geometry>, RejectReason> {
        let members = json::object_members(raw).ok_or(RejectReason::ImpossibleGeometry)?;
        if let Some(x) = json::member(&members, "x") {
            let [y, z, m] = ["y", "z", "m"].map(|name| json::member(&members, name));
            return self.read_point(x, y, z, m).map(Some);
        }
        if let Some(points) = json::member(&members, "points") {
            return self.read_points(points).map(Some);
        }
        // A server that knows curves may send the straight ones beside them.
        let paths = json::member(&members, "curvePaths").or_else(|| json::member(&members, "paths"));
        if let Some(paths) = paths {
            return self.read_paths(paths).map(Some);
        }
        let rings = json::member(&members, "curveRings").or_else(|| json::member(&members, "rings"));
        if let Some(rings) = rings {
            return self.read_rings(rings).map(Some);
        }
        let is_bare = members
            .iter()
            .all(|(key, _)| key == "spatialReference" || key == "hasZ" || key == "hasM");
        if is_bare {
            Ok(None)
        } else {
            Err(RejectReason::ImpossibleGeometry)
        }
    }

    /// A point without an x is Esri's empty point: `null`, or the text `NaN`.
    fn read_point(
        &mut self,
        x: &[u8],
        y: Option<&[u8]>,
        z: Option<&[u8]>,
        m: Option<&[u8]>,
    ) -> Result<Geometry, RejectReason> {
        let x: Ordinate = parse_member(x)?;
        let y: Ordinate = y.map_or(Ok(Ordinate(f64::NAN)), parse_member)?;
        if x.0.is_nan() || y.0.is_nan() {
            return Err(RejectReason::EmptyGeometry);
        }
        self.has = Dimensions {
            z: z.is_some_and(is_ordinate),
            m: m.is_some_and(is_ordinate),
        };
        Ok(Geometry::Point(Point::new(x.0, y.0)))
    }

    fn read_points(&mut self, raw: &[u8]) -> Result<Geometry, RejectReason> {
        let positions: Vec<Position> = parse_member(raw)?;
        let all = positions.len();
        let usable: Vec<Point> = positions
            .into_iter()
            .filter(Position::is_finite)
            .map(|position| Point(self.read_coord(position)))
            .collect();
        self.mended.parts |= usable.len() < all;
        if usable.is_empty() && all > 0 {
            return Err(RejectReason::NotANumber);
        }
        Ok(Geometry::MultiPoint(MultiPoint(usable)))
    }

    fn read_paths(&mut self, raw: &[u8]) -> Result<Geometry, RejectReason> {
        const SHORTEST: usize = 2;
        let mut lines = self.read_parts(raw, SHORTEST)?;
        Ok(match lines.len() {
            1 => Geometry::LineString(lines.remove(0)),
            _ => Geometry::MultiLineString(MultiLineString(lines)),
        })
    }

    fn read_rings(&mut self, raw: &[u8]) -> Result<Geometry, RejectReason> {
        // Closed or not, a ring has three corners.
        const SHORTEST: usize = 3;
        let rings = self.read_parts(raw, SHORTEST)?;
        let all = rings.len();
        let AssembledRings { geometry, is_mended } = assemble_polygons(rings);
        self.mended.parts |= is_mended;
        match geometry {
            Some(geometry) => Ok(geometry),
            None if all > 0 => Err(RejectReason::ImpossibleGeometry),
            None => Err(RejectReason::EmptyGeometry),
        }
    }

    /// The parts of at least `shortest` different neighbours, all of whose coordinates are finite.
    fn read_parts(&mut self, raw: &[u8], shortest: usize) -> Result<Vec<LineString>, RejectReason> {
        // No parts at all is an empty geometry; `null` is another spelling of it.
        let parts: Option<Vec<Option<Vec<Vertex>>>> = parse_member(raw)?;
        let parts: Vec<Vec<Vertex>> = parts
            .into_iter()
            .flatten()
            .map(Option::unwrap_or_default)
            .collect();
        let mut usable = Vec::with_capacity(parts.len());
        let mut reason = RejectReason::EmptyGeometry;
        for vertices in parts {
            if vertices.is_empty() {
                // Says nothing, and so loses nothing.
                continue;
            }
            if !vertices.iter().all(Vertex::is_finite) {
                reason = RejectReason::NotANumber;
                self.mended.parts = true;
                continue;
            }
            let line = self.read_line(vertices);
            if count_corners(&line) < shortest {
                reason = RejectReason::ImpossibleGeometry;
                self.mended.parts = true;
                continue;
            }
            usable.push(line);
        }
        if usable.is_empty() {
            Err(reason)
        } else {
            Ok(usable)
        }
    }

    fn read_line(&mut self, vertices: Vec<Vertex>) -> LineString {
        let mut line: Vec<Coord> = Vec::with_capacity(vertices.len());
        for vertex in vertices {
            match (vertex, line.last().copied()) {
                (Vertex::Position(position), _) => line.push(self.read_coord(position)),
                (Vertex::Curve(segment), Some(start)) => {
                    self.mended.curves = true;
                    curves::linearise(start, &segment, &mut line);
                }
                // A curve that begins nowhere ends somewhere.
                (Vertex::Curve(segment), None) => line.push(segment.end()),
            }
        }
        LineString(line)
    }

    fn read_coord(&mut self, position: Position) -> Coord {
        // A third ordinate is a height unless the page says that it has measures and no heights: positions don't name
        // their ordinates.
        let only_m = self.ordinates.has_m && !self.ordinates.has_z;
        match position.ordinates {
            0..=2 => {}
            3 if only_m => self.has.m = true,
            3 => self.has.z = true,
            _ => self.has = Dimensions { z: true, m: true },
        }
        position.coord
    }
}

/// Whether it is a number, not the null or text that stands for none.
fn is_ordinate(raw: &[u8]) -> bool {
    parse_member(raw).is_ok_and(|ordinate: Ordinate| !ordinate.0.is_nan())
}

/// Vertices that differ from the one before, the closing one not counted.
fn count_corners(line: &LineString) -> usize {
    // A ring closed or left open has the same corners.
    let closing = usize::from(line.0.len() > 2 && line.0.first() == line.0.last());
    let open = &line.0[..line.0.len() - closing];
    usize::from(!open.is_empty()) + open.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

fn parse_member<'a, T: Deserialize<'a>>(raw: &'a [u8]) -> Result<T, RejectReason> {
    serde_json::from_slice(raw).map_err(|error| {
        // `1e999`, and bare words for numbers that JSON doesn't have.
        let is_no_number = error.to_string().starts_with("number out of range")
            || raw
                .windows(3)
                .any(|word| word.eq_ignore_ascii_case(b"nan") || word == b"Inf");
        if is_no_number {
            RejectReason::NotANumber
        } else {
            RejectReason::ImpossibleGeometry
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn wkt(raw: &str) -> String {
        match from_esri(raw.as_bytes(), Ordinates::default()).shape {
            None => "none".to_owned(),
            Some(Shape::Found(geometry, _)) => wkt::ToWkt::wkt_string(&geometry),
            Some(Shape::Lacking(reason)) => reason.code().to_owned(),
            Some(curved @ Shape::Curved(..)) => panic!("{curved:?}"),
        }
    }

    fn mended(raw: &str) -> (bool, bool) {
        let mended = from_esri(raw.as_bytes(), Ordinates::default()).mended;
        (mended.parts, mended.curves)
    }

    #[test]
    fn points_are_read_or_empty() {
        assert_eq!(
            wkt(r#"{"x":-80.5,"y":35.25,"spatialReference":{"wkid":4326}}"#),
            "POINT(-80.5 35.25)"
        );
        assert_eq!(wkt(r#"{"x":1,"y":"2.5"}"#), "POINT(1 2.5)");
        for empty in [
            r#"{"x":"NaN","y":"NaN"}"#,
            r#"{"x":null,"y":null}"#,
            r#"{"x":1}"#,
            r#"{"x":1,"y":"NaN"}"#,
        ] {
            assert_eq!(wkt(empty), "empty_geometry", "{empty}");
        }
        assert_eq!(wkt("{}"), "none");
        assert_eq!(wkt(r#"{"spatialReference":{"wkid":1}}"#), "none");
        assert_eq!(wkt(r#"{"x":1e999,"y":2}"#), "not_a_number");
        assert_eq!(wkt(r#"{"x":NaN,"y":2}"#), "not_a_number");
        assert_eq!(wkt(r#"{"x":"west","y":2}"#), "impossible_geometry");
        assert_eq!(wkt(r#""a multipatch""#), "impossible_geometry");
        assert_eq!(
            wkt(r#"{"xmin":1,"ymin":2,"xmax":3,"ymax":4}"#),
            "impossible_geometry"
        );
        assert_eq!(
            wkt(r#"{"points":[[1,2],["NaN","NaN"],[3,4,5]]}"#),
            "MULTIPOINT((1 2),(3 4))"
        );
        assert_eq!(wkt(r#"{"points":[]}"#), "empty_geometry");
        assert_eq!(wkt(r#"{"points":[["NaN","NaN"]]}"#), "not_a_number");
    }

    #[test]
    fn paths_lose_what_is_no_line() {
        assert_eq!(wkt(r#"{"paths":[[[0,0],[1,1]]]}"#), "LINESTRING(0 0,1 1)");
        assert_eq!(
            wkt(r#"{"paths":[[[0,0],[1,1]],[[5,5],[6,6,9]]]}"#),
            "MULTILINESTRING((0 0,1 1),(5 5,6 6))"
        );
        let short = r#"{"paths":[[[0,0],[1,1]],[],[[5,5]],[[7,7],[7,7]],[[1,"NaN"],[2,2]]]}"#;
        assert_eq!(wkt(short), "LINESTRING(0 0,1 1)");
        assert_eq!(mended(short), (true, false));
        assert_eq!(mended(r#"{"paths":[[[0,0],[1,1]]]}"#), (false, false));
        assert_eq!(wkt(r#"{"paths":[]}"#), "empty_geometry");
        assert_eq!(wkt(r#"{"paths":null}"#), "empty_geometry");
        assert_eq!(wkt(r#"{"paths":[[]]}"#), "empty_geometry");
        assert_eq!(wkt(r#"{"paths":[[[0,0]]]}"#), "impossible_geometry");
        assert_eq!(wkt(r#"{"paths":[[["NaN","NaN"],[1,1]]]}"#), "not_a_number");
        assert_eq!(wkt(r#"{"paths":[[[1],[2]]]}"#), "impossible_geometry");
    }

    #[test]
    fn rings_are_closed_and_those_too_short_left_out() {
        let square = "POLYGON((1 1,0 1,0 0,1 0,1 1))";
        let open = r#"{"rings":[[[0,0],[0,1],[1,1],[1,0]]]}"#;
        assert_eq!(wkt(open), "POLYGON((0 0,1 0,1 1,0 1,0 0))");
        assert_eq!(mended(open), (true, false));
        let closed = r#"{"rings":[[[1,1],[1,0],[0,0],[0,1],[1,1]]]}"#;
        assert_eq!((wkt(closed), mended(closed)), (square.to_owned(), (false, false)));
        let short = r#"{"rings":[[[1,1],[1,0],[0,0],[0,1],[1,1]],[[9,9],[8,8],[9,9]],[[5,5]],[["NaN","NaN"],[1,2],[3,4]]]}"#;
        assert_eq!((wkt(short), mended(short)), (square.to_owned(), (true, false)));
        assert_eq!(wkt(r#"{"rings":[]}"#), "empty_geometry");
        assert_eq!(wkt(r#"{"rings":[[[9,9],[8,8],[9,9]]]}"#), "impossible_geometry");
        assert_eq!(wkt(r#"{"rings":[[["NaN",1],[8,8],[9,9]]]}"#), "not_a_number");
        assert_eq!(wkt(r#"{"rings":{"a":1}}"#), "impossible_geometry");
    }

    #[test]
    fn further_ordinates_are_noticed() {
        let has = |raw: &str, has_z, has_m| match from_esri(raw.as_bytes(), Ordinates { has_z, has_m }).shape
        {
            Some(Shape::Found(_, has)) => (has.z, has.m),
            other => panic!("{other:?}"),
        };
        assert_eq!(has(r#"{"x":1,"y":2,"z":3}"#, true, false), (true, false));
        assert_eq!(has(r#"{"x":1,"y":2,"z":"NaN","m":4}"#, true, true), (false, true));
        assert_eq!(
            has(r#"{"paths":[[[0,0,1],[1,1,1]]]}"#, true, false),
            (true, false)
        );
        assert_eq!(
            has(r#"{"paths":[[[0,0,1],[1,1,1]]]}"#, false, true),
            (false, true)
        );
        assert_eq!(
            has(r#"{"paths":[[[0,0,1,2],[1,1,1,2]]]}"#, true, true),
            (true, true)
        );
        assert_eq!(has(r#"{"paths":[[[0,0],[1,1]]]}"#, true, true), (false, false));
    }

    #[test]
    fn curves_are_read_before_what_is_straight() {
        let raw = r#"{"rings":[],"curveRings":[[[0,0],{"c":[[2,0],[1,1]]},[0,0]]]}"#;
        let Some(Shape::Found(Geometry::Polygon(half), _)) =
            from_esri(raw.as_bytes(), Ordinates::default()).shape
        else {
            panic!("a half disc is a polygon");
        };
        let area = geo::Area::unsigned_area(&half);
        assert!((area - std::f64::consts::FRAC_PI_2).abs() < 1e-3, "{area}");
        assert_eq!(mended(raw), (false, true));
        assert_eq!(
            wkt(r#"{"curvePaths":[[[0,0],{"q":[[2,0]]}]]}"#),
            "impossible_geometry"
        );
        assert_eq!(
            wkt(r#"{"curvePaths":[[[0,0],{"a":[[2,0]]}]]}"#),
            "impossible_geometry"
        );
    }
}
