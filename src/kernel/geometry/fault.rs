//! Why a geometry can't be used: the code that tables have, and what exactly it is.

use crate::feature::RejectReason;

/// What is wrong with a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Code of the reject.
    pub reason: RejectReason,
    /// What exactly, as a reject tells it; nothing where the code says it all.
    pub why: &'static str,
}

impl Fault {
    /// A geometry that can't be, and why.
    pub(super) const fn impossible(why: &'static str) -> Self {
        Self {
            reason: RejectReason::ImpossibleGeometry,
            why,
        }
    }

    /// What a reject tells of a geometry that has this text, where it has one.
    pub fn reject_value(&self, text: &str) -> String {
        match (self.why, text) {
            ("", text) => text.to_owned(),
            (why, "") => why.to_owned(),
            (why, text) => format!("{why}: {text}"),
        }
    }
}

impl From<RejectReason> for Fault {
    fn from(reason: RejectReason) -> Self {
        Self { reason, why: "" }
    }
}
