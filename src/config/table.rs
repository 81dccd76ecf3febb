//! Reads one TOML table key by key, tables within it too, and reports what doesn't fit.
//!
//! LEAF. Every key asked for is known; when the table is done the others are mistakes. A value of
//! the wrong type is reported and read as absent, so reading goes on to the last key. A reader asks
//! for every key whatever the table holds: so it tells the table's shape too, by reading an empty one.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::shape::{KeyShape, Kind, Shape};
use super::suggest::known_names_hint;
use super::text::{Span, Spanned, TextFile};

pub(super) type Value<'a> = toml::Spanned<DeValue<'a>>;

/// A table being read.
pub(super) struct Table<'a> {
    file: &'a Arc<TextFile>,
    entries: &'a DeTable<'a>,
    /// What messages call it.
    name: String,
    /// Its header or braces, where an absent key is reported; none for the whole document.
    span: Option<Span>,
    known: Vec<KeyShape>,
    /// Whether only the shape is wanted.
    is_probe: bool,
    found: &'a mut Vec<Diagnostic>,
}

/// Parses a document and reads its root table; `name` is what messages call the root.
pub(super) fn read_document<T>(
    file: &Arc<TextFile>,
    name: &str,
    found: &mut Vec<Diagnostic>,
    read: impl FnOnce(&mut Table<'_>) -> T,
) -> T {
    // The parser goes on after an error, so that a file's other mistakes are told in the same run.
    let (root, errors) = DeTable::parse_recoverable(&file.text);
    for error in errors {
        let place = error.span().map(|bytes| Span::new(file, bytes));
        let mut diagnostic = Diagnostic::error(file, place, error.message());
        diagnostic.syntax = true;
        found.push(diagnostic);
    }
    Table {
        file,
        entries: root.get_ref(),
        name: name.to_owned(),
        span: None,
        known: Vec::new(),
        is_probe: false,
        found,
    }
    .read_all(read)
}

/// The shape of the tables that a reader reads.
pub(super) fn shape_of<T>(read: impl FnOnce(&mut Table<'_>) -> T) -> Shape {
    // What the reader reports of an empty table goes nowhere: what it asks for is all that is wanted.
    let mut table = Table {
        file: &TextFile::empty(),
        entries: &DeTable::new(),
        name: String::new(),
        span: None,
        known: Vec::new(),
        is_probe: true,
        found: &mut Vec::new(),
    };
    read(&mut table);
    Shape { keys: table.known }
}

impl Table<'_> {
    /// A table that must be there.
    pub(super) fn required_table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Table<'_>) -> T,
    ) -> Option<Spanned<T>> {
        let table = self.optional_table(key, read);
        self.require_last(key);
        table
    }

    /// A table.
    pub(super) fn optional_table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Table<'_>) -> T,
    ) -> Option<Spanned<T>> {
        if self.is_probe {
            // No table is there to be read: its reader is asked about an empty one.
            return self.record_shape(key, Kind::Table(shape_of(read)));
        }
        let value = self.raw_value(key, Kind::Table(Shape::default()))?;
        let Some(entries) = value.get_ref().as_table() else {
            self.report_mismatch(key, "a table", value);
            return None;
        };
        let table = self.read_nested(entries, format!("`{key}`"), value.span(), read);
        Some(self.spanned(table, value.span()))
    }

    /// A list of tables, `[[key]]`, that must be there.
    pub(super) fn required_tables<T>(
        &mut self,
        key: &'static str,
        read: impl FnMut(&mut Table<'_>) -> T,
    ) -> Vec<Spanned<T>> {
        let tables = self.optional_tables(key, read);
        self.require_as(key, &format!("[[{key}]]"));
        tables
    }

    /// A list of tables, `[[key]]`.
    pub(super) fn optional_tables<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Table<'_>) -> T,
    ) -> Vec<Spanned<T>> {
        if self.is_probe {
            return self
                .record_shape(key, Kind::Tables(shape_of(read)))
                .unwrap_or_default();
        }
        let Some(value) = self.raw_value(key, Kind::Tables(Shape::default())) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.report_mismatch(key, "a list of tables", value);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for element in array {
            match element.get_ref().as_table() {
                Some(entries) => {
                    let table = self.read_nested(entries, format!("`[[{key}]]`"), element.span(), &mut read);
                    tables.push(self.spanned(table, element.span()));
                }
                None => self.report_mismatch(key, "a list of tables", element),
            }
        }
        tables
    }

    /// Which of some keys are written, each with its place.
    pub(super) fn present(&self, keys: &[&'static str]) -> Vec<Spanned<&'static str>> {
        let mut present = Vec::new();
        for key in keys {
            if let Some((written, _)) = self.entries.get_key_value(*key) {
                present.push(self.spanned(*key, written.span()));
            }
        }
        present
    }

    /// Reports every key of some that is written beside another of them; `name` is what messages call the table.
    pub(super) fn refuse_second(&mut self, name: &str, keys: &[&'static str]) {
        if let [first, others @ ..] = self.present(keys).as_slice() {
            for other in others {
                let message = format!(
                    "{name} is already `{}`; it cannot be `{}` too",
                    first.value, other.value
                );
                self.error(other.span.clone(), message);
            }
        }
    }

    /// Reports a mistake in this table's file.
    pub(super) fn error(&mut self, span: Span, message: String) -> &mut Diagnostic {
        self.push_error(Some(span), message)
    }

    /// Reports a mistake of the table as a whole.
    pub(super) fn error_here(&mut self, message: String) -> &mut Diagnostic {
        self.push_error(self.span.clone(), message)
    }

    /// A value of this table's file, with its place.
    pub(super) fn spanned<T>(&self, value: T, bytes: Range<usize>) -> Spanned<T> {
        Spanned::new(value, Span::new(self.file, bytes))
    }

    fn push_error(&mut self, span: Option<Span>, message: String) -> &mut Diagnostic {
        self.found.push(Diagnostic::error(self.file, span, message));
        self.found.last_mut().expect("just pushed")
    }

    /// The key asked for last must be there.
    pub(super) fn require_last(&mut self, key: &'static str) {
        self.require_as(key, key);
    }

    fn require_as(&mut self, key: &'static str, shown: &str) {
        // The key as it was asked for is known already; people are shown it as they would write it, `[[layer]]`.
        if let Some(known) = self.known.last_mut() {
            known.is_required = true;
        }
        if !self.entries.contains_key(key) {
            self.error_here(format!("{} has no `{shown}`", self.name));
        }
    }

    fn read_all<T>(&mut self, read: impl FnOnce(&mut Table<'_>) -> T) -> T {
        let value = read(self);
        self.report_unknown_keys();
        value
    }

    /// Reports the keys nobody asked for.
    fn report_unknown_keys(&mut self) {
        // Keys that were asked for are all the table may hold: so no list of them has to be kept beside the
        // reader.
        let unknown = self.entries.keys().filter(|key| {
            self.known
                .iter()
                .all(|known| known.name != key.get_ref().as_ref())
        });
        for key in unknown {
            let written = key.get_ref();
            let message = format!("{} has no key `{written}`", self.name);
            let mut diagnostic =
                Diagnostic::error(self.file, Some(Span::new(self.file, key.span())), message);
            diagnostic.label = known_names_hint(written, self.known.iter().map(|known| known.name));
            self.found.push(diagnostic);
        }
    }

    /// Reports a value that is of another type than `wanted`.
    pub(super) fn report_mismatch(&mut self, key: &str, wanted: &str, value: &Value<'_>) {
        let quote = match value.get_ref() {
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                // A number or a date in the place of a text most often lacks its quotes.
                wanted.contains("text").then(|| "put it in quotes".to_owned())
            }
            DeValue::String(_) if wanted == "a list of texts" => {
                Some("put it in brackets: `[\"…\"]`".to_owned())
            }
            _ => None,
        };
        let message = match value.get_ref() {
            // Only its size can keep an integer from being read as one.
            DeValue::Integer(_) if wanted.contains("number") => format!("`{key}` is too large"),
            value => format!("`{key}` is {}, not {wanted}", kind_of(value)),
        };
        self.error(Span::new(self.file, value.span()), message).help = quote;
    }
}

impl<'a> Table<'a> {
    fn record_shape<T>(&mut self, key: &'static str, kind: Kind) -> Option<T> {
        self.known.push(KeyShape {
            name: key,
            kind,
            is_required: false,
        });
        None
    }

    /// The value of a key, whatever it is; from now on the key is known.
    pub(super) fn raw_value(&mut self, key: &'static str, kind: Kind) -> Option<&'a Value<'a>> {
        self.known.push(KeyShape {
            name: key,
            kind,
            is_required: false,
        });
        self.entries.get(key)
    }

    /// The value of a key, where `read` finds in it what is wanted.
    pub(super) fn typed_value<T>(
        &mut self,
        key: &'static str,
        kind: Kind,
        wanted: &str,
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let value = self.raw_value(key, kind)?;
        let read = read(value.get_ref()).map(|read| self.spanned(read, value.span()));
        if read.is_none() {
            self.report_mismatch(key, wanted, value);
        }
        read
    }

    fn read_nested<T>(
        &mut self,
        entries: &DeTable<'_>,
        name: String,
        bytes: Range<usize>,
        read: impl FnOnce(&mut Table<'_>) -> T,
    ) -> T {
        Table {
            file: self.file,
            entries,
            name,
            span: Some(Span::new(self.file, bytes)),
            known: Vec::new(),
            is_probe: false,
            found: &mut *self.found,
        }
        .read_all(read)
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
