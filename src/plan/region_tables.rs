//! `regions-<name>.csv` → regions: unions of states, or of counties.
//!
//! A state, or a county, lies in one region: a facility stands in one tile alone.

use std::path::Path;

use super::check::Check;
use super::csv::{Cell, is_digits, require_code, require_filled};
use super::reference::{Region, State};
use crate::config::{CsvTable, Diagnostic};
use crate::feature::RegionId;

/// Reads a table of regions, whose members are states (`state_code`) or counties (`county_fips`).
pub(super) fn read_regions(path: &Path, states: &[State], found: &mut Vec<Diagnostic>) -> Vec<Region> {
    let file = match CsvTable::<4>::open(path) {
        Ok(file) => file,
        Err(diagnostic) => {
            found.push(diagnostic);
            return Vec::new();
        }
    };
    let header = file.text.lines().next().unwrap_or_default();
    let by_county = header.split(',').any(|column| column.trim() == "county_fips");
    let member = if by_county { "county_fips" } else { "state_code" };
    let columns = ["region_code", "region_name", member, "source"];
    let Some(table) = CsvTable::of_text(file, columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    let what = if by_county { "county" } else { "state" };
    check.report_repeats_in_any_case(what, table.rows.iter().map(|[_, _, member, _]| member));
    for row in &table.rows {
        require_filled(&mut check, row);
        check_member(&mut check, &row[2], states, by_county);
        require_code(
            &mut check,
            "a region code (a letter, then letters and digits)",
            &row[0],
            is_region_code,
        );
        // A region has a row per member, and each repeats its name.
        if let Some([_, name, ..]) = table.rows.iter().find(|other| other[0].value == row[0].value)
            && name.value != row[1].value
        {
            let message = format!("region `{}` is also called `{}`", row[0].value, name.value);
            check.error(&row[1].span, message);
        }
    }
    let mut regions = Vec::with_capacity(table.rows.len());
    for [code, name, member, source] in table.rows {
        let county = by_county.then(|| member.value.clone());
        let state = match &county {
            Some(county) => state_of_county(county, states),
            None => member.value,
        };
        regions.push(Region {
            code: code.value,
            name: name.value,
            state,
            county,
            source: source.value,
        });
    }
    regions
}

fn check_member(check: &mut Check<'_>, member: &Cell, states: &[State], by_county: bool) {
    if by_county {
        require_code(
            check,
            "a 5-digit county code of a state in states.csv",
            member,
            |code| code.len() == 5 && is_digits(code) && !state_of_county(code, states).is_empty(),
        );
        return;
    }
    let known = states.iter().map(|state| state.usps.as_str());
    check.require_among("a state code of states.csv", member, known);
}

/// USPS code of the state that a county's code begins with; empty where there is none such.
fn state_of_county(county: &str, states: &[State]) -> String {
    let state = states.iter().find(|state| county.starts_with(&*state.fips));
    state.map(|state| state.usps.clone()).unwrap_or_default()
}

/// Whether a text can be the code of a region.
///
/// ```
/// use cikr::plan::is_region_code;
///
/// assert!(is_region_code("R06") && !is_region_code("06") && !is_region_code("unassigned"));
/// ```
pub fn is_region_code(text: &str) -> bool {
    // The code stands in a path as `region=<code>`; digits alone would be read as a number.
    text.starts_with(char::is_alphabetic)
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        && text != RegionId::UNASSIGNED
}
