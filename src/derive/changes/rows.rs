//! Rows of `changes/<layer>.parquet`, put together and handed on in pieces.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::matched::{At, Facilities};
use super::tables::TABLE;
use crate::derive::product::Sink;
use crate::feature::ColumnChange;
use crate::geoparquet::GeoparquetError;

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

/// A row to be.
pub(super) struct Row<'a> {
    pub(super) facility: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) state: Option<&'a str>,
    pub(super) change: Change,
    pub(super) field: Option<&'a str>,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
    pub(super) distance_m: Option<f64>,
}

impl<'a> Row<'a> {
    /// A facility, without a value.
    pub(super) fn whole(side: &'a Facilities, at: At, change: Change) -> Self {
        Self {
            facility: Some(side.id(at)),
            name: side.name(at),
            state: side.state(at),
            change,
            field: None,
            old: None,
            new: None,
            distance_m: None,
        }
    }

    /// A column that changed in every facility alike.
    pub(super) fn every(change: &'a ColumnChange) -> Self {
        Self {
            facility: None,
            name: None,
            state: None,
            change: Change::EveryRow,
            field: Some(&change.field),
            old: change.old.clone(),
            new: change.new.clone(),
            distance_m: None,
        }
    }
}

/// Columns of the table.
pub(super) fn schema() -> SchemaRef {
    let types = std::iter::repeat_n(DataType::Utf8, TEXTS).chain([DataType::Float64]);
    let fields = TABLE.columns.iter().zip(types);
    Arc::new(Schema::new(fields.map(|((name, _), kind)| Field::new(*name, kind, true)).collect::<Vec<_>>()))
}

/// Rows that wait to be handed on.
pub(super) struct Rows<'e, 's> {
    emit: &'e mut Sink<'s>,
    texts: [StringBuilder; TEXTS],
    distances: Float64Builder,
    waiting: usize,
}

impl<'e, 's> Rows<'e, 's> {
    pub(super) fn new(emit: &'e mut Sink<'s>) -> Self {
        Self { emit, texts: Default::default(), distances: Float64Builder::new(), waiting: 0 }
    }

    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), GeoparquetError> {
        let texts = [
            row.facility,
            row.name,
            row.state,
            Some(row.change.code()),
            row.field,
            row.old.as_deref(),
            row.new.as_deref(),
        ];
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.append_option(text));
        self.distances.append_option(row.distance_m);
        self.waiting += 1;
        if self.waiting < PIECE { Ok(()) } else { self.hand_on() }
    }

    /// Hands on what still waits.
    pub(super) fn close(mut self) -> Result<(), GeoparquetError> {
        if self.waiting == 0 { Ok(()) } else { self.hand_on() }
    }

    fn hand_on(&mut self) -> Result<(), GeoparquetError> {
        self.waiting = 0;
        let texts = self.texts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let columns = texts.chain([Arc::new(self.distances.finish()) as ArrayRef]).collect();
        let piece =
            RecordBatch::try_new(schema(), columns).expect("every push adds one value to each column");
        (self.emit)(&piece)
    }
}
