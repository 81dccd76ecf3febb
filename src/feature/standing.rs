//! How a layer stands in a release: of this run, of an earlier one, or not at all.
//!
//! LEAF.

use serde::{Deserialize, Serialize};

use super::release::ReleaseId;

/// How a layer stands in a release, with what only a layer that stands so has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its rows are those of its source in this run.
    Published {
        /// Release its files were made for, where neither source nor plan has changed since; none where this run made
        /// them.
        unchanged_since: Option<ReleaseId>,
    },
    /// Failed in this run; the rows are those of an earlier release.
    Carried {
        /// Why it failed.
        reason: String,
        /// Release its rows were made for; none where its report, which somebody else has written, doesn't say.
        from: Option<ReleaseId>,
        /// Whole days from that release to the start of this run; none where its id doesn't tell when it was.
        days: Option<i64>,
    },
    /// Failed in this run, and no earlier release has it.
    Absent {
        /// Why it failed.
        reason: String,
    },
}

impl Standing {
    /// Of a layer that this run has made.
    pub const fn made() -> Self {
        Self::Published {
            unchanged_since: None,
        }
    }

    /// Which of the three it is.
    ///
    /// ```
    /// use cikr::feature::{LayerStatus, Standing};
    ///
    /// let absent = Standing::Absent { reason: "the source is empty".to_owned() };
    /// assert_eq!(absent.status(), LayerStatus::Absent);
    /// assert_eq!(absent.status().code(), "absent");
    /// ```
    pub const fn status(&self) -> LayerStatus {
        match self {
            Self::Published { .. } => LayerStatus::Published,
            Self::Carried { .. } => LayerStatus::Carried,
            Self::Absent { .. } => LayerStatus::Absent,
        }
    }
}

/// How a layer stands in a release, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerStatus {
    /// Its rows are of this run.
    Published,
    /// Its rows are those of an earlier release.
    Carried,
    /// It has no rows.
    Absent,
}

impl LayerStatus {
    /// Stable code, as in reports and tables.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Carried => "carried",
            Self::Absent => "absent",
        }
    }
}
