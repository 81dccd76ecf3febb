//! Schema drift: which columns of the source came, went, changed their name or the kind of their values.
//!
//! Pure. Only what touches a field that the schema reads is red; the rest is for people to know.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::finding::{list_names, red_finding, warning};
use super::replaced::ReplacedColumn;
use super::retyped;
use super::source_columns::{
    FILLED, STILL_FILLED, column_named, columns_not_in_any_case, columns_of_field, fullest_share, is_read,
    is_same_kind, names_of,
};
use crate::feature::{Check, Finding, SourceColumn, SourceProfile};
use crate::plan::{Field, LayerPlan};

/// Likeness of names from which one is taken for the other's new one.
const LIKE: f64 = 0.8;
/// Share of the rows with a value from which on losing half of them is red: what few rows have comes and goes.
const MOSTLY_FILLED: f64 = 0.5;

/// A column that is gone, and the new one that it seems to be called now.
type Renamed<'a> = (&'a SourceColumn, &'a SourceColumn);

/// What changed between two profiles of a source; `unread_fields` are fields that have lost values by the kind of their values.
pub(super) fn schema_drift(
    layer: &LayerPlan,
    before: &SourceProfile,
    now: &SourceProfile,
    unread_fields: &BTreeSet<&str>,
) -> Vec<Finding> {
    // Reports of old releases have no profile, and empty layers no columns: all of them would be new, or gone.
    if before.columns.is_empty() || now.columns.is_empty() {
        return vec![];
    }
    let mut dropped = columns_not_in_any_case(&before.columns, &now.columns);
    let mut added = columns_not_in_any_case(&now.columns, &before.columns);
    let renamed = guess_renamed(&dropped, &added);
    let mut found = lost_fields(layer, before, now, &renamed);
    found.extend(retyped::retyped_columns(layer, before, now, unread_fields));
    found.extend(emptied_fields(layer, before, now));
    for finding in &mut found {
        finding.is_red &= layer.gate.drift;
    }
    let replaced: Vec<ReplacedColumn<'_>> = layer
        .schema
        .fields
        .iter()
        .filter_map(|field| ReplacedColumn::find(field, before, now))
        .collect();
    found.extend(replaced.iter().map(ReplacedColumn::to_finding));
    // What is told of a field isn't told of its column again.
    let told: Vec<&SourceColumn> = dropped
        .iter()
        .copied()
        .filter(|column| {
            takes_field_along(layer, column, now)
                || replaced.iter().any(|replaced| replaced.column == *column)
        })
        .collect();
    for (from, to) in renamed.iter().filter(|(from, _)| !told.contains(from)) {
        let what = format!(
            "column `{}` seems to be called `{}` now (a guess)",
            from.name, to.name
        );
        found.push(warning(Check::Renamed, what));
    }
    // A guess takes both of its columns out of these lists, also where it is told with the field that is lost.
    dropped.retain(|column| !told.contains(column) && !renamed.iter().any(|(from, _)| from == column));
    added.retain(|column| !renamed.iter().any(|(_, to)| to == column));
    found.extend(warn_of_dropped(&dropped));
    found.extend(warn_of_added(layer, now, &added));
    found
}

/// Gone and new columns whose names are alike and whose values are of one kind: likest first, a guess.
fn guess_renamed<'a>(dropped: &[&'a SourceColumn], added: &[&'a SourceColumn]) -> Vec<Renamed<'a>> {
    let mut likely: Vec<(f64, &SourceColumn, &SourceColumn)> = Vec::new();
    for old in dropped {
        let alike = added.iter().filter(|new| is_same_kind(old, new));
        let scored = alike.map(|new| (name_likeness(&old.name, &new.name), *old, *new));
        likely.extend(scored.filter(|(score, ..)| *score >= LIKE));
    }
    // By name where two are equally alike, so that the order of the columns doesn't decide what is told.
    likely.sort_by(|a, b| match b.0.total_cmp(&a.0) {
        Ordering::Equal => (&a.1.name, &a.2.name).cmp(&(&b.1.name, &b.2.name)),
        order => order,
    });
    let mut pairs: Vec<Renamed<'a>> = Vec::new();
    for (_, old, new) in likely {
        if !pairs.iter().any(|(from, to)| *from == old || *to == new) {
            pairs.push((old, new));
        }
    }
    pairs
}

/// 1 for the same letters and digits; a common beginning counts.
fn name_likeness(one: &str, other: &str) -> f64 {
    // Jaro-Winkler weighs a common beginning, and columns are renamed at their ends: `HEIGHT` becomes `HEIGHT_M`, and
    // what a format of short names had cut, `OWNER_NAM`, is whole again.
    strsim::jaro_winkler(&letters_and_digits(one), &letters_and_digits(other))
}

fn letters_and_digits(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Fields that were read from columns none of which has a value any more.
fn lost_fields(
    layer: &LayerPlan,
    before: &SourceProfile,
    now: &SourceProfile,
    renamed: &[Renamed<'_>],
) -> Vec<Finding> {
    let fields = layer.schema.fields.iter();
    fields
        .filter_map(|field| lost_field(field, before, now, renamed))
        .collect()
}

fn lost_field(
    field: &Field,
    before: &SourceProfile,
    now: &SourceProfile,
    renamed: &[Renamed<'_>],
) -> Option<Finding> {
    let old = columns_of_field(&before.columns, field);
    let new = columns_of_field(&now.columns, field);
    let is_gone = !old.is_empty() && new.is_empty();
    // A column that a few rows in a thousand filled may be blank tonight without anything having happened.
    let is_emptied = !new.is_empty()
        && old
            .iter()
            .any(|column| column.values() as f64 >= FILLED * before.looked_at as f64)
        && old.iter().any(|column| column.values() > 0)
        && new.iter().all(|column| column.values() == 0);
    if !is_gone && !is_emptied {
        return None;
    }
    let names = list_names(&names_of(&old));
    let field = &field.name;
    if is_emptied {
        let what = format!("column {names}, read as field `{field}`, has no value any more");
        return Some(red_finding(Check::Retyped, what));
    }
    let guess = old
        .iter()
        .find_map(|old| renamed.iter().find(|(from, _)| from == old))
        .map(|(_, to)| to);
    let (check, hint) = match guess {
        Some(to) => (
            Check::Renamed,
            format!("; `{}` looks like it (a guess): name it in `from`", to.name),
        ),
        None => (Check::Dropped, String::new()),
    };
    let what = format!("column {names}, read as field `{field}`, is gone{hint}");
    Some(red_finding(check, what))
}

/// Columns that a field is read from, with less than half of the values that they had.
fn emptied_fields(layer: &LayerPlan, before: &SourceProfile, now: &SourceProfile) -> Vec<Finding> {
    let fields = layer.schema.fields.iter();
    fields
        .filter_map(|field| emptied_field(field, before, now))
        .collect()
}

fn emptied_field(field: &Field, before: &SourceProfile, now: &SourceProfile) -> Option<Finding> {
    let old = columns_of_field(&before.columns, field);
    let new = columns_of_field(&now.columns, field);
    let was = fullest_share(&old, before.looked_at);
    let is = fullest_share(&new, now.looked_at);
    // One without any value is told as lost.
    if was < FILLED || is >= was * STILL_FILLED || new.iter().all(|column| column.values() == 0) {
        return None;
    }
    let what = format!(
        "column {}, read as field `{}`, has a value in {:.1} % of the rows instead of {:.1} %",
        list_names(&names_of(&new)),
        field.name,
        is * 100.0,
        was * 100.0
    );
    Some(Finding {
        check: Check::Retyped,
        is_red: was >= MOSTLY_FILLED,
        what,
    })
}

/// Columns that are gone and that no field needs.
fn warn_of_dropped(dropped: &[&SourceColumn]) -> Option<Finding> {
    let names = list_names(&names_of(dropped));
    let what = format!("columns gone that no field needs: {names}");
    (!dropped.is_empty()).then(|| warning(Check::Dropped, what))
}

/// Columns that are new, and how many of them a field reads already.
fn warn_of_added(layer: &LayerPlan, now: &SourceProfile, added: &[&SourceColumn]) -> Option<Finding> {
    let names = list_names(&names_of(added));
    let fed = added
        .iter()
        .filter_map(|column| column_named(&now.columns, &column.name))
        .filter(|column| is_read(layer, &now.columns, column))
        .count();
    let read = match fed {
        0 => "no field reads".to_owned(),
        fed => format!("{fed} of which a field reads"),
    };
    let what = format!("new columns, {read}: {names}");
    (!added.is_empty()).then(|| warning(Check::Added, what))
}

/// Whether a column that is gone takes a field with it, which is told there.
fn takes_field_along(layer: &LayerPlan, column: &SourceColumn, now: &SourceProfile) -> bool {
    layer
        .schema
        .fields
        .iter()
        .filter(|field| {
            field
                .from
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(&column.name))
        })
        .any(|field| columns_of_field(&now.columns, field).is_empty())
}
