//! Values of a TOML table: texts, numbers, sizes, times, lists of texts.
//!
//! LEAF. Each is read by its key; one of another type is reported and read as absent.

use toml::de::DeValue;

use super::shape::Kind;
use super::size;
use super::table::Table;
use super::text::Spanned;

/// A key of the writer's choice and its text.
pub(super) type Pair = (Spanned<String>, Spanned<String>);

impl Table<'_> {
    /// Text that must be there and not be blank.
    pub(super) fn required_text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let text = self.optional_text(key);
        self.require_last(key);
        text
    }

    /// Text that is not blank.
    pub(super) fn optional_text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let text = self.typed_value(key, Kind::Text, "text", text_of)?;
        // Blanks alone: a tab is white space as well, and a delimiter.
        if text.value.trim_matches(' ').is_empty() {
            self.error(text.span, format!("`{key}` is empty"));
            return None;
        }
        Some(text)
    }

    /// A list of texts that must be there and have an element.
    pub(super) fn required_texts(&mut self, key: &'static str) -> Vec<Spanned<String>> {
        let texts = self.optional_filled_texts(key);
        self.require_last(key);
        texts.map(|texts| texts.value).unwrap_or_default()
    }

    /// A list of texts that has an element.
    pub(super) fn optional_filled_texts(
        &mut self,
        key: &'static str,
    ) -> Option<Spanned<Vec<Spanned<String>>>> {
        let texts = self.read_texts(key, true)?;
        if texts.value.is_empty() {
            self.error(texts.span.clone(), format!("`{key}` is empty"));
        }
        Some(texts)
    }

    /// A list of texts.
    pub(super) fn optional_texts(&mut self, key: &'static str) -> Option<Spanned<Vec<Spanned<String>>>> {
        self.read_texts(key, false)
    }

    fn read_texts(&mut self, key: &'static str, is_filled: bool) -> Option<Spanned<Vec<Spanned<String>>>> {
        let wanted = "a list of texts";
        let value = self.raw_value(key, Kind::Texts { is_filled })?;
        let Some(array) = value.get_ref().as_array() else {
            self.report_mismatch(key, wanted, value);
            return None;
        };
        // An element that is no text is reported, and the others are read all the same.
        let mut texts = Vec::new();
        for element in array {
            match text_of(element.get_ref()) {
                Some(text) => texts.push(self.spanned(text, element.span())),
                None => self.report_mismatch(key, wanted, element),
            }
        }
        Some(self.spanned(texts, value.span()))
    }

    /// A whole number.
    pub(super) fn optional_integer(&mut self, key: &'static str) -> Option<Spanned<i64>> {
        self.typed_value(key, Kind::Integer, "a whole number", integer_of)
    }

    /// Text that is not blank, or a whole number as text.
    pub(super) fn text_or_integer(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let text = self.typed_value(key, Kind::TextOrInteger, "text or a whole number", |value| {
            text_of(value).or_else(|| integer_of(value).map(|integer| integer.to_string()))
        })?;
        if text.value.trim_matches(' ').is_empty() {
            self.error(text.span, format!("`{key}` is empty"));
            return None;
        }
        Some(text)
    }

    /// A number.
    pub(super) fn optional_number(&mut self, key: &'static str) -> Option<Spanned<f64>> {
        self.typed_value(key, Kind::Number, "a number", |value| match value {
            DeValue::Float(float) => float.as_str().parse().ok(),
            // `5` is meant as much as `5.0`.
            DeValue::Integer(_) => integer_of(value).map(|integer| integer as f64),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub(super) fn optional_flag(&mut self, key: &'static str) -> Option<Spanned<bool>> {
        self.typed_value(key, Kind::Flag, "`true` or `false`", |value| match value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A size in bytes, or in words (`16 MiB`).
    pub(super) fn optional_size(&mut self, key: &'static str) -> Option<Spanned<u64>> {
        self.typed_value(key, Kind::Size, "a size such as `16 MiB`", |value| match value {
            DeValue::String(text) => size::parse_size(text),
            _ => integer_of(value).and_then(|integer| u64::try_from(integer).ok()),
        })
    }

    /// A time in seconds, or in words (`2 h`).
    pub(super) fn optional_time(&mut self, key: &'static str) -> Option<Spanned<u64>> {
        self.typed_value(key, Kind::Time, "a time such as `90 min`", |value| match value {
            DeValue::String(text) => size::parse_time(text),
            _ => integer_of(value).and_then(|integer| u64::try_from(integer).ok()),
        })
    }

    /// A table of texts under keys of the writer's choice, in the order written.
    pub(super) fn optional_pairs(&mut self, key: &'static str) -> Option<Spanned<Vec<Pair>>> {
        let value = self.raw_value(key, Kind::Pairs)?;
        let Some(entries) = value.get_ref().as_table() else {
            self.report_mismatch(key, "a table of texts", value);
            return None;
        };
        let mut pairs = Vec::new();
        for (name, value) in entries {
            match text_of(value.get_ref()) {
                Some(text) => pairs.push((
                    self.spanned(name.get_ref().to_string(), name.span()),
                    self.spanned(text, value.span()),
                )),
                None => self.report_mismatch(name.get_ref(), "text", value),
            }
        }
        // The parser sorts keys; people number their codes in an order that means something.
        pairs.sort_by_key(|(name, _)| name.span.start);
        Some(self.spanned(pairs, value.span()))
    }
}

fn text_of(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn integer_of(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    // TOML writes whole numbers in hexadecimal, octal and binary, too.
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
