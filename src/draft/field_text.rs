//! A field of the draft as text: its table, and what was seen of its column as comments.
//!
//! Pure.

use super::codes;
use super::column::Column;
use super::field::FieldDraft;
use super::kind::Kind;
use super::names;
use super::nulls::{null_rows, null_spellings};
use super::toml_text::{comment_line, one_line, quoted_start, toml_list, toml_string};

pub(super) fn field_table(field: &FieldDraft<'_>, rows: u64) -> Vec<String> {
    let column = field.column;
    let kind = &field.kind;
    let (sure, doubtful) = null_spellings(column, kind);
    let mut lines = vec![comment_line(&seen_values(column, kind, rows))];
    lines.extend(
        field_remarks(column, kind, &doubtful)
            .iter()
            .map(|remark| comment_line(remark)),
    );
    lines.push("[[field]]".to_owned());
    lines.push(format!("name = {}", toml_string(&field.name)));
    lines.push(format!("from = {}", toml_list([column.name.as_str()])));
    if *kind != Kind::Text {
        lines.push(format!("type = {}", toml_string(kind.schema_word())));
    }
    match kind {
        Kind::Date(formats) => lines.push(format!("formats = {}", toml_list(formats.iter().copied()))),
        Kind::Text => lines.extend(field.padded_width().map(|pad| format!("pad = {pad}"))),
        Kind::Integer | Kind::Number => {
            lines.extend(names::unit_of(&field.name).map(|unit| format!("unit = {}", toml_string(unit))));
        }
        Kind::Boolean | Kind::State => {}
    }
    if !sure.is_empty() {
        lines.push(format!("null = {}", toml_list(sure)));
    }
    lines.push(format!(
        "description = {}",
        toml_string(&format!("EDIT: what {} means", one_line(&column.name)))
    ));
    lines
}

/// Share of nulls and some values.
fn seen_values(column: &Column, kind: &Kind, rows: u64) -> String {
    let nulls = null_rows(column, kind, rows);
    let share = if rows == 0 {
        0.0
    } else {
        nulls as f64 * 100.0 / rows as f64
    };
    let values = if column.is_complete && column.first.len() <= FEW {
        let mut counted: Vec<&(String, u64)> = column.first.iter().collect();
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counted
            .iter()
            .map(|(value, count)| format!("{} ×{count}", quoted_start(value)))
            .collect::<Vec<_>>()
            .join(", ")
    } else {
        let some = column.first.iter().take(3).map(|(value, _)| quoted_start(value));
        format!("such as {}", some.collect::<Vec<_>>().join(", "))
    };
    let values = if values.is_empty() {
        "no value".to_owned()
    } else {
        values
    };
    let declared = column
        .declared
        .as_ref()
        .map(|kind| format!("; {kind} in the file"))
        .unwrap_or_default();
    format!("{values}; {share:.1} % null{declared}")
}

/// What is worth knowing of the values of a column.
fn field_remarks(column: &Column, kind: &Kind, doubtful: &[&str]) -> Vec<String> {
    let mut remarks = Vec::new();
    let misfits = match kind {
        Kind::Date(_) => column.dates.misfits(),
        Kind::Integer | Kind::Number => column
            .no_number
            .as_deref()
            .map(|n| (column.values - column.numbers, n)),
        Kind::State => column
            .no_state
            .as_deref()
            .map(|n| (column.values - column.states, n)),
        _ => None,
    };
    if let Some((count, value)) = misfits {
        remarks.push(format!(
            "EDIT: {count} of the values, such as {}, would become null.",
            quoted_start(value)
        ));
    }
    if column.rounded * 2 > column.values && *kind != Kind::Text {
        remarks.push(format!(
            "EDIT: {} values such as {} were rounded by a spreadsheet: dates or identifiers are lost; ask for the original.",
            column.rounded,
            column.first.first().map_or_else(String::new, |(value, _)| quoted_start(value))
        ));
    }
    if column.dates.is_ambiguous() {
        remarks.push("EDIT: day or month first? No value tells; month first is assumed.".to_owned());
    }
    let is_nearly_numbers = column.numbers * 100 >= column.values * 95 && column.numbers < column.values;
    if let (true, Kind::Text, Some(value)) = (
        is_nearly_numbers && !codes::is_code(&column.name),
        kind,
        &column.no_number,
    ) {
        remarks.push(format!(
            "Nearly all are numbers, but not {}: text loses none.",
            quoted_start(value)
        ));
    }
    let is_nearly_states =
        names::is_state(&column.name) && column.states * 2 >= column.values && column.states < column.values;
    if let (true, Kind::Text, Some(value)) = (is_nearly_states, kind, &column.no_state) {
        remarks.push(format!(
            "EDIT: {} of {} values are states, but not {}: text keeps them all; `type = \"state\"` makes the others null.",
            column.states,
            column.values,
            quoted_start(value)
        ));
    }
    if column.survey_codes > 0 && column.range.is_none_or(|(low, _)| low >= 0.0) {
        let count = column.survey_codes;
        remarks.push(format!("EDIT: -1, -2 or -3 occur {count} times and nothing else below 0: codes, or missing values for `null`?"));
    }
    if !doubtful.is_empty() {
        remarks.push(format!(
            "EDIT: may mean null, or not: {}.",
            doubtful
                .iter()
                .map(|v| quoted_start(v))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    remarks
}

/// Distinct values up to which all are shown.
const FEW: usize = 6;
