//! Where the bytes of one source go, and who is told of them.

use super::http::Deadline;
use crate::feature::Progress;
use crate::store::Store;

/// Where a source lands.
pub struct Landing<'a> {
    /// The store.
    pub store: &'a Store,
    /// Folder of the source in the landing.
    pub id: &'a str,
    /// Told of the rows.
    pub progress: &'a dyn Progress,
    /// The clock, RFC 3339 UTC.
    pub now: &'a (dyn Fn() -> String + Sync),
    /// Until when the source may be asked.
    pub until: Deadline,
}
