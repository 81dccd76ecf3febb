//! The shape of a level of the tree: how full its nodes are, and how much their boxes overlap.
//!
//! Pure.

use serde::Serialize;

/// A level of the tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelShape {
    /// Its nodes.
    pub nodes: u64,
    /// Rows of a node.
    pub rows: Spread,
    /// Mean rows of a node, of those of the fullest.
    pub fill: f64,
    /// Share of the area of its boxes that another box has, too: 0 where none overlap.
    pub overlap: f64,
    /// Their boxes `[xmin, ymin, xmax, ymax]` in the order of the rows, degrees.
    pub boxes: Vec<[f64; 4]>,
}

/// Least, median and greatest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Least.
    pub least: f64,
    /// Median, the lower one of two.
    pub median: f64,
    /// Greatest.
    pub greatest: f64,
}

/// The level of nodes with these boxes and rows; none where there is no node.
pub(super) fn level_of(boxes: Vec<[f64; 4]>, rows: &[usize]) -> Option<LevelShape> {
    let spread = spread_of(rows.iter().map(|rows| *rows as f64))?;
    let mean = rows.iter().sum::<usize>() as f64 / rows.len() as f64;
    Some(LevelShape {
        nodes: rows.len() as u64,
        rows: spread,
        fill: if spread.greatest > 0.0 {
            mean / spread.greatest
        } else {
            0.0
        },
        overlap: overlap_of(&boxes),
        boxes,
    })
}

/// Share of the boxes' area that another has, too, by pairs.
fn overlap_of(boxes: &[[f64; 4]]) -> f64 {
    let mut by_west: Vec<[f64; 4]> = boxes.to_vec();
    by_west.sort_by(|one, other| one[0].total_cmp(&other[0]));
    let total: f64 = by_west.iter().map(area).sum();
    let mut shared = 0.0;
    for (at, one) in by_west.iter().enumerate() {
        // Those that begin east of its end have nothing of it.
        for other in by_west[at + 1..].iter().take_while(|other| other[0] < one[2]) {
            let common = [
                one[0].max(other[0]),
                one[1].max(other[1]),
                one[2].min(other[2]),
                one[3].min(other[3]),
            ];
            shared += area(&common);
        }
    }
    if total > 0.0 { shared / total } else { 0.0 }
}

/// Square degrees of a box; none of one that is inside out.
fn area(bounds: &[f64; 4]) -> f64 {
    (bounds[2] - bounds[0]).max(0.0) * (bounds[3] - bounds[1]).max(0.0)
}

/// The box around all.
pub(super) fn around(boxes: &[[f64; 4]]) -> Option<[f64; 4]> {
    boxes.iter().copied().reduce(|all, next| {
        [
            all[0].min(next[0]),
            all[1].min(next[1]),
            all[2].max(next[2]),
            all[3].max(next[3]),
        ]
    })
}

/// Of some values; none where there is none.
pub(super) fn spread_of(values: impl Iterator<Item = f64>) -> Option<Spread> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    Some(Spread {
        least: *values.first()?,
        median: values[(values.len() - 1) / 2],
        greatest: *values.last()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_the_share_of_area_that_two_have() {
        let apart = [[0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 2.0, 1.0]];
        assert!(overlap_of(&apart).abs() < 1e-12, "they only touch");
        let halves = [[0.0, 0.0, 2.0, 1.0], [1.0, 0.0, 3.0, 1.0]];
        assert!(
            (overlap_of(&halves) - 0.25).abs() < 1e-12,
            "one of four square degrees"
        );
        assert!(overlap_of(&[[5.0; 4]; 3]).abs() < 1e-12, "points have no area");
    }
}
