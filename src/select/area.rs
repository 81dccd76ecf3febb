//! A place that rows must meet, or must not.
//!
//! Pure. By the geometries themselves; boxes only tell which needn't be looked at.

use geo::{BoundingRect, Geometry, Intersects, Rect};

use crate::feature::FacilityRows;
use crate::kernel::geometry::{decode, wkb_bounds};

/// A place, and whether rows are to be outside of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    shape: Geometry<f64>,
    bounds: Rect<f64>,
    is_outside: bool,
}

impl Area {
    /// What meets a shape, or what doesn't; none of a shape without points.
    pub(super) fn new(shape: Geometry<f64>, is_outside: bool) -> Option<Self> {
        Some(Self {
            bounds: shape.bounding_rect()?,
            shape,
            is_outside,
        })
    }

    /// Whether a row in a box `[xmin, ymin, xmax, ymax]` may be meant.
    pub(super) fn may_be_met(&self, [xmin, ymin, xmax, ymax]: [f64; 4]) -> bool {
        self.is_outside || self.bounds.intersects(&Rect::new((xmin, ymin), (xmax, ymax)))
    }

    /// Takes the marks from rows that aren't meant; one without a geometry never is.
    pub(super) fn unmark(&self, rows: &FacilityRows, marks: &mut [bool]) {
        let geometries = rows.geometry();
        for (row, mark) in marks.iter_mut().enumerate().filter(|(_, mark)| **mark) {
            let wkb = geometries.map(|geometries| geometries.value(row));
            *mark = wkb.is_some_and(|wkb| self.is_met_by(wkb));
        }
    }

    fn is_met_by(&self, wkb: &[u8]) -> bool {
        let Some(bounds) = wkb_bounds(wkb) else {
            return false;
        };
        if !self.bounds.intersects(&bounds) {
            return self.is_outside;
        }
        decode(wkb).is_ok_and(|geometry| self.shape.intersects(&geometry) != self.is_outside)
    }
}
