//! How an error reads.
//!
//! LEAF.

use std::error::Error as StdError;

/// An error with its causes on one line, as `a: b: c`.
///
/// ```
/// use cikr::feature::error_chain;
///
/// let error = std::io::Error::other("disk full");
/// assert_eq!(error_chain(&error), "disk full");
/// ```
pub fn error_chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
