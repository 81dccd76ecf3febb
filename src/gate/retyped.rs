//! Columns whose values are of another kind than before: numbers that have become words, dates that are numbers now.
//!
//! Pure.

use std::collections::BTreeSet;

use super::source_columns::{column_named, columns_of_field, is_same_kind};
use crate::feature::{Check, Finding, SourceColumn, SourceProfile, ValueKind};
use crate::plan::{EPOCH_MS, EXCEL_SERIAL, Field, FieldKind, LayerPlan};

// A column's kind is that of most of its values, and one at the edge of two kinds goes over it every other night: only
// where half of the values have moved has the source changed.
/// Share of the values that must have changed their kind.
const RETYPED: f64 = 0.5;

/// Columns whose values are of another kind than before; red where a field has lost values by it.
pub(super) fn retyped_columns(
    layer: &LayerPlan,
    before: &SourceProfile,
    now: &SourceProfile,
    unread: &BTreeSet<&str>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for column in &now.columns {
        let Some(old) = column_named(&before.columns, &column.name) else {
            continue;
        };
        let Some(was) = old.kind() else { continue };
        let Some(is) = column.kind() else { continue };
        if was == is || kind_distance(old, column) < RETYPED {
            continue;
        }
        let field = layer.schema.fields.iter().find(|field| {
            let is_key = layer.schema.key.contains(&field.name);
            columns_of_field(&now.columns, field).contains(&column) && loses_values_of(field, is_key, is)
        });
        // Whole numbers among others are none's concern but a field's that takes no others.
        if field.is_none() && is_same_kind(old, column) {
            continue;
        }
        let read = field
            .map(|field| format!(", read as field `{}`,", field.name))
            .unwrap_or_default();
        let what = format!(
            "column `{}`{read} holds {} values instead of {}",
            column.name,
            is.word(),
            was.word()
        );
        found.push(Finding {
            check: Check::Retyped,
            // What the field takes by its kind may still have been read, value by value: `unread` says what was lost.
            is_red: field.is_some_and(|field| unread.contains(field.name.as_str())),
            what,
        });
    }
    found
}

/// How much of the values changed their kind, 0 to 1: half of what the kinds' shares differ by, as each value that
/// leaves one kind comes to another.
fn kind_distance(before: &SourceColumn, now: &SourceColumn) -> f64 {
    use ValueKind::{Boolean, Date, Integer, Number, Text};
    let kinds = [Boolean, Integer, Number, Date, Text];
    kinds
        .into_iter()
        .map(|kind| (kind_share(before, kind) - kind_share(now, kind)).abs())
        .sum::<f64>()
        / 2.0
}

fn kind_share(column: &SourceColumn, kind: ValueKind) -> f64 {
    column.kinds.get(&kind).copied().unwrap_or(0) as f64 / column.values().max(1) as f64
}

/// Whether a field would lose values of this kind; of a key, any other kind makes other facilities.
fn loses_values_of(field: &Field, is_key: bool, kind: ValueKind) -> bool {
    use ValueKind::{Boolean, Date, Integer, Number};
    if is_key {
        return true;
    }
    match &field.kind {
        FieldKind::Text | FieldKind::State => false,
        FieldKind::Integer => kind != Integer,
        FieldKind::Number => !matches!(kind, Integer | Number),
        FieldKind::Boolean { .. } => !matches!(kind, Boolean | Integer),
        FieldKind::Date { formats } => {
            let takes_numbers = formats
                .iter()
                .any(|format| format == EPOCH_MS || format == EXCEL_SERIAL);
            !(kind == Date || takes_numbers && matches!(kind, Integer | Number))
        }
    }
}
