//! What somebody asks a release, and how much the answer may take.
//!
//! Pure.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use geo::Point;

use super::{QueryError, Within};
use crate::select::Asked;

/// Most rows that are asked for by their distance.
const MOST_NEAREST: usize = 100_000;

/// The column that tells which row of the layer a row is, counted from 0 in the order of the tiles.
pub const ROW_NUMBER: &str = "__row";

/// A question about one layer.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Id of the layer; `facilities` is the inventory of all.
    pub layer: String,
    /// Which of its rows; the layers in it are not looked at.
    pub rows: Asked,
    /// Jurisdictions that they must be in, all of them.
    pub within: Vec<Within>,
    /// How near to which place; adds the column `distance_m`.
    pub near: Option<Near>,
    /// Columns, in this order; none for all.
    pub columns: Option<Vec<String>>,
    /// In which order the rows come; without one in that of the tiles, of the `k` nearest in that of their distance.
    pub order: Option<Order>,
    /// Most rows of the answer.
    pub limit: Option<u64>,
    /// Only from this row of the layer on, counted from 0 in the order of the tiles: what comes before isn't looked at.
    pub from_row: u64,
    /// Whether the column [`ROW_NUMBER`] tells which row of the layer each is; not of the `k` nearest.
    pub are_numbered: bool,
}

/// What is near a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The place, degrees.
    pub point: Point<f64>,
    /// The so many nearest.
    pub k: Option<usize>,
    /// No farther than so many metres.
    pub radius_m: Option<f64>,
}

/// In which order rows come; those without a value last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// `distance`, or a column.
    pub by: String,
    /// The greatest first.
    pub is_descending: bool,
}

/// What an answer may take; each bound that is reached ends it with an error, never with a part of the rows.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Most bytes that are read.
    pub bytes: Option<u64>,
    /// When it must be over.
    pub until: Option<Instant>,
    /// Set by whoever doesn't want it any more.
    pub cancelled: Arc<AtomicBool>,
}

impl Near {
    /// # Errors
    /// When neither bound is there, or one is no bound.
    pub(super) fn check(&self) -> Result<(), QueryError> {
        let (x, y) = self.point.x_y();
        if !((-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y)) {
            return Err(QueryError::asked(
                "near: longitudes are -180 to 180, latitudes -90 to 90",
            ));
        }
        if self.k.is_none() && self.radius_m.is_none() {
            return Err(QueryError::asked(
                "near what distance? ask for the k nearest, for a radius, or both",
            ));
        }
        if self.k.is_some_and(|k| k == 0 || k > MOST_NEAREST) {
            return Err(QueryError::asked(format!(
                "k is 1 to {MOST_NEAREST}; for more ask for a radius"
            )));
        }
        if self
            .radius_m
            .is_some_and(|metres| !(metres >= 0.0 && metres.is_finite()))
        {
            return Err(QueryError::asked("a radius is a number of metres from 0 up"));
        }
        Ok(())
    }
}

impl FromStr for Order {
    type Err = std::convert::Infallible;

    /// A column, or `-` and a column for the greatest first.
    ///
    /// ```
    /// use cikr::query::Order;
    ///
    /// let beds: Order = "-beds".parse()?;
    /// assert_eq!((beds.by.as_str(), beds.is_descending), ("beds", true));
    /// # Ok::<(), std::convert::Infallible>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let column = text.strip_prefix('-');
        Ok(Self {
            by: column.unwrap_or(text).to_owned(),
            is_descending: column.is_some(),
        })
    }
}

impl Limits {
    /// # Errors
    /// When a bound is reached; `bytes` were read so far.
    pub(super) fn check(&self, bytes: u64) -> Result<(), QueryError> {
        let what = if self.cancelled.load(Ordering::Relaxed) {
            "the question was withdrawn".to_owned()
        } else if self.until.is_some_and(|until| until <= Instant::now()) {
            "the time for an answer is over; ask for less".to_owned()
        } else if let Some(most) = self.bytes.filter(|most| bytes > *most) {
            format!("the answer takes more than the {most} bytes that may be read; ask for less")
        } else {
            return Ok(());
        };
        Err(QueryError::Stopped { what })
    }
}
