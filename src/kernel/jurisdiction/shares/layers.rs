//! To whom a place counts that several polygons hold.

use super::faces::Faces;
use super::tally::Tally;

/// A polygon over a place.
pub(super) struct Layer {
    pub(super) face: u32,
    /// How often its border turns around the place: 1 where it holds it, 0 where not.
    pub(super) turns: i32,
}

/// Adds an area to the sums of those that hold it; the layers are in the order of the polygons.
///
/// A layer leaves to those that overlap it one less its turns. So each sum is linear in every layer, and slivers that
/// rounding has turned over, with turns of −1, take away what they have added. Only polygons that are known to overlap
/// heed each other, be it within rounding: what holds along one border must hold along all.
pub(super) fn add_layers(layers: &[Layer], area: f64, faces: &Faces, tally: &mut Tally) {
    for (layer, at) in layers.iter().zip(0..) {
        if layer.turns == 0 {
            continue;
        }
        let owner = faces.get(layer.face).owner;
        let overlapping = faces.overlapping(layer.face);
        let mut left = layer.turns;
        let mut left_to_owner = layer.turns;
        if !overlapping.is_empty() {
            for earlier in &layers[..at] {
                if overlapping.binary_search(&earlier.face).is_err() {
                    continue;
                }
                left *= 1 - earlier.turns;
                if faces.get(earlier.face).owner == owner {
                    left_to_owner *= 1 - earlier.turns;
                }
            }
        }
        tally.add_part(owner, f64::from(left) * area, f64::from(left_to_owner) * area);
    }
}
