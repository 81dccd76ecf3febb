//! Geometries in well-known text, as cells of text files and sheets hold them.
//!
//! Pure, but for curves, which GDAL reads.

use std::str::FromStr;

use geo::Geometry;
use wkt::Wkt;
use wkt::types::Dimension;

use super::dimensions::Dimensions;
use super::ogr;
use super::shape::{MAX_NESTING, Shape};
use crate::feature::RejectReason;

/// Reads well-known text; heights and measures are dropped.
pub(super) fn from_wkt(text: &str) -> Shape {
    let text = text.trim();
    if text.is_empty() {
        return Shape::Lacking(RejectReason::NullGeometry);
    }
    // The parser recurses into collections, so the text must not choose how deep.
    if deepest_nesting(text) > MAX_NESTING {
        return Shape::Lacking(RejectReason::ImpossibleGeometry);
    }
    // GDAL reads all of this, at a call into it for every cell: it is asked only where the parser can't.
    let Ok(parsed) = Wkt::<f64>::from_str(text) else {
        let curved = may_be_curved(text).then(|| ogr::wkb_of_text(text)).flatten();
        return curved.map_or(Shape::Lacking(RejectReason::ImpossibleGeometry), |(wkb, has)| {
            Shape::Curved(wkb, has)
        });
    };
    let has = dimensions_of(&parsed);
    match Geometry::try_from(parsed) {
        Ok(geometry) => Shape::of_finite(geometry, has),
        // A collection of empty points is the one thing that can't be converted.
        Err(_) => Shape::Lacking(RejectReason::EmptyGeometry),
    }
}

/// Whether a text has a word for curves, which the parser doesn't know: `CIRCULARSTRING`, `COMPOUNDCURVE`,
/// `CURVEPOLYGON`, `MULTICURVE`, `MULTISURFACE`.
fn may_be_curved(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    ["CIRCULAR", "CURVE", "SURFACE"]
        .iter()
        .any(|word| upper.contains(word))
}

fn dimensions_of(geometry: &Wkt<f64>) -> Dimensions {
    let dimension = geometry.dimension();
    Dimensions {
        z: matches!(dimension, Dimension::XYZ | Dimension::XYZM),
        m: matches!(dimension, Dimension::XYM | Dimension::XYZM),
    }
}

/// Deepest nesting of parentheses.
fn deepest_nesting(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for byte in text.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::point;

    #[test]
    fn wkt_is_read_or_rejected() {
        let point = |z, m| Shape::Found(Geometry::Point(point!(x: 1.0, y: 2.5)), Dimensions { z, m });
        assert_eq!(from_wkt("POINT (1 2.5)"), point(false, false));
        assert_eq!(from_wkt(" POINT Z (1 2.5 9) "), point(true, false));
        assert_eq!(from_wkt("POINT M (1 2.5 9)"), point(false, true));
        assert_eq!(from_wkt("POINT ZM (1 2.5 9 9)"), point(true, true));
        for (text, reason) in [
            ("", RejectReason::NullGeometry),
            ("POINT EMPTY", RejectReason::EmptyGeometry),
            ("POINT (1", RejectReason::ImpossibleGeometry),
            ("somewhere", RejectReason::ImpossibleGeometry),
            ("POINT (1e999 2)", RejectReason::NotANumber),
        ] {
            assert_eq!(from_wkt(text), Shape::Lacking(reason), "{text}");
        }
        let deep = "GEOMETRYCOLLECTION(".repeat(100_000);
        assert_eq!(from_wkt(&deep), Shape::Lacking(RejectReason::ImpossibleGeometry));
    }
}
