//! What the geometries of a file have in common: their family, and how far they reach.
//!
//! Pure. Looks at the first position of each alone; that tells degrees from metres.

use std::collections::BTreeMap;

use crate::plan::GeometryKind;

/// Families seen, and where the first positions are.
#[derive(Debug, Default)]
pub(super) struct GeometryTally {
    families: BTreeMap<u32, u64>,
    degrees: Positions,
    others: Positions,
    /// Of the others, those that would be degrees with x and y exchanged.
    exchanged: u64,
}

/// How many positions, and the box around them: west, south, east, north.
#[derive(Debug, Default)]
struct Positions {
    count: u64,
    extent: Option<[f64; 4]>,
}

/// Types of WKB (OGC 06-103r4).
const POINT: u32 = 1;
const LINE_STRING: u32 = 2;
const POLYGON: u32 = 3;
const MULTI_POINT: u32 = 4;
const MULTI_LINE_STRING: u32 = 5;
const MULTI_POLYGON: u32 = 6;
const GEOMETRY_COLLECTION: u32 = 7;

/// Deepest nesting of multi geometries that is followed.
const DEEPEST: usize = 4;

impl GeometryTally {
    /// Takes a geometry into account, little-endian WKB, as every reader gives it; gives its first position.
    pub(super) fn note_geometry(&mut self, wkb: &[u8]) -> Option<(f64, f64)> {
        *self.families.entry(read_u32(wkb, 1)?).or_default() += 1;
        let (x, y) = first_position(wkb, DEEPEST).filter(|(x, y)| x.is_finite() && y.is_finite())?;
        self.place_position(x, y);
        Some((x, y))
    }

    /// Takes a point into account.
    pub(super) fn note_position(&mut self, x: f64, y: f64) {
        *self.families.entry(POINT).or_default() += 1;
        self.place_position(x, y);
    }

    fn place_position(&mut self, x: f64, y: f64) {
        if !is_beyond([x, y, x, y]) {
            return self.degrees.add(x, y);
        }
        self.others.add(x, y);
        self.exchanged += u64::from(!is_beyond([y, x, y, x]));
    }

    /// Positions that are like most, the others being defects.
    pub(super) fn count(&self) -> u64 {
        self.degrees.count.max(self.others.count)
    }

    /// The families with their counts, the most frequent first.
    pub(super) fn families(&self) -> Vec<(GeometryKind, u64)> {
        let mut kinds = vec![
            (GeometryKind::Point, self.count_of([POINT, MULTI_POINT])),
            (
                GeometryKind::Line,
                self.count_of([LINE_STRING, MULTI_LINE_STRING]),
            ),
            (GeometryKind::Polygon, self.count_of([POLYGON, MULTI_POLYGON])),
        ];
        kinds.retain(|(_, count)| *count > 0);
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        kinds
    }

    fn count_of(&self, types: [u32; 2]) -> u64 {
        types.iter().filter_map(|kind| self.families.get(kind)).sum()
    }

    /// Whether most positions can't be a longitude and a latitude; a few are defects.
    pub(super) fn is_beyond_degrees(&self) -> bool {
        self.others.count > self.degrees.count
    }

    /// Whether all that can't be degrees would be with x and y exchanged, and that is most.
    pub(super) fn are_exchanged(&self) -> bool {
        self.is_beyond_degrees() && self.exchanged == self.others.count
    }

    /// The box around those positions that are like most: west, south, east, north.
    pub(super) fn extent(&self) -> Option<[f64; 4]> {
        if self.is_beyond_degrees() {
            self.others.extent
        } else {
            self.degrees.extent
        }
    }
}

impl Positions {
    fn add(&mut self, x: f64, y: f64) {
        let [west, south, east, north] = self.extent.unwrap_or([x, y, x, y]);
        self.extent = Some([west.min(x), south.min(y), east.max(x), north.max(y)]);
        self.count += 1;
    }
}

/// The first position of a geometry.
pub(super) fn finite_position(wkb: &[u8]) -> Option<(f64, f64)> {
    first_position(wkb, DEEPEST).filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// The position of a point or of a single point in many.
pub(super) fn point_position(wkb: &[u8]) -> Option<(f64, f64)> {
    let is_point = matches!(read_u32(wkb, 1)?, POINT | MULTI_POINT);
    finite_position(wkb).filter(|_| is_point)
}

/// Whether a box reaches beyond ±180 or ±90.
pub(super) fn is_beyond([west, south, east, north]: [f64; 4]) -> bool {
    west < -180.0 || east > 180.0 || south < -90.0 || north > 90.0
}

fn first_position(wkb: &[u8], deepest: usize) -> Option<(f64, f64)> {
    // Coordinates of a point follow byte order and type (5 bytes), those of a line its count of points (4 more),
    // those of a polygon also the count of its rings; a collection begins with a geometry of its own, header and
    // all.
    let at = match read_u32(wkb, 1)? {
        POINT => 5,
        LINE_STRING => 9,
        POLYGON => 13,
        MULTI_POINT..=GEOMETRY_COLLECTION if deepest > 0 => {
            return first_position(wkb.get(9..)?, deepest - 1);
        }
        _ => return None,
    };
    Some((read_f64(wkb, at)?, read_f64(wkb, at + 8)?))
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn read_f64(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use geo::{Geometry, LineString, MultiPolygon, Point, polygon};
    use wkb::writer::{WriteOptions, write_geometry};

    use super::*;

    fn shapes(geometries: Vec<Geometry>) -> GeometryTally {
        let mut shapes = GeometryTally::default();
        for geometry in geometries {
            let mut wkb = Vec::new();
            write_geometry(&mut wkb, &geometry, &WriteOptions::default()).unwrap();
            shapes.note_geometry(&wkb);
        }
        shapes
    }

    #[test]
    fn families_are_counted_and_positions_bounded() {
        let area = polygon![(x: 10.0, y: 20.0), (x: 11.0, y: 20.0), (x: 11.0, y: 21.0)];
        let seen = shapes(vec![
            Geometry::MultiPolygon(MultiPolygon(vec![area.clone()])),
            Geometry::Polygon(area),
            Geometry::LineString(LineString::from(vec![(-5.0, 3.0), (0.0, 0.0)])),
        ]);
        assert_eq!(
            seen.families(),
            [(GeometryKind::Polygon, 2), (GeometryKind::Line, 1)]
        );
        assert_eq!(seen.extent(), Some([-5.0, 3.0, 10.0, 20.0]));
        assert!(!seen.is_beyond_degrees());
    }

    #[test]
    fn metres_are_beyond_degrees() {
        let metres = shapes(vec![Geometry::Point(Point::new(-13_318_894.0, 4_346_975.0))]);
        assert!(metres.is_beyond_degrees() && !metres.are_exchanged());
        let swapped = Geometry::Point(Point::new(40.0, -95.0));
        assert!(shapes(vec![swapped.clone()]).is_beyond_degrees());
        assert!(shapes(vec![swapped.clone()]).are_exchanged());
        let good = Geometry::Point(Point::new(-95.0, 40.0));
        let mostly = shapes(vec![good.clone(), swapped, good]);
        assert!(!mostly.is_beyond_degrees(), "a defect is no CRS");
        assert_eq!(mostly.extent(), Some([-95.0, 40.0, -95.0, 40.0]));
    }

    #[test]
    fn broken_bytes_are_passed_over() {
        let mut shapes = GeometryTally::default();
        shapes.note_geometry(&[1, 1, 0, 0, 0, 9]);
        shapes.note_geometry(&[]);
        assert_eq!(shapes.extent(), None);
    }
}
