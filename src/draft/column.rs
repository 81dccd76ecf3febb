//! What the values of one column have in common, one value at a time.
//!
//! Pure. Memory is bounded: a hash per distinct value while the column may still be a key, and
//! the text of the first few hundred distinct values.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::dates::Dates;
use super::sentinel::{self, Sentinel};
use crate::plan::State;

/// Distinct values whose text and count are kept.
const KEPT: usize = 400;

/// Longest text that is kept of a value, bytes.
const KEPT_BYTES: usize = 200;

/// Digits that a double holds exactly; longer runs are identifiers.
const EXACT_DIGITS: usize = 15;

/// A column and what its values have in common.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that hold or not, each on its own")]
pub(super) struct Column {
    /// Name in the source.
    pub(super) name: String,
    /// Type the source declares, in its own words.
    pub(super) declared: Option<String>,
    /// Values that are neither empty nor may stand for "no value".
    pub(super) values: u64,
    /// Values that may stand for "no value", by what they are and how they are spelled.
    pub(super) sentinels: BTreeMap<String, (Sentinel, u64)>,
    /// The first distinct values, in the order they came, with their counts while no further one is known.
    pub(super) first: Vec<(String, u64)>,
    /// Whether `first` holds every distinct value.
    pub(super) is_complete: bool,
    /// Values that are whole numbers, and numbers at all.
    pub(super) integers: u64,
    /// Values that are numbers.
    pub(super) numbers: u64,
    /// The first value that is no number.
    pub(super) no_number: Option<String>,
    /// Whether some value that is no number has a digit in it, as identifiers do.
    pub(super) is_mixed: bool,
    /// Whether a run of digits starts with a zero, or is too long for a number.
    pub(super) is_digits_code: bool,
    /// Lowest and highest number, survey codes aside.
    pub(super) range: Option<(f64, f64)>,
    /// How often −1, −2 and −3 occur.
    pub(super) survey_codes: u64,
    /// Shortest and longest value, characters.
    pub(super) lengths: (usize, usize),
    /// Whether every value is of letters, digits, `-` and `_`.
    pub(super) is_code_like: bool,
    /// Values that are a state.
    pub(super) states: u64,
    /// The first value that is no state.
    pub(super) no_state: Option<String>,
    /// Values that are dates.
    pub(super) dates: Dates,
    places: HashMap<String, usize>,
    hashes: HashSet<u64>,
    repeated: u64,
}

impl Column {
    /// A column of which nothing has been seen.
    pub(super) fn new(name: &str, declared: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            declared: declared.map(str::to_owned),
            values: 0,
            sentinels: BTreeMap::new(),
            first: Vec::new(),
            is_complete: true,
            integers: 0,
            numbers: 0,
            no_number: None,
            is_mixed: false,
            is_digits_code: false,
            range: None,
            survey_codes: 0,
            lengths: (usize::MAX, 0),
            is_code_like: true,
            states: 0,
            no_state: None,
            dates: Dates::new(name),
            places: HashMap::new(),
            hashes: HashSet::new(),
            repeated: 0,
        }
    }

    /// Takes a value into account; empty text is none. `most` bounds the repetitions worth counting.
    pub(super) fn note(&mut self, value: &str, states: &[State], most: u64) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        if let Some(sentinel) = sentinel::of(value) {
            self.sentinels.entry(value.to_owned()).or_insert((sentinel, 0)).1 += 1;
            return;
        }
        self.values += 1;
        self.note_distinct(value, most);
        self.note_number(value);
        self.dates.note(value);
        if is_state(value, states) {
            self.states += 1;
        } else if self.no_state.is_none() {
            self.no_state = Some(value.to_owned());
        }
        let length = value.chars().count();
        self.lengths = (self.lengths.0.min(length), self.lengths.1.max(length));
        self.is_code_like &= value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    }

    fn note_distinct(&mut self, value: &str, most: u64) {
        if self.repeated <= most {
            let mut hasher = DefaultHasher::new();
            value.hash(&mut hasher);
            self.repeated += u64::from(!self.hashes.insert(hasher.finish()));
        } else {
            self.hashes = HashSet::new();
        }
        if let Some(place) = self.places.get(value) {
            self.first[*place].1 += 1;
        } else if self.first.len() < KEPT && value.len() <= KEPT_BYTES {
            self.places.insert(value.to_owned(), self.first.len());
            self.first.push((value.to_owned(), 1));
        } else {
            self.is_complete = false;
        }
    }

    fn note_number(&mut self, value: &str) {
        let digits = value.trim_start_matches(['-', '+']);
        let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        let has_zero = digits.starts_with('0') && digits.len() > 1;
        self.is_digits_code |= is_digits && (has_zero || digits.len() > EXACT_DIGITS);
        let Some(number) = sentinel::number(value) else {
            self.no_number.get_or_insert_with(|| value.to_owned());
            self.is_mixed |= value.contains(|c: char| c.is_ascii_digit());
            return;
        };
        self.numbers += 1;
        self.integers += u64::from(is_digits);
        if sentinel::is_survey_code(number) {
            self.survey_codes += 1;
        } else {
            let (low, high) = self.range.unwrap_or((number, number));
            self.range = Some((low.min(number), high.max(number)));
        }
    }

    /// How many of `rows` rows would be lost if the column were the key; `None` where too many to count.
    ///
    /// `kept` spellings may look like "no value" but count as values, once each.
    pub(super) fn lost_as_key(&self, rows: u64, kept: u64, most: u64) -> Option<u64> {
        let lost = (rows + self.repeated).saturating_sub(self.values + kept);
        (lost <= most).then_some(lost)
    }

    /// Whether the values are whole numbers without a gap, as a row counter gives them.
    pub(super) fn is_running_number(&self) -> bool {
        let Some((low, high)) = self.range.filter(|_| self.integers == self.values) else { return false };
        let distinct = self.values.saturating_sub(self.repeated);
        // A row dropped by its makers leaves a gap.
        distinct > 1 && high - low < distinct as f64 * 1.01
    }

    /// Whether every value is one of some words, compared without case.
    pub(super) fn is_all(&self, words: &[&str]) -> bool {
        let known = |(value, _): &(String, u64)| words.iter().any(|word| word.eq_ignore_ascii_case(value));
        self.is_complete && self.first.iter().all(known)
    }

    /// Whether some value is one of some words, compared without case.
    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        self.first.iter().any(|(value, _)| words.iter().any(|word| word.eq_ignore_ascii_case(value)))
    }
}

/// Whether a value names a state as the `state` type reads it; without a table, two capitals do.
fn is_state(value: &str, states: &[State]) -> bool {
    if states.is_empty() {
        return value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase());
    }
    states
        .iter()
        .any(|state| state.usps.eq_ignore_ascii_case(value) || state.name.eq_ignore_ascii_case(value))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A column of some values.
    pub(in crate::draft) fn column(name: &str, values: &[&str]) -> Column {
        let mut column = Column::new(name, None);
        for value in values {
            column.note(value, &[], u64::MAX);
        }
        column
    }

    #[test]
    fn sentinels_stand_aside_from_values() {
        let beds = column("BEDS", &["25", "-999", "60", "", " ", "-999", "25"]);
        assert_eq!((beds.values, beds.integers, beds.range), (3, 3, Some((25.0, 60.0))));
        assert_eq!(beds.sentinels["-999"], (Sentinel::Number, 2));
        assert_eq!(beds.first, [("25".to_owned(), 2), ("60".to_owned(), 1)]);
    }

    #[test]
    fn a_key_loses_empty_and_repeated_rows() {
        let ids = column("ID", &["a", "b", "b", "NOT AVAILABLE", ""]);
        assert_eq!(ids.lost_as_key(5, 0, 3), Some(3));
        assert_eq!(ids.lost_as_key(5, 0, 2), None);
    }

    #[test]
    fn row_counters_are_recognised() {
        assert!(column("ID", &["0", "1", "2", "3"]).is_running_number());
        assert!(!column("ID", &["10", "20", "30", "40"]).is_running_number());
        assert!(!column("ID", &["a", "b"]).is_running_number());
    }

    #[test]
    fn many_distinct_values_are_not_kept() {
        let mut names = Column::new("NAME", None);
        for n in 0..2_000 {
            names.note(&format!("n{n}"), &[], 10);
        }
        assert!(!names.is_complete && names.first.len() == KEPT);
        assert_eq!(names.lost_as_key(2_000, 0, 10), Some(0));
    }
}
