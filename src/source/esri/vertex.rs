//! What Esri JSON geometries are written in: numbers, positions, curves.
//!
//! Only tells what is there; whether it makes a geometry, `geometry` says.

use std::fmt;

use geo::Coord;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::feature::curves::Segment;

/// A number; `null` and the text `NaN` are not a number, other text is an error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ordinate(pub(super) f64);

impl<'de> Deserialize<'de> for Ordinate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Ordinate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Ordinate, E> {
                Ok(Ordinate(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Ordinate, E> {
                Ok(Ordinate(value as f64))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Ordinate, E> {
                Ok(Ordinate(value as f64))
            }

            fn visit_unit<E>(self) -> Result<Ordinate, E> {
                Ok(Ordinate(f64::NAN))
            }

            // Esri writes "NaN" for an empty point's ordinates, and some servers every number as text.
            fn visit_str<E: Error>(self, text: &str) -> Result<Ordinate, E> {
                if text.trim().eq_ignore_ascii_case("nan") {
                    return Ok(Ordinate(f64::NAN));
                }
                text.trim()
                    .parse()
                    .map(Ordinate)
                    .or(Err(E::custom("not a number")))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// One position: x, y, and how many ordinates there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// x and y.
    pub(super) coord: Coord,
    /// Number of ordinates.
    pub(super) ordinates: usize,
}

impl Position {
    /// Whether it can be calculated with.
    pub(super) fn is_finite(&self) -> bool {
        self.coord.x.is_finite() && self.coord.y.is_finite()
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PositionVisitor)
    }
}

struct PositionVisitor;

impl<'de> Visitor<'de> for PositionVisitor {
    type Value = Position;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a position of two or more numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Position, A::Error> {
        let x: Ordinate = seq
            .next_element()?
            .ok_or_else(|| Error::invalid_length(0, &self))?;
        let y: Ordinate = seq
            .next_element()?
            .ok_or_else(|| Error::invalid_length(1, &self))?;
        let mut ordinates = 2;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            ordinates += 1;
        }
        Ok(Position {
            coord: Coord { x: x.0, y: y.0 },
            ordinates,
        })
    }
}

/// A vertex of a path or ring: a position, or a curve that ends in one.
pub(super) enum Vertex {
    /// The next corner.
    Position(Position),
    /// A curve from the corner before.
    Curve(Segment),
}

impl Vertex {
    /// Whether it can be calculated with.
    pub(super) fn is_finite(&self) -> bool {
        match self {
            Self::Position(position) => position.is_finite(),
            Self::Curve(segment) => segment.is_finite(),
        }
    }
}

impl<'de> Deserialize<'de> for Vertex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Vertex;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a position or a curve")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Vertex, A::Error> {
                PositionVisitor.visit_seq(seq).map(Vertex::Position)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vertex, A::Error> {
                let mut segment = None;
                while let Some(kind) = map.next_key::<String>()? {
                    let parameters: Vec<Parameter> = map.next_value()?;
                    let (points, numbers) = split_parameters(parameters);
                    segment = segment.or(Segment::from_esri(&kind, &points, &numbers));
                }
                segment
                    .map(Vertex::Curve)
                    .ok_or_else(|| Error::custom("a curve of no known kind"))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What stands in the list of a curve: points first, then numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Parameter {
    Point(Vec<f64>),
    Number(f64),
    Other(IgnoredAny),
}

fn split_parameters(parameters: Vec<Parameter>) -> (Vec<Coord>, Vec<f64>) {
    let mut points = Vec::new();
    let mut numbers = Vec::new();
    for parameter in parameters {
        match parameter {
            Parameter::Point(point) => {
                if let [x, y, ..] = point[..] {
                    points.push(Coord { x, y });
                }
            }
            Parameter::Number(number) => numbers.push(number),
            Parameter::Other(_) => numbers.push(f64::NAN),
        }
    }
    (points, numbers)
}
