//! Boxes of tiles and collections, and how they are drawn.
//!
//! Pure.

use geo::{Geometry, Line, LineString, Point, Polygon, Rect, coord};

/// Box around all boxes; none where there is none.
pub(super) fn union_extent(extents: impl Iterator<Item = Rect<f64>>) -> Option<Rect<f64>> {
    extents.reduce(|a, b| {
        Rect::new(
            coord! {x: a.min().x.min(b.min().x), y: a.min().y.min(b.min().y)},
            coord! {x: a.max().x.max(b.max().x), y: a.max().y.max(b.max().y)},
        )
    })
}

/// `[west, south, east, north]`; the world for a collection without tiles, since STAC wants a box.
pub(super) fn bbox_or_world(extent: Option<Rect<f64>>) -> [f64; 4] {
    extent.map_or([-180.0, -90.0, 180.0, 90.0], |e| {
        [e.min().x, e.min().y, e.max().x, e.max().y]
    })
}

/// Outline of a tile. A tile of one facility, or of facilities in a row, has no area, and a polygon
/// without area is invalid: such a tile is a point or a line.
pub(super) fn footprint(extent: Rect<f64>) -> Geometry<f64> {
    match (extent.width() > 0.0, extent.height() > 0.0) {
        (true, true) => Geometry::Polygon(Polygon::from(extent)),
        (false, false) => Geometry::Point(Point::from(extent.min())),
        _ => Geometry::LineString(LineString::from(Line::new(extent.min(), extent.max()))),
    }
}
