//! What is wrong with a landed pull as a whole.

use crate::source::error::SourceError;

/// Why `what` of a pull, a page or its list, can't be read.
pub(super) fn pull_error(shown: &str, what: &'static str, reason: impl Into<String>) -> SourceError {
    SourceError::BrokenPull {
        shown: shown.to_owned(),
        what,
        reason: reason.into(),
    }
}
