//! The rows of an answer as they come, and what they took.

use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::QueryError;
use super::account::{Account, Meter};
use super::project::Projection;
use crate::feature::{FacilityRows, Shape};

/// What every batch of an answer is.
#[derive(Debug, Clone)]
pub struct AnswerHead {
    /// Id of the layer.
    pub layer: String,
    /// Its columns, in the order asked for.
    pub schema: SchemaRef,
    /// The kind of its geometries.
    pub shape: Shape,
    /// GeoParquet's names of their types.
    pub geometry_types: Vec<String>,
}

/// Where the rows come from.
type Rows = Box<dyn Iterator<Item = Result<FacilityRows, QueryError>> + Send>;

/// The rows of an answer, some thousand at a time. Nothing is read before it is asked for, but for what is nearest or in another
/// order than that of the tiles, which is known at the end alone.
pub struct Answer {
    head: AnswerHead,
    rows: Rows,
    columns: Projection,
    left: Option<u64>,
    meter: Arc<Meter>,
}

impl Answer {
    pub(super) fn new(
        head: AnswerHead,
        rows: Rows,
        columns: Projection,
        limit: Option<u64>,
        meter: Arc<Meter>,
    ) -> Self {
        Self {
            head,
            rows,
            columns,
            left: limit,
            meter,
        }
    }

    /// What every batch is.
    pub fn head(&self) -> &AnswerHead {
        &self.head
    }

    /// What was read so far.
    pub fn account(&self) -> Account {
        self.meter.account()
    }

    fn cut(&mut self, rows: FacilityRows) -> FacilityRows {
        let Some(left) = &mut self.left else { return rows };
        let count = rows.num_rows().min(usize::try_from(*left).unwrap_or(usize::MAX));
        *left -= count as u64;
        rows.slice(0, count)
    }
}

impl Iterator for Answer {
    type Item = Result<FacilityRows, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == Some(0) {
            return None;
        }
        let rows = match self.rows.next()? {
            Ok(rows) => self.cut(rows),
            Err(error) => {
                // What came before is a part, and nothing may follow that makes it look like the whole.
                self.left = Some(0);
                return Some(Err(error));
            }
        };
        self.meter.answered(rows.num_rows());
        Some(self.columns.project(&rows))
    }
}
