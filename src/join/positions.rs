//! Where the rows of a batch are: a point each, and whatever geometry is more than that.
//!
//! Pure but for PROJ, which is handed in. Points of plain WKB, which nearly all rows are, go straight from bytes to a
//! point; all else goes the way that a run's rows go (`kernel::shapes`).

use std::collections::BTreeMap;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{Array, BinaryArray};
use geo::{Geometry, Point};

use crate::feature::{Crs, Defect, RejectReason, Reproject};
use crate::kernel::geometry::{plain_point, representative_point};
use crate::kernel::shapes;

/// What stands for a row that is nowhere: no polygon holds it, and none is near.
const NOWHERE: Point<f64> = Point(geo::Coord {
    x: f64::NAN,
    y: f64::NAN,
});

/// The rows of a batch.
#[derive(Debug, Default)]
pub(super) struct Positions {
    /// A point of every row in OGC:CRS84, the representative one of lines and surfaces; NaN of a row that has none.
    pub(super) points: Vec<Point<f64>>,
    /// Geometries that aren't the point alone, by row, in order.
    pub(super) shapes: Vec<(usize, Geometry<f64>)>,
    /// Rows that can't be placed, each once, in order.
    pub(super) defects: Vec<Defect>,
}

impl Positions {
    /// Of a column of WKB in `crs`; rows with a defect already are nowhere, whatever their geometry.
    pub(super) fn of_batch(
        geometry: &BinaryArray,
        crs: &Crs,
        transform: Option<&dyn Reproject>,
        known: &[Defect],
    ) -> Self {
        let mut positions = Self::default();
        let rest = match transform {
            None => positions.take_plain_points((0..geometry.len()).map(|row| value_of(geometry, row))),
            // What is to be projected goes to PROJ together.
            Some(_) => positions.take_none(geometry.len()),
        };
        positions.take_others(&rest, |row| value_of(geometry, row), crs, transform);
        positions.leave_out(known);
        positions
    }

    /// Whether a row has a place.
    pub(super) fn is_somewhere(&self, row: usize) -> bool {
        !self.points[row].x().is_nan()
    }

    /// Rows in rising order, some of them several times, as rows of their own.
    pub(super) fn repeat_rows(self, rows: &[usize]) -> Self {
        let mut repeated = Self::default();
        let mut shapes = self.shapes.iter().peekable();
        let mut defects = self.defects.iter().peekable();
        for (at, row) in rows.iter().enumerate() {
            repeated.points.push(self.points[*row]);
            while shapes.next_if(|(other, _)| other < row).is_some() {}
            if let Some((_, shape)) = shapes.peek().filter(|(other, _)| other == row) {
                repeated.shapes.push((at, shape.clone()));
            }
            while defects.next_if(|defect| defect.index < *row).is_some() {}
            if let Some(defect) = defects.peek().filter(|defect| defect.index == *row) {
                repeated.defects.push(Defect {
                    index: at,
                    ..(*defect).clone()
                });
            }
        }
        repeated
    }

    /// Forgets all rows, and keeps the memory.
    pub(super) fn forget_rows(&mut self) {
        self.points.clear();
        self.shapes.clear();
        self.defects.clear();
    }

    /// Has so many rows, all of them nowhere yet; gives all of them.
    pub(super) fn take_none(&mut self, rows: usize) -> Vec<usize> {
        self.points.clear();
        self.points.resize(rows, NOWHERE);
        (0..rows).collect()
    }

    /// Puts in what are points of plain WKB on the globe; gives the rows that are not.
    #[inline]
    pub(super) fn take_plain_points<'a>(
        &mut self,
        rows: impl ExactSizeIterator<Item = Option<&'a [u8]>>,
    ) -> Vec<usize> {
        let mut rest = Vec::new();
        self.points.clear();
        self.points.reserve(rows.len());
        for (row, wkb) in rows.enumerate() {
            let place = wkb.and_then(plain_point);
            let point = match place {
                Some([x, y]) if x.abs() <= 180.0 && y.abs() <= 90.0 => Point::new(x, y),
                _ => {
                    rest.push(row);
                    NOWHERE
                }
            };
            self.points.push(point);
        }
        rest
    }

    /// Puts in the rows that are no plain points.
    pub(super) fn take_others<'a>(
        &mut self,
        rows: &[usize],
        value: impl Fn(usize) -> Option<&'a [u8]>,
        crs: &Crs,
        transform: Option<&dyn Reproject>,
    ) {
        if rows.is_empty() {
            return;
        }
        let mut others = BinaryBuilder::with_capacity(rows.len(), rows.len() * 32);
        for row in rows {
            others.append_option(value(*row));
        }
        let prepared = shapes::prepare_any(&others.finish(), crs, transform);
        for (at, shape) in prepared.shapes.into_iter().enumerate() {
            let Some(shape) = shape else { continue };
            if let Some(point) = representative_point(&shape) {
                self.points[rows[at]] = point;
            }
            if !matches!(shape, Geometry::Point(_)) {
                self.shapes.push((rows[at], shape));
            }
        }
        self.defects = prepared.defects;
        for defect in &mut self.defects {
            defect.index = rows[defect.index];
        }
    }

    /// Has rows nowhere that the reader found unusable, and its reason before any of ours.
    fn leave_out(&mut self, known: &[Defect]) {
        if known.is_empty() {
            return;
        }
        let mut by_row: BTreeMap<usize, Defect> = BTreeMap::new();
        for defect in known.iter().chain(&self.defects) {
            by_row.entry(defect.index).or_insert_with(|| defect.clone());
        }
        for row in by_row.keys() {
            self.points[*row] = NOWHERE;
        }
        self.shapes.retain(|(row, _)| !by_row.contains_key(row));
        self.defects = by_row.into_values().collect();
    }
}

fn value_of(geometry: &BinaryArray, row: usize) -> Option<&[u8]> {
    geometry.is_valid(row).then(|| geometry.value(row))
}

/// Whether nothing of the record can be used, so that its values may stand in wrong columns.
pub(super) fn is_broken_record(defect: &Defect) -> bool {
    defect.field == "record"
        || matches!(
            defect.reason,
            RejectReason::MalformedRecord | RejectReason::RecordTooLong
        )
}

#[cfg(test)]
mod tests {
    use geo::wkt;

    use super::*;
    use crate::kernel::geometry::encode;

    fn wkb(shape: &Geometry<f64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(shape, &mut bytes);
        bytes
    }

    #[test]
    fn rows_of_all_kinds_keep_their_places() {
        let point = wkb(&wkt!(POINT(1. 2.)).into());
        let line = wkb(&wkt!(LINESTRING(0. 0.,4. 0.,8. 0.)).into());
        let beyond = wkb(&wkt!(POINT(500. 2.)).into());
        let rows = BinaryArray::from_iter([Some(&point), None, Some(&line), Some(&beyond), Some(&point)]);
        let known = Defect {
            index: 4,
            field: "record".to_owned(),
            value: String::new(),
            reason: RejectReason::MalformedRecord,
        };
        let positions = Positions::of_batch(&rows, &Crs::Crs84, None, std::slice::from_ref(&known));
        assert_eq!(positions.points[0], Point::new(1.0, 2.0));
        assert_eq!(positions.points[2], Point::new(4.0, 0.0));
        assert!([1, 3, 4].iter().all(|row| positions.points[*row].x().is_nan()));
        assert_eq!(positions.shapes.len(), 1);
        let told: Vec<_> = positions
            .defects
            .iter()
            .map(|defect| (defect.index, defect.reason))
            .collect();
        let expected = [
            (1, RejectReason::NullGeometry),
            (3, RejectReason::OutOfRange),
            (4, RejectReason::MalformedRecord),
        ];
        assert_eq!(told, expected);
        assert!(is_broken_record(&known));
    }
}
