//! What fails a layer or a polygon set.

use super::rows::RowsError;
use crate::kernel::KernelError;
use crate::source::SourceError;

/// Why an engine gave up on a layer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The source can't be read.
    #[error("cannot read the source")]
    Source {
        /// Cause.
        source: SourceError,
    },
    /// A kernel failed.
    #[error("cannot process the rows")]
    Kernel {
        /// Cause.
        source: KernelError,
    },
    /// Rows can't be put away until they are packed, or had back.
    #[error("cannot hold the rows")]
    Rows {
        /// Cause.
        source: RowsError,
    },
    /// A polygon set lacks a column.
    #[error("{shown}: no column `{column}`; the set has {}", found.join(", "))]
    MissingColumn {
        /// Source as the pipeline names it.
        shown: String,
        /// Column wanted.
        column: String,
        /// Columns of the set.
        found: Vec<String>,
    },
    /// Too many polygons of a set can't be used.
    #[error(
        "{bad} of {all} polygons can't be used, over a tenth of the set; the first: {first}; look into the file, and at \
         the column that the pipeline names as `code`"
    )]
    Boundary {
        /// Polygons that can't be used.
        bad: usize,
        /// All polygons.
        all: usize,
        /// Row, code and name of the first, and what is wrong with it.
        first: String,
    },
    /// The source has no row.
    #[error("{shown}: no rows; an empty source is taken for a broken one")]
    Empty {
        /// Source as the pipeline names it.
        shown: String,
    },
    /// A projected CRS is declared or stated, and the coordinates look like degrees.
    #[error(
        "{shown}: the CRS is {crs}, which has metres or feet, but every coordinate lies within ±180 and ±90; \
         if these are degrees, say so by `crs = \"EPSG:4326\"`"
    )]
    Degrees {
        /// Source as the pipeline names it.
        shown: String,
        /// CRS of the source.
        crs: String,
    },
    /// More rows were rejected than the schema allows, or all.
    #[error("{rejected} of {read} rows rejected ({reasons}), {limit}; first: {first}")]
    TooManyRejects {
        /// Rows rejected.
        rejected: u64,
        /// Rows read.
        read: u64,
        /// Counts per reason.
        reasons: String,
        /// What that is too many for.
        limit: String,
        /// First reject, with its origin.
        first: String,
    },
}
