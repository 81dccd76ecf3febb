//! How old a layer's rows are, by the dates that their source gives.
//!
//! Pure. "Today" is the day on which the run began.

use chrono::NaiveDate;

use super::scan::Scan;
use crate::derive::LayerTables;
use crate::derive::day::EPOCH;
use crate::feature::{FieldCounts, Score, SourceDates};

/// ISO 8601; a day beyond the calendar is told as its number.
fn format_day(day: i32) -> String {
    let date = day
        .checked_add(EPOCH)
        .and_then(NaiveDate::from_num_days_from_ce_opt);
    date.map_or_else(|| format!("day {day} after 1970-01-01"), |date| date.to_string())
}

/// The currency of a layer.
pub(super) fn currency_score(layer: &LayerTables<'_>, scan: &Scan) -> Score {
    let definition = format!(
        "rows whose source_date lies at most {} days before the run, of all rows: one without a date is not \
         known to be current",
        layer.plan.current_days
    );
    let current = scan.cells.values().map(|cell| cell.current).sum();
    // Without any date there is no score, and not a score of zero: a source that dates nothing may be of today.
    match (scan.rows, scan.days.is_empty()) {
        (0, _) => Score::without_evidence("the layer has no row", &definition),
        (_, true) => {
            Score::without_evidence(&why_undated(layer.report.fields.get("source_date")), &definition)
        }
        (rows, false) => Score::from_counts(current, rows, &definition),
    }
}

/// Why no row has a date.
fn why_undated(counts: Option<&FieldCounts>) -> String {
    match counts.map_or(0, |counts| counts.unparsed) {
        0 => "no row has a source date".to_owned(),
        unread => format!("none of {unread} source dates could be read"),
    }
}

/// Oldest, median (the lower of two) and newest day.
pub(super) fn date_span(scan: &Scan) -> Option<[i32; 3]> {
    let oldest = *scan.days.keys().next()?;
    let newest = *scan.days.keys().next_back()?;
    let dated = scan.dated();
    // Days are few, rows are many: the median is found by counting up the days, and no row is sorted.
    let mut before = 0;
    let median = scan.days.iter().find_map(|(day, rows)| {
        before += rows;
        (2 * before >= dated).then_some(*day)
    });
    Some([oldest, median?, newest])
}

/// The source dates of a layer, for its report.
pub(super) fn source_dates(scan: &Scan, today: i32) -> Option<SourceDates> {
    let [oldest, median, newest] = date_span(scan)?;
    Some(SourceDates {
        dated: scan.dated(),
        future: rows_dated_after(scan, today),
        oldest: format_day(oldest),
        median: format_day(median),
        newest: format_day(newest),
        median_age_days: i64::from(today) - i64::from(median),
    })
}

/// Rows dated after today.
pub(super) fn rows_dated_after(scan: &Scan, today: i32) -> u64 {
    scan.days
        .iter()
        .filter(|(day, _)| **day > today)
        .map(|(_, rows)| rows)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::day::days_since_1970;

    #[test]
    fn the_median_is_the_lower_of_two_and_counts_rows() {
        let scan = |days: &[(i32, u64)]| Scan {
            days: days.iter().copied().collect(),
            ..Scan::default()
        };
        assert_eq!(date_span(&scan(&[])), None);
        assert_eq!(date_span(&scan(&[(1, 1), (5, 1)])), Some([1, 1, 5]));
        assert_eq!(date_span(&scan(&[(1, 1), (5, 2), (9, 1)])), Some([1, 5, 9]));
        assert_eq!(date_span(&scan(&[(1, 3), (5, 2)])), Some([1, 1, 5]));
        assert_eq!(rows_dated_after(&scan(&[(1, 3), (5, 2), (6, 4)]), 5), 4);
    }

    #[test]
    fn days_count_from_1970() {
        assert_eq!(days_since_1970(NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()), 0);
        assert_eq!(format_day(19_782), "2024-02-29");
        assert_eq!(format_day(i32::MAX), "day 2147483647 after 1970-01-01");
    }
}
