//! Kinds of jurisdictions: `schemas/reference/jurisdiction_kinds.csv`, one row each.
//!
//! A kind is a row, not code: which columns its sets fill, what their codes look like and what a dictionary says of them
//! follow from it. Four kinds fill core columns and one gives the regions; the rest fill columns named after their sets.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::check::{Check, is_identifier};
use super::csv::{is_digits, require_code, require_filled};
use crate::config::{CsvTable, Diagnostic, TextFile};

/// The table as it is shipped, for folders of reference tables that were made before there was one.
const SHIPPED: &str = include_str!("../../schemas/reference/jurisdiction_kinds.csv");

/// What stands for the id of a set in the names of columns.
const SET: &str = "{set}";

/// What a polygon set answers, and so which columns it fills.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct JurisdictionKind {
    /// Its word in pipelines and tables, such as `county`.
    pub id: String,
    /// What it is, for people.
    pub title: String,
    /// Characters of a code; any number where there is none.
    pub code_digits: Option<usize>,
    /// Whether a code begins with its state's two digits.
    pub begins_with_state: bool,
    /// Column of the code, `{set}` standing for the id of the set.
    code_column: String,
    /// Column of the name, in the same way.
    name_column: Option<String>,
    /// `yes`, `no`, or `some` where only some of the kind govern themselves.
    pub is_government: String,
    /// Whether polygons of its sets may lie over each other, unless a pipeline says otherwise.
    pub overlaps: bool,
    /// Source of the row.
    pub source: String,
}

impl JurisdictionKind {
    /// The word of the kind that answers for the state.
    pub const STATE: &'static str = "state";
    /// The word of the kind that answers for the county.
    pub const COUNTY: &'static str = "county";
    /// The word of the kind that gives the regions.
    pub const REGION: &'static str = "region";

    /// A kind of the shipped table.
    ///
    /// ```
    /// use cikr::plan::JurisdictionKind;
    ///
    /// let county = JurisdictionKind::shipped("county").unwrap();
    /// assert_eq!((county.code_digits, county.is_core()), (Some(5), true));
    /// assert!(JurisdictionKind::shipped("galaxy").is_none());
    /// ```
    pub fn shipped(id: &str) -> Option<Self> {
        shipped_kinds().into_iter().find(|kind| kind.id == id)
    }

    /// Whether it answers for the state.
    pub fn is_state(&self) -> bool {
        self.id == Self::STATE
    }

    /// Whether it answers for the county.
    pub fn is_county(&self) -> bool {
        self.id == Self::COUNTY
    }

    /// Whether it gives the regions.
    pub fn is_region(&self) -> bool {
        self.id == Self::REGION
    }

    /// Whether its codes go to core columns, of which there is one set alone.
    pub fn is_core(&self) -> bool {
        !self.code_column.contains(SET)
    }

    /// The column of the codes of one of its sets.
    ///
    /// ```
    /// use cikr::plan::JurisdictionKind;
    ///
    /// let kind = JurisdictionKind::shipped("school_district").unwrap();
    /// assert_eq!(kind.code_column_of("unified"), "unified_geoid");
    /// assert_eq!(kind.name_column_of("unified").as_deref(), Some("unified_name"));
    /// ```
    pub fn code_column_of(&self, set: &str) -> String {
        self.code_column.replace(SET, set)
    }

    /// The column of the names of one of its sets.
    pub fn name_column_of(&self, set: &str) -> Option<String> {
        self.name_column.as_ref().map(|column| column.replace(SET, set))
    }
}

/// The kinds of the shipped table.
pub(super) fn shipped_kinds() -> Vec<JurisdictionKind> {
    let file = Arc::new(TextFile::new(
        "jurisdiction_kinds.csv".to_owned(),
        SHIPPED.to_owned(),
    ));
    let mut found = Vec::new();
    let kinds = read_table(&file, &mut found);
    debug_assert!(found.is_empty(), "the shipped table has mistakes: {found:?}");
    kinds
}

/// The kinds of a folder's table; those of the shipped one where the folder has none.
pub(super) fn read_kinds(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<JurisdictionKind> {
    let path = folder.join("jurisdiction_kinds.csv");
    if !path.exists() {
        return shipped_kinds();
    }
    match CsvTable::<0>::open(&path) {
        Ok(file) => read_table(&file, found),
        Err(diagnostic) => {
            found.push(diagnostic);
            shipped_kinds()
        }
    }
}

fn read_table(file: &Arc<TextFile>, found: &mut Vec<Diagnostic>) -> Vec<JurisdictionKind> {
    let columns = [
        "kind",
        "title",
        "code_digits",
        "begins_with_state",
        "code_column",
        "name_column",
        "is_government",
        "overlaps",
        "source",
    ];
    let Some(table) = CsvTable::of_text(Arc::clone(file), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.report_repeats_in_any_case("kind", table.rows.iter().map(|[kind, ..]| kind));
    let mut kinds = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let [
            kind,
            title,
            digits,
            with_state,
            code_column,
            name_column,
            governs,
            overlaps,
            source,
        ] = row;
        require_filled(
            &mut check,
            [kind, title, with_state, code_column, governs, overlaps, source],
        );
        require_code(&mut check, "a kind in lower snake case", kind, is_identifier);
        require_code(&mut check, "a number of characters", digits, |text| {
            is_digits(text) && text.len() < 3
        });
        for flag in [with_state, overlaps] {
            require_code(&mut check, "yes or no", flag, |text| matches!(text, "yes" | "no"));
        }
        require_code(&mut check, "yes, no or some", governs, |text| {
            matches!(text, "yes" | "no" | "some")
        });
        kinds.push(JurisdictionKind {
            id: kind.value.clone(),
            title: title.value.clone(),
            code_digits: digits.value.parse().ok(),
            begins_with_state: with_state.value == "yes",
            code_column: code_column.value.clone(),
            name_column: Some(name_column.value.clone()).filter(|column| !column.is_empty()),
            is_government: governs.value.clone(),
            overlaps: overlaps.value == "yes",
            source: source.value.clone(),
        });
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::{JurisdictionKind, shipped_kinds};
    use crate::feature::CORE_COLUMNS;

    #[test]
    fn kinds_fill_core_columns_or_their_own() {
        for kind in shipped_kinds() {
            let columns = [Some(kind.code_column_of("set")), kind.name_column_of("set")];
            for column in columns.into_iter().flatten() {
                let is_core = CORE_COLUMNS.iter().any(|core| core.name == column);
                assert_eq!(is_core, kind.is_core(), "{column} of {}", kind.id);
            }
        }
    }

    #[test]
    fn the_words_that_the_program_asks_for_are_kinds() {
        for word in [
            JurisdictionKind::STATE,
            JurisdictionKind::COUNTY,
            JurisdictionKind::REGION,
        ] {
            assert!(JurisdictionKind::shipped(word).is_some(), "{word}");
        }
    }
}
