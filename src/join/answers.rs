//! What a set answers for points, many at a time. Pure.

use geo::Point;

use super::asked::Detail;
use super::polygons::PolygonSet;
use crate::kernel::jurisdiction::JurisdictionIndex;

/// A set's answers, one for each point.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Rank of the jurisdiction among the set's codes.
    pub(super) ranks: Vec<Option<u32>>,
    /// Metres to it, 0 inside, or its share of the row; empty where neither was asked for.
    pub(super) measures: Vec<Option<f64>>,
}

impl Answers {
    /// Asks a set; points that no polygon holds get the nearest within so many metres, where that is asked for. Shares are
    /// for `shares` to ask, who has the lines.
    pub(super) fn ask_set(&mut self, set: &PolygonSet, points: &[Point<f64>], detail: Detail) {
        ranks_of_points(&set.index, points, &mut self.ranks);
        self.measures.clear();
        let Detail::Nearest(nearest_m) = detail else {
            return;
        };
        for (point, rank) in points.iter().zip(&mut self.ranks) {
            let metres = if rank.is_some() {
                Some(0.0)
            } else {
                let near = set.index.nearest_rank(*point, nearest_m);
                *rank = near.map(|(rank, _)| rank);
                near.map(|(_, metres)| metres)
            };
            self.measures.push(metres);
        }
    }
}

/// Ranks of the jurisdictions that hold points; a point with a coordinate that is no number is in none.
fn ranks_of_points(index: &JurisdictionIndex, points: &[Point<f64>], ranks: &mut Vec<Option<u32>>) {
    // On this thread alone: batches are asked for side by side.
    ranks.clear();
    ranks.resize(points.len(), None);
    index.fill_ranks(points, ranks);
}
