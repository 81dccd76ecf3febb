//! The attributes of rows: the columns that normalise has made of a schema's fields.
//!
//! Pure.

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;

/// Canonical columns: every schema field in order, each followed by its decoded column.
///
/// Which fields there are, and of which types, is the schema's to say: that there is no text of a name means that the
/// schema has no such field, or one of another type.
#[derive(Debug, Clone)]
pub struct Attributes(RecordBatch);

impl Attributes {
    pub(super) fn new(columns: RecordBatch) -> Self {
        Self(columns)
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    /// A column, whatever its type; none where the schema has no such field.
    pub fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.0.column_by_name(name)
    }

    /// A column of text; none where the schema has no such field, or one of another type.
    pub fn text(&self, name: &str) -> Option<&StringArray> {
        self.column(name)?.as_any().downcast_ref()
    }

    /// A column of numbers with decimals; none where the schema has no such field, or one of another type.
    pub fn number(&self, name: &str) -> Option<&Float64Array> {
        self.column(name)?.as_any().downcast_ref()
    }

    /// The rows that are marked.
    pub(super) fn filter(&self, marks: &BooleanArray) -> Result<Self, ArrowError> {
        filter_record_batch(&self.0, marks).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_field_of_another_type_is_no_text_and_no_number() {
        let beds: ArrayRef = Arc::new(Float64Array::from(vec![Some(120.0), None]));
        let name: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let columns = RecordBatch::try_from_iter([("beds", beds), ("name", name)]).unwrap();
        let all = Attributes::new(columns);
        assert!(all.number("beds").is_some() && all.text("name").is_some());
        assert!(all.text("beds").is_none() && all.number("name").is_none());
        assert!(all.column("beds").is_some() && all.column("absent").is_none());
        let second = all.filter(&BooleanArray::from(vec![false, true])).unwrap();
        assert_eq!(second.text("name").unwrap().value(0), "b");
    }
}
