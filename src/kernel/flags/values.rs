//! Values that lost something on their way from source text to a typed column, and names that name nothing.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};

use crate::feature::{FlagCode, RawBatch, RowFlag};
use crate::kernel::normalise::shortened;
use crate::kernel::{dates, fields, repair};
use crate::plan::{Field, FieldKind, LayerSchema};

/// What the value rules look at: source columns, the columns of each step, and the names they go by.
pub(in crate::kernel) struct ValueColumns<'a> {
    /// Source columns.
    pub(in crate::kernel) raw: &'a RawBatch,
    /// Source columns of every schema field.
    pub(in crate::kernel) sources: &'a [Vec<String>],
    /// Columns of every step of normalise.
    pub(in crate::kernel) typed: &'a BTreeMap<String, ArrayRef>,
}

impl ValueColumns<'_> {
    fn text(&self, name: &str) -> Option<&StringArray> {
        self.typed.get(name)?.as_any().downcast_ref()
    }
}

/// Flags of every field's values.
pub(in crate::kernel) fn values(columns: &ValueColumns<'_>, schema: &LayerSchema) -> Vec<RowFlag> {
    let mut flags = Vec::new();
    for (field, sources) in schema.fields.iter().zip(columns.sources) {
        unparsed(&mut flags, columns, field);
        unknown_codes(&mut flags, columns, field);
        restored(&mut flags, columns, field);
        repaired(&mut flags, columns.raw, field, sources);
    }
    flags
}

fn flag(index: usize, field: &Field, value: &str, code: FlagCode, detail: String) -> RowFlag {
    RowFlag { index, field: field.name.clone(), value: shortened(value), code, detail }
}

/// Text that became null when it was typed.
fn unparsed(flags: &mut Vec<RowFlag>, columns: &ValueColumns<'_>, field: &Field) {
    let (Some(text), Some(value)) = (columns.text(&fields::text_name(field)), columns.typed.get(&field.name))
    else {
        return;
    };
    if value.null_count() == text.null_count() {
        return;
    }
    for row in (0..text.len()).filter(|row| value.is_null(*row) && text.is_valid(*row)) {
        let (code, detail) = match &field.kind {
            FieldKind::Date { formats } => dates::doubt(text.value(row), formats),
            kind => (FlagCode::Unparsed, type_of(kind).to_owned()),
        };
        flags.push(flag(row, field, text.value(row), code, detail));
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
fn unknown_codes(flags: &mut Vec<RowFlag>, columns: &ValueColumns<'_>, field: &Field) {
    let meaning = field.decoded.as_ref().and_then(|name| columns.typed.get(name));
    let (Some(meaning), Some(value)) = (meaning, columns.typed.get(&field.name)) else { return };
    let Some(text) = columns.text(&fields::text_name(field)) else { return };
    if meaning.null_count() == value.null_count() {
        return;
    }
    for row in (0..value.len()).filter(|row| meaning.is_null(*row) && value.is_valid(*row)) {
        let detail = format!("not among {} codes", field.codes.len());
        flags.push(flag(row, field, text.value(row), FlagCode::UnknownCode, detail));
    }
}

/// Codes that `pad` rebuilt.
fn restored(flags: &mut Vec<RowFlag>, columns: &ValueColumns<'_>, field: &Field) {
    let bare = columns.text(&fields::bare_name(field));
    let (Some(bare), Some(text)) = (bare, columns.text(&fields::text_name(field))) else { return };
    if bare == text {
        return;
    }
    for row in (0..bare.len()).filter(|row| bare.is_valid(*row) && bare.value(*row) != text.value(*row)) {
        let detail = format!("made {}", text.value(row));
        flags.push(flag(row, field, bare.value(row), FlagCode::RestoredZeros, detail));
    }
}

/// Control characters inside the text of a field.
fn repaired(flags: &mut Vec<RowFlag>, raw: &RawBatch, field: &Field, sources: &[String]) {
    for (name, text) in raw.columns.iter().filter(|(name, _)| sources.contains(name)) {
        if !text.value_data().iter().any(u8::is_ascii_control) {
            continue;
        }
        for row in (0..text.len()).filter(|row| text.is_valid(*row) && repair::is_broken(text.value(*row))) {
            let detail = format!("control characters in {name}");
            let value = repair::text(text.value(row)).unwrap_or_default();
            flags.push(flag(row, field, &value, FlagCode::RepairedText, detail));
        }
    }
}

/// Words that stand for a name nobody gave, alone or before a number.
const NO_NAMES: [&str; 4] = ["UNKNOWN", "UNNAMED", "NO NAME", "TBD"];

/// Names that say only that there is none.
pub(in crate::kernel) fn names(columns: &RecordBatch) -> Vec<RowFlag> {
    let names = columns.column_by_name("name").and_then(|names| names.as_any().downcast_ref::<StringArray>());
    let Some(names) = names else { return vec![] };
    let placeholder = |(index, name): (usize, Option<&str>)| {
        let name = name.filter(|name| is_placeholder(name))?;
        Some(RowFlag {
            index,
            field: "name".to_owned(),
            value: shortened(name),
            code: FlagCode::PlaceholderName,
            detail: String::new(),
        })
    };
    names.iter().enumerate().filter_map(placeholder).collect()
}

fn is_placeholder(name: &str) -> bool {
    let rest = NO_NAMES.iter().find_map(|word| {
        let start = name.get(..word.len())?;
        start.eq_ignore_ascii_case(word).then(|| &name[word.len()..])
    });
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || b" -_#".contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn a_placeholder_is_a_word_and_at_most_a_number() {
        for name in ["UNKNOWN107655", "Unknown 12", "UNNAMED", "TBD #3", "unnamed_7", "No Name"] {
            assert!(is_placeholder(name), "{name}");
        }
        for name in ["UNKNOWN SOLDIER CLINIC", "TBDX", "TAP12", "UN", "Ünknown", ""] {
            assert!(!is_placeholder(name), "{name}");
        }
    }
}
