//! Rows of a layer between locate and pack: by region, in memory until the budget is spent, then in a scratch file.
//!
//! May use: `feature`, `kernel`. Knows rows as columns and places; what they mean is the stages' affair. A row is named
//! by a [`Spot`]: which part it is in, and where there. Nothing here orders a tile.

mod block;
mod budget;
mod codes;
mod columns;
mod local;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;

use arrow_schema::ArrowError;

use crate::feature::{ColumnError, FacilityRows, RegionId};
use crate::kernel::assemble::StageRows;
use crate::kernel::pack::Spot;

pub use budget::Budget;
pub use local::LocalRows;

/// Column that tells of each row where it stood in the source: its batch and its place there, in one number.
pub const POSITION: &str = "__position";

/// Which point of a row its spot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpotPlace {
    /// The centre of its box: what a layer's tiles are packed by.
    AtCentre,
    /// The point that stands for it: what the inventory holds and is packed by.
    AtPoint,
}

/// Why rows can't be put away or had back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// The scratch file failed.
    #[error("cannot use a scratch file for rows that outgrow the memory budget")]
    Scratch {
        /// What the system said, with the store's own error within.
        source: io::Error,
    },
    /// Columns don't fit together: a mistake of this program.
    #[error("cannot put rows together")]
    Columns {
        /// Arrow's reason.
        source: ArrowError,
    },
    /// A column doesn't come back as it was put away: a mistake of this program.
    #[error("internal: rows don't come back as they were put away")]
    Mistyped {
        /// Which, and what it is.
        source: ColumnError,
    },
}

impl From<ArrowError> for RowsError {
    fn from(source: ArrowError) -> Self {
        Self::Columns { source }
    }
}

impl From<ColumnError> for RowsError {
    fn from(source: ColumnError) -> Self {
        Self::Mistyped { source }
    }
}

impl From<io::Error> for RowsError {
    fn from(source: io::Error) -> Self {
        Self::Scratch { source }
    }
}

/// Where a layer's rows wait until they are packed. Filled by one thread; read by several.
pub trait RowStore: Debug + Send + Sync {
    /// Takes rows in the order of the source.
    ///
    /// # Errors
    /// When they have to leave memory and can't.
    fn push(&mut self, rows: StageRows) -> Result<(), RowsError>;

    /// Ends the filling; rows may be taken from here on.
    ///
    /// # Errors
    /// As `push`.
    fn seal(&mut self) -> Result<(), RowsError>;

    /// Regions that have rows.
    fn regions(&self) -> BTreeSet<RegionId>;

    /// Rows of a region, or all.
    fn rows_in(&self, region: Option<&RegionId>) -> u64;

    /// Shows the spot of every row of a region, or of all, in no particular order and with no tie settled. Few of those
    /// that are not in memory are held at a time.
    ///
    /// # Errors
    /// When the scratch file can't be read.
    fn each_spot(
        &self,
        region: Option<&RegionId>,
        stands: SpotPlace,
        see: &mut dyn FnMut(Spot),
    ) -> Result<(), RowsError>;

    /// Bytes that a row takes, on average, that is brought into memory by `take_rows`; none where all are there anyway.
    fn bytes_away(&self) -> usize;

    /// Rows by their spots, in that order: all columns, or those named that there are.
    ///
    /// # Errors
    /// When the scratch file can't be read.
    fn take_rows(&self, spots: &[Spot], columns: Option<&[&str]>) -> Result<FacilityRows, RowsError>;
}

#[cfg(test)]
mod tests;
