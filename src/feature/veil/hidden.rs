//! A secret and its spellings, and a text as it may be read.
//!
//! LEAF. Spellings are compared by their letters and digits alone, in lower case: what stands between them, how lines are
//! broken, and which alphabet of base64 is used is then all the same.

use super::coded::{base64_of, decode_runs, hex_of};
use super::escapes::{undo_character_numbers, undo_escapes, undo_quoted_printable};

/// Letters and digits from which a secret is looked for in every spelling; a shorter one as it is.
const LEAST: usize = 4;

/// Letters and digits that a text hardly holds by chance.
pub(super) const TELLING: usize = 6;

/// A word is as likely in any text as it is a secret, unless it is longer.
const LONGEST_WORD: usize = 16;

/// Fewer in a row are no part of a secret.
const LEAST_PART: usize = 8;

/// Times that escapes are undone.
const ROUNDS: usize = 4;

/// Bytes of a text that are read in all ways.
pub(super) const MOST: usize = 64 << 10;

/// Bytes that two pieces of a text have in common.
const SHARED: usize = 4 << 10;

/// Letters and digits in a row of a secret that no text of this program's own holds by chance.
const LEAST_OF_OWN: usize = 12;

/// A secret.
pub(super) struct Secret {
    value: String,
    shown: String,
    /// As URLs have it: replaced as well as the value itself.
    written: Vec<String>,
    /// By their letters and digits.
    spellings: Vec<String>,
}

impl Secret {
    pub(super) fn new(value: &str, shown: &str) -> Self {
        let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let mut path = url::Url::parse("http://h/").ok();
        if let Some(url) = &mut path {
            url.set_path(value);
        }
        let path = path
            .map(|url| url.path().trim_start_matches('/').to_owned())
            .unwrap_or_default();
        // As parameters have it, with `%20` or `+` for a blank, and as a path has it, where fewer characters are
        // escaped.
        let mut written = vec![value.to_owned(), form.replace('+', "%20"), form, path];
        written.retain(|form| !form.is_empty());
        written.dedup();
        let plain = letters_and_digits(value);
        let mut spellings = vec![];
        if plain.len() >= LEAST {
            let coded = base64_of(value.as_bytes()).map(|coded| letters_and_digits(&coded));
            spellings.extend(
                coded
                    .chain([hex_of(value.as_bytes())])
                    .filter(|coded| coded.len() >= LEAST),
            );
            spellings.push(plain);
        }
        Self {
            value: value.to_owned(),
            shown: shown.to_owned(),
            written,
            spellings,
        }
    }

    pub(super) fn has_value(&self, value: &str) -> bool {
        self.value == value
    }

    pub(super) fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether a text that holds it hardly does so by chance.
    pub(super) fn is_telling(&self) -> bool {
        letters_and_digits(&self.value).len() >= TELLING
    }

    /// Whether it is also no word.
    pub(super) fn is_unlikely(&self) -> bool {
        let is_word = self.value.chars().all(char::is_alphabetic) && self.value.len() < LONGEST_WORD;
        self.is_telling() && !is_word
    }

    /// The text with what stands for it in its place; none where it isn't there as it is.
    pub(super) fn replace_in(&self, text: &str) -> Option<String> {
        let there = self.written.iter().filter(|form| text.contains(*form));
        there.fold(None, |done, form| {
            Some(done.as_deref().unwrap_or(text).replace(form, &self.shown))
        })
    }

    /// Whether one of the readings holds it.
    pub(super) fn is_in(&self, readings: &Readings) -> bool {
        if self.spellings.is_empty() {
            let value = self.value.to_lowercase();
            return readings
                .texts
                .iter()
                .any(|text| text.to_lowercase().contains(&value));
        }
        readings
            .squeezed
            .iter()
            .any(|text| self.spellings.iter().any(|spelling| text.contains(spelling)))
    }

    /// Whether one of the readings holds half of it in a row.
    pub(super) fn is_partly_in(&self, readings: &Readings) -> bool {
        self.has_part(readings, |length| LEAST_PART.max(length.div_ceil(2)))
    }

    /// Whether one of the readings holds two thirds of it in a row. An address has too much in common with others.
    pub(super) fn is_mostly_in(&self, readings: &Readings) -> bool {
        !self.value.contains("://")
            && self.has_part(readings, |length| LEAST_OF_OWN.max((length * 2).div_ceil(3)))
    }

    fn has_part(&self, readings: &Readings, size: fn(usize) -> usize) -> bool {
        self.spellings.iter().any(|spelling| {
            let size = size(spelling.len());
            // A part of that length holds one of these: where none is, there is no need to look for each.
            let mut halves = (0..spelling.len())
                .step_by(size / 2)
                .filter_map(|at| spelling.get(at..at + size / 2));
            if spelling.is_ascii() && !halves.any(|part| readings.contain(part)) {
                return false;
            }
            let starts = 0..(spelling.len() + 1).saturating_sub(size);
            let mut parts = starts.filter_map(|at| spelling.get(at..at + size));
            parts.any(|part| readings.contain(part))
        })
    }
}

/// A value, and of an address the parts that are secret by themselves; each also without its escapes.
pub(super) fn secret_parts(value: &str) -> Vec<String> {
    let mut parts = vec![value];
    parts.extend(parts_of_address(value));
    parts
        .into_iter()
        .flat_map(|part| [part.to_owned(), undo_escapes(part)])
        .collect()
}

fn parts_of_address(value: &str) -> Vec<&str> {
    let is_address = value.contains("://") || value.contains('?') || value.contains('&');
    if !is_address {
        return vec![];
    }
    let query = value.split_once('?').map_or(value, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let values = query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
    let authority = value
        .split_once("://")
        .map_or("", |(_, rest)| rest)
        .split('/')
        .next();
    let user = authority.and_then(|authority| Some(authority.rsplit_once('@')?.0));
    let user = user.into_iter().flat_map(|user| user.splitn(2, ':'));
    values
        .chain(user)
        .filter(|part| letters_and_digits(part).len() >= LEAST_PART)
        .collect()
}

/// A long text in pieces that can be read, each with some of the one before.
pub(super) fn overlapping_pieces(text: &str) -> impl Iterator<Item = &str> {
    // They overlap, so that a secret which is cut by one stands whole in the next.
    let starts = (0..text.len().max(1)).step_by(MOST - SHARED);
    starts.map(|start| {
        let end = text.ceil_char_boundary((start + MOST).min(text.len()));
        &text[text.floor_char_boundary(start)..end]
    })
}

/// A text as it may be read.
pub(super) struct Readings {
    texts: Vec<String>,
    squeezed: Vec<String>,
}

impl Readings {
    /// With escapes undone.
    pub(super) fn with_escapes_undone(text: &str) -> Self {
        Self::of_texts(rounds_of_unescaping(text))
    }

    /// Also with what is coded in it decoded, and that again.
    pub(super) fn with_codings_undone(text: &str) -> Self {
        let mut texts = rounds_of_unescaping(text);
        texts.extend([undo_quoted_printable(text), undo_character_numbers(text)]);
        let mut newest = texts.clone();
        for _ in 0..2 {
            newest = newest
                .iter()
                .flat_map(|text| decode_runs(text))
                .flat_map(|text| rounds_of_unescaping(&text))
                .collect();
            texts.extend(newest.iter().cloned());
        }
        Self::of_texts(texts)
    }

    /// Whether one of them has these letters and digits in a row.
    fn contain(&self, part: &str) -> bool {
        self.squeezed.iter().any(|text| text.contains(part))
    }

    fn of_texts(mut texts: Vec<String>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        let squeezed = texts.iter().map(|text| letters_and_digits(text)).collect();
        Self { texts, squeezed }
    }
}

/// The text, and as it is after its escapes are undone once, twice …
fn rounds_of_unescaping(text: &str) -> Vec<String> {
    let mut texts = vec![text[..text.floor_char_boundary(MOST)].to_owned()];
    for _ in 0..ROUNDS {
        let next = undo_escapes(&texts[texts.len() - 1]);
        if texts.last() == Some(&next) {
            break;
        }
        texts.push(next);
    }
    texts
}

/// Letters and digits in lower case.
fn letters_and_digits(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
