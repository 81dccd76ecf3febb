//! Rows of `changes/<layer>.parquet`, put together and handed on in pieces.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use super::tables::TABLE;
use crate::derive::product::Sink;
use crate::feature::{ColumnChange, Spooled};
use crate::geoparquet::GeoparquetError;

// A row group of the table (`geoparquet::writer`): a piece is written as it comes.

/// Rows of a piece.
const PIECE: usize = 50_000;

/// Text columns, in order; `distance_m` closes the row.
const TEXTS: usize = 7;

/// What has become of a facility or a value; the code is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Removed,
    Changed,
    Recomputed,
    EveryRow,
}

impl Change {
    const fn code(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Recomputed => "recomputed",
            Self::EveryRow => "every_row",
        }
    }
}

// The derived order is that of the table: what, then the id. A distance is kept as bits, since floats have no order.

/// What is told of a facility, in the order in which it is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct ChangeRow {
    /// That it is new, that it is gone, or by its number the column in which it differs.
    pub(super) what: u32,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) state: Option<String>,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
    /// How far it has moved, metres, by the bits of the number.
    pub(super) distance: Option<u64>,
}

impl ChangeRow {
    pub(super) const ADDED: u32 = 0;
    pub(super) const REMOVED: u32 = 1;
    pub(super) const FIRST_COLUMN: u32 = 2;
}

impl Spooled for ChangeRow {
    fn memory_bytes(&self) -> usize {
        let texts = [&self.name, &self.state, &self.old, &self.new];
        size_of::<Self>() + self.id.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}

/// Columns of `changes/<layer>.parquet`: texts, and at the end how far a point has moved.
///
/// ```
/// let schema = cikr::derive::changes::table_schema();
/// assert_eq!(schema.field(7).name(), "distance_m");
/// ```
pub fn table_schema() -> SchemaRef {
    let types = std::iter::repeat_n(DataType::Utf8, TEXTS).chain([DataType::Float64]);
    let fields = TABLE.columns.iter().zip(types);
    Arc::new(Schema::new(
        fields
            .map(|((name, _), kind)| Field::new(*name, kind, true))
            .collect::<Vec<_>>(),
    ))
}

/// Rows that wait to be handed on.
pub(super) struct ChangeTable<'e, 's> {
    emit: &'e mut Sink<'s>,
    texts: [StringBuilder; TEXTS],
    distances: Float64Builder,
    waiting: usize,
}

impl<'e, 's> ChangeTable<'e, 's> {
    pub(super) fn new(emit: &'e mut Sink<'s>) -> Self {
        Self {
            emit,
            texts: Default::default(),
            distances: Float64Builder::new(),
            waiting: 0,
        }
    }

    /// What is told of a facility; the field is that in which it differs.
    pub(super) fn push(
        &mut self,
        told: &ChangeRow,
        change: Change,
        field: Option<&str>,
    ) -> Result<(), GeoparquetError> {
        // The key is of the facility, the values are of the column: the order is that of `TABLE`.
        let facility = [
            Some(told.id.as_str()),
            told.name.as_deref(),
            told.state.as_deref(),
        ];
        let values = [
            Some(change.code()),
            field,
            told.old.as_deref(),
            told.new.as_deref(),
        ];
        self.push_row(
            facility.into_iter().chain(values),
            told.distance.map(f64::from_bits),
        )
    }

    /// A column that changed in every facility alike.
    pub(super) fn push_every_row(&mut self, change: &ColumnChange) -> Result<(), GeoparquetError> {
        let values = [
            Some(Change::EveryRow.code()),
            Some(&change.field),
            change.old.as_deref(),
            change.new.as_deref(),
        ];
        self.push_row([None; 3].into_iter().chain(values), None)
    }

    fn push_row<'t>(
        &mut self,
        texts: impl Iterator<Item = Option<&'t str>>,
        distance_m: Option<f64>,
    ) -> Result<(), GeoparquetError> {
        self.texts
            .iter_mut()
            .zip(texts)
            .for_each(|(column, text)| column.append_option(text));
        self.distances.append_option(distance_m);
        self.waiting += 1;
        if self.waiting < PIECE {
            Ok(())
        } else {
            self.hand_on()
        }
    }

    /// Hands on what still waits.
    pub(super) fn close(mut self) -> Result<(), GeoparquetError> {
        if self.waiting == 0 { Ok(()) } else { self.hand_on() }
    }

    fn hand_on(&mut self) -> Result<(), GeoparquetError> {
        self.waiting = 0;
        let texts = self
            .texts
            .iter_mut()
            .map(|column| Arc::new(column.finish()) as ArrayRef);
        let columns = texts
            .chain([Arc::new(self.distances.finish()) as ArrayRef])
            .collect();
        let piece =
            RecordBatch::try_new(table_schema(), columns).expect("every push adds one value to each column");
        (self.emit)(&piece)
    }
}
