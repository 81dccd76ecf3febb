//! Values of a field: which rows a rule or an exclusion is for.

use serde::Serialize;

use super::check::{Check, plain_texts, text_or_empty};
use crate::config::{SchemaConfig, Spanned, known_names_hint};

/// Values of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldValues {
    /// Canonical field to look at.
    pub field: String,
    /// Values that match, compared without case.
    pub equals: Vec<String>,
    /// What values that match begin with, compared without case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
}

impl FieldValues {
    /// Whether a value is one of them.
    ///
    /// ```
    /// let hydro = cikr::plan::FieldValues {
    ///     field: "purposes".to_owned(),
    ///     equals: vec!["power".to_owned()],
    ///     starts_with: vec!["H".to_owned()],
    /// };
    /// assert!(hydro.match_value("Power") && hydro.match_value("hcr") && !hydro.match_value("CH"));
    /// ```
    pub fn match_value(&self, value: &str) -> bool {
        self.equals
            .iter()
            .any(|wanted| wanted.eq_ignore_ascii_case(value))
            || self.starts_with.iter().any(|start| begins_with(value, start))
    }
}

/// Compared without case.
fn begins_with(value: &str, start: &str) -> bool {
    value
        // None where it would cut a character, and then the value begins with something else.
        .get(..start.len())
        .is_some_and(|value| value.eq_ignore_ascii_case(start))
}

/// The values that a rule or an exclusion of a schema is for.
pub(super) fn resolve(
    check: &mut Check<'_>,
    config: &SchemaConfig,
    field: Option<&Spanned<String>>,
    equals: &[Spanned<String>],
    starts_with: &[Spanned<String>],
) -> FieldValues {
    if let Some(field) = field {
        check_declared(check, config, field);
    }
    FieldValues {
        field: text_or_empty(field),
        equals: plain_texts(equals),
        starts_with: plain_texts(starts_with),
    }
}

/// Reports a field that the schema doesn't have.
pub(super) fn check_declared(check: &mut Check<'_>, config: &SchemaConfig, field: &Spanned<String>) {
    // A block that could not be read may have it.
    if !config.include.is_empty() || field_names(config).any(|name| name.value == field.value) {
        return;
    }
    let message = format!("`{}` is not a field of this schema", field.value);
    check.error(&field.span, message).label =
        known_names_hint(&field.value, field_names(config).map(|name| name.value.as_str()));
}

/// Names of the fields that a schema has, its blocks' among them.
pub(super) fn field_names(config: &SchemaConfig) -> impl Iterator<Item = &Spanned<String>> {
    config.fields.iter().filter_map(|field| field.value.name.as_ref())
}
