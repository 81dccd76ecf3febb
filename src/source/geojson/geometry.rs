//! GeoJSON geometries: raw JSON in, a geometry or a reason out.
//!
//! Pure. A third ordinate counts as height, a fourth as measure, and both are dropped; a ring left
//! open is closed.

use std::fmt;

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon,
};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use crate::feature::RejectReason;
use crate::source::dimensions::Dimensions;
use crate::source::json;
use crate::source::shape::{MAX_NESTING, Shape};

/// Reads the geometry object `raw`.
pub(super) fn from_geojson(raw: &[u8]) -> Shape {
    let mut reading = GeometryReader::default();
    match reading.read_geometry(raw, 0) {
        Ok(geometry) => Shape::of_finite(geometry, reading.has),
        Err(reason) => Shape::Lacking(reason),
    }
}

/// A geometry being read, and the ordinates beyond x and y met so far.
#[derive(Default)]
struct GeometryReader {
    has: Dimensions,
}

impl GeometryReader {
    fn read_geometry(&mut self, raw: &[u8], depth: usize) -> Result<Geometry, RejectReason> {
        let members = json::object_members(raw).ok_or(RejectReason::ImpossibleGeometry)?;
        let kind = json::member(&members, "type")
            .and_then(json::parse_string)
            .ok_or(RejectReason::ImpossibleGeometry)?;
        // Deeper ones fall through to where coordinates are missing: the file must not choose how far this recurses.
        if kind == "GeometryCollection" && depth < MAX_NESTING {
            let parts = json::member(&members, "geometries")
                .and_then(json::array_elements)
                .ok_or(RejectReason::ImpossibleGeometry)?;
            let parts: Result<_, _> = parts
                .into_iter()
                .map(|part| self.read_geometry(part, depth + 1))
                .collect();
            return Ok(Geometry::GeometryCollection(GeometryCollection(parts?)));
        }
        let at = json::member(&members, "coordinates").ok_or(RejectReason::ImpossibleGeometry)?;
        Ok(match kind.as_ref() {
            // `geo` has no empty point. An empty multi-point has as little, and becomes the same reject.
            "Point" if json::compact_json(at) == b"[]" => Geometry::MultiPoint(MultiPoint(Vec::new())),
            "Point" => Geometry::Point(Point(self.read_coord(&parse_coordinates(at)?))),
            "MultiPoint" => Geometry::MultiPoint(MultiPoint(
                parse_coordinates::<Vec<Position>>(at)?
                    .iter()
                    .map(|position| Point(self.read_coord(position)))
                    .collect(),
            )),
            "LineString" => Geometry::LineString(self.read_line(&parse_coordinates::<Vec<_>>(at)?)),
            "MultiLineString" => Geometry::MultiLineString(MultiLineString(
                parse_coordinates::<Vec<Vec<_>>>(at)?
                    .iter()
                    .map(|positions| self.read_line(positions))
                    .collect(),
            )),
            "Polygon" => Geometry::Polygon(self.read_polygon(&parse_coordinates::<Vec<_>>(at)?)),
            "MultiPolygon" => Geometry::MultiPolygon(MultiPolygon(
                parse_coordinates::<Vec<Vec<_>>>(at)?
                    .iter()
                    .map(|rings| self.read_polygon(rings))
                    .collect(),
            )),
            _ => return Err(RejectReason::ImpossibleGeometry),
        })
    }

    fn read_coord(&mut self, position: &Position) -> Coord {
        self.has.z |= position.ordinates > 2;
        self.has.m |= position.ordinates > 3;
        position.coord
    }

    fn read_line(&mut self, positions: &[Position]) -> LineString {
        LineString(
            positions
                .iter()
                .map(|position| self.read_coord(position))
                .collect(),
        )
    }

    fn read_polygon(&mut self, rings: &[Vec<Position>]) -> Polygon {
        let mut rings = rings.iter().map(|positions| self.read_line(positions));
        let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Polygon::new(exterior, rings.collect())
    }
}

fn parse_coordinates<T: DeserializeOwned>(raw: &[u8]) -> Result<T, RejectReason> {
    serde_json::from_slice(raw)
        .or_else(|error| {
            // A height that is none is left out as any height is; x and y are no numbers then, which is told below.
            let mended = json::without_not_numbers(raw).and_then(|raw| serde_json::from_slice(&raw).ok());
            mended.ok_or(error)
        })
        .map_err(|error: serde_json::Error| {
            // What writers put for a number they don't have; `1e999` is out of range.
            let text = String::from_utf8_lossy(raw).to_ascii_lowercase();
            // serde_json tells a number out of range from a wrong type by its words alone.
            let number = ["nan", "inf", "null"].iter().any(|word| text.contains(word));
            if number || error.to_string().starts_with("number out of range") {
                RejectReason::NotANumber
            } else {
                RejectReason::ImpossibleGeometry
            }
        })
}

/// One position: x, y, and how many ordinates there are.
struct Position {
    coord: Coord,
    ordinates: usize,
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ordinates;
        impl<'de> Visitor<'de> for Ordinates {
            type Value = Position;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a position of two or more numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Position, A::Error> {
                let x = seq
                    .next_element()?
                    .ok_or_else(|| Error::invalid_length(0, &self))?;
                let y = seq
                    .next_element()?
                    .ok_or_else(|| Error::invalid_length(1, &self))?;
                let mut ordinates = 2;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    ordinates += 1;
                }
                Ok(Position {
                    coord: Coord { x, y },
                    ordinates,
                })
            }
        }
        deserializer.deserialize_seq(Ordinates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, coordinates: &str) -> Shape {
        from_geojson(format!(r#"{{"type":"{kind}","coordinates":{coordinates}}}"#).as_bytes())
    }

    #[test]
    fn further_ordinates_are_noticed() {
        let has = |kind, coordinates| match of(kind, coordinates) {
            Shape::Found(_, has) => (has.z, has.m),
            other => panic!("{other:?}"),
        };
        assert_eq!(has("Point", "[1,2]"), (false, false));
        assert_eq!(has("LineString", "[[1,2],[3,4,5]]"), (true, false));
        assert_eq!(has("MultiPoint", "[[1,2,3,4]]"), (true, true));
        assert_eq!(has("LineString", "[[1,2,NaN],[3,4,-Infinity]]"), (true, false));
    }

    #[test]
    fn every_type_is_read_in_two_dimensions() {
        let wkt = |shape| match shape {
            Shape::Found(geometry, _) => wkt::ToWkt::wkt_string(&geometry),
            Shape::Lacking(reason) => reason.code().to_owned(),
            curved @ Shape::Curved(..) => panic!("{curved:?}"),
        };
        assert_eq!(wkt(of("Point", "[1, 2.5, 99]")), "POINT(1 2.5)");
        assert_eq!(wkt(of("MultiPoint", "[[1,2],[3,4]]")), "MULTIPOINT((1 2),(3 4))");
        assert_eq!(wkt(of("LineString", "[[1,2],[3,4]]")), "LINESTRING(1 2,3 4)");
        assert_eq!(
            wkt(of("MultiLineString", "[[[1,2],[3,4]]]")),
            "MULTILINESTRING((1 2,3 4))"
        );
        assert_eq!(
            wkt(of("Polygon", "[[[0,0],[1,0],[1,1]]]")),
            "POLYGON((0 0,1 0,1 1,0 0))"
        );
        assert_eq!(
            wkt(of("MultiPolygon", "[[[[0,0],[1,0],[1,1],[0,0]]]]")),
            "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"
        );
        let collection =
            br#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#;
        assert_eq!(wkt(from_geojson(collection)), "GEOMETRYCOLLECTION(POINT(1 2))");
    }

    #[test]
    fn what_is_no_geometry_has_a_reason() {
        for (kind, coordinates, reason) in [
            ("Point", "[]", RejectReason::EmptyGeometry),
            ("Polygon", "[]", RejectReason::EmptyGeometry),
            ("Point", "[NaN, 2]", RejectReason::NotANumber),
            ("Point", "[null, null]", RejectReason::NotANumber),
            ("Point", "[1e999, 2]", RejectReason::NotANumber),
            ("LineString", "[[1,2],[-Infinity,4]]", RejectReason::NotANumber),
            ("Point", "[1]", RejectReason::ImpossibleGeometry),
            ("Point", "[\"1\",\"2\"]", RejectReason::ImpossibleGeometry),
            ("Polygon", "[1,2]", RejectReason::ImpossibleGeometry),
            ("Circle", "[1,2]", RejectReason::ImpossibleGeometry),
        ] {
            assert_eq!(
                of(kind, coordinates),
                Shape::Lacking(reason),
                "{kind} {coordinates}"
            );
        }
        let deep = [
            r#"{"type":"GeometryCollection","geometries":["#.repeat(99),
            "]}".repeat(99),
        ]
        .concat();
        assert_eq!(
            from_geojson(deep.as_bytes()),
            Shape::Lacking(RejectReason::ImpossibleGeometry)
        );
    }
}
