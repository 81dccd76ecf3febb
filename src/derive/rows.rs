//! The rows of a layer as they wait after its tiles are written, for products that look at some of them again.

use std::fmt::Debug;

use super::error::BoxError;
use crate::feature::FacilityRows;

/// Where a row of a layer that this run made is to be had: the part of the rows that it is in, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowPlace {
    /// The part.
    pub part: u32,
    /// The row.
    pub row: u32,
}

/// The rows of a layer that this run made, as they still wait.
pub trait Rows: Debug + Sync {
    /// Named columns of rows, in the order of their places, as they are published; text may be a dictionary.
    ///
    /// # Errors
    /// When they can't be had back.
    fn take(&self, places: &[RowPlace], columns: &[&str]) -> Result<FacilityRows, BoxError>;
}
