//! Whether the rows of a file lie in the states that they name.
//!
//! Pure. States are boxes here, which shows what is wrong with a whole file: coordinates that are exchanged, have lost a
//! sign or are in another CRS. What lies on the wrong side of a border, a run tells.

use std::collections::{HashMap, HashSet};

use arrow_array::{Array, StringArray};
use csv::ReaderBuilder;

use super::codes::{self, Fips};
use super::crs_evidence::Word;
use super::geometry::position;
use super::kind::Kind;
use super::names;
use super::survey::Survey;
use super::toml_text::shown;
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
pub(super) struct Claims<'a> {
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

impl<'a> Claims<'a> {
    /// Nothing compared yet. Nothing will be where no column names states, or nobody knows what the coordinates are.
    pub(super) fn new(survey: &'a Survey, kinds: &[Kind], states: &'a [State]) -> Self {
        let reproject = match &survey.crs {
            Word::Stated(crs) => source::reprojection(crs).ok(),
            Word::Inferred(code, _) => source::reprojection(&Crs::Code(code.clone())).ok(),
            Word::Asked => (!survey.shapes.is_beyond_degrees()).then_some(None),
        };
        Self {
            column: column(survey, kinds).filter(|_| reproject.is_some()),
            states,
            extents: extents(),
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
        let values: StringArray = spelling::texts(values);
        let broken: HashSet<usize> = batch.defects.iter().map(|defect| defect.index).collect();
        let rows = (0..batch.len()).filter(|row| !broken.contains(row));
        for row in rows.filter(|row| batch.geometry.is_valid(*row) && values.is_valid(*row)) {
            if let Some((x, y)) = position(batch.geometry.value(row)) {
                self.note(batch.rows.value(row), values.value(row).trim(), x, y);
            }
        }
    }

    fn note(&mut self, at: u64, value: &str, x: f64, y: f64) {
        let Some(extent) = self.extent(value) else { return };
        let (mut lons, mut lats) = ([x], [y]);
        if self
            .reproject
            .as_ref()
            .is_some_and(|reproject| reproject.to_crs84(&mut lons, &mut lats).is_err())
        {
            return;
        }
        let ([lon], [lat]) = (lons, lats);
        self.compared += 1;
        if holds(extent, lon, lat) {
            return;
        }
        self.outside += 1;
        self.exchanged += u64::from(holds(extent, lat, lon));
        self.negated += u64::from(holds(extent, -lon, lat));
        if self.first.is_none() {
            self.first = Some(format!("row {at} names {} and lies at {x}, {y}", shown(value)));
        }
    }

    /// The box of the state that a value names: by its code, or by its name or FIPS code where the states are known.
    fn extent(&self, value: &str) -> Option<Extent> {
        let fips = codes::state_of(value);
        let is_named = |state: &&State| {
            state.name.eq_ignore_ascii_case(value) || fips.as_ref().is_some_and(|fips| *fips == state.fips)
        };
        let named = self.states.iter().find(is_named).map(|state| state.usps.as_str());
        self.extents
            .get(&named.unwrap_or(value).to_ascii_uppercase())
            .copied()
    }

    /// What is to be asked where most rows lie outside the state that they name.
    pub(super) fn question(&self) -> Option<String> {
        let first = self
            .first
            .as_ref()
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
        let column = shown(self.column?);
        Some(format!(
            "{outside} of {compared} rows lie outside the state that {column} names, first {first}{likely}"
        ))
    }
}

/// The column that says in which state a row is: the one that becomes the claim, else another that is nobody else's, by FIPS
/// codes if by nothing else.
fn column<'a>(survey: &'a Survey, kinds: &[Kind]) -> Option<&'a str> {
    let names = names::of_columns(&survey.columns, kinds);
    let position = |canonical: &str| names.iter().position(|name| name == canonical);
    let own = |at: &usize| whose::of(&survey.columns[*at].name) != Whose::Others;
    let is_called = |at: &usize| names::is_state(&survey.columns[*at].name) && own(at);
    let is_fips = |at: &usize| codes::fips(&survey.columns[*at].name) == Some(Fips::State) && own(at);
    let mut all = 0..kinds.len();
    let states = all.clone().find(|at| kinds[*at] == Kind::State && is_called(at));
    let codes = all.find(|at| is_fips(at) || is_called(at));
    let at = position("state_code_claimed")
        .or(states)
        .or(codes)
        .or_else(|| position("county_fips_claimed"))?;
    Some(&survey.columns[at].name)
}

/// Whether a box holds a position, or nearly.
fn holds([west, south, east, north]: Extent, lon: f64, lat: f64) -> bool {
    let is_between = if west <= east {
        lon >= west - MARGIN && lon <= east + MARGIN
    } else {
        lon >= west - MARGIN || lon <= east + MARGIN
    };
    is_between && lat >= south - MARGIN && lat <= north + MARGIN
}

/// The shipped boxes by USPS code.
fn extents() -> HashMap<String, Extent> {
    let mut rows = ReaderBuilder::new().from_reader(EXTENTS.as_bytes());
    let extent = |row: &csv::StringRecord| {
        let number = |at: usize| row.get(at)?.parse().ok();
        Some((
            row.get(0)?.to_owned(),
            [number(1)?, number(2)?, number(3)?, number(4)?],
        ))
    };
    rows.records().flatten().filter_map(|row| extent(&row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_territory_has_its_box() {
        let extents = extents();
        assert_eq!(extents.len(), 56);
        for (state, lon, lat) in [
            ("AK", -149.9, 61.2),
            ("AK", 173.2, 52.9),
            ("HI", -157.9, 21.3),
            ("GU", 144.8, 13.4),
            ("ME", -69.8, 44.3),
            ("CA", -121.5, 38.6),
        ] {
            assert!(holds(extents[state], lon, lat), "{state} {lon} {lat}");
            assert!(!holds(extents[state], lat, lon), "{state} {lat} {lon}");
        }
        assert!(!holds(extents["AK"], -100.0, 60.0), "Manitoba");
    }
}
