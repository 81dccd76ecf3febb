//! What Parquet says of a column's leaves that Arrow's types don't.
//!
//! Pure. The leaves of an Arrow schema are those of the Parquet schema, in the same order, so both are
//! walked at once. Recurses as deep as the schema does, which `footer_skim` has bounded.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

/// What Parquet says about bytes that Arrow doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bytes {
    /// Nothing.
    Plain,
    /// They are text (ENUM).
    Text,
    /// They are a UUID.
    Uuid,
}

/// How to spell the values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelling {
    bytes: Bytes,
    /// Of what is nested in it: a list's items, a struct's fields, a map's entries.
    parts: Vec<Spelling>,
}

/// Of what Parquet says nothing about.
static PLAIN: Spelling = Spelling::leaf(Bytes::Plain);

impl Spelling {
    /// Of values that hold no others.
    pub(super) const fn leaf(bytes: Bytes) -> Self {
        Self {
            bytes,
            parts: Vec::new(),
        }
    }

    /// Of values that hold others.
    pub(super) const fn nested(parts: Vec<Self>) -> Self {
        Self {
            bytes: Bytes::Plain,
            parts,
        }
    }

    /// How to spell the bytes it holds itself.
    pub(super) fn bytes(&self) -> Bytes {
        self.bytes
    }

    /// Of a list's items (0), a struct's field, a map's entries (0).
    pub(super) fn part(&self, position: usize) -> &Self {
        self.parts.get(position).unwrap_or(&PLAIN)
    }
}

/// The schema with INT96 in microseconds: in nanoseconds, as Arrow would have them, the years end at 2262
/// and 9999-12-31, a common "never", is a day of 1816. None where there is no INT96.
pub(super) fn in_micros(schema: &Schema, parquet: &SchemaDescriptor) -> Option<SchemaRef> {
    let is_int96 = |leaf: &ColumnDescriptor| leaf.physical_type() == Type::INT96;
    if !parquet.columns().iter().any(|leaf| is_int96(leaf)) {
        return None;
    }
    let mut leaves = parquet.columns().iter();
    let mut change = |kind: &DataType| {
        let is_changed = leaves.next().is_some_and(|leaf| is_int96(leaf));
        if is_changed {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        } else {
            kind.clone()
        }
    };
    let fields: Fields = schema
        .fields()
        .iter()
        .map(|field| changed(field, &mut change))
        .collect();
    Some(Arc::new(Schema::new(fields)))
}

/// A field with each leaf as `change` has it.
fn changed(field: &FieldRef, change: &mut dyn FnMut(&DataType) -> DataType) -> FieldRef {
    use DataType as D;
    let kind = match field.data_type() {
        D::List(item) => D::List(changed(item, change)),
        D::LargeList(item) => D::LargeList(changed(item, change)),
        D::FixedSizeList(item, length) => D::FixedSizeList(changed(item, change), *length),
        D::Map(entries, is_sorted) => D::Map(changed(entries, change), *is_sorted),
        D::Struct(fields) => D::Struct(fields.iter().map(|field| changed(field, change)).collect()),
        leaf => change(leaf),
    };
    Arc::new(Field::clone(field).with_data_type(kind))
}

/// How to spell a column whose leaves come from `leaves`.
pub(super) fn spelling(kind: &DataType, leaves: &mut dyn Iterator<Item = &ColumnDescriptor>) -> Spelling {
    use DataType as D;
    let parts = match kind {
        D::List(item) | D::LargeList(item) | D::FixedSizeList(item, _) | D::Map(item, _) => {
            vec![spelling(item.data_type(), leaves)]
        }
        D::Struct(fields) => fields
            .iter()
            .map(|field| spelling(field.data_type(), leaves))
            .collect(),
        _ => return Spelling::leaf(leaves.next().map_or(Bytes::Plain, bytes)),
    };
    Spelling::nested(parts)
}

fn bytes(leaf: &ColumnDescriptor) -> Bytes {
    match leaf.logical_type_ref() {
        Some(LogicalType::Uuid) => Bytes::Uuid,
        Some(LogicalType::Enum) => Bytes::Text,
        _ if leaf.converted_type() == ConvertedType::ENUM => Bytes::Text,
        _ => Bytes::Plain,
    }
}
