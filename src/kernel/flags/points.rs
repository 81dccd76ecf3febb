//! Facilities of one layer that stand at exactly the same point.

use std::collections::HashMap;

use geo::Rect;

use crate::feature::{FlagCode, RowFlag};

/// Flags of the rows whose point another row of the layer has too, in row order.
///
/// A row is told apart by its box: only a box without extent is a point.
///
/// ```
/// use cikr::kernel::flags;
/// use geo::{Rect, coord};
///
/// let here = Rect::new(coord! { x: -95.0, y: 35.0 }, coord! { x: -95.0, y: 35.0 });
/// let there = Rect::new(coord! { x: -95.0, y: 36.0 }, coord! { x: -95.0, y: 36.0 });
/// let flags = flags::flag_shared_points(&[here, there, here]);
/// assert_eq!(flags.iter().map(|flag| flag.index).collect::<Vec<_>>(), [0, 2]);
/// assert_eq!(flags[0].detail, "2 facilities");
/// ```
pub fn flag_shared_points(boxes: &[Rect<f64>]) -> Vec<RowFlag> {
    // To the last bit: what was geocoded to one address or one ZIP code has one point, and what differs in the last digit
    // is a neighbour.
    let mut facilities: HashMap<[u64; 2], u64> = HashMap::with_capacity(boxes.len());
    for place in boxes.iter().filter_map(point_bits) {
        *facilities.entry(place).or_default() += 1;
    }
    let mut flags = Vec::new();
    for (index, bounds) in boxes.iter().enumerate() {
        let Some(sharing) = point_bits(bounds).map(|place| facilities[&place]) else {
            continue;
        };
        if sharing > 1 {
            flags.push(RowFlag {
                index,
                field: "geometry".to_owned(),
                value: format!("POINT({} {})", bounds.min().x, bounds.min().y),
                code: FlagCode::SharedCoordinates,
                detail: format!("{sharing} facilities"),
            });
        }
    }
    flags
}

/// The bits of a point's coordinates; adding zero makes −0 and 0 the same.
fn point_bits(bounds: &Rect<f64>) -> Option<[u64; 2]> {
    let min = bounds.min();
    (min == bounds.max()).then(|| [(min.x + 0.0).to_bits(), (min.y + 0.0).to_bits()])
}

#[cfg(test)]
mod tests {
    use geo::coord;

    use super::*;

    #[test]
    fn only_exactly_the_same_point_is_shared() {
        let at = |x: f64, y: f64| Rect::new(coord! { x: x, y: y }, coord! { x: x, y: y });
        let line = Rect::new(coord! { x: 0.0, y: 0.0 }, coord! { x: 1.0, y: 1.0 });
        let boxes = [
            at(-0.0, 0.0),
            at(-95.0, 35.0),
            at(0.0, 0.0),
            at(-95.0, 35.000_000_000_1),
            line,
            line,
        ];
        let found: Vec<(usize, String)> = flag_shared_points(&boxes)
            .into_iter()
            .map(|f| (f.index, f.detail))
            .collect();
        assert_eq!(
            found,
            [(0, "2 facilities".to_owned()), (2, "2 facilities".to_owned())]
        );
    }
}
