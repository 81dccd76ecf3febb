//! What can go wrong in a kernel.

use crate::feature::ColumnError;

/// An error that fails the layer; a bad row is a reject, not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A required field is not among the source's columns.
    #[error("{shown}: no column for required field `{field}` (looked for {}); the source has {}", wanted.join(", "), found.join(", "))]
    MissingField {
        /// Source as the pipeline names it.
        shown: String,
        /// Canonical field.
        field: String,
        /// Source names tried.
        wanted: Vec<String>,
        /// Columns of the source.
        found: Vec<String>,
    },
    /// Polars refused an expression.
    #[error("cannot normalise a batch")]
    Frame {
        /// Cause.
        source: polars::error::PolarsError,
    },
    /// A geometry is not as normalise left it: a mistake of this program.
    #[error("internal: a row has no geometry in WKB")]
    Geometry,
    /// A column is not as it is published: a mistake of this program.
    #[error("internal: a column is not as it is published")]
    Column {
        /// Which, and what it is.
        #[from]
        source: ColumnError,
    },
    /// Arrow refused a conversion.
    #[error("cannot assemble a batch")]
    Arrow {
        /// Cause.
        source: arrow_schema::ArrowError,
    },
}
