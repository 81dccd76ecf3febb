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
pub(super) enum BytesKind {
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
    bytes: BytesKind,
    /// Of what is nested in it: a list's items, a struct's fields, a map's entries.
    parts: Vec<Spelling>,
}

/// Of what Parquet says nothing about.
static PLAIN: Spelling = Spelling::leaf(BytesKind::Plain);

impl Spelling {
    /// Of values that hold no others.
    pub(super) const fn leaf(bytes: BytesKind) -> Self {
        Self {
            bytes,
            parts: Vec::new(),
        }
    }

    /// Of values that hold others.
    pub(super) const fn nested(parts: Vec<Self>) -> Self {
        Self {
            bytes: BytesKind::Plain,
            parts,
        }
    }

    /// How to spell the bytes it holds itself.
    pub(super) fn bytes_kind(&self) -> BytesKind {
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
    let mut are_int96 = parquet
        .columns()
        .iter()
        .map(|leaf| leaf.physical_type() == Type::INT96);
    if !are_int96.clone().any(|is_int96| is_int96) {
        return None;
    }
    let fields: Fields = schema
        .fields()
        .iter()
        .map(|field| {
            // Leaves come in the order of the Parquet schema, which both walks share.
            map_leaves(field, &mut |kind| match are_int96.next() {
                Some(true) => DataType::Timestamp(TimeUnit::Microsecond, None),
                _ => kind.clone(),
            })
        })
        .collect();
    Some(Arc::new(Schema::new(fields)))
}

/// A field with each leaf as `change` has it.
fn map_leaves(field: &FieldRef, change: &mut dyn FnMut(&DataType) -> DataType) -> FieldRef {
    use DataType as D;
    let kind = match field.data_type() {
        D::List(item) => D::List(map_leaves(item, change)),
        D::LargeList(item) => D::LargeList(map_leaves(item, change)),
        D::FixedSizeList(item, length) => D::FixedSizeList(map_leaves(item, change), *length),
        D::Map(entries, is_sorted) => D::Map(map_leaves(entries, change), *is_sorted),
        D::Struct(fields) => D::Struct(fields.iter().map(|field| map_leaves(field, change)).collect()),
        leaf => change(leaf),
    };
    Arc::new(Field::clone(field).with_data_type(kind))
}

/// How to spell a column whose leaves come from `leaves`.
pub(super) fn leaf_spelling(
    kind: &DataType,
    leaves: &mut dyn Iterator<Item = &ColumnDescriptor>,
) -> Spelling {
    use DataType as D;
    let parts = match kind {
        D::List(item) | D::LargeList(item) | D::FixedSizeList(item, _) | D::Map(item, _) => {
            vec![leaf_spelling(item.data_type(), leaves)]
        }
        D::Struct(fields) => fields
            .iter()
            .map(|field| leaf_spelling(field.data_type(), leaves))
            .collect(),
        _ => return Spelling::leaf(leaves.next().map_or(BytesKind::Plain, bytes_kind)),
    };
    Spelling::nested(parts)
}

fn bytes_kind(leaf: &ColumnDescriptor) -> BytesKind {
    match leaf.logical_type_ref() {
        Some(LogicalType::Uuid) => BytesKind::Uuid,
        Some(LogicalType::Enum) => BytesKind::Text,
        _ if leaf.converted_type() == ConvertedType::ENUM => BytesKind::Text,
        _ => BytesKind::Plain,
    }
}
