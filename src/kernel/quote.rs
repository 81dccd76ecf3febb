//! What rejects and flags quote of a value.

/// Longest value quoted in a reject, characters.
const MOST_QUOTED: usize = 200;

/// A value short enough to quote.
///
/// By characters, not bytes: a cut within one would not be UTF-8, and what is cut is shown to people.
pub(super) fn shortened(value: &str) -> String {
    if value.chars().count() <= MOST_QUOTED {
        return value.to_owned();
    }
    value.chars().take(MOST_QUOTED - 1).chain(['…']).collect()
}
