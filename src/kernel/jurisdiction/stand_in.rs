//! Stand-in.
use super::*;
/// x
#[derive(Debug, Clone, Copy)]
pub enum Overlaps {
    /// x
    Lowest,
    /// x
    Every,
}
/// x
#[derive(Debug, Clone, Copy)]
pub struct ShareRule {
    /// x
    pub tolerance: f64,
    /// x
    pub overlaps: Overlaps,
}
/// x
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JurisdictionShare {
    /// x
    pub rank: u32,
    /// x
    pub measure: f64,
    /// x
    pub share: f64,
}
/// x
#[derive(Debug, Clone)]
pub struct Shares {
    /// x
    pub whole: f64,
    /// x
    pub parts: Vec<JurisdictionShare>,
    /// x
    pub outside: f64,
    /// x
    pub slivers: u32,
    /// x
    pub dropped: f64,
}
impl JurisdictionIndex {
    /// x
    pub fn shares_of(&self, geometry: &Geometry<f64>, _rule: ShareRule) -> Shares {
        let ranks = self.ranks_touching(geometry);
        let n = ranks.len() as f64;
        Shares {
            whole: 1.0,
            parts: ranks
                .into_iter()
                .map(|rank| JurisdictionShare {
                    rank,
                    measure: 1.0,
                    share: 1.0 / n,
                })
                .collect(),
            outside: 0.0,
            slivers: 0,
            dropped: 0.0,
        }
    }
    /// x
    pub fn ranks_holding(&self, point: Point<f64>) -> Vec<u32> {
        self.ranks_touching(&Geometry::Point(point)).into_iter().collect()
    }
}
