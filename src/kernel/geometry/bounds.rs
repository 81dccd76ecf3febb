//! The exact box of a geometry, straight from its WKB.
//!
//! For what [`super::encode`] wrote (little-endian, two-dimensional, whole): nothing is allocated, so that a tile's rows
//! need not carry their boxes along.

use geo::{Coord, Rect};

/// Bytes of a header: byte order and type.
const HEADER_BYTES: usize = 5;
/// Bytes of a coordinate.
const COORDINATE_BYTES: usize = 16;

/// The bounding box of a geometry; none where there is no point, or the bytes are not as `encode` writes them.
///
/// ```
/// use cikr::kernel::geometry::{encode, wkb_bounds};
/// use geo::{Rect, line_string};
///
/// let mut wkb = Vec::new();
/// encode(&line_string![(x: -97.5, y: 30.25), (x: -95.0, y: 31.0)].into(), &mut wkb);
/// assert_eq!(wkb_bounds(&wkb), Some(Rect::new((-97.5, 30.25), (-95.0, 31.0))));
/// assert_eq!(wkb_bounds(&wkb[..20]), None, "cut short");
/// ```
pub fn wkb_bounds(wkb: &[u8]) -> Option<Rect<f64>> {
    let mut scan = Scan {
        bytes: wkb,
        low: [f64::INFINITY; 2],
        high: [f64::NEG_INFINITY; 2],
    };
    scan.take_geometry()?;
    let [west, south] = scan.low;
    let [east, north] = scan.high;
    (west <= east && south <= north)
        .then(|| Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north }))
}

/// Bytes yet to be read, and the corners of what was.
struct Scan<'a> {
    bytes: &'a [u8],
    low: [f64; 2],
    high: [f64; 2],
}

impl Scan<'_> {
    fn take_geometry(&mut self) -> Option<()> {
        let (header, rest) = self.bytes.split_at_checked(HEADER_BYTES)?;
        self.bytes = rest;
        match header[1] {
            1 => self.take_coordinates(1),
            2 => self.take_line(),
            3 => (0..self.take_count()?).try_for_each(|_| self.take_line()),
            4..=6 => (0..self.take_count()?).try_for_each(|_| self.take_geometry()),
            _ => None,
        }
    }

    fn take_line(&mut self) -> Option<()> {
        let count = self.take_count()?;
        self.take_coordinates(count)
    }

    fn take_count(&mut self) -> Option<usize> {
        let (head, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        usize::try_from(u32::from_le_bytes(*head)).ok()
    }

    fn take_coordinates(&mut self, count: usize) -> Option<()> {
        let (coordinates, rest) = self
            .bytes
            .split_at_checked(count.checked_mul(COORDINATE_BYTES)?)?;
        self.bytes = rest;
        for ordinates in coordinates.as_chunks::<8>().0.as_chunks::<2>().0 {
            for (axis, bytes) in ordinates.iter().enumerate() {
                let value = f64::from_le_bytes(*bytes);
                // Both pass over NaN: where there is nothing else, the box stays inside out, and is none.
                self.low[axis] = self.low[axis].min(value);
                self.high[axis] = self.high[axis].max(value);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use geo::{BoundingRect, Geometry, wkt};

    use super::super::encode;
    use super::wkb_bounds;

    #[test]
    fn a_box_is_that_of_the_decoded_geometry() {
        let geometries: Vec<Geometry<f64>> = vec![
            wkt!(POINT(-97.5 30.25)).into(),
            wkt!(LINESTRING(0. 0.,1. 2.,-3. 4.)).into(),
            wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 0.),(4. 1.,6. 1.,6. 2.,4. 1.))).into(),
            wkt!(MULTIPOINT(1. 2.,3. 4.)).into(),
            wkt!(MULTILINESTRING((0. 0.,1. 1.),(2. 2.,3. -4.))).into(),
            wkt!(MULTIPOLYGON(((0. 0.,1. 0.,0. 1.,0. 0.)),((5. 5.,9. 5.,5. 9.,5. 5.)))).into(),
        ];
        for geometry in geometries {
            let mut wkb = Vec::new();
            encode(&geometry, &mut wkb);
            assert_eq!(wkb_bounds(&wkb), geometry.bounding_rect(), "{geometry:?}");
            assert_eq!(wkb_bounds(&wkb[..wkb.len() - 1]), None, "{geometry:?} cut short");
        }
        assert_eq!(wkb_bounds(&[]), None);
    }
}
