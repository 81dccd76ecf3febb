//! A batch as joined: its rows, where they are, and what the sets say of them.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, StringArray};
use geo::{Geometry, Point};

use super::answers::{Answers, Asking};
use super::asked::Detail;
use super::error::JoinError;
use super::polygons::PolygonSet;
use super::positions::{Positions, is_broken_record};
use crate::feature::{RawBatch, Reproject};
use crate::kernel::CodedArray;

/// A batch as joined.
pub(super) struct JoinedBatch {
    pub(super) batch: RawBatch,
    pub(super) positions: Positions,
    /// Answers of each set.
    pub(super) answers: Vec<Answers>,
    /// What was asked for beside codes and names.
    pub(super) detail: Detail,
}

impl JoinedBatch {
    /// Places the rows of a batch, with so many rows of the file before it, and asks all sets for them.
    ///
    /// # Errors
    /// Where the file has changed since a set was asked ahead.
    pub(super) fn of_batch(
        batch: RawBatch,
        rows_before: usize,
        transform: Option<&dyn Reproject>,
        asking: Asking<'_>,
    ) -> Result<Self, JoinError> {
        let positions = Positions::of_batch(&batch.geometry, &batch.crs, transform, &batch.defects);
        let answers = (0..asking.sets.len()).map(|set| {
            let mut answers = Answers::default();
            asking.ask_set(set, rows_before, &positions.points, &mut answers)?;
            Ok(answers)
        });
        Ok(Self {
            answers: answers.collect::<Result<_, JoinError>>()?,
            batch,
            positions,
            detail: asking.detail,
        })
    }

    /// Which rows are written: all but those whose values may stand in wrong columns.
    pub(super) fn kept_rows(&self) -> Vec<bool> {
        let mut kept = vec![true; self.batch.len()];
        for defect in self
            .positions
            .defects
            .iter()
            .filter(|defect| is_broken_record(defect))
        {
            kept[defect.index] = false;
        }
        kept
    }

    /// The columns that sets add, as `schema::added_names` calls them.
    pub(super) fn added_columns(&self, sets: &[PolygonSet]) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (set, answers) in sets.iter().zip(&self.answers) {
            columns.push(Arc::new(coded_column(&answers.ranks, &set.codes)));
            if let Some(names) = &set.names {
                columns.push(Arc::new(coded_column(&answers.ranks, names)));
            }
            if self.detail != Detail::None {
                columns.push(Arc::new(Float64Array::from(answers.measures.clone())));
            }
        }
        columns
    }

    /// Geometries of all rows in order; none of rows that have none.
    pub(super) fn row_geometries(&self) -> impl Iterator<Item = Option<RowGeometry<'_>>> {
        let mut shapes = self.positions.shapes.iter().peekable();
        self.positions.points.iter().enumerate().map(move |(row, point)| {
            if let Some((_, shape)) = shapes.next_if(|(at, _)| *at == row) {
                return Some(RowGeometry::Shape(shape));
            }
            (!point.x().is_nan()).then_some(RowGeometry::Point(*point))
        })
    }
}

/// A row's geometry.
#[derive(Debug, Clone, Copy)]
pub(super) enum RowGeometry<'a> {
    /// A point, as most are.
    Point(Point<f64>),
    /// Anything else.
    Shape(&'a Geometry<f64>),
}

/// Texts of ranks, as keys into the list of all.
fn coded_column(ranks: &[Option<u32>], texts: &Arc<StringArray>) -> CodedArray {
    let key_of = ranks.iter().map(|rank| {
        // A name may be missing where its code is not.
        let rank = rank.filter(|rank| texts.is_valid(*rank as usize))?;
        Some(i32::try_from(rank).expect("a set has less than 2^31 codes"))
    });
    let keys: Int32Array = key_of.collect();
    DictionaryArray::try_new(keys, Arc::clone(texts) as ArrayRef).expect("a rank is a place in the list")
}
