//! What an answer has read, for people and for programs.
//!
//! Pure: counts in, text out.

use serde::Serialize;

use crate::query::{Account, Share};

/// What an answer took.
#[derive(Debug, Serialize)]
pub(super) struct Explained {
    #[serde(flatten)]
    pub(super) account: Account,
    /// From the release that isn't open yet to the last row.
    pub(super) seconds: f64,
}

impl Explained {
    pub(super) fn text(&self) -> String {
        format!(
            "{}\n{:<12}{:>14.3}",
            account_text(&self.account),
            "seconds",
            self.seconds
        )
    }
}

/// A level a line.
pub(super) fn account_text(account: &Account) -> String {
    let line =
        |what: &str, Share { read, of }: Share, note: &str| format!("{what:<12}{read:>14} of {of:>14}{note}");
    let percent = |Share { read, of }: Share| {
        let share = if of == 0 { 0.0 } else { read as f64 / of as f64 };
        format!("  ({:.2} %)", share * 100.0)
    };
    [
        line("tiles", account.tiles, ""),
        line("row groups", account.row_groups, " of these tiles"),
        line("pages", account.pages, " of these row groups"),
        line("rows", account.rows, &percent(account.rows)),
        line("bytes", account.bytes, &percent(account.bytes)),
        format!("{:<12}{:>14}", "requests", account.requests),
        format!("{:<12}{:>14}", "answer", account.answered),
    ]
    .join("\n")
}
