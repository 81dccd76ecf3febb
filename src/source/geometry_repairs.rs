//! What is done to a geometry while it is read, and counted in the batch.

/// What was done to a geometry so that it can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct GeometryRepairs {
    /// Rings were closed, or parts left out.
    pub(super) parts: bool,
    /// Curves became straight segments.
    pub(super) curves: bool,
}
