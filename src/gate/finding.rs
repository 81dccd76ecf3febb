//! How findings are put together and worded, for every check alike.
//!
//! Pure. What is to be found is the checks' business.

use crate::feature::{Check, Finding};

/// A finding that holds the layer back.
pub(super) fn red_finding(check: Check, what: String) -> Finding {
    Finding {
        check,
        is_red: true,
        what,
    }
}

/// A finding that people should know of, and that holds nothing back.
pub(super) fn warning(check: Check, what: String) -> Finding {
    Finding {
        check,
        is_red: false,
        what,
    }
}

/// Names in backquotes, the first ten of them.
pub(super) fn list_names(names: &[&str]) -> String {
    // A source that exchanges its whole schema has hundreds; a message of one line must stay one.
    const SHOWN: usize = 10;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

/// Percent of a whole; 0 where the whole is nothing.
pub(super) fn percent_of(rows: u64, all: u64) -> f64 {
    if all == 0 {
        0.0
    } else {
        rows as f64 / all as f64 * 100.0
    }
}
