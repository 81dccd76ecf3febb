//! The key that a draft proposes.
//!
//! Pure.

/// Columns proposed as the key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Positions of the columns.
    pub(super) columns: Vec<usize>,
    /// Rows it rejects.
    pub(super) lost: u64,
    /// What to say of it, a line each.
    pub(super) remarks: Vec<String>,
}

/// Columns that several-column keys are made of: so many with a name for it, so many at all.
pub(super) const PARTS: usize = 8;

/// What a key loses, and whether all was counted.
pub(super) fn loss_remarks(rows: u64, counted: u64, lost: u64) -> Vec<String> {
    let mut told = Vec::new();
    if lost > 0 {
        told.push(format!(
            "{lost} of {counted} rows have none or repeat an earlier one: they will be rejects."
        ));
    }
    if counted < rows {
        told.push(format!(
            "Counted over the first {counted} of {rows} rows: there is no room for more."
        ));
    }
    told
}
