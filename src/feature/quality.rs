//! How complete, current and accurate a release is: the `quality` of `report.json`.
//!
//! LEAF. Made by `derive` from the tiles, read by `catalog` and `report`. The whole evidence is in
//! `quality/*.parquet`; this is what people are shown of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::LayerId;

/// How complete, current and accurate a release is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QualityReport {
    /// One entry per layer of the pipeline, in its order; an absent layer too.
    pub layers: Vec<LayerQuality>,
    /// Claims that disagree with what was computed, over all layers, most rows first; at most ten.
    pub worst_claims: Vec<ClaimPair>,
    /// Rows of `quality/expected.parquet` by verdict, over all layers.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// The reviewed file of expected counts, as the pipeline names it; none where it names none.
    pub expected_from: Option<String>,
}

impl QualityReport {
    /// Counts that aren't as expected.
    ///
    /// ```
    /// use cikr::feature::{QualityReport, Verdict};
    ///
    /// let report = QualityReport {
    ///     verdicts: [(Verdict::Missing, 2), (Verdict::Short, 1), (Verdict::Ok, 49)].into(),
    ///     ..QualityReport::default()
    /// };
    /// assert_eq!(report.unmet(), 3);
    /// ```
    pub fn unmet(&self) -> u64 {
        self.verdicts
            .iter()
            .filter(|(verdict, _)| verdict.is_unmet())
            .map(|(_, rows)| rows)
            .sum()
    }
}

/// How complete, current and accurate a layer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerQuality {
    /// Layer id.
    pub id: LayerId,
    /// Rows found of those expected.
    pub completeness: Score,
    /// Rows whose source date is recent enough.
    pub currency: Score,
    /// Rows whose claimed places are the computed ones.
    pub accuracy: Score,
    /// Values of core fields that are not null.
    pub filled: Score,
    /// States (and the layer's total) by verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// States whose count isn't as expected: missing and unexpected first, then short and excess.
    pub unmet: Vec<Unmet>,
    /// Claims that disagree with what was computed, most rows first; at most ten.
    pub worst_claims: Vec<ClaimPair>,
    /// Core fields with nulls, the emptiest first.
    pub nulls: Vec<NullShare>,
    /// Rows that repeat another row's name and box under a key of their own.
    pub suspected_duplicates: u64,
    /// Source dates of the rows; none where no row has one.
    pub dates: Option<SourceDates>,
}

/// A share with its evidence, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// What counts for it.
    pub numerator: Option<u64>,
    /// What is counted.
    pub denominator: Option<u64>,
    /// Numerator over denominator, 0 to 1; none without evidence.
    pub share: Option<f64>,
    /// What numerator and denominator are.
    pub definition: String,
    /// Why there is no score, where there is none.
    pub reason: Option<String>,
}

impl Score {
    /// A score with evidence; nothing counted is no evidence.
    ///
    /// ```
    /// use cikr::feature::Score;
    ///
    /// assert_eq!(Score::from_counts(3, 4, "rows dated").share, Some(0.75));
    /// let none = Score::from_counts(0, 0, "rows dated");
    /// assert_eq!((none.share, none.reason.as_deref()), (None, Some("there is no row to count")));
    /// ```
    pub fn from_counts(numerator: u64, denominator: u64, definition: &str) -> Self {
        Self {
            numerator: Some(numerator),
            denominator: Some(denominator),
            share: (denominator > 0).then(|| numerator as f64 / denominator as f64),
            definition: definition.to_owned(),
            reason: (denominator == 0).then(|| "there is no row to count".to_owned()),
        }
    }

    /// No score, and why.
    pub fn without_evidence(reason: &str, definition: &str) -> Self {
        Self {
            numerator: None,
            denominator: None,
            share: None,
            definition: definition.to_owned(),
            reason: Some(reason.to_owned()),
        }
    }
}

// Derived in the order of the variants: lists of states are sorted by verdict, what is plainly wrong before what may be.

/// What a count is against what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Rows were expected, and there is none.
    Missing,
    /// Rows where none was expected.
    Unexpected,
    /// Fewer rows than expected.
    Short,
    /// More rows than expected.
    Excess,
    /// As expected.
    Ok,
    /// Nobody has said what to expect.
    NotReviewed,
}

impl Verdict {
    /// Stable code, as in `quality/expected.parquet`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
            Self::Short => "short",
            Self::Excess => "excess",
            Self::Ok => "ok",
            Self::NotReviewed => "not_reviewed",
        }
    }

    /// Whether the count contradicts what was expected.
    pub const fn is_unmet(self) -> bool {
        !matches!(self, Self::Ok | Self::NotReviewed)
    }
}

/// A state whose count isn't as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmet {
    /// USPS code, `unassigned`, or `*` for the layer's total.
    pub state_code: String,
    /// What is wrong with the count.
    pub verdict: Verdict,
    /// Least rows expected; none where nothing was.
    pub low: Option<u64>,
    /// Most rows expected; none for no upper bound, and where nothing was expected.
    pub high: Option<u64>,
    /// Rows found.
    pub found: u64,
    /// What the reviewer went by; none where nothing was expected.
    #[serde(default)]
    pub source: Option<String>,
}

/// What kind of place a source claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// A state or territory, USPS code.
    State,
    /// A county or equivalent, 5-digit FIPS code.
    County,
}

impl ClaimKind {
    /// Stable code, as in `quality/claims.parquet`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::County => "county",
        }
    }
}

/// Rows that claim one place and lie in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimPair {
    /// Layer id.
    pub layer: LayerId,
    /// State or county.
    pub kind: ClaimKind,
    /// What the source says.
    pub claimed: String,
    /// What was computed; none where the row lies in no polygon.
    pub computed: Option<String>,
    /// Rows.
    pub rows: u64,
    /// One of them: that with the lowest id.
    pub example: String,
}

/// How empty a core field is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullShare {
    /// Column.
    pub field: String,
    /// Rows without a value.
    pub nulls: u64,
    /// Nulls over rows, 0 to 1.
    pub share: f64,
}

/// Dates that a layer's source gives for its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceDates {
    /// Rows with a date.
    pub dated: u64,
    /// Rows with a date after the run began: no evidence of anything.
    pub future: u64,
    /// Oldest, ISO 8601.
    pub oldest: String,
    /// Middle one (the lower of two), ISO 8601.
    pub median: String,
    /// Newest, ISO 8601.
    pub newest: String,
    /// Days from the median to the start of the run.
    pub median_age_days: i64,
}
