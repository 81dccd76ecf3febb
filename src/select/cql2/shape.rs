//! Shapes of a filter: a box, or a geometry as WKT.
//!
//! Pure. Only shapes of bounded depth are handed to the reader of WKT, and only places on Earth are taken.

use std::str::FromStr;

use geo::{CoordsIter, Geometry, MultiPolygon, Rect};
use wkt::Wkt;

use super::BadFilter;
use super::token::{Token, Tokens};

/// Shapes that are taken; of WKT those whose depth their name bounds.
const SHAPES: [&str; 6] = [
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
];
const BOXES: [&str; 2] = ["BBOX", "ENVELOPE"];
/// Parentheses within each other: those of a multipolygon.
const MOST_DEPTH: usize = 3;

/// The shape that comes next.
pub(super) fn shape(tokens: &mut Tokens<'_>) -> Result<Geometry<f64>, BadFilter> {
    let at = tokens.at();
    let is_one_of = |words: &[&str], word: &str| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    match tokens.peek()? {
        Token::Word(word) if is_one_of(&BOXES, word) => window(tokens, at),
        Token::Word(word) if is_one_of(&SHAPES, word) => geometry(tokens, at),
        _ => Err(BadFilter::new(
            at,
            "expected BBOX(west, south, east, north), POINT, LINESTRING, POLYGON or one of the MULTI kinds",
        )),
    }
}

fn window(tokens: &mut Tokens<'_>, at: usize) -> Result<Geometry<f64>, BadFilter> {
    tokens.next()?;
    let mut sides = [0.0; 4];
    let mut before = "(";
    for side in &mut sides {
        let is_there = tokens.next()? == Token::Sign(before);
        let number = match tokens.next()? {
            Token::Number(number) if is_there => number.parse().ok(),
            _ => None,
        };
        *side = number.ok_or_else(|| BadFilter::new(at, "expected BBOX(west, south, east, north)"))?;
        before = ",";
    }
    if tokens.next()? != Token::Sign(")") {
        return Err(BadFilter::new(at, "expected BBOX(west, south, east, north)"));
    }
    let [west, south, east, north] = sides;
    if south > north {
        return Err(BadFilter::new(
            at,
            "expected a box whose south is not north of its north",
        ));
    }
    let part = |west: f64, east: f64| Rect::new((west, south), (east, north)).to_polygon();
    let shape = if west <= east {
        part(west, east).into()
    } else {
        // West of east is across the antimeridian.
        MultiPolygon::new(vec![part(west, 180.0), part(-180.0, east)]).into()
    };
    on_earth(shape, at)
}

fn geometry(tokens: &mut Tokens<'_>, at: usize) -> Result<Geometry<f64>, BadFilter> {
    tokens.skip(at - tokens.position());
    let rest = tokens.rest();
    let length = closed(rest).ok_or_else(|| BadFilter::new(at, "expected a shape as WKT that is closed"))?;
    let text = &rest[..length];
    let parsed = Wkt::<f64>::from_str(text)
        .ok()
        .and_then(|wkt| Geometry::try_from(wkt).ok());
    let shape =
        parsed.ok_or_else(|| BadFilter::new(at, "expected a shape as WKT, of two numbers for each place"))?;
    tokens.skip(length);
    on_earth(shape, at)
}

/// Bytes up to the parenthesis that closes the first one; none where there is none, or they are too deep.
fn closed(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.bytes().enumerate() {
        match letter {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            _ => continue,
        }
        if depth > MOST_DEPTH {
            return None;
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn on_earth(shape: Geometry<f64>, at: usize) -> Result<Geometry<f64>, BadFilter> {
    let is_on_earth = shape
        .coords_iter()
        .all(|place| (-180.0..=180.0).contains(&place.x) && (-90.0..=90.0).contains(&place.y));
    if is_on_earth {
        Ok(shape)
    } else {
        Err(BadFilter::new(
            at,
            "longitudes are -180 to 180, latitudes -90 to 90",
        ))
    }
}
