//! What the values of one column have in common, one value at a time.
//!
//! Pure. Memory is bounded: a count of distinct values that estimates beyond some ten thousand, and
//! the text of the first few hundred distinct values.

use std::collections::{BTreeMap, HashMap};

use super::dates::DateFits;
use super::distinct::DistinctCount;
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
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that hold or not, each on its own"
)]
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
    /// The first value that repeats an earlier one, as far as texts are kept.
    pub(super) repeated: Option<String>,
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
    pub(super) dates: DateFits,
    /// Distinct values.
    pub(super) distinct: DistinctCount,
    /// Values that are well-known text.
    wkt: u64,
    /// Well-known text of lines and polygons.
    shapes: u64,
    /// Values such as `1.25539E+12`, which a spreadsheet has rounded.
    pub(super) rounded: u64,
    places: HashMap<String, usize>,
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
            repeated: None,
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
            dates: DateFits::new(name),
            distinct: DistinctCount::default(),
            wkt: 0,
            shapes: 0,
            rounded: 0,
            places: HashMap::new(),
        }
    }

    /// Takes a value into account; empty text is none.
    pub(super) fn note_value(&mut self, value: &str, states: &[State]) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        // A sentinel is no value of the column: -999 stands for the population of 817 of the 7,596 hospitals of
        // May 2020, and would be the lowest of their numbers.
        if let Some(sentinel) = sentinel::sentinel_of(value) {
            self.sentinels.entry(value.to_owned()).or_insert((sentinel, 0)).1 += 1;
            return;
        }
        self.values += 1;
        self.note_distinct(value);
        if is_well_known_text(value) {
            self.wkt += 1;
            self.shapes += u64::from(value.contains(',') && !value.contains("POINT"));
        }
        self.rounded += u64::from(is_rounded(value));
        self.note_number(value);
        self.dates.note_value(value);
        if is_state(value, states) {
            self.states += 1;
        } else if self.no_state.is_none() {
            self.no_state = Some(value.to_owned());
        }
        let length = value.chars().count();
        self.lengths = (self.lengths.0.min(length), self.lengths.1.max(length));
        self.is_code_like &= value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    }

    fn note_distinct(&mut self, value: &str) {
        self.distinct.note_value(value);
        if let Some(place) = self.places.get(value) {
            self.first[*place].1 += 1;
            self.repeated.get_or_insert_with(|| value.to_owned());
        } else if self.first.len() < KEPT && value.len() <= KEPT_BYTES {
            self.places.insert(value.to_owned(), self.first.len());
            self.first.push((value.to_owned(), 1));
        } else {
            self.is_complete = false;
        }
    }

    fn note_number(&mut self, value: &str) {
        let digits = value.trim_start_matches(['-', '+']);
        // One zero in front tells of the whole column, for codes lose theirs in spreadsheets: 1,265 county codes
        // of the colleges have four digits.
        let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        let has_zero = digits.starts_with('0') && digits.len() > 1;
        self.is_digits_code |= is_digits && (has_zero || digits.len() > EXACT_DIGITS);
        let Some(number) = sentinel::parse_number(value) else {
            self.no_number.get_or_insert_with(|| value.to_owned());
            self.is_mixed |= value.contains(|c: char| c.is_ascii_digit());
            return;
        };
        self.numbers += 1;
        self.integers += u64::from(is_digits);
        // Codes of the education surveys (NCES), not numbers: they say nothing of where the numbers lie.
        if sentinel::is_survey_code(number) {
            self.survey_codes += 1;
        } else {
            let (low, high) = self.range.unwrap_or((number, number));
            self.range = Some((low.min(number), high.max(number)));
        }
    }

    /// How many of `rows` rows have no value of their own, and would be lost if the column were the key.
    ///
    /// `kept` spellings may look like "no value" but count as values, once each.
    pub(super) fn lost_as_key(&self, rows: u64, kept: u64) -> u64 {
        rows.saturating_sub(self.distinct.count() + kept)
    }

    /// Whether every value is well-known text.
    pub(super) fn is_well_known_text(&self) -> bool {
        self.values > 0 && self.wkt == self.values
    }

    /// Whether well-known text is more than points, as far as its first letters tell.
    pub(super) fn has_shapes(&self) -> bool {
        self.shapes > 0
    }

    /// Whether the values are whole numbers without a gap, as a row counter gives them.
    pub(super) fn is_running_number(&self) -> bool {
        let Some((low, high)) = self.range.filter(|_| self.integers == self.values) else {
            return false;
        };
        let distinct = self.distinct.count();
        // A row dropped by its makers leaves a gap.
        distinct > 1 && high - low < distinct as f64 * 1.01
    }

    /// Whether every value is one of some words, compared without case.
    pub(super) fn is_all(&self, words: &[&str]) -> bool {
        self.is_complete && self.first.iter().all(|(value, _)| is_among(value, words))
    }

    /// Whether some value is one of some words, compared without case.
    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        self.first.iter().any(|(value, _)| is_among(value, words))
    }
}

fn is_among(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Whether a value is a number of few digits and a large exponent, as spreadsheets write long ones.
fn is_rounded(value: &str) -> bool {
    // So all 7,150 colleges had their dates: of the milliseconds since 1970 a spreadsheet has left six digits,
    // 2.8 hours, enough to move a date to another day.
    let (digits, exponent) = value.split_once(['E', 'e']).unwrap_or_default();
    let is_exponent = exponent
        .strip_prefix('+')
        .is_some_and(|e| e.bytes().all(|b| b.is_ascii_digit()));
    is_exponent && digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether a value starts as well-known text does, with an SRID before it or not.
fn is_well_known_text(value: &str) -> bool {
    const TYPES: [&str; 7] = [
        "POINT",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
        "GEOMETRYCOLLECTION",
    ];
    let after = value
        .split_once(';')
        .filter(|(srid, _)| srid.starts_with("SRID="))
        .map_or(value, |(_, v)| v);
    let word = after
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    let rest = after[word.len()..].trim_start();
    let next = rest
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    let is_body = rest.starts_with('(') || ["Z", "M", "ZM", "EMPTY"].contains(&next);
    is_body && TYPES.iter().any(|kind| kind.eq_ignore_ascii_case(word))
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
            column.note_value(value, &[]);
        }
        column
    }

    #[test]
    fn sentinels_stand_aside_from_values() {
        let beds = column("BEDS", &["25", "-999", "60", "", " ", "-999", "25"]);
        assert_eq!(
            (beds.values, beds.integers, beds.range),
            (3, 3, Some((25.0, 60.0)))
        );
        assert_eq!(beds.sentinels["-999"], (Sentinel::Number, 2));
        assert_eq!(beds.first, [("25".to_owned(), 2), ("60".to_owned(), 1)]);
    }

    #[test]
    fn a_key_loses_empty_and_repeated_rows() {
        let ids = column("ID", &["a", "b", "b", "NOT AVAILABLE", ""]);
        assert_eq!(ids.lost_as_key(5, 0), 3);
    }

    #[test]
    fn row_counters_are_recognised() {
        assert!(column("ID", &["0", "1", "2", "3"]).is_running_number());
        assert!(!column("ID", &["10", "20", "30", "40"]).is_running_number());
        assert!(!column("ID", &["a", "b"]).is_running_number());
    }

    #[test]
    fn well_known_text_and_rounded_numbers_are_recognised() {
        for text in [
            "POINT (1 2)",
            "MultiPolygon(((0 0, 1 1)))",
            "SRID=4326;POINT Z (1 2 3)",
            "LINESTRING EMPTY",
        ] {
            assert!(is_well_known_text(text), "{text}");
        }
        assert!(!is_well_known_text("POINT PLEASANT") && !is_well_known_text("POINT MUGU"));
        assert!(is_rounded("1.25539E+12") && !is_rounded("1.25E-3") && !is_rounded("ME+1"));
    }

    #[test]
    fn many_distinct_values_are_not_kept() {
        let mut names = Column::new("NAME", None);
        for n in 0..2_000 {
            names.note_value(&format!("n{n}"), &[]);
        }
        assert!(!names.is_complete && names.first.len() == KEPT);
        assert_eq!(names.lost_as_key(2_000, 0), 0);
    }
}
