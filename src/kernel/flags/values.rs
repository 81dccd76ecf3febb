//! Values that lost something on their way from source text to a typed column, and names that name nothing.

use std::collections::BTreeMap;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;

use crate::feature::{FlagCode, RawBatch, RowFlag, spelling, unseen};
use crate::kernel::attributes::Attributes;
use crate::kernel::fields::Steps;
use crate::kernel::mangled::Moment;
use crate::kernel::quote::shortened;
use crate::kernel::{dates, repair};
use crate::plan::{Field, FieldKind, LayerSchema};

/// Flags of every field's values; `steps` and `sources` (names of source columns) are those of the schema's fields.
pub(in crate::kernel) fn changed_values(
    raw: &RawBatch,
    schema: &LayerSchema,
    sources: &[Vec<String>],
    steps: &[Steps],
    recovered_dates: &BTreeMap<String, usize>,
) -> Vec<RowFlag> {
    let mut flags = Vec::new();
    for ((field, sources), steps) in schema.fields.iter().zip(sources).zip(steps) {
        flag_unparsed(&mut flags, field, steps);
        flag_recovered(&mut flags, field, steps, recovered_dates);
        flag_unknown_codes(&mut flags, field, steps);
        flag_restored(&mut flags, field, steps);
        flag_repaired(&mut flags, raw, field, sources);
    }
    flags
}

fn value_flag(index: usize, field: &Field, value: &str, code: FlagCode, detail: String) -> RowFlag {
    RowFlag {
        index,
        field: field.name.clone(),
        value: shortened(value),
        code,
        detail,
    }
}

/// Values that became null when they were typed.
fn flag_unparsed(flags: &mut Vec<RowFlag>, field: &Field, steps: &Steps) {
    let Steps { known, value, .. } = steps;
    if value.null_count() == known.null_count() {
        return;
    }
    let days = spelling::date_column(known);
    for row in (0..known.len()).filter(|row| value.is_null(*row)) {
        let Some(text) = spelling::spell_value(known, row) else {
            continue;
        };
        let (code, detail) = match &field.kind {
            FieldKind::Date { formats } => {
                // That of a date by the source's own word, which no pattern has to read.
                let day = days
                    .as_ref()
                    .filter(|days| days.is_valid(row))
                    .map(|days| days.value(row));
                dates::doubt(&text, day, formats)
            }
            kind => (FlagCode::Unparsed, type_of(kind).to_owned()),
        };
        flags.push(value_flag(row, field, &text, code, detail));
    }
}

/// Dates in scientific notation that were understood.
fn flag_recovered(
    flags: &mut Vec<RowFlag>,
    field: &Field,
    steps: &Steps,
    recovered: &BTreeMap<String, usize>,
) {
    let Some(days) = steps
        .value
        .as_primitive_opt::<Date32Type>()
        .filter(|_| recovered.contains_key(&field.name))
    else {
        return;
    };
    for row in (0..days.len()).filter(|row| days.is_valid(*row)) {
        let Some(text) = spelling::spell_value(&steps.known, row).filter(|text| Moment::read(text).is_some())
        else {
            continue;
        };
        let day = days
            .value_as_date(row)
            .map(|day| day.to_string())
            .unwrap_or_default();
        let detail = format!("made {day}");
        flags.push(value_flag(row, field, &text, FlagCode::RecoveredDate, detail));
    }
}

fn type_of(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Integer => "integer",
        FieldKind::Number => "number",
        FieldKind::Boolean { .. } => "boolean",
        FieldKind::Date { .. } => "date",
        FieldKind::State => "state",
    }
}

/// Codes without a meaning.
fn flag_unknown_codes(flags: &mut Vec<RowFlag>, field: &Field, steps: &Steps) {
    let Some(meaning) = &steps.decoded else { return };
    let value = &steps.value;
    if meaning.null_count() == value.null_count() {
        return;
    }
    for row in (0..value.len()).filter(|row| meaning.is_null(*row) && value.is_valid(*row)) {
        let detail = format!("not among {} codes", field.codes.len());
        let text = spelling::spell_value(&steps.known, row).unwrap_or_default();
        flags.push(value_flag(row, field, &text, FlagCode::UnknownCode, detail));
    }
}

/// Codes that `pad` rebuilt.
fn flag_restored(flags: &mut Vec<RowFlag>, field: &Field, steps: &Steps) {
    let Some((bare, text)) = steps.bare.as_ref().zip(spelling::as_text(&steps.known)) else {
        return;
    };
    if bare == text {
        return;
    }
    for row in (0..bare.len()).filter(|row| bare.is_valid(*row) && bare.value(*row) != text.value(*row)) {
        let detail = format!("made {}", text.value(row));
        flags.push(value_flag(
            row,
            field,
            bare.value(row),
            FlagCode::RestoredZeros,
            detail,
        ));
    }
}

/// Characters inside the text of a field that nobody sees.
fn flag_repaired(flags: &mut Vec<RowFlag>, raw: &RawBatch, field: &Field, sources: &[String]) {
    for (name, column) in raw.columns.iter().filter(|(name, _)| sources.contains(name)) {
        let Some(text) = spelling::as_text(column).filter(|text| repair::has_unseen(text)) else {
            continue;
        };
        for row in (0..text.len()).filter(|row| text.is_valid(*row) && repair::is_broken(text.value(*row))) {
            let detail = format!("control or invisible characters in {name}");
            let value = unseen::visible_text(text.value(row)).unwrap_or_default();
            flags.push(value_flag(row, field, &value, FlagCode::RepairedText, detail));
        }
    }
}

/// Words that stand for a name nobody gave, alone or before a number.
const NO_NAMES: [&str; 4] = ["UNKNOWN", "UNNAMED", "NO NAME", "TBD"];

/// Words that stand for none where they are the whole name: people's, and those that programs write (Esri's `<Null>`,
/// Excel's `#N/A`, Python's `nan`).
const NONE: [&str; 12] = [
    "N/A",
    "NA",
    "NONE",
    "NULL",
    "<NULL>",
    "(NULL)",
    "#N/A",
    "NAN",
    "NIL",
    "NOT AVAILABLE",
    "NOT APPLICABLE",
    "UNDEFINED",
];

/// Names that say only that there is none.
pub(in crate::kernel) fn placeholder_names(columns: &Attributes) -> Vec<RowFlag> {
    let Some(names) = columns.text("name") else {
        return vec![];
    };
    names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| {
            let name = name.filter(|name| is_placeholder(name))?;
            Some(RowFlag {
                index,
                field: "name".to_owned(),
                value: shortened(name),
                code: FlagCode::PlaceholderName,
                detail: String::new(),
            })
        })
        .collect()
}

fn is_placeholder(name: &str) -> bool {
    let has_letters = name.chars().any(char::is_alphanumeric);
    if !has_letters || NONE.iter().any(|word| name.eq_ignore_ascii_case(word)) {
        return !name.is_empty();
    }
    let rest = NO_NAMES.iter().find_map(|word| {
        let start = name.get(..word.len())?;
        start.eq_ignore_ascii_case(word).then(|| &name[word.len()..])
    });
    rest.is_some_and(|rest| {
        rest.bytes()
            .all(|byte| byte.is_ascii_digit() || b" -_#".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn a_placeholder_is_a_word_and_at_most_a_number() {
        for name in [
            "UNKNOWN107655",
            "Unknown 12",
            "UNNAMED",
            "TBD #3",
            "unnamed_7",
            "No Name",
            "N/A",
            "na",
            "None",
            "NULL",
            "<Null>",
            "#N/A",
            "nan",
            "-",
            "?",
            "...",
        ] {
            assert!(is_placeholder(name), "{name}");
        }
        for name in [
            "UNKNOWN SOLDIER CLINIC",
            "TBDX",
            "TAP12",
            "UN",
            "Ünknown",
            "",
            "NAPA",
            "NONE SUCH",
        ] {
            assert!(!is_placeholder(name), "{name}");
        }
    }
}
