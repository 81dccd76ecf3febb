//! How much one page can hold, so that a few bytes can't claim more.

/// Most rows that one answer of a service can have: servers give thousands at a time, and a few bytes could claim to
/// be one.
pub(in crate::fetch::arcgis) const MAX_PAGE_ROWS: usize = 1_000_000;

/// Most columns of a page: four times as many as a layer may have.
pub(super) const MOST_COLUMNS: usize = 1 << 14;
