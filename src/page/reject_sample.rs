//! The first rows of a layer's rejects, as the page shows them.

/// Rows of a layer's rejects that are shown.
pub const SAMPLES: usize = 5;

/// A row of `rejects/<layer>.parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectSample {
    /// Where it came from, as `<source>:<row>`.
    pub origin: String,
    /// The field it failed in.
    pub field: String,
    /// The value.
    pub value: String,
    /// Reason code.
    pub reason: String,
}
