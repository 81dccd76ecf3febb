//! Geometry of text formats: from WKT, and to WKB.
//!
//! Pure. Rings are taken as they are; what they are worth is the kernel's to say.

use std::str::FromStr;

use geo::{CoordsIter, Geometry};
use wkb::Endianness;
use wkb::writer::{WriteOptions, write_geometry};
use wkt::Wkt;

use crate::feature::RejectReason;

use super::batch::BatchBuilder;

/// How deep collections may nest in each other; no facility needs more than one level.
pub(super) const MAX_NESTING: usize = 16;

/// A row's geometry, or why there is none.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// A geometry of finite coordinates.
    Found(Geometry<f64>),
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
        let options = WriteOptions { endianness: Endianness::LittleEndian };
        let reason = match self {
            Self::Found(geometry) => match write_geometry(wkb, &geometry, &options) {
                Ok(()) => return true,
                Err(_) => RejectReason::ImpossibleGeometry,
            },
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
        return Shape::Lacking(RejectReason::ImpossibleGeometry);
    };
    match Geometry::try_from(parsed) {
        Ok(geometry) => sound(geometry),
        // A collection of empty points is the one thing that can't be converted.
        Err(_) => Shape::Lacking(RejectReason::EmptyGeometry),
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
pub(super) fn sound(geometry: Geometry<f64>) -> Shape {
    if geometry.coords_count() == 0 {
        Shape::Lacking(RejectReason::EmptyGeometry)
    } else if geometry.coords_iter().all(|c| c.x.is_finite() && c.y.is_finite()) {
        Shape::Found(geometry)
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
        let point = Shape::Found(Geometry::Point(point!(x: 1.0, y: 2.5)));
        assert_eq!(from_wkt(" POINT Z (1 2.5 9) "), point);
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
