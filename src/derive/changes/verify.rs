//! The law that a layer's table of changes has the rows that its report counts.
//!
//! Reads the tables again; trusts nothing but the files.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;

use crate::derive::product::{HeldRelease, Problem};
use crate::feature::release::paths::{changes_path, layer_folder};
use crate::feature::{LayerChanges, LayerReport, error_chain};
use crate::geoparquet;

/// What is wrong with the tables of a release.
pub(super) fn find_problems(held: &HeldRelease<'_>) -> Vec<Problem> {
    let present = held.report.layers.iter().filter(|layer| !layer.is_absent());
    let mut problems = Vec::new();
    for layer in present {
        let folder = layer_folder(layer.id.as_str());
        let wrong = check_layer(held.folder, layer).into_iter();
        problems.extend(wrong.map(|what| Problem::new(&folder, what)));
    }
    problems
}

/// What is wrong with a layer's table of changes in a release: its rows are those that the report counts.
fn check_layer(release: &Path, layer: &LayerReport) -> Vec<String> {
    let file = release.join(changes_path(layer.id.as_str()));
    let Some(changes) = &layer.changes else {
        let is_foreign = file.exists();
        return is_foreign
            .then(|| "a table of changes that report.json doesn't know".to_owned())
            .into_iter()
            .collect();
    };
    let mut wrong = Vec::new();
    // Every row is new or was there before; what became of those that were is told by three numbers.
    let kept = changes.changed + changes.recomputed + changes.unchanged;
    if kept + changes.added != layer.rows_written {
        wrong.push(format!(
            "{} added and {kept} that were there before, {} rows written",
            changes.added, layer.rows_written
        ));
    }
    let expected = expected_counts(changes);
    match geoparquet::read(&file, Some(&["change", "field"])) {
        Ok(rows) if table_counts(&rows) == expected => {}
        Ok(_) => wrong.push("the table of changes has other rows than report.json counts".to_owned()),
        Err(error) => wrong.push(format!("the table of changes: {}", error_chain(&error))),
    }
    wrong
}

/// Rows by column, or by what became of a facility where they name no column.
fn expected_counts(changes: &LayerChanges) -> BTreeMap<String, u64> {
    let whole = [
        ("added".to_owned(), changes.added),
        ("removed".to_owned(), changes.removed),
    ];
    let every = changes.every_row.iter().map(|column| (column.field.clone(), 1));
    let fields = changes.fields.clone().into_iter();
    whole
        .into_iter()
        .chain(every)
        .chain(fields)
        .filter(|(_, rows)| *rows > 0)
        .collect()
}

fn table_counts(rows: &RecordBatch) -> BTreeMap<String, u64> {
    let [changes, fields] = [0, 1].map(|column| rows.column(column).as_string_opt::<i32>());
    let mut counts = BTreeMap::new();
    for (change, field) in changes.into_iter().flatten().zip(fields.into_iter().flatten()) {
        *counts
            .entry(field.or(change).unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    counts
}
