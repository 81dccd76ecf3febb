//! Geometry of text formats: from WKT, and to WKB.
//!
//! Pure. Rings are taken as they are; what they are worth is the kernel's to say.

use std::str::FromStr;

use geo::{CoordsIter, Geometry};
use wkb::Endianness;
use wkb::writer::{WriteOptions, write_geometry};
use wkt::Wkt;
use wkt::types::Dimension;

use crate::feature::RejectReason;

use super::batch::BatchBuilder;
use super::ogr;

/// How deep collections may nest in each other; no facility needs more than one level.
pub(super) const MAX_NESTING: usize = 16;

/// Ordinates beyond x and y.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dimensions {
    /// Heights.
    pub(super) z: bool,
    /// Measures.
    pub(super) m: bool,
}

/// What was done to a geometry so that it can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mended {
    /// Rings were closed, or parts left out.
    pub(super) parts: bool,
    /// Curves became straight segments.
    pub(super) curves: bool,
}

/// A row's geometry, or why there is none.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// A geometry of finite coordinates, and what it had beside them.
    Found(Geometry<f64>, Dimensions),
    /// One with curves, as WKB, and what it had beside x and y.
    Curved(Vec<u8>, Dimensions),
    /// None that can be used.
    Lacking(RejectReason),
}

impl Shape {
    /// Writes the geometry as little-endian WKB over `wkb`; without one, notes the defect of
    /// `field` and its `value` in the batch. Gives whether there is one.
    pub(super) fn encode(
        self,
        field: &str,
        value: impl FnOnce() -> String,
        batch: &mut BatchBuilder,
        wkb: &mut Vec<u8>,
    ) -> bool {
        wkb.clear();
        let options = WriteOptions {
            endianness: Endianness::LittleEndian,
        };
        let reason = match self {
            Self::Found(geometry, has) => match write_geometry(wkb, &geometry, &options) {
                Ok(()) => {
                    batch.dimensions(has);
                    return true;
                }
                Err(_) => RejectReason::ImpossibleGeometry,
            },
            Self::Curved(bytes, has) => {
                wkb.extend_from_slice(&bytes);
                batch.dimensions(has);
                return true;
            }
            Self::Lacking(reason) => reason,
        };
        batch.defect(field, &value(), reason);
        false
    }
}

/// Reads well-known text; heights and measures are dropped.
pub(super) fn from_wkt(text: &str) -> Shape {
    let text = text.trim();
    if text.is_empty() {
        return Shape::Lacking(RejectReason::NullGeometry);
    }
    // The parser recurses into collections, so the text must not choose how deep.
    if nesting(text) > MAX_NESTING {
        return Shape::Lacking(RejectReason::ImpossibleGeometry);
    }
    let Ok(parsed) = Wkt::<f64>::from_str(text) else {
        let curved = may_be_curved(text).then(|| ogr::wkb_of_text(text)).flatten();
        return curved.map_or(Shape::Lacking(RejectReason::ImpossibleGeometry), |(wkb, has)| {
            Shape::Curved(wkb, has)
        });
    };
    let has = dimensions(&parsed);
    match Geometry::try_from(parsed) {
        Ok(geometry) => sound(geometry, has),
        // A collection of empty points is the one thing that can't be converted.
        Err(_) => Shape::Lacking(RejectReason::EmptyGeometry),
    }
}

/// Whether a text has a word for curves, which the parser doesn't know: `CIRCULARSTRING`, `COMPOUNDCURVE`, `CURVEPOLYGON`,
/// `MULTICURVE`, `MULTISURFACE`.
fn may_be_curved(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    ["CIRCULAR", "CURVE", "SURFACE"]
        .iter()
        .any(|word| upper.contains(word))
}

fn dimensions(geometry: &Wkt<f64>) -> Dimensions {
    let dimension = geometry.dimension();
    Dimensions {
        z: matches!(dimension, Dimension::XYZ | Dimension::XYZM),
        m: matches!(dimension, Dimension::XYM | Dimension::XYZM),
    }
}

/// Ordinates beyond x and y that the header of ISO WKB or EWKB announces; what is no WKB has none.
pub(super) fn wkb_dimensions(wkb: &[u8]) -> Dimensions {
    let code = match wkb {
        [0, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
        [1, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => return Dimensions::default(),
    };
    let iso = (code & 0x1FFF_FFFF) / 1000;
    Dimensions {
        z: code & 0x8000_0000 != 0 || iso & 1 == 1,
        m: code & 0x4000_0000 != 0 || iso & 2 == 2,
    }
}

/// Deepest nesting of parentheses.
fn nesting(text: &str) -> usize {
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

/// The geometry, if it has coordinates and all are finite.
pub(super) fn sound(geometry: Geometry<f64>, has: Dimensions) -> Shape {
    if geometry.coords_count() == 0 {
        Shape::Lacking(RejectReason::EmptyGeometry)
    } else if geometry.coords_iter().all(|c| c.x.is_finite() && c.y.is_finite()) {
        Shape::Found(geometry, has)
    } else {
        Shape::Lacking(RejectReason::NotANumber)
    }
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
        let header = |order, code: u32| match order {
            0 => [vec![0], code.to_be_bytes().to_vec()].concat(),
            _ => [vec![1], code.to_le_bytes().to_vec()].concat(),
        };
        for (code, z, m) in [
            (1, false, false),
            (1001, true, false),
            (2002, false, true),
            (3006, true, true),
            (0x8000_0001, true, false),
            (0xE000_0003, true, true),
            (0x2000_0001, false, false),
        ] {
            for order in [0, 1] {
                assert_eq!(
                    wkb_dimensions(&header(order, code)),
                    Dimensions { z, m },
                    "{code}"
                );
            }
        }
        assert_eq!(wkb_dimensions(b"\x01\x01"), Dimensions::default());
        let deep = "GEOMETRYCOLLECTION(".repeat(100_000);
        assert_eq!(from_wkt(&deep), Shape::Lacking(RejectReason::ImpossibleGeometry));
    }
}
