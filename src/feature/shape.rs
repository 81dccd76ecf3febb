//! Of which kind of geometry a file is, for formats that want one kind alone.
//!
//! LEAF. Knows the first bytes of little-endian ISO WKB, as tiles have it, and no coordinate.

use std::borrow::Cow;

/// Bytes of WKB before its content: byte order and type.
const HEADER: usize = 5;

/// The kind of geometry of a layer as other tools have it: single and multiple parts are one kind, of which a file that
/// must have one takes the multiple.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One point each.
    Point,
    /// Any number of points.
    MultiPoint,
    /// Any number of lines.
    MultiLineString,
    /// Any number of polygons.
    MultiPolygon,
    /// Several of these.
    Mixed,
}

impl Shape {
    /// Of the geometry types that GeoParquet names; without any, points.
    ///
    /// ```
    /// use cikr::feature::Shape;
    ///
    /// assert_eq!(Shape::of_types(["LineString", "MultiLineString"]), Shape::MultiLineString);
    /// assert_eq!(Shape::of_types(["Point"]), Shape::Point);
    /// assert_eq!(Shape::of_types(["Point", "Polygon"]), Shape::Mixed);
    /// ```
    pub fn of_types<'a>(types: impl IntoIterator<Item = &'a str>) -> Self {
        let shapes = types.into_iter().map(Self::of_type);
        shapes.reduce(Self::joined_with).unwrap_or(Self::Point)
    }

    fn of_type(name: &str) -> Self {
        match name {
            "Point" => Self::Point,
            "MultiPoint" => Self::MultiPoint,
            "LineString" | "MultiLineString" => Self::MultiLineString,
            "Polygon" | "MultiPolygon" => Self::MultiPolygon,
            _ => Self::Mixed,
        }
    }

    fn joined_with(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Point, Self::MultiPoint) | (Self::MultiPoint, Self::Point) => Self::MultiPoint,
            _ => Self::Mixed,
        }
    }

    /// A geometry as this kind has it: one part becomes many of one.
    ///
    /// ```
    /// use cikr::feature::Shape;
    ///
    /// let point = [&[1, 1, 0, 0, 0][..], &[0; 16]].concat();
    /// assert_eq!(Shape::Point.fit(&point).as_ref(), point);
    /// let many = Shape::MultiPoint.fit(&point);
    /// assert_eq!((&many[..9], &many[9..]), (&[1, 4, 0, 0, 0, 1, 0, 0, 0][..], &point[..]));
    /// ```
    pub fn fit(self, wkb: &[u8]) -> Cow<'_, [u8]> {
        let is_many = matches!(
            self,
            Self::MultiPoint | Self::MultiLineString | Self::MultiPolygon
        );
        match wkb.get(..HEADER) {
            Some([1, kind @ 1..=3, 0, 0, 0]) if is_many => {
                let mut many = Vec::with_capacity(wkb.len() + HEADER + 4);
                // Points, lines and polygons are 1 to 3, many of them 4 to 6.
                many.extend([1, kind + 3, 0, 0, 0]);
                many.extend(1u32.to_le_bytes());
                many.extend(wkb);
                Cow::Owned(many)
            }
            _ => Cow::Borrowed(wkb),
        }
    }
}
