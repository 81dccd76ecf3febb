//! The fields of a draft: one for each column that is not the geometry.
//!
//! Pure.

use super::codes;
use super::column::Column;
use super::key::Key;
use super::kind::Kind;
use super::layer;
use super::names;
use super::nulls::null_spellings;
use super::survey::Survey;
use crate::plan::{Field, FieldKind};

/// A field to write.
#[derive(Debug)]
pub(super) struct FieldDraft<'a> {
    /// Its column.
    pub(super) column: &'a Column,
    /// Its type.
    pub(super) kind: Kind,
    /// Canonical name.
    pub(super) name: String,
    /// Whether it is a part of the key.
    pub(super) is_key: bool,
    at: usize,
}

impl FieldDraft<'_> {
    /// Digits to restore, of codes that have lost zeros.
    pub(super) fn padded_width(&self) -> Option<usize> {
        let is_text = self.kind == Kind::Text;
        is_text
            .then(|| codes::padded_width(&self.column.name, &self.name, self.column.lengths.1))
            .flatten()
    }

    /// The field as a run has it, as far as it makes a key: whatever has no spelling of its own there is text.
    pub(super) fn as_in_a_run(&self) -> Field {
        let (sure, _) = null_spellings(self.column, &self.kind);
        Field {
            name: self.name.clone(),
            from: vec![self.column.name.clone()],
            kind: if self.kind == Kind::State {
                FieldKind::State
            } else {
                FieldKind::Text
            },
            unit: None,
            description: String::new(),
            null: sure.into_iter().map(str::to_owned).collect(),
            required: false,
            pad: self.padded_width(),
            codes: Vec::new(),
            is_concatenated: false,
            is_summed: false,
            is_on_map: false,
            decoded: None,
        }
    }
}

/// One field per column that is not the geometry, unless the key stands there.
pub(super) fn fields_of<'a>(survey: &'a Survey, kinds: &[Kind], key: Option<&Key>) -> Vec<FieldDraft<'a>> {
    let geometry = layer::geometry_columns(survey);
    let names = names::names_of_columns(&survey.columns, kinds);
    let all = survey.columns.iter().zip(kinds).zip(names).enumerate();
    let fields = all.map(|(at, ((column, kind), name))| {
        let is_key = key.is_some_and(|key| key.columns.contains(&at));
        // A number in a key would lose zeros and gain a point; as text it is what the source has.
        let is_text = names::is_text_core(&name) || is_key && matches!(kind, Kind::Integer | Kind::Number);
        FieldDraft {
            column,
            kind: if is_text { Kind::Text } else { kind.clone() },
            name,
            is_key,
            at,
        }
    });
    fields
        .filter(|field| field.is_key || !geometry.contains(&field.column.name.as_str()))
        .collect()
}

/// The key's fields, in the key's order.
pub(super) fn fields_of_key<'f, 'a>(
    fields: &'f [FieldDraft<'a>],
    key: Option<&Key>,
) -> Vec<&'f FieldDraft<'a>> {
    let columns = key.map_or(&[][..], |key| &key.columns);
    columns
        .iter()
        .filter_map(|at| fields.iter().find(|field| field.at == *at))
        .collect()
}
