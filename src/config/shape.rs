//! What a table may hold, learned from the reader that asks for it.
//!
//! LEAF. Knows keys and kinds of values, not what they mean.

/// The keys of a table, in the order its reader asks for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// The keys.
    pub keys: Vec<KeyShape>,
}

/// A key that a table may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyShape {
    /// The key.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Whether it must be there.
    pub is_required: bool,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text that is not blank.
    Text,
    /// A list of texts.
    Texts {
        /// Whether one at least must be in it.
        is_filled: bool,
    },
    /// A whole number.
    Integer,
    /// Text that is not blank, or a whole number.
    TextOrInteger,
    /// A number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Bytes, or text with a unit.
    Size,
    /// Seconds, or text with a unit.
    Time,
    /// Texts under keys of the writer's choice.
    Pairs,
    /// A table.
    Table(Shape),
    /// A list of tables.
    Tables(Shape),
}
