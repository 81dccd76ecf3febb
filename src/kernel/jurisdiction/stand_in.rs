//! Stand-in.
use super::*;

impl JurisdictionIndex {
    /// Ranks of all that hold a point.
    pub fn ranks_holding(&self, point: Point<f64>) -> Vec<u32> {
        self.ranks_touching(&Geometry::Point(point)).into_iter().collect()
    }
}
