//! Which date patterns the values of a column fit.
//!
//! Pure. Patterns are those of a schema's `formats`: chrono's strftime, and `epoch-ms`.

use chrono::{DateTime, Datelike, NaiveDate};

/// Patterns in the order a schema should list them: two-digit years before four-digit ones, because
/// `%Y` takes `09` for the year 9.
const PATTERNS: [&str; 18] = [
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%+",
    "%Y/%m/%d %H:%M:%S+00",
    "%m/%d/%y",
    "%m/%d/%y %H:%M",
    MONTH_FIRST,
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    DAY_FIRST,
    "%d-%b-%y",
    "%d-%b-%Y",
    "%Y%m%d",
    EPOCH_MS,
];

const MONTH_FIRST: &str = "%m/%d/%Y";
const DAY_FIRST: &str = "%d/%m/%Y";
const EPOCH_MS: &str = "epoch-ms";

/// Patterns of digits alone: only a column called a date is taken for one.
const DIGITS: [&str; 2] = ["%Y%m%d", EPOCH_MS];

/// Years a record may be of.
const YEARS: std::ops::RangeInclusive<i32> = 1700..=2200;

/// Misfits after which a column without dates is given up.
const PATIENCE: u64 = 20;

/// Patterns by the values they fit.
#[derive(Debug)]
pub(super) struct DateFits {
    named: bool,
    /// Values that each pattern fits, and those that no earlier one does.
    fits: [(u64, u64); PATTERNS.len()],
    dated: u64,
    misfits: u64,
    misfit: Option<String>,
}

impl DateFits {
    /// For the values of a column of this name.
    pub(super) fn new(column: &str) -> Self {
        let lower = column.to_ascii_lowercase();
        let named = lower.contains("date") || lower.ends_with("_dt");
        Self {
            named,
            fits: [(0, 0); PATTERNS.len()],
            dated: 0,
            misfits: 0,
            misfit: None,
        }
    }

    /// Takes a value into account.
    pub(super) fn note_value(&mut self, value: &str) {
        // Eighteen patterns are tried on each value: most columns hold no dates, and that shows early.
        if self.misfits > PATIENCE && self.misfits > self.dated {
            return;
        }
        let mut is_dated = false;
        for (pattern, (fits, first)) in PATTERNS.iter().zip(&mut self.fits) {
            // Eight digits may be anything that is counted, a telephone number among them.
            if !self.named && DIGITS.contains(pattern) || parse_day(value, pattern).is_none() {
                continue;
            }
            *fits += 1;
            *first += u64::from(!is_dated);
            is_dated = true;
        }
        if is_dated {
            self.dated += 1;
        } else {
            self.misfits += 1;
            self.misfit.get_or_insert_with(|| value.to_owned());
        }
    }

    /// The patterns that fit, where at least 99 % of the values are dates.
    pub(super) fn formats(&self) -> Option<Vec<&'static str>> {
        if self.dated == 0 || self.misfits * 99 > self.dated {
            return None;
        }
        // The 3rd of May and the 5th of March look alike: one value beyond 12 settles it.
        let mut needed = Vec::new();
        for (pattern, (fits, first)) in PATTERNS.into_iter().zip(self.fits) {
            if first > 0 && pattern == DAY_FIRST && fits == self.dated {
                return Some(vec![DAY_FIRST]);
            }
            if first > 0 {
                needed.push(pattern);
            }
        }
        Some(needed)
    }

    /// Whether every date could have day and month the other way round.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.formats().is_some_and(|formats| formats == [MONTH_FIRST])
            && PATTERNS
                .iter()
                .zip(self.fits)
                .any(|(p, (fits, _))| *p == DAY_FIRST && fits == self.dated)
    }

    /// How many values are no dates, and one of them.
    pub(super) fn misfits(&self) -> Option<(u64, &str)> {
        Some((self.misfits, self.misfit.as_deref()?))
    }
}

/// The day of a value by any pattern at all.
pub(super) fn any_day(value: &str) -> Option<NaiveDate> {
    PATTERNS.iter().find_map(|pattern| parse_day(value, pattern))
}

/// The day of a value by a pattern, in a plausible year.
fn parse_day(value: &str, pattern: &str) -> Option<NaiveDate> {
    if !value.starts_with(|c: char| c.is_ascii_digit() || c == '-') || !(6..=35).contains(&value.len()) {
        return None;
    }
    let day = match pattern {
        // Below 11 digits it would be 1970, or seconds.
        EPOCH_MS if value.len() < 11 => None,
        EPOCH_MS => value
            .parse()
            .ok()
            .and_then(DateTime::from_timestamp_millis)
            .map(|at| at.date_naive()),
        "%Y%m%d" if value.len() != 8 => None,
        pattern => NaiveDate::parse_from_str(value, pattern).ok(),
    };
    day.filter(|day| YEARS.contains(&day.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(column: &str, values: &[&str]) -> Option<Vec<&'static str>> {
        let mut dates = DateFits::new(column);
        for value in values {
            dates.note_value(value);
        }
        dates.formats()
    }

    #[test]
    fn agencies_spellings_are_known() {
        for (value, pattern) in [
            ("2016/02/04 00:00:00", "%Y/%m/%d %H:%M:%S"),
            ("2016/02/04 00:00:00+00", "%Y/%m/%d %H:%M:%S+00"),
            ("2009-02-12T00:00:00.000Z", "%+"),
            ("2016-02-04T13:00:00", "%Y-%m-%dT%H:%M:%S%.f"),
            ("2017-05-24", "%Y-%m-%d"),
            ("1/20/09 0:00", "%m/%d/%y %H:%M"),
            ("1/20/2009", "%m/%d/%Y"),
            ("23-JUL-18", "%d-%b-%y"),
            ("7/31/2020 12:00:00 AM", "%m/%d/%Y %I:%M:%S %p"),
        ] {
            assert_eq!(formats("X", &[value]), Some(vec![pattern]), "{value}");
        }
    }

    #[test]
    fn digits_are_dates_only_where_the_name_says_so() {
        assert_eq!(formats("SOURCEDATE", &["1454544000000"]), Some(vec!["epoch-ms"]));
        assert_eq!(formats("SOURCEDATE", &["20160204"]), Some(vec!["%Y%m%d"]));
        assert_eq!(formats("PHONE", &["20160204", "1454544000000"]), None);
    }

    #[test]
    fn several_patterns_keep_short_years_first() {
        let both = formats("D", &["1/20/2009", "1/20/09", "1/21/2009"]);
        assert_eq!(both, Some(vec!["%m/%d/%y", "%m/%d/%Y"]));
    }

    #[test]
    fn a_day_beyond_12_settles_which_comes_first() {
        assert_eq!(
            formats("D", &["01/02/2020", "13/02/2020"]),
            Some(vec!["%d/%m/%Y"])
        );
        let mut unsettled = DateFits::new("D");
        unsettled.note_value("01/02/2020");
        assert!(unsettled.is_ambiguous());
        unsettled.note_value("01/22/2020");
        assert!(!unsettled.is_ambiguous());
    }

    #[test]
    fn a_few_mangled_dates_are_told_and_many_make_it_text() {
        let mut dates = DateFits::new("SOURCEDATE");
        for _ in 0..400 {
            dates.note_value("2016/02/04 00:00:00");
        }
        dates.note_value("1.25539E+12");
        assert_eq!(dates.formats(), Some(vec!["%Y/%m/%d %H:%M:%S"]));
        assert_eq!(dates.misfits(), Some((1, "1.25539E+12")));
        assert_eq!(formats("D", &["2016-02-04", "SPRING"]), None);
        assert_eq!(formats("D", &["0000-00-00", "12-34"]), None);
    }
}
