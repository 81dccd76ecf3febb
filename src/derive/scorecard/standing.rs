//! Sectors of which no layer tells, and those of which one does: where nothing is known, nothing is said to be zero.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::totals::{Kind, NATION, Place, Total, Totals};
use crate::derive::LayerTables;
use crate::feature::{RegionId, ScorecardReport, SectorStanding, StateLine};
use crate::plan::{LayerPlan, Reference};

/// Why nothing is known of a sector.
const NO_LAYER: &str = "no layer for this sector";

/// Why nothing is known of each sector of which that is so.
pub(super) fn unknown_sectors(
    reference: &Reference,
    layers: &[LayerTables<'_>],
    totals: &Totals,
) -> BTreeMap<String, String> {
    let known = totals.iter().filter(|(_, total)| total.facilities.is_some());
    let counted: BTreeSet<&str> = known.map(|(place, _)| place.sector.as_str()).collect();
    let unknown = reference
        .sectors
        .iter()
        .filter(|sector| !counted.contains(sector.code.as_str()));
    unknown
        .filter_map(|sector| Some((sector.code.clone(), why_unknown(&sector.code, layers)?)))
        .collect()
}

/// Why nothing is known of a sector without a facility; none where a layer that is there would have told of one.
fn why_unknown(sector: &str, layers: &[LayerTables<'_>]) -> Option<String> {
    let of_sector = layers
        .iter()
        .filter(|layer| layer.plan.inventory && may_tell_of(layer.plan, sector));
    let of_sector: Vec<&LayerTables<'_>> = of_sector.collect();
    if of_sector.is_empty() {
        return Some(NO_LAYER.to_owned());
    }
    if of_sector.iter().any(|layer| !layer.report.is_absent()) {
        return None;
    }
    let absent: Vec<&str> = of_sector.iter().map(|layer| layer.plan.id.as_str()).collect();
    Some(format!("its layers are absent: {}", absent.join(", ")))
}

/// Whether rows of a layer may have a sector by its schema: what NAICS codes may make of them, only rows tell.
fn may_tell_of(layer: &LayerPlan, sector: &str) -> bool {
    let plan = &layer.schema.sector;
    plan.code == sector || plan.rules.iter().any(|rule| rule.code.as_deref() == Some(sector))
}

/// Says why of cells that are expected of absent layers alone.
fn explain_unknown(totals: &mut Totals, unknown: &BTreeMap<String, String>) {
    for (place, total) in totals.iter_mut().filter(|(_, total)| total.facilities.is_none()) {
        let reason = unknown.get(&place.sector).cloned();
        total.reason = Some(reason.unwrap_or_else(|| "the layer that would tell of it is absent".to_owned()));
    }
}

/// Adds a row for every sector that has none in the nation, a region or a state: of zero facilities, or unknown and why.
pub(super) fn add_empty_cells(
    totals: &mut Totals,
    reference: &Reference,
    unknown: &BTreeMap<String, String>,
) {
    explain_unknown(totals, unknown);
    let has_row: BTreeSet<(Kind, String, String)> = totals
        .keys()
        .map(|place| (place.kind, place.code.clone(), place.sector.clone()))
        .collect();
    for (kind, code) in listed_places(reference) {
        for sector in &reference.sectors {
            if has_row.contains(&(kind, code.to_owned(), sector.code.clone())) {
                continue;
            }
            let reason = unknown.get(&sector.code).cloned();
            let place = Place {
                kind,
                code: code.to_owned(),
                sector: sector.code.clone(),
                lifeline: String::new(),
            };
            let total = Total {
                facilities: reason.is_none().then_some(0),
                reason,
                ..Total::default()
            };
            totals.insert(place, total);
        }
    }
}

/// The nation, and every region and state of the reference tables.
fn listed_places(reference: &Reference) -> BTreeSet<(Kind, &str)> {
    let regions = reference
        .regions
        .iter()
        .map(|region| (Kind::Region, region.code.as_str()));
    let states = reference
        .states
        .iter()
        .map(|state| (Kind::State, state.fips.as_str()));
    regions.chain(states).chain([(Kind::National, NATION)]).collect()
}

/// What the report says, by state and sector.
pub(super) fn scorecard_report(
    totals: &Totals,
    reference: &Reference,
    unknown: &BTreeMap<String, String>,
) -> ScorecardReport {
    let mut by_sector = CountsBySector::new();
    for (place, total) in totals.iter().filter(|(place, _)| place.kind == Kind::State) {
        *by_sector.entry((&place.code, &place.sector)).or_default() += total.facilities.unwrap_or_default();
    }
    let sectors = reference.sectors.iter().map(|sector| {
        let reason = unknown.get(&sector.code).cloned();
        let of_sector = by_sector.iter().filter(|((_, code), _)| *code == sector.code);
        SectorStanding {
            sector: sector.code.clone(),
            facilities: reason.is_none().then(|| of_sector.map(|(_, count)| count).sum()),
            reason,
        }
    });
    let places = reference
        .states
        .iter()
        .map(|state| (state.fips.as_str(), state.usps.as_str()));
    let lines = places
        .chain([(RegionId::UNASSIGNED, RegionId::UNASSIGNED)])
        .map(|(code, state)| StateLine {
            state: state.to_owned(),
            facilities: reference
                .sectors
                .iter()
                .map(|sector| {
                    let is_known = !unknown.contains_key(&sector.code);
                    is_known.then(|| count_at(&by_sector, code, &sector.code))
                })
                .collect(),
            without_sector: count_at(&by_sector, code, ""),
        });
    ScorecardReport {
        cells: totals.len() as u64,
        sectors: sectors.collect(),
        states: lines.filter(has_facilities).collect(),
    }
}

/// Facilities by code of the state and by sector.
type CountsBySector<'a> = BTreeMap<(&'a str, &'a str), u64>;

fn count_at(by_sector: &CountsBySector<'_>, code: &str, sector: &str) -> u64 {
    by_sector.get(&(code, sector)).copied().unwrap_or_default()
}

fn has_facilities(line: &StateLine) -> bool {
    line.without_sector > 0 || line.facilities.iter().flatten().any(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Sector, State};

    #[test]
    fn a_sector_without_a_layer_is_unknown_and_never_zero() {
        let sector = |code: &str| Sector {
            code: code.to_owned(),
            name: String::new(),
            lead_agency: String::new(),
            source: String::new(),
        };
        let reference = Reference {
            states: vec![State {
                fips: "48".to_owned(),
                usps: "TX".to_owned(),
                name: "Texas".to_owned(),
                kind: "state".to_owned(),
                source: String::new(),
            }],
            sectors: vec![sector("DAMS"), sector("HLPH"), sector("INFT")],
            ..Reference::default()
        };
        let place = |kind, code: &str| Place {
            kind,
            code: code.to_owned(),
            sector: "DAMS".to_owned(),
            lifeline: String::new(),
        };
        let counted = Total {
            facilities: Some(4),
            ..Total::default()
        };
        let mut totals = Totals::from([
            (place(Kind::National, NATION), counted.clone()),
            (place(Kind::State, "48"), counted),
        ]);
        let mut unknown = unknown_sectors(&reference, &[], &totals);
        assert_eq!(unknown.keys().collect::<Vec<_>>(), ["HLPH", "INFT"]);
        unknown.remove("HLPH");
        add_empty_cells(&mut totals, &reference, &unknown);
        let told: Vec<_> = totals
            .iter()
            .filter(|(place, _)| place.kind == Kind::State)
            .map(|(place, total)| (place.sector.as_str(), total.facilities, total.reason.as_deref()))
            .collect();
        let expected = [
            ("DAMS", Some(4), None),
            ("HLPH", Some(0), None),
            ("INFT", None, Some(NO_LAYER)),
        ];
        assert_eq!(told, expected);
        let report = scorecard_report(&totals, &reference, &unknown);
        assert_eq!(report.states.len(), 1);
        assert_eq!(report.states[0].facilities, [Some(4), Some(0), None]);
        assert_eq!(report.sectors[2].facilities, None);
    }
}
