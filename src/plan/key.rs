//! What is said of one key of a file that people write, for its JSON Schema.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::check::{Bounds, IDENTIFIER};

/// What is said, by the path of the key: `field.type`; empty for the file as a whole.
pub(super) type Keys = BTreeMap<String, Key>;

/// What is said of one key, beyond its kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Key {
    path: String,
    /// Of the key: its description, default and examples.
    pub(super) about: Map<String, Value>,
    /// Of its value, or of each text of a list: the words and numbers it takes.
    pub(super) values: Map<String, Value>,
    /// Of its table, or of each table of a list: which keys go together.
    pub(super) table: Map<String, Value>,
}

/// A key and what it means.
pub(super) fn key(path: &str, description: &str) -> Key {
    let mut key = Key {
        path: path.to_owned(),
        ..Key::default()
    };
    key.about.insert("description".to_owned(), json!(description));
    key
}

/// The file as a whole and what it is.
pub(super) fn file(description: &str) -> Key {
    Key::default().table_keyword("description", description)
}

/// Keys by their paths.
pub(super) fn by_path(keys: impl IntoIterator<Item = Key>) -> Keys {
    keys.into_iter().map(|key| (key.path.clone(), key)).collect()
}

impl Key {
    /// What stands for the key where it isn't written.
    pub(super) fn default_value(mut self, value: impl Serialize) -> Self {
        self.about.insert("default".to_owned(), json!(value));
        self
    }

    /// A value that could stand there.
    pub(super) fn example(mut self, value: impl Serialize) -> Self {
        self.about.insert("examples".to_owned(), json!([value]));
        self
    }

    /// The only words that may stand there, if any are known.
    pub(super) fn one_of_words<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: Vec<&str> = words.into_iter().collect();
        // Without the reference tables no word is known, which must not read as if none were allowed.
        if !words.is_empty() {
            self.values.insert("enum".to_owned(), json!(words));
        }
        self
    }

    /// The only words that may stand there and what each means, as the editors with taplo show it.
    pub(super) fn words_with_meanings<'a>(
        mut self,
        words: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let (words, meanings): (Vec<&str>, Vec<&str>) = words.into_iter().unzip();
        if !words.is_empty() {
            self.values
                .insert("x-taplo".to_owned(), json!({"docs": {"enumValues": meanings}}));
        }
        self.one_of_words(words)
    }

    /// What the text must look like.
    pub(super) fn pattern(mut self, pattern: &str) -> Self {
        self.values.insert("pattern".to_owned(), json!(pattern));
        self
    }

    /// Lower snake case.
    pub(super) fn identifier(self) -> Self {
        self.pattern(IDENTIFIER)
    }

    /// Words that may not stand there.
    pub(super) fn except_words<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: Vec<&str> = words.into_iter().collect();
        self.values.insert("not".to_owned(), json!({"enum": words}));
        self
    }

    /// Where the number lies, and the default.
    pub(super) fn bounds<T: Serialize>(self, bounds: &Bounds<T>) -> Self {
        self.number_range(&bounds.range).default_value(&bounds.default)
    }

    /// Where the number lies.
    pub(super) fn number_range<T: Serialize>(mut self, range: &RangeInclusive<T>) -> Self {
        self.values.insert("minimum".to_owned(), json!(range.start()));
        self.values.insert("maximum".to_owned(), json!(range.end()));
        self
    }

    /// What holds of the table, or of each table of the list.
    pub(super) fn table_keyword(mut self, keyword: &str, value: impl Serialize) -> Self {
        self.table.insert(keyword.to_owned(), json!(value));
        self
    }

    /// One of some sets of keys and nothing of the others must be there.
    pub(super) fn one_of(self, sets: impl IntoIterator<Item = impl Serialize>) -> Self {
        let sets: Vec<Value> = sets.into_iter().map(|set| json!({"required": set})).collect();
        self.table_keyword("oneOf", sets)
    }
}
