//! Columns of codes, held as keys: one list of texts for all batches of a layer.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array, StringArray};

/// The texts of a column of codes, in the order first met.
#[derive(Debug, Default)]
pub(super) struct Codes {
    texts: Vec<String>,
    places: HashMap<String, i32>,
    /// The dictionary met last, and where its values are in `texts`; none where all are in their own places.
    last: Option<(ArrayRef, Option<Vec<Option<i32>>>)>,
}

impl Codes {
    /// The keys of a column's values in this list.
    pub(super) fn keys_of(&mut self, column: &DictionaryArray<Int32Type>) -> Int32Array {
        let is_known = self
            .last
            .as_ref()
            .is_some_and(|(last, _)| Arc::ptr_eq(last, column.values()));
        if !is_known {
            // Whoever hands in one dictionary again and again has its texts looked up once; where they are in their own
            // places, its keys are shared as they are.
            let places = self.places_of(column.values().as_string());
            let is_own = (0..).zip(&places).all(|(own, place)| Some(own) == *place);
            self.last = Some((Arc::clone(column.values()), (!is_own).then_some(places)));
        }
        match &self.last {
            Some((_, Some(places))) => column
                .keys()
                .unary_opt(|key| places.get(usize::try_from(key).ok()?).copied().flatten()),
            _ => column.keys().clone(),
        }
    }

    /// Where each value is in the list, to which new ones are added; a null has no place.
    fn places_of(&mut self, values: &StringArray) -> Vec<Option<i32>> {
        values
            .iter()
            .map(|value| value.map(|text| self.place_of(text)))
            .collect()
    }

    fn place_of(&mut self, text: &str) -> i32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = i32::try_from(self.texts.len()).expect("a layer has less than 2^31 codes");
        self.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }

    /// The text of a key.
    pub(super) fn text_of(&self, key: i32) -> Option<&str> {
        self.texts.get(usize::try_from(key).ok()?).map(String::as_str)
    }

    /// The list as an array, to be shared by all columns that are read back.
    pub(super) fn to_values(&self) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(&self.texts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[Option<&str>], keys: &[Option<i32>]) -> DictionaryArray<Int32Type> {
        let values: StringArray = values.iter().copied().collect();
        DictionaryArray::try_new(keys.iter().copied().collect(), Arc::new(values)).unwrap()
    }

    #[test]
    fn batches_share_one_list_whatever_their_own_are() {
        let mut codes = Codes::default();
        let first = codes.keys_of(&column(&[Some("a"), Some("b")], &[Some(1), None, Some(0)]));
        assert_eq!(first, Int32Array::from(vec![Some(1), None, Some(0)]));
        let second = codes.keys_of(&column(
            &[Some("c"), Some("a"), None, Some("a")],
            &[Some(0), Some(1), Some(2), Some(3)],
        ));
        assert_eq!(second, Int32Array::from(vec![Some(2), Some(0), None, Some(0)]));
        assert_eq!((codes.text_of(2), codes.text_of(3)), (Some("c"), None));
        assert_eq!(
            codes.to_values().as_string::<i32>(),
            &StringArray::from(vec!["a", "b", "c"])
        );
    }
}
