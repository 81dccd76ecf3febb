//! A value as people write it, in every form that it may have, and how it is compared.
//!
//! Pure. Which form counts, the column's type says.

use chrono::{Datelike, NaiveDate};

use super::SelectError;
use crate::feature::{Cell, CellKind};
use crate::geoparquet::ValueRange;

/// Days from 0001-01-01, which chrono counts as 1, to 1970-01-01.
const EPOCH_FROM_CE: i32 = 719_163;

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// A value in every form that it may have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Literal {
    text: String,
    integer: Option<i64>,
    number: Option<f64>,
    boolean: Option<bool>,
    /// Days since 1970-01-01.
    day: Option<i32>,
}

impl Literal {
    pub(super) fn new(text: &str) -> Self {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        Self {
            text: text.to_owned(),
            integer: text.parse().ok(),
            number: text.parse().ok().filter(|number: &f64| number.is_finite()),
            boolean: text.parse().ok(),
            day: day.map(|day| day.num_days_from_ce() - EPOCH_FROM_CE),
        }
    }

    /// Whether it is a value of a column of this kind, and can be compared so.
    pub(super) fn check(
        &self,
        column: &str,
        kind: CellKind,
        comparison: Comparison,
    ) -> Result<(), SelectError> {
        let is_ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let (is_sound, holds) = match kind {
            CellKind::Text => (true, "text"),
            CellKind::Texts => (!is_ordered, "lists of texts, which = and != look into"),
            CellKind::Integer => (self.integer.is_some(), "whole numbers"),
            CellKind::Number => (self.number.is_some(), "numbers"),
            CellKind::Boolean => (
                self.boolean.is_some() && !is_ordered,
                "true or false, compared by = and !=",
            ),
            CellKind::Day => (self.day.is_some(), "days such as 2026-11-30"),
        };
        if is_sound {
            return Ok(());
        }
        Err(SelectError::Mistyped {
            column: column.to_owned(),
            written: self.text.clone(),
            holds,
        })
    }

    /// Whether a cell meets the comparison; one without a value never does.
    pub(super) fn is_met_by(&self, comparison: Comparison, cell: &Cell<'_>) -> bool {
        match cell {
            Cell::Null => false,
            Cell::Text(text) => comparison.is_met(text, &self.text.as_str()),
            Cell::Texts(texts) => texts.contains(&self.text.as_str()) == (comparison == Comparison::Equal),
            Cell::Integer(number) => self
                .integer
                .is_some_and(|value| comparison.is_met(number, &value)),
            Cell::Number(number) => self.number.is_some_and(|value| comparison.is_met(number, &value)),
            Cell::Boolean(is_so) => self.boolean.is_some_and(|value| comparison.is_met(is_so, &value)),
            Cell::Day(day) => {
                let days = day.num_days_from_ce() - EPOCH_FROM_CE;
                self.day.is_some_and(|value| comparison.is_met(&days, &value))
            }
        }
    }

    /// Whether a value in a range may meet the comparison; a type that the range hasn't tells nothing.
    pub(super) fn may_be_met(&self, comparison: Comparison, range: ValueRange<'_>) -> bool {
        match range {
            // Shortened texts are bounds all the same.
            ValueRange::Texts(least, greatest) => {
                comparison.may_be_met_between(&least, &greatest, &self.text.as_bytes())
            }
            ValueRange::Integers(least, greatest) => self
                .integer
                .is_none_or(|value| comparison.may_be_met_between(&least, &greatest, &value)),
            ValueRange::Numbers(least, greatest) => self
                .number
                .is_none_or(|value| comparison.may_be_met_between(&least, &greatest, &value)),
            ValueRange::Days(least, greatest) => self
                .day
                .is_none_or(|value| comparison.may_be_met_between(&least, &greatest, &value)),
            ValueRange::Booleans(least, greatest) => self
                .boolean
                .is_none_or(|value| comparison.may_be_met_between(&least, &greatest, &value)),
        }
    }
}

impl Comparison {
    /// What holds of a value where this doesn't.
    pub(super) const fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::Greater,
            Self::Greater => Self::AtMost,
            Self::AtLeast => Self::Less,
        }
    }

    fn is_met<T: PartialOrd>(self, found: &T, value: &T) -> bool {
        match self {
            Self::Equal => found == value,
            Self::NotEqual => found != value,
            Self::Less => found < value,
            Self::AtMost => found <= value,
            Self::Greater => found > value,
            Self::AtLeast => found >= value,
        }
    }

    /// Whether one of the values from `least` to `greatest` may meet it. Any may differ: a NaN is in no range.
    fn may_be_met_between<T: PartialOrd>(self, least: &T, greatest: &T, value: &T) -> bool {
        match self {
            Self::Equal => least <= value && value <= greatest,
            Self::NotEqual => true,
            Self::Less => least < value,
            Self::AtMost => least <= value,
            Self::Greater => greatest > value,
            Self::AtLeast => greatest >= value,
        }
    }
}
