//! Coded values of a layer: the names that it gives to the codes of its fields.

use std::collections::HashMap;

/// Names by code.
pub(super) type CodeNames = HashMap<String, String>;

/// Coded values of a layer.
#[derive(Default)]
pub(super) struct Domains {
    /// Names by field.
    pub(super) fields: HashMap<String, CodeNames>,
    /// Where fields have other names in rows of other subtypes.
    pub(super) subtypes: Option<Subtypes>,
}

/// Kinds of rows, told apart by the code in one field.
#[derive(Default)]
pub(super) struct Subtypes {
    /// The field.
    pub(super) field: String,
    /// Names of the kinds by their codes.
    pub(super) names: CodeNames,
    /// By code of the kind and field, names.
    pub(super) fields: HashMap<(String, String), CodeNames>,
}
