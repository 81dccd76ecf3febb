//! Conditions put together by AND and OR, and where a row must lie: what a filter in words becomes.
//!
//! Pure. NOT stands nowhere in it: whoever reads a filter turns it inward, down to the conditions, so that a row of which nothing
//! is known holds neither of a condition nor of its opposite.

use std::collections::BTreeSet;
use std::ops::Range;

use arrow_schema::Schema;

use super::area::Area;
use super::runs::{common_runs, joined};
use super::{Condition, SelectError};
use crate::feature::FacilityRows;
use crate::geoparquet::{ColumnBounds, GroupIndex};

/// A filter: what must hold of a row.
///
/// ```
/// use cikr::select::Filter;
///
/// let filter: Filter = "beds >= 100 AND NOT (state_code IN ('TX', 'LA') OR name IS NULL)".parse()?;
/// assert_eq!(filter.columns().into_iter().collect::<Vec<_>>(), ["beds", "name", "state_code"]);
/// let told = "beds >=".parse::<Filter>().unwrap_err().to_string();
/// assert!(told.contains("expected a value"), "{told}");
/// # Ok::<(), cikr::select::BadFilter>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these hold.
    All(Vec<Filter>),
    /// One of these holds.
    Any(Vec<Filter>),
    /// A column is as this says.
    Is(Condition),
    /// The geometry lies there.
    In(Area),
}

/// What is known of a column's values, by its name; none where nothing is.
pub(super) type KnownBounds<'a> = dyn Fn(&str) -> Option<ColumnBounds<'a>> + 'a;

impl Filter {
    /// Columns that tell whether it holds.
    pub fn columns(&self) -> BTreeSet<&str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::columns).collect(),
            Self::Is(condition) => [condition.column()].into(),
            Self::In(_) => ["geometry"].into(),
        }
    }

    /// Holds it against a layer's columns.
    ///
    /// # Errors
    /// At the first name that is no column, and the first value that is none of its column's type.
    pub(super) fn check(&self, schema: &Schema) -> Result<(), SelectError> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|part| part.check(schema)),
            Self::Is(condition) => condition.check(schema),
            Self::In(_) => Ok(()),
        }
    }

    /// Whether it may hold of a row in a box `[xmin, ymin, xmax, ymax]`, degrees.
    pub(super) fn may_be_in_box(&self, bounds: [f64; 4]) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.may_be_in_box(bounds)),
            Self::Any(parts) => parts.iter().any(|part| part.may_be_in_box(bounds)),
            Self::Is(_) => true,
            Self::In(area) => area.may_be_met(bounds),
        }
    }

    /// Whether it may hold of a row of a row group, by what is known of its columns.
    pub(super) fn may_hold(&self, known: &KnownBounds<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.may_hold(known)),
            Self::Any(parts) => parts.iter().any(|part| part.may_hold(known)),
            Self::Is(condition) => known(condition.column()).is_none_or(|bounds| condition.may_hold(&bounds)),
            Self::In(_) => true,
        }
    }

    /// Runs of rows of a row group of which it may hold, by its pages.
    pub(super) fn runs_in_pages(&self, group: &GroupIndex) -> Vec<Range<usize>> {
        let all = || joined(std::iter::once(0..group.rows()));
        match self {
            Self::All(parts) => parts
                .iter()
                .fold(all(), |runs, part| common_runs(&runs, &part.runs_in_pages(group))),
            Self::Any(parts) => {
                let mut runs: Vec<Range<usize>> =
                    parts.iter().flat_map(|part| part.runs_in_pages(group)).collect();
                runs.sort_by_key(|run| run.start);
                joined(runs)
            }
            Self::Is(condition) => match group.pages(&[condition.column()]) {
                Some(pages) => {
                    let may_hold = pages
                        .iter()
                        .filter(|page| page.bounds.is_none_or(|bounds| condition.may_hold(&bounds)));
                    joined(may_hold.map(|page| page.rows.clone()))
                }
                None => all(),
            },
            Self::In(area) if !group.leaves().is_empty() => {
                let met = group.leaves().iter().filter(|leaf| area.may_be_met(leaf.bounds));
                joined(met.map(|leaf| leaf.rows.clone()))
            }
            Self::In(_) => all(),
        }
    }

    /// Takes the marks from rows of which it doesn't hold.
    pub(super) fn unmark(&self, rows: &FacilityRows, marks: &mut [bool]) {
        match self {
            Self::All(parts) => parts.iter().for_each(|part| part.unmark(rows, marks)),
            Self::Any(parts) => {
                let mut held = vec![false; marks.len()];
                for part in parts {
                    // Those that another part holds of need no second look.
                    let mut asked: Vec<bool> = marks
                        .iter()
                        .zip(&held)
                        .map(|(mark, held)| *mark && !held)
                        .collect();
                    part.unmark(rows, &mut asked);
                    held.iter_mut()
                        .zip(asked)
                        .for_each(|(held, asked)| *held |= asked);
                }
                marks.copy_from_slice(&held);
            }
            Self::Is(condition) => condition.unmark(rows, marks),
            Self::In(area) => area.unmark(rows, marks),
        }
    }
}
