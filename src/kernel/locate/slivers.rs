//! Shares so small that they tell of two drawings of one border, and of nothing else. Pure.

/// Share of a line or an area below which what it touches is not told.
pub(super) const SLIVER: f64 = 1e-6;

/// Whether a share is all of a row, but for what rounding and slivers take.
pub(super) fn is_whole(share: f64) -> bool {
    share >= 1.0 - SLIVER
}
