//! Dates that a spreadsheet wrote in scientific notation: `1.25539E+12` for the moment 1255392000000.
//!
//! Pure. Such a number has lost its last digits, hours in all. Where every one of a column can be one midnight of UTC and
//! no other, as they are where an agency's days were stored as milliseconds since 1970, these are the days. That takes the
//! whole column: trailing zeros are not written, so that the precision is that of the longest number.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;
use arrow_array::{Array, ArrayRef, Date32Array};
use chrono::{DateTime, NaiveDate};

use super::days::{DAY_ZERO, is_believed};
use crate::feature::spelling;

/// Most decimals of a double.
const MOST_DECIMALS: usize = 17;

/// Decimals from which on a midnight is no chance: with five a moment is known to 2.8 hours, with four to 28, in which
/// there always is one.
const FEWEST_DECIMALS: usize = 5;

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

/// A number nearer to zero is something else than milliseconds since 1970.
const SMALLEST_MOMENT: f64 = 1e9;

/// A moment without its last digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    milliseconds: f64,
    exponent: i32,
    decimals: usize,
}

/// Dates in scientific notation among a field's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MangledDates {
    values: u64,
    /// Decimals of the longest.
    longest: usize,
    /// By decimals, how many of them can be one midnight alone if so many are known.
    midnights: [u64; MOST_DECIMALS + 1],
}

impl Moment {
    /// Reads a number in scientific notation; none where a text is no such number.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['E', 'e'])?;
        let digits = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut signs = whole.bytes().chain(fraction.bytes());
        if whole.len() != 1 || fraction.len() > MOST_DECIMALS || !signs.all(|sign| sign.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            milliseconds: text.parse().ok()?,
            exponent: exponent.parse().ok()?,
            decimals: fraction.len(),
        })
    }

    /// The first and the last day on which it can lie, if so many decimals are known; none where it is no moment.
    pub(super) fn possible_days(self, decimals: usize) -> Option<[NaiveDate; 2]> {
        if self.milliseconds.abs() < SMALLEST_MOMENT {
            return None;
        }
        let half = self.half_step(decimals)?;
        Some([
            believed_day(self.milliseconds - half)?,
            believed_day(self.milliseconds + half)?,
        ])
    }

    /// The day that begins with the only midnight that it can be, if so many decimals are known.
    pub(super) fn only_midnight(self, decimals: usize) -> Option<i32> {
        let half = self.half_step(decimals)?;
        let first = ((self.milliseconds - half) / DAY_MS).ceil();
        let is_only =
            first * DAY_MS <= self.milliseconds + half && (first + 1.0) * DAY_MS > self.milliseconds + half;
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and is judged below")]
        let day = first as i32;
        let is_moment = self.milliseconds.abs() >= SMALLEST_MOMENT;
        (is_only && is_moment && is_believed(day)).then_some(day)
    }

    /// Whether it can be day zero of OLE and DBF, or is zero.
    pub(super) fn is_day_zero(self) -> bool {
        // As if five decimals were known, at least: a number of few is near to any day, and so to this one.
        let day_zero = f64::from(DAY_ZERO) * DAY_MS;
        let half = self.half_step(self.decimals.max(FEWEST_DECIMALS)).unwrap_or(0.0);
        self.milliseconds == 0.0 || (self.milliseconds - day_zero).abs() <= half
    }

    /// Hours by which it may be off, as it is written.
    pub(super) fn hours_off(self) -> f64 {
        self.half_step(self.decimals).unwrap_or(0.0) / 3_600_000.0
    }

    /// Decimals that are written.
    pub(super) fn decimals(self) -> usize {
        self.decimals
    }

    /// Half of the last decimal that is known, milliseconds.
    fn half_step(self, decimals: usize) -> Option<f64> {
        Some(10_f64.powi(self.exponent.checked_sub(i32::try_from(decimals).ok()?)?) / 2.0)
    }
}

/// The day of a moment in milliseconds since 1970, where it is believed.
fn believed_day(milliseconds: f64) -> Option<NaiveDate> {
    // A saturating conversion: what is out of a day's range has no date below.
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let moment = DateTime::from_timestamp_millis(milliseconds as i64)?;
    Some(moment.date_naive()).filter(|day| is_believed(day.to_epoch_days()))
}

impl MangledDates {
    /// Those among texts that no date was read from.
    pub(super) fn among_unread(known: &ArrayRef, read: &ArrayRef) -> Self {
        let mut found = Self::default();
        for row in (0..known.len()).filter(|row| read.is_null(*row) && known.is_valid(*row)) {
            if let Some(moment) = spelling::spell_value(known, row)
                .as_deref()
                .and_then(Moment::read)
            {
                found.add_moment(moment);
            }
        }
        found
    }

    fn add_moment(&mut self, moment: Moment) {
        // Day zero is no date, however it is written: it says nothing of the others.
        if moment.is_day_zero() {
            return;
        }
        self.values += 1;
        self.longest = self.longest.max(moment.decimals);
        // How many decimals are known is that of the longest number of all batches: until it is seen, every count is kept.
        for (decimals, midnights) in self.midnights.iter_mut().enumerate() {
            *midnights += u64::from(moment.only_midnight(decimals).is_some());
        }
    }

    /// Adds those of further rows.
    pub(super) fn merge(&mut self, more: &Self) {
        self.values += more.values;
        self.longest = self.longest.max(more.longest);
        for (all, more) in self.midnights.iter_mut().zip(more.midnights) {
            *all += more;
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.values
    }

    /// To how many decimals they are known, where every one of them can be one midnight alone.
    pub(super) fn known_decimals(&self) -> Option<usize> {
        let is_known = self.longest >= FEWEST_DECIMALS && self.midnights[self.longest] == self.values;
        (self.values > 0 && is_known).then_some(self.longest)
    }
}

/// Dates with those that are understood, moments in scientific notation being known to so many decimals.
pub(super) fn with_recovered_dates(known: &ArrayRef, read: &ArrayRef, decimals: usize) -> ArrayRef {
    let days: Date32Array = read
        .as_primitive::<Date32Type>()
        .iter()
        .enumerate()
        .map(|(row, read)| {
            read.or_else(|| Moment::read(&spelling::spell_value(known, row)?)?.only_midnight(decimals))
        })
        .collect();
    Arc::new(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(texts: &[&str]) -> MangledDates {
        let known: ArrayRef = Arc::new(
            texts
                .iter()
                .copied()
                .map(Some)
                .collect::<arrow_array::StringArray>(),
        );
        MangledDates::among_unread(
            &known,
            &(Arc::new(Date32Array::new_null(texts.len())) as ArrayRef),
        )
    }

    #[test]
    fn a_column_of_midnights_is_understood() {
        // As in an export of private schools: 2009-10-13, and 2010-09-23, whose sixth digit is a zero that isn't written.
        let dates = among(&["1.25539E+12", "1.2852E+12"]);
        assert_eq!(dates.known_decimals(), Some(5));
        let day = |text: &str| {
            Moment::read(text)
                .unwrap()
                .only_midnight(5)
                .and_then(NaiveDate::from_epoch_days)
        };
        assert_eq!(day("1.25539E+12").unwrap().to_string(), "2009-10-13");
        assert_eq!(day("1.2852E+12").unwrap().to_string(), "2010-09-23");
    }

    #[test]
    fn one_that_can_be_no_midnight_leaves_all_of_them_in_doubt() {
        // 2009-10-13 12:00.
        assert_eq!(among(&["1.25539E+12", "1.25544E+12"]).known_decimals(), None);
        // Three decimals leave eleven days.
        assert_eq!(among(&["1.255E+12"]).known_decimals(), None);
        assert_eq!(among(&["9E+99"]).known_decimals(), None);
        assert_eq!(among(&["1.5E+3"]).known_decimals(), None);
        assert_eq!(among(&["yesterday", "2009"]).len(), 0);
        let mut both = among(&["1.25539E+12"]);
        both.merge(&among(&["1.25544E+12"]));
        assert_eq!(
            both,
            among(&["1.25539E+12", "1.25544E+12"]),
            "however they are counted"
        );
    }
}
