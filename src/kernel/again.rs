//! What a first reading of a layer has shown, for a second that needs it.
//!
//! Pure. Some of what a row says can be understood only once all rows have been seen. A layer that has such rows is read
//! twice; most are read once.

use std::collections::{BTreeMap, HashMap};

/// What is known of a layer before its rows are mapped; nothing, the first time.
///
/// ```
/// use cikr::kernel::again::SecondReading;
///
/// let mut again = SecondReading::default();
/// assert!(again.is_nothing());
/// again.recovered.insert("built".to_owned(), 5);
/// assert!(!again.is_nothing(), "a second reading would give dates that the first could not");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecondReading {
    /// Fields whose mangled dates are understood, and to how many decimals.
    pub recovered: BTreeMap<String, usize>,
    /// Keys that stand in several rows, as numbers; of each, which of the rows with a key is the last, from 0.
    pub repeated: HashMap<u128, u64>,
}

impl SecondReading {
    /// Keys of which it is known that they repeat, at most: beyond them the key is none.
    pub const MOST_REPEATED: usize = 1_000_000;

    /// Whether there is nothing that a second reading would do otherwise.
    pub fn is_nothing(&self) -> bool {
        self.recovered.is_empty() && self.repeated.is_empty()
    }
}
