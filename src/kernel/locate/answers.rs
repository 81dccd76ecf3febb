//! What one polygon set answers for every row of a batch.
//!
//! Pure. Ranks in, ranks out: what they are called, `lists` knows.

use std::collections::{BTreeMap, BTreeSet};

use geo::{Geometry, Intersects, Point};

use super::context::{Gap, JoinSet};
use super::places::Places;
use super::slivers::{SLIVER, is_whole};
use crate::kernel::jurisdiction::{JurisdictionShare, Overlaps, ShareRule};
use crate::plan::GeometryKind;

/// What a set answers for every row: the rank found, and how far away it is where no polygon holds the row.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    /// The lowest that holds a point, the largest share of a line or an area.
    pub(super) ranks: Vec<Option<u32>>,
    /// Metres, by row; only rows outside every polygon are here.
    pub(super) away: BTreeMap<usize, f64>,
    /// Rows outside every polygon, but not surely outside one that can't be used.
    pub(super) missing: BTreeSet<usize>,
    /// Rows of which the rank doesn't tell all: what holds them or a part of them, the largest share first.
    pub(super) several: BTreeMap<usize, Vec<JurisdictionShare>>,
    /// Shares too small to be told.
    pub(super) slivers: u64,
    /// Points that several polygons hold, of a set whose polygons don't overlap: on a border.
    pub(super) ties: u64,
    /// Areas whose own rings cross too often for shares to be told.
    pub(super) tangled: BTreeSet<usize>,
}

impl Answers {
    /// Asks for every row.
    pub(super) fn of_set(places: &Places<'_>, set: &JoinSet) -> Self {
        let mut answers = Self::without_set(places.points.len());
        // All points at once, which is faster than one by one. This batch's thread alone: others have batches of their own.
        if places.kind == GeometryKind::Point && !set.plan.overlaps {
            set.index.fill_ranks(places.points, &mut answers.ranks);
        }
        for row in 0..places.points.len() {
            let is_held = match places.kind {
                GeometryKind::Point if set.plan.overlaps => answers.hold_point(row, places.points[row], set),
                GeometryKind::Point => answers.note_tie(row, places.points[row], set),
                GeometryKind::Line | GeometryKind::Polygon => {
                    answers.share_out(row, &places.geometries[row], set)
                }
            };
            if !is_held {
                answers.look_around(row, places.points[row], set);
            }
        }
        answers
    }

    pub(super) fn without_set(rows: usize) -> Self {
        Self {
            ranks: vec![None; rows],
            ..Self::default()
        }
    }

    /// Counts a point on a border, where the lowest code has it; tells whether any polygon holds it.
    fn note_tie(&mut self, row: usize, point: Point<f64>, set: &JoinSet) -> bool {
        let is_held = self.ranks[row].is_some();
        self.ties += u64::from(is_held && set.index.is_tied(point));
        is_held
    }

    /// Notes every polygon that holds a point; tells whether any does.
    fn hold_point(&mut self, row: usize, point: Point<f64>, set: &JoinSet) -> bool {
        let holding = set.index.ranks_holding(point);
        self.ranks[row] = holding.first().copied();
        let whole = holding.into_iter().map(|rank| JurisdictionShare {
            rank,
            measure: 0.0,
            share: 1.0,
        });
        let whole: Vec<JurisdictionShare> = whole.collect();
        let is_held = !whole.is_empty();
        if is_held {
            self.several.insert(row, whole);
        }
        is_held
    }

    /// Notes what holds parts of a line or an area; tells whether anything does.
    fn share_out(&mut self, row: usize, geometry: &Geometry<f64>, set: &JoinSet) -> bool {
        let rule = ShareRule {
            tolerance: SLIVER,
            overlaps: if set.plan.overlaps {
                Overlaps::Every
            } else {
                Overlaps::Lowest
            },
        };
        let surfaces = set.surfaces.as_ref();
        let surfaces = surfaces.expect("a run with lines or areas keeps the surfaces of its sets");
        let mut shares = surfaces.shares_of(geometry, rule);
        for part in &mut shares.parts {
            // What is wholly within may be more than all of it by rounding.
            part.share = part.share.min(1.0);
        }
        self.slivers += u64::from(shares.slivers);
        if shares.is_tangled {
            self.tangled.insert(row);
        }
        let Some(largest) = shares.parts.first() else {
            return false;
        };
        self.ranks[row] = Some(largest.rank);
        // A column tells the one that holds the whole row; of a set whose polygons overlap there is none.
        if shares.parts.len() > 1 || !is_whole(largest.share) || set.plan.overlaps {
            self.several.insert(row, shares.parts);
        }
        true
    }

    /// The nearest polygon to a row that none holds, or why none is named.
    fn look_around(&mut self, row: usize, point: Point<f64>, set: &JoinSet) {
        // A row that may be in a polygon which can't be used gets no neighbour's code in its place: null and flagged is
        // true, the next polygon's code would be a guess. A vague gap is as large as a state or the world, so that it
        // takes only the nearest code away, and says nothing of rows that are near to no polygon.
        let gap = gap_around(point, &set.gaps);
        if gap.is_some_and(|gap| !gap.is_vague) {
            self.missing.insert(row);
            return;
        }
        if set.plan.nearest_m <= 0.0 {
            return;
        }
        let Some((near, metres)) = set.index.nearest_rank(point, set.plan.nearest_m) else {
            return;
        };
        if gap.is_some() {
            self.missing.insert(row);
            return;
        }
        self.ranks[row] = Some(near);
        self.away.insert(row, metres);
    }

    /// Whether a row lies in its jurisdiction with a part alone.
    pub(super) fn is_in_part(&self, row: usize) -> bool {
        let held = self.several.get(&row);
        held.and_then(|held| held.first())
            .is_some_and(|largest| !is_whole(largest.share))
    }

    /// Ranks of all that hold a row or a part of it, or are nearest to it.
    pub(super) fn every_rank(&self, row: usize) -> impl Iterator<Item = u32> {
        let several = self.several.get(&row).into_iter().flatten();
        several.map(|part| part.rank).chain(self.ranks[row])
    }
}

/// The gap that a point lies in, one that is not vague before others.
fn gap_around(point: Point<f64>, gaps: &[Gap]) -> Option<&Gap> {
    gaps.iter()
        .filter(|gap| gap.bounds.intersects(&point))
        .min_by_key(|gap| gap.is_vague)
}
