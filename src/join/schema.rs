//! The columns that sets add to those of the file (`own_columns`).
//!
//! A set adds `<id>_code`, `<id>_name` where it has names, and `<id>_distance_m` or `<id>_share` where that is asked for.

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::DataType;
use arrow_select::filter::filter_record_batch;

use super::asked::Detail;
use super::error::JoinError;
use super::open::Opened;
use super::own_columns::OutputColumn;
use super::polygons::PolygonSet;

/// Names of the columns that sets add, in order.
pub(super) fn added_names(sets: &[PolygonSet], detail: Detail) -> Vec<String> {
    added_columns(sets, detail)
        .into_iter()
        .map(|column| column.name)
        .collect()
}

/// The columns that sets add, in order.
pub(super) fn added_columns(sets: &[PolygonSet], detail: Detail) -> Vec<OutputColumn> {
    let mut columns = Vec::new();
    for set in sets {
        let suffixes = [
            Some(("code", DataType::Utf8)),
            set.names.as_ref().map(|_| ("name", DataType::Utf8)),
            detail.suffix().map(|suffix| (suffix, DataType::Float64)),
        ];
        columns.extend(suffixes.into_iter().flatten().map(|(suffix, kind)| OutputColumn {
            name: format!("{}_{suffix}", set.id),
            kind,
        }));
    }
    columns
}

/// Refuses a file that has a column of a name that is to be added.
pub(super) fn refuse_taken_names<'a>(
    opened: &Opened,
    added: &[String],
    own: impl IntoIterator<Item = &'a String>,
) -> Result<(), JoinError> {
    match own.into_iter().find(|name| added.contains(name)) {
        None => Ok(()),
        Some(column) => Err(JoinError::TakenColumn {
            shown: opened.shown().to_string(),
            column: column.clone(),
        }),
    }
}

/// A name that no column has: itself, or with a number.
pub(super) fn free_name(name: &str, taken: &[String]) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while taken.contains(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    free
}

/// Rows of a batch that isn't whole: those that `keep` says.
pub(super) fn keep_rows(rows: &RecordBatch, keep: &[bool]) -> RecordBatch {
    let keep = BooleanArray::from(keep.to_vec());
    // Fails only where there are not as many marks as rows.
    filter_record_batch(rows, &keep).unwrap_or_else(|_| rows.clone())
}
