//! Columns that have lost their values to the next one that their field is read from.
//!
//! Pure. The schema names such columns in order so that a field goes on: it is told of, and never red.

use super::finding::{list_names, warning};
use super::source_columns::{FILLED, STILL_FILLED, column_named, columns_of_field, fullest_share, names_of};
use crate::feature::{Check, Finding, SourceColumn, SourceProfile};
use crate::plan::Field;

/// A column that a field was read from first, and that has lost its values to the next one of the field.
pub(super) struct ReplacedColumn<'a> {
    field: &'a Field,
    /// As it was.
    pub(super) column: &'a SourceColumn,
    /// Share of the rows that had a value in it, 0 to 1.
    was: f64,
    /// Share of those that have; none where it is gone.
    is: Option<f64>,
    /// What serves instead.
    by: Vec<&'a str>,
}

impl<'a> ReplacedColumn<'a> {
    /// None where nothing serves instead, which is told as lost or emptied.
    pub(super) fn find(field: &'a Field, before: &'a SourceProfile, now: &'a SourceProfile) -> Option<Self> {
        let column = columns_of_field(&before.columns, field)
            .into_iter()
            .find(|column| fullest_share(&[column], before.looked_at) >= FILLED)?;
        let was = fullest_share(&[column], before.looked_at);
        let left = column_named(&now.columns, &column.name);
        let is = left.map(|left| fullest_share(&[left], now.looked_at));
        let others: Vec<&SourceColumn> = columns_of_field(&now.columns, field)
            .into_iter()
            .filter(|other| Some(*other) != left && other.values() > 0)
            .collect();
        let has_lost = is.is_none_or(|is| is < was * STILL_FILLED);
        let is_served = fullest_share(&others, now.looked_at) >= was * STILL_FILLED;
        (has_lost && is_served).then(|| Self {
            field,
            column,
            was,
            is,
            by: names_of(&others),
        })
    }

    pub(super) fn to_finding(&self) -> Finding {
        let (check, what) = match self.is {
            None => (Check::Dropped, "is gone".to_owned()),
            Some(is) => (
                Check::Retyped,
                format!(
                    "has a value in {:.1} % of the rows instead of {:.1} %",
                    is * 100.0,
                    self.was * 100.0
                ),
            ),
        };
        let what = format!(
            "column `{}`, read as field `{}`, {what}: {} serves now",
            self.column.name,
            self.field.name,
            list_names(&self.by)
        );
        warning(check, what)
    }
}
