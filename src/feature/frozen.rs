//! A latest release that stays the latest: who has frozen it, when and why.
//!
//! LEAF.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::release::ReleaseId;

/// Why nights don't become the latest release: somebody has gone back to an earlier one.
///
/// ```
/// use cikr::feature::Frozen;
/// use cikr::feature::release::ReleaseId;
///
/// let frozen = Frozen {
///     release: ReleaseId::parse("20261129T021500123Z")?,
///     by: "ada".to_owned(),
///     at: "2026-11-30T09:00:00Z".to_owned(),
///     reason: "the new dams are mirrored".to_owned(),
/// };
/// assert_eq!(
///     frozen.to_string(),
///     "latest stays 20261129T021500123Z: frozen by ada at 2026-11-30T09:00:00Z (the new dams are mirrored); \
///      `cikr latest --follow` ends it"
/// );
/// # Ok::<(), cikr::feature::release::BadReleaseId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The release that stays the latest.
    pub release: ReleaseId,
    /// Who has frozen it.
    pub by: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            release,
            by,
            at,
            reason,
        } = self;
        write!(
            f,
            "latest stays {release}: frozen by {by} at {at} ({reason}); `cikr latest --follow` ends it"
        )
    }
}
