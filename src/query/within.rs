//! Rows in a jurisdiction: which column has its code, or which table the facilities that are in it.
//!
//! Pure: tables of the release are read by whoever asks.

use std::collections::BTreeSet;
use std::str::FromStr;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::QueryError;
use crate::config::known_names_hint;
use crate::feature::Texts;
use crate::feature::release::paths::{FACILITIES, JURISDICTION_KINDS, facility_links_path, reference_path};
use crate::select::{Asked, Condition, SelectError};

/// Reads some columns of a table of the release, by its path; none where there is no such table.
pub(super) type ReadTable<'a> = dyn Fn(&str, &[&str]) -> Result<Option<RecordBatch>, QueryError> + 'a;

/// What stands for the id of a set in the name of a column.
const SET_MARKS: [&str; 2] = ["{set}", "<set>"];

/// A jurisdiction, as `county=48201`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// Its kind: a row of `reference/jurisdiction_kinds`.
    pub kind: String,
    /// Its code.
    pub code: String,
}

/// A text that names no jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write KIND=ID, such as state=TX, county=48201 or region=R06")]
pub struct BadWithin;

impl FromStr for Within {
    type Err = BadWithin;

    fn from_str(text: &str) -> Result<Self, BadWithin> {
        let (kind, code) = text.split_once('=').ok_or(BadWithin)?;
        let (kind, code) = (kind.trim(), code.trim());
        if kind.is_empty() || code.is_empty() {
            return Err(BadWithin);
        }
        Ok(Self {
            kind: kind.to_owned(),
            code: code.to_owned(),
        })
    }
}

/// States and regions are asked for by names of their own; the others are left.
pub(super) fn split_states_and_regions(within: &[Within], asked: &mut Asked) -> Vec<Within> {
    let mut others = Vec::new();
    for one in within {
        match one.kind.as_str() {
            "state" => asked.states.push(one.code.clone()),
            "region" => asked.regions.push(one.code.clone()),
            _ => others.push(one.clone()),
        }
    }
    others
}

/// What must hold of a layer's rows that are in a jurisdiction.
pub(super) fn condition_of(
    within: &Within,
    layer: &str,
    schema: &Schema,
    read: &ReadTable<'_>,
) -> Result<Condition, QueryError> {
    let pattern = code_column(&within.kind, read)?;
    let codes = BTreeSet::from([within.code.clone()]);
    let Some(mark) = SET_MARKS.into_iter().find(|mark| pattern.contains(mark)) else {
        return Ok(Condition::one_of(&pattern, codes, false));
    };
    let sets = sets_of_kind(&within.kind, read)?;
    let columns = sets.iter().map(|set| pattern.replace(mark, set));
    let column = columns.into_iter().find(|column| schema.index_of(column).is_ok());
    match column {
        Some(column) => Ok(Condition::one_of(&column, codes, false)),
        // Sets whose polygons lie over each other have no column.
        None => linked(within, layer, &sets, read),
    }
}

/// The column of tiles that has the codes of a kind; some have the id of a set in their name.
fn code_column(kind: &str, read: &ReadTable<'_>) -> Result<String, QueryError> {
    let file = reference_path("jurisdiction_kinds").display().to_string();
    let table = read(&file, &["kind", "code_column"])?;
    let table = table.ok_or_else(|| {
        QueryError::format(&file, "the release hasn't this table: name a column by --where")
    })?;
    let kinds = Texts::of_column(&table, "kind");
    let columns = Texts::of_column(&table, "code_column");
    let (Some(kinds), Some(columns)) = (kinds, columns) else {
        return Err(QueryError::format(&file, "it has no `kind` and `code_column`"));
    };
    let row = kinds.iter().position(|found| found == Some(kind));
    if let Some(column) = row.and_then(|row| columns.value(row)) {
        return Ok(column.to_owned());
    }
    let hint = known_names_hint(kind, kinds.iter().flatten());
    Err(SelectError::Unknown {
        what: "kind of jurisdictions",
        written: kind.to_owned(),
        hint: hint.map_or_else(String::new, |hint| format!("; {hint}")),
    }
    .into())
}

/// The polygon sets of a kind.
fn sets_of_kind(kind: &str, read: &ReadTable<'_>) -> Result<Vec<String>, QueryError> {
    let table = read(JURISDICTION_KINDS, &["kind", "set"])?;
    let mut found = Vec::new();
    if let Some(table) = &table
        && let (Some(kinds), Some(sets)) = (Texts::of_column(table, "kind"), Texts::of_column(table, "set"))
    {
        let rows = kinds
            .iter()
            .zip(sets.iter())
            .filter(|(found, _)| *found == Some(kind));
        found.extend(rows.filter_map(|(_, set)| set.map(str::to_owned)));
    }
    if found.is_empty() {
        return Err(QueryError::asked(format!(
            "no polygon set of this release is of the kind `{kind}`, so that nothing was placed in one"
        )));
    }
    found.dedup();
    Ok(found)
}

/// By the facilities that `links/facility_jurisdiction` has in it.
fn linked(
    within: &Within,
    layer: &str,
    sets: &[String],
    read: &ReadTable<'_>,
) -> Result<Condition, QueryError> {
    if layer == FACILITIES {
        return Err(QueryError::asked(format!(
            "facilities in a {} are listed layer by layer: ask one of the layers",
            within.kind
        )));
    }
    let mut ids = BTreeSet::new();
    for set in sets {
        let path = facility_links_path(&within.kind, layer, set)
            .display()
            .to_string();
        let Some(table) = read(&path, &["facility_id", "jurisdiction_id"])? else {
            continue;
        };
        let facilities = Texts::of_column(&table, "facility_id");
        let codes = Texts::of_column(&table, "jurisdiction_id");
        if let (Some(facilities), Some(codes)) = (facilities, codes) {
            let rows = facilities.iter().zip(codes.iter());
            let within = rows.filter(|(_, code)| *code == Some(within.code.as_str()));
            ids.extend(within.filter_map(|(id, _)| id.map(str::to_owned)));
        }
    }
    Ok(Condition::one_of("facility_id", ids, false))
}
