//! Flags: what is doubtful about rows that are published all the same.
//!
//! Pure. Each rule first compares whole columns (null counts, buffers, bounds) and looks at single rows
//! only where these differ, so that a clean layer pays next to nothing. No rule changes a row.

mod contradictions;
mod places;
mod values;

pub use places::doubtful_places;

pub(super) use contradictions::contradictions;
pub(super) use values::{changed_values, placeholder_names};
