//! Rows found of those that a reviewer expects, as states and sectors.
//!
//! Pure. What is expected is known of a layer in a state. It is told of the sector and lifeline that the layer's schema gives:
//! of rows that a rule puts elsewhere no count says how many there are to be.

use std::collections::BTreeMap;

use super::scan::LayerScan;
use super::totals::{Kind, NATION, Place, Totals, fips_of};
use crate::derive::LayerTables;
use crate::feature::RegionId;
use crate::plan::{ALL_STATES, ExpectedCount, LayerPlan, Plan, Region};

/// Adds what is expected of a layer, and what was found of it, to the nation, regions and states; counties have no such
/// counts.
pub(super) fn add_expected(
    totals: &mut Totals,
    plan: &Plan,
    layer: &LayerTables<'_>,
    scan: Option<&LayerScan>,
) {
    // Of a part of the rows nothing is expected.
    if plan.limits.rows.is_some() {
        return;
    }
    let found = scan.map(rows_by_state).unwrap_or_default();
    for count in counts_of(plan, layer.plan) {
        let found = found.get(count.state.as_str()).copied().unwrap_or_default();
        for (kind, code) in places_of(plan, count) {
            let total = totals.entry(schema_place(layer.plan, kind, code)).or_default();
            // Of an absent layer it is known what lacks, and not what there is.
            if scan.is_some() {
                total.facilities.get_or_insert(0);
            }
            total.expected += count.low;
            total.found += found.min(count.low);
        }
    }
}

fn counts_of<'a>(plan: &'a Plan, layer: &'a LayerPlan) -> impl Iterator<Item = &'a ExpectedCount> {
    let counts = plan.expected.iter().flat_map(|expected| &expected.counts);
    counts
        .filter(move |count| count.layer == layer.id && count.reviewed.is_some() && count.state != ALL_STATES)
}

/// Rows by USPS code, as the counts have it.
fn rows_by_state(scan: &LayerScan) -> BTreeMap<&str, u64> {
    let mut rows = BTreeMap::new();
    for (key, cell) in &scan.cells {
        let state = match key.state.as_str() {
            "" => RegionId::UNASSIGNED,
            state => state,
        };
        *rows.entry(state).or_default() += cell.facilities;
    }
    rows
}

/// The jurisdictions that an expected count of a state is of: its region only where that is made of whole states.
fn places_of<'a>(plan: &'a Plan, count: &'a ExpectedCount) -> Vec<(Kind, &'a str)> {
    let reference = &plan.reference;
    let mut places = vec![
        (Kind::National, NATION),
        (Kind::State, fips_of(&reference.states, &count.state)),
    ];
    if let Some(region) = region_of_state(&reference.regions, &count.state) {
        places.push((Kind::Region, &region.code));
    }
    places
}

/// The region that a whole state is in.
fn region_of_state<'a>(regions: &'a [Region], state: &str) -> Option<&'a Region> {
    let mut whole_states = regions.iter().filter(|region| region.county.is_none());
    whole_states.find(|region| region.state == state)
}

/// The place of a layer's sector and lifeline, as its schema gives them to every row.
fn schema_place(layer: &LayerPlan, kind: Kind, code: &str) -> Place {
    let sector = &layer.schema.sector;
    Place {
        kind,
        code: code.to_owned(),
        sector: sector.code.clone(),
        lifeline: sector.lifeline.clone().unwrap_or_default(),
    }
}
