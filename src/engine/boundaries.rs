//! Reads polygon sets and indexes them, all sets in parallel.

use std::collections::BTreeMap;

use geo::Rect;
use rayon::prelude::*;

use super::EngineError;
use super::gaps;
use super::jurisdictions::list_jurisdictions;
use super::kept_sets::{KeptSets, SetAtHand, recall_set, set_at_hand};
use super::polygon_set::{PolygonSet, Unusable, read_set};
use crate::feature::release::product_names;
use crate::feature::{Jurisdiction, Landed, Outline};
use crate::kernel::geometry;
use crate::kernel::jurisdiction::{Boundary, JurisdictionIndex, SurfaceIndex};
use crate::kernel::locate::{JoinContext, JoinSet};
use crate::plan::{GeometryKind, JurisdictionKind, JurisdictionPlan, Plan};
use crate::source::Readers;

/// Polygon sets, ready to locate features.
#[derive(Debug)]
pub struct Sets {
    /// Indexes.
    pub context: JoinContext,
    /// What was read of each, in plan order.
    pub read: Vec<SetRead>,
    /// Outlines of the states, where a set answers that.
    pub outlines: Vec<Outline>,
}

/// What was read of a polygon set.
#[derive(Debug)]
pub struct SetRead {
    /// Its jurisdictions, by code.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Polygons indexed.
    pub polygons: u64,
    /// Those that can't be used: row, code, name and why.
    pub unusable: Vec<String>,
    /// Codes that had lost a zero, were printed as numbers or had more before them.
    pub restored_codes: u64,
    /// Whether it was read back as an earlier run had indexed it.
    pub is_kept: bool,
}

/// Reads and indexes every polygon set of the plan, or reads it back; `landed` holds them in plan order.
///
/// A polygon that can't be used is left out and told of; what lies in its box and in no other gets no code of that set.
///
/// # Errors
/// When a set can't be read, or over a tenth of it can't be used: with the row of the first.
pub fn join_context(
    plan: &Plan,
    landed: &[Landed],
    readers: &Readers,
    kept: KeptSets<'_>,
) -> Result<Sets, EngineError> {
    // All are read before any is indexed: where a polygon may be that one set lacks, the states of another say.
    let read: Vec<SetAtHand<'_>> = plan
        .jurisdictions
        .par_iter()
        .zip(landed)
        .map(|(set, landed)| set_at_hand(set, landed, plan, readers, kept))
        .collect::<Result<_, _>>()?;
    let states = state_boxes(plan, &read);
    // To measure and simplify takes about as long as to read: for those alone who list them.
    let indexed: Vec<IndexedSet> = plan
        .jurisdictions
        .par_iter()
        .zip(read)
        .map(|(set, read)| index_set(set, read, &states, plan))
        .collect();
    let mut sets = Vec::with_capacity(indexed.len());
    let mut read = Vec::with_capacity(indexed.len());
    let mut outlines = Vec::new();
    for set in indexed {
        sets.push(set.join);
        read.push(set.read);
        // The first set of a kind is the one that answers.
        if outlines.is_empty() {
            outlines = set.outlines;
        }
    }
    Ok(Sets {
        context: JoinContext::new(sets, &plan.reference),
        read,
        outlines,
    })
}

/// A set, its account, and the outlines of its states; none of any other kind.
struct IndexedSet {
    join: JoinSet,
    read: SetRead,
    outlines: Vec<Outline>,
}

fn index_set(
    set: &JurisdictionPlan,
    read: SetAtHand<'_>,
    states: &BTreeMap<String, Rect<f64>>,
    plan: &Plan,
) -> IndexedSet {
    let SetAtHand { polygons, index } = read;
    let PolygonSet {
        boundaries,
        parents,
        unusable,
        restored,
    } = polygons;
    let polygons = boundaries.len() as u64;
    let has_shapes = plan.makes_product(product_names::REGISTRY);
    let jurisdictions = list_jurisdictions(&boundaries, &parents, has_shapes);
    let outlines = if set.kind.is_state() {
        outlines_of(&boundaries)
    } else {
        vec![]
    };
    let gaps = unusable
        .iter()
        .filter_map(|item| gaps::gap_of(set, item.code.as_deref(), item.place, &boundaries, states))
        .collect();
    // A copy of every vertex: only where something is to be shared out.
    let has_lines = plan
        .layers
        .iter()
        .any(|layer| layer.schema.geometry != GeometryKind::Point);
    let surfaces = has_lines.then(|| SurfaceIndex::build(&boundaries));
    if let Some(surfaces) = &surfaces {
        surfaces.prepare();
    }
    let (index, is_kept) = index.index_of(boundaries);
    let mut unusable: Vec<String> = unusable.iter().map(Unusable::to_string).collect();
    let tangled = surfaces.as_ref().map(SurfaceIndex::tangled).unwrap_or_default();
    for found in tangled
        .iter()
        .filter_map(|rank| index.names().nth(*rank as usize))
    {
        let why = "its rings cross too often to be sorted out, so that points alone can be placed in it";
        unusable.push(format!("{}: {why}", found.code));
    }
    let join = JoinSet {
        plan: set.clone(),
        surfaces,
        index,
        gaps,
    };
    let read = SetRead {
        jurisdictions,
        polygons,
        unusable,
        restored_codes: restored,
        is_kept,
    };
    IndexedSet { join, read, outlines }
}

/// Boxes around the states: by their own polygons, else by their counties'.
fn state_boxes(plan: &Plan, read: &[SetAtHand<'_>]) -> BTreeMap<String, Rect<f64>> {
    let mut boxes = BTreeMap::new();
    for kind in [JurisdictionKind::STATE, JurisdictionKind::COUNTY] {
        let sets = plan
            .jurisdictions
            .iter()
            .zip(read)
            .filter(|(set, _)| set.kind.id == kind);
        for (state, bounds) in sets.flat_map(|(_, read)| gaps::boxes_by_state(&read.polygons.boundaries)) {
            boxes.entry(state).or_insert(bounds);
        }
    }
    boxes
}

/// The plan's sets without a polygon, for a run that locates nothing.
pub fn context_without_polygons(plan: &Plan) -> JoinContext {
    let sets = plan.jurisdictions.iter().map(|set| JoinSet {
        plan: set.clone(),
        surfaces: Some(SurfaceIndex::build(&[])),
        index: JurisdictionIndex::build(vec![]),
        gaps: vec![],
    });
    JoinContext::new(sets.collect(), &plan.reference)
}

/// Outlines of the states alone, as `join_context` has them; reads no other set.
///
/// For bytes that an earlier run has read without harm: they are read in this process.
///
/// # Errors
/// As `join_context`.
pub fn state_outlines(
    plan: &Plan,
    landed: &[Landed],
    kept: KeptSets<'_>,
) -> Result<Vec<Outline>, EngineError> {
    let mut sets = plan.jurisdictions.iter().zip(landed);
    let states = sets.find(|(set, _)| set.kind.is_state());
    let readers = Readers::in_process();
    states.map_or(Ok(vec![]), |(set, landed)| {
        let polygons = match recall_set(set, landed, plan, kept) {
            Some(known) => known.polygons,
            None => read_set(set, landed, plan, &readers)?,
        };
        Ok(outlines_of(&polygons.boundaries))
    })
}

fn outlines_of(boundaries: &[Boundary]) -> Vec<Outline> {
    let outlines = boundaries.iter().map(|boundary| Outline {
        code: boundary.code.clone(),
        rings: geometry::outline(&boundary.shape),
    });
    outlines.collect()
}
