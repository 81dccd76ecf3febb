//! Whether the rows of a file lie in the states that they name.
//!
//! Pure. States are boxes here, which shows what is wrong with a whole file: coordinates that are exchanged, have lost a
//! sign or are in another CRS. What lies on the wrong side of a border, a run tells.

use std::collections::{HashMap, HashSet};

use arrow_array::{Array, StringArray};
use csv::ReaderBuilder;

use super::codes::{self, Fips};
use super::crs_evidence::CrsEvidence;
use super::geometry::finite_position;
use super::kind::Kind;
use super::names;
use super::survey::Survey;
use super::toml_text::quoted_start;
use super::whose::{self, Whose};
use crate::feature::{Crs, RawBatch, Reproject, spelling};
use crate::plan::State;
use crate::source;

/// Boxes of the states, as shipped: code, west, south, east, north, source. Alaska's goes over the antimeridian.
const EXTENTS: &str = include_str!("../../schemas/reference/state_extents.csv");

/// How far from its state's box a row may lie, degrees: platforms and piers stand off the shore.
const MARGIN: f64 = 0.25;

/// Rows that must have been compared before anything is told.
const FEW: u64 = 3;

/// West, south, east and north of a state, degrees.
type Extent = [f64; 4];

/// How many rows were compared with the state that they name, and what came of it.
pub(super) struct StateClaims<'a> {
    column: Option<&'a str>,
    states: &'a [State],
    extents: HashMap<String, Extent>,
    reproject: Option<Box<dyn Reproject>>,
    compared: u64,
    outside: u64,
    exchanged: u64,
    negated: u64,
    first: Option<String>,
}

impl<'a> StateClaims<'a> {
    /// Nothing compared yet. Nothing will be where no column names states, or nobody knows what the coordinates are.
    pub(super) fn new(survey: &'a Survey, kinds: &[Kind], states: &'a [State]) -> Self {
        let reproject = match &survey.crs {
            CrsEvidence::Stated(crs) => source::reprojection_to_crs84(crs).ok(),
            CrsEvidence::Inferred(code, _) => source::reprojection_to_crs84(&Crs::Code(code.clone())).ok(),
            // Where nobody knows the CRS, numbers that could be degrees are compared as degrees: that decides
            // nothing, it only asks.
            CrsEvidence::Asked => (!survey.shapes.is_beyond_degrees()).then_some(None),
        };
        Self {
            column: claiming_column(survey, kinds).filter(|_| reproject.is_some()),
            states,
            extents: shipped_extents(),
            reproject: reproject.flatten(),
            compared: 0,
            outside: 0,
            exchanged: 0,
            negated: 0,
            first: None,
        }
    }

    /// Takes rows of a batch into account.
    pub(super) fn note_batch(&mut self, batch: &RawBatch) {
        let Some(column) = self.column else { return };
        let Some((_, values)) = batch.columns.iter().find(|(name, _)| name == column) else {
            return;
        };
        let values: StringArray = spelling::spell_column(values);
        let broken: HashSet<usize> = batch.defects.iter().map(|defect| defect.index).collect();
        let rows = (0..batch.len()).filter(|row| !broken.contains(row));
        for row in rows.filter(|row| batch.geometry.is_valid(*row) && values.is_valid(*row)) {
            if let Some((x, y)) = finite_position(batch.geometry.value(row)) {
                self.note_row(batch.rows.value(row), values.value(row).trim(), x, y);
            }
        }
    }

    fn note_row(&mut self, at: u64, value: &str, x: f64, y: f64) {
        let Some(extent) = self.extent_of_state(value) else {
            return;
        };
        let Some((lon, lat)) = to_degrees(self.reproject.as_deref(), x, y) else {
            return;
        };
        self.compared += 1;
        if is_within(extent, lon, lat) {
            return;
        }
        self.outside += 1;
        self.exchanged += u64::from(is_within(extent, lat, lon));
        self.negated += u64::from(is_within(extent, -lon, lat));
        if self.first.is_none() {
            self.first = Some(format!(
                "row {at} names {} and lies at {x}, {y}",
                quoted_start(value)
            ));
        }
    }

    /// The box of the state that a value names: by its code, or by its name or FIPS code where the states are known.
    fn extent_of_state(&self, value: &str) -> Option<Extent> {
        let fips = codes::state_of(value);
        let named = self.states.iter().find(|state| {
            state.name.eq_ignore_ascii_case(value) || fips.as_ref().is_some_and(|fips| *fips == state.fips)
        });
        let named = named.map(|state| state.usps.as_str());
        self.extents
            .get(&named.unwrap_or(value).to_ascii_uppercase())
            .copied()
    }

    /// What is to be asked where most rows lie outside the state that they name.
    pub(super) fn outside_question(&self) -> Option<String> {
        let first = self
            .first
            .as_ref()
            // More than half, for then the file is misread as a whole; single rows in other states are a run's
            // to flag.
            .filter(|_| self.compared >= FEW && self.outside * 2 > self.compared)?;
        let Self {
            compared,
            outside,
            exchanged,
            negated,
            ..
        } = self;
        // Most of them, so that a few that happen to fit say nothing.
        let likely = match () {
            () if exchanged * 2 > *outside => format!("; {exchanged} would lie in it with x and y exchanged"),
            () if negated * 2 > *outside => format!("; {negated} would lie in it with the sign of x turned"),
            () => String::new(),
        };
        let column = quoted_start(self.column?);
        Some(format!(
            "{outside} of {compared} rows lie outside the state that {column} names, first {first}{likely}"
        ))
    }
}

/// The column that says in which state a row is: the one that becomes the claim, else another that is nobody else's, by FIPS
/// codes if by nothing else.
fn claiming_column<'a>(survey: &'a Survey, kinds: &[Kind]) -> Option<&'a str> {
    let names = names::names_of_columns(&survey.columns, kinds);
    let mut states = None;
    let mut codes = None;
    for (at, column) in survey.columns.iter().enumerate() {
        if whose::whose_column(&column.name) == Whose::Others {
            continue;
        }
        let is_called = names::is_state(&column.name);
        if is_called && kinds[at] == Kind::State {
            states = states.or(Some(at));
        }
        if is_called || codes::fips_kind(&column.name) == Some(Fips::State) {
            codes = codes.or(Some(at));
        }
    }
    let claimed = names.iter().position(|name| name == "state_code_claimed");
    let county = names.iter().position(|name| name == "county_fips_claimed");
    let at = claimed.or(states).or(codes).or(county)?;
    Some(&survey.columns[at].name)
}

/// Whether a box holds a position, or nearly.
fn is_within([west, south, east, north]: Extent, lon: f64, lat: f64) -> bool {
    let is_between = if west <= east {
        lon >= west - MARGIN && lon <= east + MARGIN
    } else {
        lon >= west - MARGIN || lon <= east + MARGIN
    };
    is_between && lat >= south - MARGIN && lat <= north + MARGIN
}

/// The shipped boxes by USPS code.
fn shipped_extents() -> HashMap<String, Extent> {
    let mut rows = ReaderBuilder::new().from_reader(EXTENTS.as_bytes());
    rows.records()
        .flatten()
        .filter_map(|row| Some((row.get(0)?.to_owned(), parse_extent(&row)?)))
        .collect()
}

fn parse_extent(row: &csv::StringRecord) -> Option<Extent> {
    let mut extent = [0.0; 4];
    for (at, side) in extent.iter_mut().enumerate() {
        *side = row.get(at + 1)?.parse().ok()?;
    }
    Some(extent)
}

/// A position in degrees; none where its CRS has no such place.
fn to_degrees(reproject: Option<&dyn Reproject>, x: f64, y: f64) -> Option<(f64, f64)> {
    let mut lons = [x];
    let mut lats = [y];
    if let Some(reproject) = reproject {
        reproject.to_crs84(&mut lons, &mut lats).ok()?;
    }
    Some((lons[0], lats[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_territory_has_its_box() {
        let extents = shipped_extents();
        assert_eq!(extents.len(), 56);
        for (state, lon, lat) in [
            ("AK", -149.9, 61.2),
            ("AK", 173.2, 52.9),
            ("HI", -157.9, 21.3),
            ("GU", 144.8, 13.4),
            ("ME", -69.8, 44.3),
            ("CA", -121.5, 38.6),
        ] {
            assert!(is_within(extents[state], lon, lat), "{state} {lon} {lat}");
            assert!(!is_within(extents[state], lat, lon), "{state} {lat} {lon}");
        }
        assert!(!is_within(extents["AK"], -100.0, 60.0), "Manitoba");
    }
}
