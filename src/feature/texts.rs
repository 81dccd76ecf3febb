//! Text columns of rows, whichever way they are laid out.
//!
//! LEAF. A column of few distinct values (codes, names of places, constants) is a dictionary while it flows: its
//! keys are four bytes a row to copy. Read back from a file the same column is plain text. Both read the same here.

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, RecordBatch, StringArray, TypedDictionaryArray};

/// A text column, plain or as a dictionary.
///
/// ```
/// use arrow_array::DictionaryArray;
/// use arrow_array::types::Int32Type;
/// use cikr::feature::Texts;
///
/// let states: DictionaryArray<Int32Type> = [Some("GA"), None, Some("GA")].into_iter().collect();
/// let texts = Texts::from_array(&states).ok_or("no text")?;
/// assert_eq!(texts.iter().collect::<Vec<_>>(), [Some("GA"), None, Some("GA")]);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Texts<'a> {
    /// A value per row.
    Plain(&'a StringArray),
    /// A key per row.
    Coded(TypedDictionaryArray<'a, Int32Type, StringArray>),
}

impl<'a> Texts<'a> {
    /// The named column; none where there is no such column, or it is no text.
    pub fn of_column(rows: &'a RecordBatch, name: &str) -> Option<Self> {
        Self::from_array(rows.column_by_name(name)?.as_ref())
    }

    /// An array as text; none where it is none.
    pub fn from_array(column: &'a dyn Array) -> Option<Self> {
        if let Some(plain) = column.as_string_opt::<i32>() {
            return Some(Self::Plain(plain));
        }
        column
            .as_dictionary_opt::<Int32Type>()?
            .downcast_dict::<StringArray>()
            .map(Self::Coded)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(texts) => texts.len(),
            Self::Coded(texts) => texts.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of a row; none for null.
    pub fn value(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Coded(texts) => {
                let key = texts.keys().is_valid(row).then(|| texts.keys().value(row))?;
                let values = texts.values();
                let at = usize::try_from(key).ok()?;
                // Arrow allows a null among the values, too: a valid key alone doesn't say that there is a text.
                values.is_valid(at).then(|| values.value(at))
            }
        }
    }

    /// The texts of all rows, in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Option<&'a str>> {
        (0..self.len()).map(move |row| self.value(row))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, DictionaryArray, Int32Array};

    use super::*;

    #[test]
    fn a_dictionary_reads_as_plain_text_does() {
        let plain: ArrayRef = Arc::new(StringArray::from(vec![Some("R06"), None, Some("R01"), None]));
        let values = StringArray::from(vec![Some("R01"), Some("R06"), None]);
        let keys = Int32Array::from(vec![Some(1), None, Some(0), Some(2)]);
        let coded: ArrayRef = Arc::new(DictionaryArray::try_new(keys, Arc::new(values)).unwrap());
        let rows = RecordBatch::try_from_iter([("plain", plain), ("coded", coded)]).unwrap();
        let read = |name: &str| Texts::of_column(&rows, name).unwrap().iter().collect::<Vec<_>>();
        assert_eq!(read("coded"), read("plain"));
        assert_eq!(read("plain"), [Some("R06"), None, Some("R01"), None]);
        assert!(Texts::of_column(&rows, "absent").is_none());
    }
}
