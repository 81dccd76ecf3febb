//! The law that a layer's table of changes has the rows that its report counts.
//!
//! Reads the tables again; trusts nothing but the files.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::{RecordBatch, StringArray};

use crate::derive::product::{Problem, ReleaseReadBack};
use crate::feature::release::paths::{changes_path, layer_folder};
use crate::feature::{ColumnError, LayerChanges, LayerReport, error_chain, typed_column};
use crate::geoparquet;

/// What is wrong with the tables of a release.
pub(super) fn find_problems(held: &ReleaseReadBack<'_>) -> Vec<Problem> {
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
        Ok(rows) => match table_counts(&rows) {
            Ok(found) if found == expected => {}
            Ok(_) => wrong.push("the table of changes has other rows than report.json counts".to_owned()),
            Err(error) => wrong.push(format!("the table of changes: {error}")),
        },
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

fn table_counts(rows: &RecordBatch) -> Result<BTreeMap<String, u64>, ColumnError> {
    let changes: &StringArray = typed_column(rows, "change")?;
    let fields: &StringArray = typed_column(rows, "field")?;
    let mut counts = BTreeMap::new();
    for (change, field) in changes.iter().zip(fields) {
        *counts
            .entry(field.or(change).unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, UInt64Array};

    use super::*;

    #[test]
    fn rows_are_counted_by_their_columns_names_and_a_column_of_another_type_is_told() {
        let changes: ArrayRef = Arc::new(StringArray::from(vec!["added", "changed", "changed"]));
        let fields: ArrayRef = Arc::new(StringArray::from(vec![None, Some("beds"), Some("beds")]));
        let table =
            |fields| RecordBatch::try_from_iter([("field", fields), ("change", Arc::clone(&changes))]);
        let counts = table_counts(&table(fields).unwrap()).unwrap();
        assert_eq!(
            counts,
            BTreeMap::from([("added".to_owned(), 1), ("beds".to_owned(), 2)])
        );
        let numbers: ArrayRef = Arc::new(UInt64Array::from(vec![1, 2, 3]));
        let told = table_counts(&table(numbers).unwrap()).unwrap_err();
        assert_eq!(told.to_string(), "the column `field` is UInt64, not Utf8");
    }
}
