//! Which fields the structs of a footer have, by `parquet.thrift`.
//!
//! A table, for `footer_skim`.

/// Parquet's structs, as far as parsers look into them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StructShape {
    File,
    Element,
    Logical,
    Decimal,
    Time,
    Unit,
    Integer,
    Variant,
    Geometry,
    RowGroup,
    Sorting,
    Column,
    ColumnData,
    Statistics,
    Encoding,
    Sizes,
    Geospatial,
    Bounds,
    Pair,
    Order,
    Other,
}

/// What a field or an item has to be.
#[derive(Clone, Copy)]
pub(super) enum FieldKind {
    Bool,
    Byte,
    Number,
    Double,
    Bytes,
    Struct(StructShape),
    Numbers,
    Structs(StructShape),
    Any,
}

/// Whether a value of a type on the wire can be one of a kind.
pub(super) fn is_wire_type_of(kind: FieldKind, wire: u8) -> bool {
    match kind {
        FieldKind::Bool => matches!(wire, 1 | 2),
        FieldKind::Byte => wire == 3,
        FieldKind::Number => matches!(wire, 4..=6),
        FieldKind::Double => wire == 7,
        FieldKind::Bytes => wire == 8,
        FieldKind::Numbers | FieldKind::Structs(_) => wire == 9,
        FieldKind::Struct(_) => wire == 12,
        FieldKind::Any => true,
    }
}

/// What a field is, by `parquet.thrift`; what parsers pass over may be anything.
pub(super) fn field_kind(shape: StructShape, field: i64) -> FieldKind {
    use FieldKind as K;
    use StructShape as S;
    match (shape, field) {
        (S::File, 2) => K::Structs(S::Element),
        (S::File, 4) => K::Structs(S::RowGroup),
        (S::File, 5) | (S::ColumnData, 8) => K::Structs(S::Pair),
        (S::File, 7) => K::Structs(S::Order),
        (S::Element, 10) => K::Struct(S::Logical),
        (S::Logical, 5) => K::Struct(S::Decimal),
        (S::Logical, 7 | 8) => K::Struct(S::Time),
        (S::Logical, 10) => K::Struct(S::Integer),
        (S::Logical, 16) => K::Struct(S::Variant),
        (S::Logical, 17 | 18) => K::Struct(S::Geometry),
        (S::Time, 2) => K::Struct(S::Unit),
        (S::RowGroup, 1) => K::Structs(S::Column),
        (S::RowGroup, 4) => K::Structs(S::Sorting),
        (S::Column, 3) => K::Struct(S::ColumnData),
        (S::ColumnData, 12) => K::Struct(S::Statistics),
        (S::ColumnData, 13) => K::Structs(S::Encoding),
        (S::ColumnData, 16) => K::Struct(S::Sizes),
        (S::ColumnData, 17) => K::Struct(S::Geospatial),
        (S::Geospatial, 1) => K::Struct(S::Bounds),
        (S::Logical | S::Unit | S::Order, _) => K::Struct(S::Other),
        (S::ColumnData | S::Geospatial, 2) | (S::Sizes, 2 | 3) => K::Numbers,
        (S::Bounds, 1..=8) => K::Double,
        (S::Integer | S::Variant, 1) => K::Byte,
        (S::Integer, 2) | (S::Time, 1) | (S::Sorting, 2 | 3) | (S::Statistics, 7 | 8) => K::Bool,
        (S::File, 6)
        | (S::Element, 4)
        | (S::Geometry | S::Column, 1)
        | (S::Pair, 1 | 2)
        | (S::Statistics, 1 | 2 | 5 | 6) => K::Bytes,
        (S::File, 1 | 3)
        | (S::Element, 1..=9)
        | (S::Decimal, 1 | 2)
        | (S::Geometry, 2)
        | (S::RowGroup, 2 | 3 | 5 | 7)
        | (S::Sorting | S::Sizes, 1)
        | (S::Column, 2 | 4..=7)
        | (S::ColumnData, 1 | 4..=7 | 9..=11 | 14 | 15)
        | (S::Statistics, 3 | 4)
        | (S::Encoding, 1..=3) => K::Number,
        _ => K::Any,
    }
}
