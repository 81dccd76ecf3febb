//! Many geometries into OGC:CRS84 in one call.
//!
//! A call into PROJ costs more than a point, and one bad point fails a whole call: so coordinates
//! travel in two slices, and a call that fails is halved until the guilty geometry stands alone.

use std::cell::Cell;
use std::ops::Range;

use geo::{CoordsIter, Geometry, MapCoordsInPlace};

use crate::feature::{RejectReason, Reproject};

/// Takes geometries into OGC:CRS84, in place, and says which could not be taken, by index.
///
/// A geometry with a coordinate that isn't finite (`NotANumber`) or outside the CRS's domain
/// (`OutOfRange`) becomes `None`; the others don't suffer from it. Nulls stay nulls.
///
/// ```
/// use cikr::feature::{RejectReason, Reproject};
/// use cikr::kernel::geometry::reproject;
/// use geo::{Geometry, point};
///
/// /// Hundredths of a degree, up to the poles.
/// struct Hundredths;
///
/// impl Reproject for Hundredths {
///     fn to_crs84(&self, x: &mut [f64], y: &mut [f64]) -> Result<(), String> {
///         if y.iter().any(|y| y.abs() > 9_000.0) {
///             return Err("beyond a pole".to_owned());
///         }
///         x.iter_mut().chain(y).for_each(|ordinate| *ordinate /= 100.0);
///         Ok(())
///     }
/// }
///
/// let houston: Geometry<f64> = point! { x: -9_540.0, y: 2_980.0 }.into();
/// let nowhere: Geometry<f64> = point! { x: 0.0, y: 10_000.0 }.into();
/// let mut geometries = [Some(houston), Some(nowhere)];
/// let failed = reproject(&mut geometries, &Hundredths);
/// assert_eq!(failed, [(1, RejectReason::OutOfRange)]);
/// assert_eq!(geometries, [Some(point! { x: -95.4, y: 29.8 }.into()), None]);
/// ```
pub fn reproject(
    geometries: &mut [Option<Geometry<f64>>],
    with: &dyn Reproject,
) -> Vec<(usize, RejectReason)> {
    let mut failed = Vec::new();
    for (index, slot) in geometries.iter_mut().enumerate() {
        if slot.as_ref().is_some_and(|g| !is_finite(g)) {
            *slot = None;
            failed.push((index, RejectReason::NotANumber));
        }
    }
    transform_range(geometries, 0..geometries.len(), with, &mut failed);
    failed.sort_unstable();
    failed
}

/// Transforms the geometries of `range`, halving it when the call fails.
fn transform_range(
    geometries: &mut [Option<Geometry<f64>>],
    range: Range<usize>,
    with: &dyn Reproject,
    failed: &mut Vec<(usize, RejectReason)>,
) {
    // Copies: a call that fails may have transformed some of its coordinates already, and says nothing of which.
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = geometries[range.clone()]
        .iter()
        .flatten()
        .flat_map(CoordsIter::coords_iter)
        .map(|c| (c.x, c.y))
        .unzip();
    if x.is_empty() {
        return;
    }
    if with.to_crs84(&mut x, &mut y).is_ok() {
        return write_back(geometries, range, (&x, &y), failed);
    }
    if range.len() == 1 {
        geometries[range.start] = None;
        failed.push((range.start, RejectReason::OutOfRange));
        return;
    }
    let middle = range.start + range.len() / 2;
    transform_range(geometries, range.start..middle, with, failed);
    transform_range(geometries, middle..range.end, with, failed);
}

/// Puts transformed coordinates back in the order they were taken.
fn write_back(
    geometries: &mut [Option<Geometry<f64>>],
    range: Range<usize>,
    (x, y): (&[f64], &[f64]),
    failed: &mut Vec<(usize, RejectReason)>,
) {
    let at = Cell::new(0);
    for index in range {
        let Some(geometry) = &mut geometries[index] else {
            continue;
        };
        geometry.map_coords_in_place(|_| {
            let i = at.replace(at.get() + 1);
            geo::Coord { x: x[i], y: y[i] }
        });
        if !is_finite(geometry) {
            geometries[index] = None;
            failed.push((index, RejectReason::OutOfRange));
        }
    }
}

fn is_finite(geometry: &Geometry<f64>) -> bool {
    geometry.coords_iter().all(|c| c.x.is_finite() && c.y.is_finite())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use geo::{Geometry, wkt};

    use super::reproject;
    use crate::feature::{RejectReason, Reproject};

    /// Swaps and halves; fails the whole call, half-way through its work, on any |x| over
    /// 1,000; sends the seventies to infinity.
    struct Strict(Cell<usize>);

    impl Reproject for Strict {
        fn to_crs84(&self, x: &mut [f64], y: &mut [f64]) -> Result<(), String> {
            self.0.set(self.0.get() + 1);
            for (x, y) in x.iter_mut().zip(y) {
                if x.abs() > 1000.0 {
                    return Err("outside the domain".to_owned());
                }
                (*x, *y) = if (70.0..80.0).contains(x) {
                    (f64::INFINITY, 0.0)
                } else {
                    (*y / 2.0, *x / 2.0)
                };
            }
            Ok(())
        }
    }

    #[test]
    fn good_geometries_do_not_suffer_from_bad_ones() {
        let mut geometries: Vec<Option<Geometry<f64>>> = vec![
            Some(wkt!(POINT(2. 4.)).into()),
            Some(geo::Point::new(f64::NAN, 0.0).into()),
            None,
            Some(wkt!(LINESTRING(0. 0.,5000. 1.)).into()),
            Some(wkt!(POLYGON((0. 0.,8. 0.,8. 6.,0. 0.),(4. 1.,6. 1.,6. 2.,4. 1.))).into()),
            Some(wkt!(POINT(77. 0.)).into()),
            Some(wkt!(MULTIPOINT(2. 4.,6. 8.)).into()),
        ];
        let failed = reproject(&mut geometries, &Strict(Cell::new(0)));
        assert_eq!(
            failed,
            [
                (1, RejectReason::NotANumber),
                (3, RejectReason::OutOfRange),
                (5, RejectReason::OutOfRange)
            ]
        );
        assert_eq!(geometries[0], Some(wkt!(POINT(2. 1.)).into()));
        assert_eq!(
            geometries[4],
            Some(wkt!(POLYGON((0. 0.,0. 4.,3. 4.,0. 0.),(0.5 2.,0.5 3.,1. 3.,0.5 2.))).into())
        );
        assert_eq!(geometries[6], Some(wkt!(MULTIPOINT(2. 1.,4. 3.)).into()));
        assert!([1, 2, 3, 5].iter().all(|i| geometries[*i].is_none()));
    }

    #[test]
    fn good_geometries_travel_in_one_call() {
        let mut geometries: Vec<Option<Geometry<f64>>> = vec![Some(wkt!(POINT(1. 1.)).into()); 500];
        let strict = Strict(Cell::new(0));
        assert!(reproject(&mut geometries, &strict).is_empty());
        assert_eq!(strict.0.get(), 1);
    }
}
