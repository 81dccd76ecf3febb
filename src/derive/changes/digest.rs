//! A row's values as one number, so that two rows can be compared without either being kept.
//!
//! Values that count as the same have the same bytes: −0 and 0, any two that are not a number, text whichever way it is laid
//! out. The bytes say where a value ends and whether there is one, so that no two different rows have the same; their digest
//! is a hash of 64 bits (`SipHash`). Digests are of one run: nothing keeps them. Pure.

use std::hash::{DefaultHasher, Hasher};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array};
use arrow_schema::DataType;

use super::values;
use crate::feature::{FacilityRows, Texts};

/// 64 bits. Of ten million rows that have changed, one is taken for unchanged by chance in one of 10¹² nights.
pub(super) type Digest = u64;

const NULL: u8 = 0;
const VALUE: u8 = 1;

/// The digest of every row over the named columns; one that isn't there is null.
pub(super) fn row_digests(rows: &FacilityRows, columns: &[String]) -> Vec<Digest> {
    let columns: Vec<Option<Column<'_>>> = columns
        .iter()
        .map(|name| rows.column(name).map(|column| Column::from_array(column)))
        .collect();
    let mut digests = Vec::with_capacity(rows.num_rows());
    let mut bytes = Vec::new();
    for row in 0..rows.num_rows() {
        bytes.clear();
        for column in &columns {
            match column {
                Some(column) => column.write_value(row, &mut bytes),
                None => bytes.push(NULL),
            }
        }
        // A row's bytes are put together first: a hasher that is fed value by value pays for each call.
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        digests.push(hasher.finish());
    }
    digests
}

/// A column, its type known.
enum Column<'a> {
    Text(Texts<'a>),
    Bytes(&'a BinaryArray),
    Truth(&'a BooleanArray),
    Integer(&'a Int64Array),
    Number(&'a Float64Array),
    Day(&'a Date32Array),
    /// Lists of texts: where each begins and ends.
    Texts(&'a dyn Array, &'a [i32], Texts<'a>),
    /// As its values read.
    Other(&'a dyn Array),
}

impl<'a> Column<'a> {
    fn from_array(column: &'a dyn Array) -> Self {
        if let Some(texts) = Texts::from_array(column) {
            return Self::Text(texts);
        }
        match column.data_type() {
            DataType::Binary => Self::Bytes(column.as_binary()),
            DataType::Boolean => Self::Truth(column.as_boolean()),
            DataType::Int64 => Self::Integer(column.as_primitive::<Int64Type>()),
            DataType::Float64 => Self::Number(column.as_primitive::<Float64Type>()),
            DataType::Date32 => Self::Day(column.as_primitive::<Date32Type>()),
            DataType::List(_) => {
                let lists = column.as_list::<i32>();
                let texts = Texts::from_array(lists.values().as_ref());
                texts.map_or(Self::Other(column), |texts| {
                    Self::Texts(column, lists.value_offsets(), texts)
                })
            }
            _ => Self::Other(column),
        }
    }

    fn write_value(&self, row: usize, bytes: &mut Vec<u8>) {
        match self {
            Self::Text(texts) => write_text(texts.value(row), bytes),
            Self::Bytes(column) if column.is_valid(row) => write_bytes(column.value(row), bytes),
            Self::Truth(column) if column.is_valid(row) => write_fixed([column.value(row).into()], bytes),
            Self::Integer(column) if column.is_valid(row) => {
                write_fixed(column.value(row).to_le_bytes(), bytes);
            }
            Self::Number(column) if column.is_valid(row) => {
                let value = column.value(row);
                // Adding zero makes −0 and 0 the same.
                let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
                write_fixed(value.to_le_bytes(), bytes);
            }
            Self::Day(column) if column.is_valid(row) => write_fixed(column.value(row).to_le_bytes(), bytes),
            Self::Texts(column, ends, texts) if column.is_valid(row) => {
                let items = list_end(ends[row])..list_end(ends[row + 1]);
                write_fixed(items.len().to_le_bytes(), bytes);
                items.for_each(|item| write_text(texts.value(item), bytes));
            }
            Self::Other(column) => write_text(values::value_text("", *column, row).as_deref(), bytes),
            _ => bytes.push(NULL),
        }
    }
}

/// Arrow's offsets are signed, and never negative.
fn list_end(end: i32) -> usize {
    usize::try_from(end).expect("a list begins where the one before ends")
}

fn write_text(text: Option<&str>, bytes: &mut Vec<u8>) {
    match text {
        Some(text) => write_bytes(text.as_bytes(), bytes),
        None => bytes.push(NULL),
    }
}

fn write_bytes(value: &[u8], bytes: &mut Vec<u8>) {
    // The length first: `ab`, `c` and `a`, `bc` are two rows.
    write_fixed(value.len().to_le_bytes(), bytes);
    bytes.extend_from_slice(value);
}

fn write_fixed<const N: usize>(value: [u8; N], bytes: &mut Vec<u8>) {
    bytes.push(VALUE);
    bytes.extend_from_slice(&value);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, StringArray};

    use super::*;

    fn of(columns: Vec<(&str, ArrayRef)>) -> Vec<Digest> {
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let columns = columns.into_iter().map(|(n, c)| (n, c, true));
        let rows = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        row_digests(&FacilityRows::try_new(rows).unwrap(), &names)
    }

    #[test]
    fn what_counts_as_the_same_has_one_digest() {
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN]));
        let found = of(vec![("size", numbers)]);
        assert_eq!((found[0], found[2]), (found[1], found[3]));
        let plain: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("b")]));
        let coded: ArrayRef = Arc::new(
            [Some("a"), None, Some("b")]
                .into_iter()
                .collect::<DictionaryArray<Int32Type>>(),
        );
        assert_eq!(of(vec![("code", plain)]), of(vec![("code", coded)]));
    }

    #[test]
    fn what_differs_has_another() {
        let texts = |a: [Option<&str>; 4]| -> ArrayRef { Arc::new(StringArray::from(a.to_vec())) };
        // Nothing, emptiness, and the same letters cut otherwise.
        let found = of(vec![
            ("one", texts([None, Some(""), Some("ab"), Some("a")])),
            ("two", texts([None, None, Some("c"), Some("bc")])),
        ]);
        let mut lists = ListBuilder::new(StringBuilder::new());
        for list in [
            None,
            Some(vec![]),
            Some(vec![None]),
            Some(vec![Some("a"), Some("b")]),
            Some(vec![Some("ab")]),
        ] {
            lists.append_option(list);
        }
        for found in [found, of(vec![("also", Arc::new(lists.finish()))])] {
            for (at, digest) in found.iter().enumerate() {
                assert!(!found[at + 1..].contains(digest), "{at}");
            }
        }
    }
}
