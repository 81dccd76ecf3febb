//! Which jurisdictions hold a place.

use geo::Coord;

use super::bounds::Bounds;
use super::faces::Faces;

/// Ranks of the jurisdictions that hold a place, their borders included, in order and each once.
///
/// The meridians ±180 are one.
pub(super) fn holders_of(place: Coord<f64>, faces: &Faces) -> Vec<u32> {
    let mut holders = holders_at(place, faces);
    if place.x.abs() >= 180.0 {
        holders.extend(holders_at(
            Coord {
                x: -place.x,
                y: place.y,
            },
            faces,
        ));
        holders.sort_unstable();
    }
    holders.dedup();
    holders
}

fn holders_at(place: Coord<f64>, faces: &Faces) -> Vec<u32> {
    let near = faces.meeting(&Bounds::of([place])).into_iter();
    near.map(|face| faces.get(face))
        .filter(|face| {
            let found = face.surface.locate(place);
            found.turns.asking != 0 || found.is_on_border
        })
        .map(|face| face.owner)
        .collect()
}
