//! A row's geometry on its way into a batch, or why it has none.
//!
//! Pure. Rings are taken as they are; what they are worth is the kernel's to say.

use geo::{CoordsIter, Geometry};
use wkb::Endianness;
use wkb::writer::{WriteOptions, write_geometry};

use crate::feature::RejectReason;

use super::batch::BatchBuilder;
use super::dimensions::Dimensions;

/// How deep collections may nest in each other; no facility needs more than one level.
pub(super) const MAX_NESTING: usize = 16;

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
    /// The geometry, if it has coordinates and all are finite.
    pub(super) fn of_finite(geometry: Geometry<f64>, has: Dimensions) -> Self {
        if geometry.coords_count() == 0 {
            Self::Lacking(RejectReason::EmptyGeometry)
        } else if geometry.coords_iter().all(|c| c.x.is_finite() && c.y.is_finite()) {
            Self::Found(geometry, has)
        } else {
            Self::Lacking(RejectReason::NotANumber)
        }
    }

    /// Writes the geometry as little-endian WKB over `wkb`; without one, notes the defect of
    /// `field` and its `value` in the batch. Gives whether there is one.
    pub(super) fn put_wkb(
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
                    batch.count_dropped_ordinates(has);
                    return true;
                }
                Err(_) => RejectReason::ImpossibleGeometry,
            },
            Self::Curved(bytes, has) => {
                wkb.extend_from_slice(&bytes);
                batch.count_dropped_ordinates(has);
                return true;
            }
            Self::Lacking(reason) => reason,
        };
        batch.note_defect(field, &value(), reason);
        false
    }
}
