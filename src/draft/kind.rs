//! Types of fields, as a schema writes them.
//!
//! Pure.

/// Type of a field, as a schema writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// `text`.
    Text,
    /// `integer`.
    Integer,
    /// `number`.
    Number,
    /// `boolean`, of the words that a schema knows by default.
    Boolean,
    /// `date`, in these patterns.
    Date(Vec<&'static str>),
    /// `state`.
    State,
}

impl Kind {
    /// The word that a schema uses.
    pub(super) fn schema_word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date(_) => "date",
            Self::State => "state",
        }
    }
}
