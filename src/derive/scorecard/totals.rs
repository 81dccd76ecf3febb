//! Cells added up by jurisdiction: national, region, state and county.
//!
//! Pure. Every facility counts once in each of the four; what lies outside every jurisdiction of a kind is `unassigned`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::scan::{Cell, CellKey, LayerScan, Sum};
use crate::feature::RegionId;
use crate::plan::State;

/// Kinds of jurisdictions, from the largest to the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    National,
    Region,
    State,
    County,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::National, Self::Region, Self::State, Self::County];

    /// Its word in the tables.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::National => "national",
            Self::Region => "region",
            Self::State => "state",
            Self::County => "county",
        }
    }
}

/// The code of the one national jurisdiction.
pub(super) const NATION: &str = "US";

/// A sector and lifeline in a jurisdiction; empty texts stand for none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) code: String,
    pub(super) sector: String,
    pub(super) lifeline: String,
}

/// Counts of a sector and lifeline in a jurisdiction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Total {
    /// None where nothing is known.
    pub(super) facilities: Option<u64>,
    pub(super) reason: Option<String>,
    pub(super) found: u64,
    pub(super) expected: u64,
    pub(super) dated: u64,
    pub(super) current: u64,
    pub(super) claimed: u64,
    pub(super) agreeing: u64,
}

impl Total {
    fn add_cell(&mut self, cell: &Cell, current: u64) {
        *self.facilities.get_or_insert(0) += cell.facilities;
        self.dated += cell.dated;
        self.current += current;
        self.claimed += cell.claimed;
        self.agreeing += cell.agreeing;
    }
}

/// Cells by place.
pub(super) type Totals = BTreeMap<Place, Total>;

/// Capacities by place, layer and field.
pub(super) type Capacities = BTreeMap<(Place, String, String), Capacity>;

/// A field added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Capacity {
    pub(super) sum: Sum,
    /// Facilities of the layer in the place, with a value or without.
    pub(super) facilities: u64,
}

/// Adds the cells of a layer; `current` are the days of dates that are current.
pub(super) fn add_layer(
    totals: &mut Totals,
    capacities: &mut Capacities,
    states: &[State],
    layer: &str,
    scan: &LayerScan,
    current: &RangeInclusive<i32>,
) {
    for (key, cell) in &scan.cells {
        let days = cell.days.iter().filter(|(day, _)| current.contains(day));
        let rows_current = days.map(|(_, rows)| rows).sum();
        for kind in Kind::ALL {
            let place = Place {
                kind,
                code: code_of(kind, key, states).to_owned(),
                sector: key.sector.clone(),
                lifeline: key.lifeline.clone(),
            };
            for (field, sum) in scan.scope.fields.iter().zip(&cell.sums) {
                let key = (place.clone(), layer.to_owned(), field.clone());
                let capacity = capacities.entry(key).or_default();
                capacity.sum.add_sum(*sum);
                capacity.facilities += cell.facilities;
            }
            totals.entry(place).or_default().add_cell(cell, rows_current);
        }
    }
}

/// The jurisdiction of a kind that a cell lies in.
fn code_of<'a>(kind: Kind, key: &'a CellKey, states: &'a [State]) -> &'a str {
    let code = match kind {
        Kind::National => NATION,
        Kind::Region => &key.region,
        Kind::State => fips_of(states, &key.state),
        Kind::County => &key.county,
    };
    if code.is_empty() {
        RegionId::UNASSIGNED
    } else {
        code
    }
}

/// The digits of a state, as its polygon has them; the code itself where the table doesn't know it.
pub(super) fn fips_of<'a>(states: &'a [State], usps: &'a str) -> &'a str {
    let state = states.iter().find(|state| state.usps == usps);
    state.map_or(usps, |state| &state.fips)
}

/// USPS code of a state, or of the state that a county lies in; none of other kinds, and outside every state.
pub(super) fn usps_of<'a>(states: &'a [State], place: &Place) -> Option<&'a str> {
    let digits = match place.kind {
        Kind::State | Kind::County => place.code.get(..2)?,
        Kind::National | Kind::Region => return None,
    };
    let state = states.iter().find(|state| state.fips == digits)?;
    Some(&state.usps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(fips: &str, usps: &str) -> State {
        State {
            fips: fips.to_owned(),
            usps: usps.to_owned(),
            name: String::new(),
            kind: String::new(),
            source: String::new(),
        }
    }

    #[test]
    fn every_kind_adds_up_to_the_nation() {
        let states = [state("48", "TX")];
        let key = |state: &str, county: &str, region: &str| CellKey {
            region: region.to_owned(),
            state: state.to_owned(),
            county: county.to_owned(),
            sector: "HLPH".to_owned(),
            lifeline: String::new(),
        };
        let cell = |facilities, day| Cell {
            facilities,
            dated: facilities,
            days: [(day, facilities)].into(),
            sums: vec![Sum {
                millionths: 1_500_000,
                values: 1,
            }],
            ..Cell::default()
        };
        let mut scan = LayerScan::default();
        scan.scope.fields = vec!["beds".to_owned()];
        scan.cells.insert(key("TX", "48001", "R06"), cell(3, 10));
        scan.cells.insert(key("TX", "", "R06"), cell(2, 11));
        scan.cells.insert(key("", "", "unassigned"), cell(1, 12));
        let mut totals = Totals::new();
        let mut capacities = Capacities::new();
        add_layer(
            &mut totals,
            &mut capacities,
            &states,
            "hospitals",
            &scan,
            &(11..=12),
        );
        for kind in Kind::ALL {
            let of_kind = || {
                totals
                    .iter()
                    .filter(|(place, _)| place.kind == kind)
                    .map(|(_, total)| total)
            };
            assert_eq!(
                of_kind().filter_map(|total| total.facilities).sum::<u64>(),
                6,
                "{kind:?}"
            );
            assert_eq!(of_kind().map(|total| total.current).sum::<u64>(), 3, "{kind:?}");
            let sums = capacities.iter().filter(|((place, ..), _)| place.kind == kind);
            assert_eq!(
                sums.map(|(_, capacity)| capacity.sum.millionths).sum::<i128>(),
                4_500_000
            );
        }
        let codes: Vec<&str> = totals.keys().map(|place| place.code.as_str()).collect();
        assert_eq!(
            codes,
            [
                "US",
                "R06",
                "unassigned",
                "48",
                "unassigned",
                "48001",
                "unassigned"
            ]
        );
        let of_states: Vec<_> = totals.keys().map(|place| usps_of(&states, place)).collect();
        assert_eq!(of_states, [None, None, None, Some("TX"), None, Some("TX"), None]);
    }
}
