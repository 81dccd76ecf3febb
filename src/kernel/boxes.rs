//! Boxes around boxes.
//!
//! Pure. A box is that of the plane, in degrees: what lies on both sides of the antimeridian has one as wide as the globe.

use geo::{Coord, Rect};

/// The box around all boxes; a point at zero where there is none.
///
/// ```
/// use cikr::kernel::boxes::box_around_all;
/// use geo::Rect;
///
/// let boxes = [Rect::new((0.0, 0.0), (1.0, 1.0)), Rect::new((3.0, -2.0), (4.0, 0.5))];
/// assert_eq!(box_around_all(&boxes), Rect::new((0.0, -2.0), (4.0, 1.0)));
/// ```
pub fn box_around_all(boxes: &[Rect<f64>]) -> Rect<f64> {
    let all = boxes.iter().copied().reduce(box_around_two);
    all.unwrap_or_else(|| Rect::new((0.0, 0.0), (0.0, 0.0)))
}

/// The box around two.
///
/// ```
/// use cikr::kernel::boxes::box_around_two;
/// use geo::Rect;
///
/// let one = Rect::new((0.0, 0.0), (1.0, 1.0));
/// let other = Rect::new((0.5, -2.0), (3.0, 0.0));
/// assert_eq!(box_around_two(one, other), Rect::new((0.0, -2.0), (3.0, 1.0)));
/// ```
pub fn box_around_two(one: Rect<f64>, other: Rect<f64>) -> Rect<f64> {
    let low = one.min();
    let high = one.max();
    Rect::new(
        Coord {
            x: low.x.min(other.min().x),
            y: low.y.min(other.min().y),
        },
        Coord {
            x: high.x.max(other.max().x),
            y: high.y.max(other.max().y),
        },
    )
}
