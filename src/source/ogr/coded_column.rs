//! The column beside a column of codes that has their names, as of ArcGIS services.

use std::collections::HashMap;

use super::domains::{CodeNames, Domains};
use crate::source::batch::BatchBuilder;

/// Ending of the column with the names of a field's codes.
const DECODED: &str = "_decoded";

/// A column of codes.
pub(super) struct CodedColumn {
    names: CodeNames,
    /// By code of the row's subtype, where it has names of its own.
    by_subtype: HashMap<String, CodeNames>,
    /// The column that their names go to.
    column: usize,
    /// Values that it has no name for.
    pub(super) unknown: u64,
}

impl CodedColumn {
    /// The coded columns among `columns`, each of whose names become a further column.
    pub(super) fn add_name_columns(columns: &mut Vec<String>, domains: Domains) -> Vec<Option<Self>> {
        let Domains { mut fields, subtypes } = domains;
        let subtypes = subtypes.unwrap_or_default();
        let mut coded = Vec::new();
        for at in 0..columns.len() {
            let field = &columns[at];
            // A subtype may give a field another domain, so one code means different things in different rows.
            let own = subtypes.fields.iter().filter(|((_, of), _)| of == field);
            let by_subtype: HashMap<String, CodeNames> = own
                .map(|((code, _), names)| (code.clone(), names.clone()))
                .collect();
            let names = fields
                .remove(field)
                .or_else(|| (*field == subtypes.field).then(|| subtypes.names.clone()));
            let decoded = format!("{field}{DECODED}");
            // A layer that has a field of that name keeps its own.
            if names.is_none() && by_subtype.is_empty() || columns.contains(&decoded) {
                coded.push(None);
                continue;
            }
            let column = columns.len();
            columns.push(decoded);
            coded.push(Some(Self {
                names: names.unwrap_or_default(),
                by_subtype,
                column,
                unknown: 0,
            }));
        }
        coded
    }

    /// Puts the name of a code into its column; `subtype` is the code of the row's subtype, where rows have any.
    pub(super) fn put_name(&mut self, code: &str, subtype: Option<&str>, batch: &mut BatchBuilder) {
        let own = subtype.and_then(|subtype| self.by_subtype.get(subtype.trim()));
        match own.unwrap_or(&self.names).get(code.trim()) {
            Some(name) => batch.put_text(self.column, name),
            None => self.unknown += 1,
        }
    }
}
