//! `county_successions.csv` → `CountySuccession`s.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;

use super::check::Check;
use super::csv::{is_digits, require_code, require_filled};
use super::reference::State;
use super::succession::{CountySuccession, SuccessionKind};
use crate::config::{CsvTable, Diagnostic};

const FILE: &str = "county_successions.csv";

/// The table as shipped.
const SHIPPED: &str = include_str!("../../schemas/reference/county_successions.csv");

const COLUMNS: [&str; 7] = [
    "from_fips",
    "from_name",
    "to_fips",
    "to_name",
    "effective_date",
    "kind",
    "source",
];

/// Reads the table of a folder; the shipped one where the folder has none.
pub(super) fn read_county_successions(
    folder: &Path,
    states: &[State],
    found: &mut Vec<Diagnostic>,
) -> Vec<CountySuccession> {
    let path = folder.join(FILE);
    // Folders of before this table are whole without it.
    if !path.exists() {
        // Nor have they to list every state that it names.
        return table_rows(CsvTable::of_text(FILE, SHIPPED, COLUMNS, found), &[], found);
    }
    table_rows(CsvTable::read(&path, COLUMNS, found), states, found)
}

fn table_rows(
    table: Option<CsvTable<7>>,
    states: &[State],
    found: &mut Vec<Diagnostic>,
) -> Vec<CountySuccession> {
    let kinds = SuccessionKind::ALL.map(|kind| (kind.code(), kind));
    let mut check = Check { found };
    let mut seen = BTreeSet::new();
    let mut successions = Vec::new();
    for row in table.into_iter().flat_map(|table| table.rows) {
        require_filled(&mut check, &row);
        let [from_fips, from_name, to_fips, to_name, date, kind, source] = row;
        for code in [&from_fips, &to_fips] {
            require_code(&mut check, "a 5-digit FIPS code of a county", code, |code| {
                is_county_of(code, states)
            });
        }
        require_code(&mut check, "a year or a date (YYYY-MM-DD)", &date, is_year_or_day);
        if from_fips.value == to_fips.value && !to_fips.value.is_empty() {
            check.error(&to_fips.span, "a code doesn't follow itself");
        }
        let Some(kind) = check.choice("a kind of succession", Some(&kind), &kinds) else {
            continue;
        };
        let key = (from_fips.value.clone(), to_fips.value.clone(), date.value.clone());
        if !seen.insert(key) {
            let message = format!("`{}` follows `{}` twice", to_fips.value, from_fips.value);
            check.error(&from_fips.span, message);
        }
        successions.push(CountySuccession {
            from_fips: from_fips.value,
            from_name: from_name.value,
            to_fips: to_fips.value,
            to_name: to_name.value,
            effective_date: date.value,
            kind,
            source: source.value,
        });
    }
    successions
}

/// Whether a code has the form of a county's, of one of these states where there are any.
fn is_county_of(code: &str, states: &[State]) -> bool {
    let is_known = states.is_empty() || states.iter().any(|state| code.starts_with(&state.fips));
    code.len() == 5 && is_digits(code) && is_known
}

fn is_year_or_day(text: &str) -> bool {
    let is_year = text.len() == 4 && is_digits(text);
    let is_day = text.len() == 10 && text.parse::<NaiveDate>().is_ok();
    is_year || is_day
}
