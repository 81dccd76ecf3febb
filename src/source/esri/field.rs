//! A field of a layer, as its info declares it.

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// Whole numbers.
    Integer,
    /// A moment, epoch milliseconds.
    Date,
    /// A day.
    DateOnly,
    /// Anything that is kept as spelled.
    Other,
}

/// A field that becomes a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Name.
    pub(super) name: String,
    /// What its values are.
    pub(super) kind: FieldKind,
}
