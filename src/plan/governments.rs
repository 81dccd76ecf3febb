//! Numbers of governments: `schemas/reference/governments.csv`, a row per type and census.
//!
//! What a census counts are governments, what a polygon set holds are areas: a county equivalent without a government of its
//! own is one of these and none of those. The numbers stand beside each other, and neither is made of the other.

use std::path::Path;

use serde::Serialize;

use super::check::Check;
use super::csv::{is_digits, require_code, require_filled};
use super::jurisdiction_kinds::JurisdictionKind;
use crate::config::{CsvTable, Diagnostic};

/// The table as it is shipped, for folders of reference tables that were made before there was one.
const SHIPPED: &str = include_str!("../../schemas/reference/governments.csv");

/// Governments of a type, as a census counted them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GovernmentCount {
    /// Type, such as `municipal`.
    pub government_type: String,
    /// What they are called.
    pub title: String,
    /// Kind of jurisdictions that they govern; none of the federal government.
    pub kind: Option<String>,
    /// Whether they are neither federal nor of a state.
    pub is_local: bool,
    /// Year of the census.
    pub vintage: String,
    /// How many there were.
    pub governments: u64,
    /// Source of the row.
    pub source: String,
}

/// Columns of the table.
const COLUMNS: [&str; 7] = [
    "government_type",
    "title",
    "kind",
    "local",
    "vintage",
    "governments",
    "source",
];

/// The counts of a folder's table; those of the shipped one where the folder has none.
pub(super) fn read_governments(
    folder: &Path,
    kinds: &[JurisdictionKind],
    found: &mut Vec<Diagnostic>,
) -> Vec<GovernmentCount> {
    let path = folder.join("governments.csv");
    let table = if path.exists() {
        CsvTable::read(&path, COLUMNS, found)
    } else {
        CsvTable::of_text("governments.csv", SHIPPED, COLUMNS, found)
    };
    counts_of_table(table, kinds, found)
}

fn counts_of_table(
    table: Option<CsvTable<7>>,
    kinds: &[JurisdictionKind],
    found: &mut Vec<Diagnostic>,
) -> Vec<GovernmentCount> {
    let Some(table) = table else {
        return Vec::new();
    };
    let mut check = Check { found };
    let mut counts = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let [government_type, title, kind, local, vintage, governments, source] = row;
        require_filled(
            &mut check,
            [government_type, title, local, vintage, governments, source],
        );
        require_code(&mut check, "yes or no", local, |text| {
            matches!(text, "yes" | "no")
        });
        require_code(&mut check, "a year", vintage, |text| {
            text.len() == 4 && is_digits(text)
        });
        require_code(&mut check, "a number of governments", governments, |text| {
            is_digits(text) && text.parse::<u64>().is_ok()
        });
        if !kind.value.is_empty() {
            let words = kinds.iter().map(|kind| kind.id.as_str());
            check.require_among("a kind of jurisdiction", kind, words);
        }
        counts.push(GovernmentCount {
            government_type: government_type.value.clone(),
            title: title.value.clone(),
            kind: Some(kind.value.clone()).filter(|kind| !kind.is_empty()),
            is_local: local.value == "yes",
            vintage: vintage.value.clone(),
            governments: governments.value.parse().unwrap_or_default(),
            source: source.value.clone(),
        });
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::jurisdiction_kinds::shipped_kinds;
    use super::*;

    #[test]
    fn the_shipped_numbers_add_up_to_what_the_census_gives_as_totals() {
        let mut found = Vec::new();
        let table = CsvTable::of_text("governments.csv", SHIPPED, COLUMNS, &mut found);
        let counts = counts_of_table(table, &shipped_kinds(), &mut found);
        assert!(found.is_empty(), "{found:?}");
        let sum = |vintage: &str, is_local: bool| -> u64 {
            let of = counts
                .iter()
                .filter(|count| count.vintage == vintage && (count.is_local || !is_local));
            of.map(|count| count.governments).sum()
        };
        assert_eq!((sum("2022", false), sum("2022", true)), (90_888, 90_837));
        assert_eq!((sum("2002", false), sum("2002", true)), (87_576, 87_525));
    }
}
