//! What a set answers for points, many at a time. Pure.

use geo::Point;

use super::polygons::PolygonSet;
use crate::kernel::jurisdiction::JurisdictionIndex;

/// A set's answers, one for each point.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Rank of the jurisdiction among the set's codes.
    pub(super) ranks: Vec<Option<u32>>,
    /// Metres to it, 0 inside, of points that have one; empty unless the nearest was asked for.
    pub(super) metres: Vec<Option<f64>>,
}

impl Answers {
    /// Asks a set; points that no polygon holds get the nearest within so many metres, where that is asked for.
    pub(super) fn ask_set(&mut self, set: &PolygonSet, points: &[Point<f64>], nearest_m: Option<f64>) {
        ranks_of_points(&set.index, points, &mut self.ranks);
        self.metres.clear();
        let Some(nearest_m) = nearest_m else { return };
        for (point, rank) in points.iter().zip(&mut self.ranks) {
            let metres = if rank.is_some() {
                Some(0.0)
            } else {
                let near = set.index.nearest_rank(*point, nearest_m);
                *rank = near.map(|(rank, _)| rank);
                near.map(|(_, metres)| metres)
            };
            self.metres.push(metres);
        }
    }
}

/// Ranks of the jurisdictions that hold points; a point with a coordinate that is no number is in none.
fn ranks_of_points(index: &JurisdictionIndex, points: &[Point<f64>], ranks: &mut Vec<Option<u32>>) {
    ranks.clear();
    ranks.extend(points.iter().map(|point| index.rank_at(*point)));
}
