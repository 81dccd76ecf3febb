//! Days out of text: which are believed, and what is to be said of the others.
//!
//! Pure. The columns are parsed by Polars (`fields`); only the few values that came out null come here.

use chrono::format::{Parsed, StrftimeItems, parse};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};

use super::days::{DAY_ZERO, EARLIEST, FIRST_SERIAL, LATEST};
use super::mangled::Moment;
use crate::feature::FlagCode;
use crate::plan::{EPOCH_MS, EXCEL_SERIAL};

/// First and last day that a bare number is taken for a spreadsheet's: 1927-05-18 to 2099-12-31.
/// Smaller ones are more often years.
const SERIALS: std::ops::RangeInclusive<f64> = 10_000.0..=73_050.0;

/// The day of a date or of an instant in ISO 8601, as its own zone has it: `2024-01-31`, `2024-01-31 00:00:00`,
/// `2024-01-31T00:00:00.000-05:00`, and `20240131`, which no other number of eight digits is.
pub(super) fn parse_iso(text: &str) -> Option<i32> {
    const DATE: usize = 10;
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return NaiveDate::parse_from_str(text, "%Y%m%d")
            .ok()
            .map(|day| day.to_epoch_days());
    }
    // chrono takes `+2024-1-31` for such a date, too: eight of the ten are to be digits.
    let day = NaiveDate::parse_from_str(text.get(..DATE)?, "%Y-%m-%d").ok()?;
    let is_date = text.as_bytes()[..DATE]
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .count()
        == 8;
    (is_date && is_time(&text[DATE..])).then(|| day.to_epoch_days())
}

/// Whether nothing follows a date, or a time of day with or without a zone.
fn is_time(text: &str) -> bool {
    // The zone is looked at and not applied: a day is that of the clock where it was written. Moved to UTC, midnights of the
    // Americas stay on their day and those of Guam fall on the one before.
    let Some(time) = text.strip_prefix(['T', 't', ' ']) else {
        return text.is_empty();
    };
    let zone = time.find(['Z', 'z', '+', '-', ' ']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    let clock_patterns = ["%H:%M:%S%.f", "%H:%M", "%H"];
    let is_clock = clock_patterns
        .iter()
        .any(|pattern| NaiveTime::parse_from_str(clock, pattern).is_ok());
    let zone = zone.trim_start();
    let digits = zone
        .strip_prefix(['+', '-'])
        .map(|offset| offset.replace(':', ""));
    let is_offset = digits.is_some_and(|digits| {
        matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    (is_clock || clock.len() == 2 && clock.parse::<u8>().is_ok_and(|hour| hour < 24))
        && (is_offset || matches!(zone, "" | "Z" | "z" | "UTC" | "GMT"))
}

/// Whether a number may be milliseconds since 1970. Those of its first four months are rather seconds, days written as
/// `20240131`, years or sentinels.
pub(super) fn is_moment(milliseconds: i64) -> bool {
    milliseconds.unsigned_abs() >= 10_000_000_000
}

/// The day that a year of two digits means: from 50 on it is of the 1900s, as certificates have it too (RFC 5280); chrono
/// begins with 70, and nothing is dated to 2050 yet.
pub(super) fn with_century(days: i32) -> i32 {
    let date = NaiveDate::from_epoch_days(days).filter(|date| (2050..2070).contains(&date.year()));
    let earlier = date.and_then(|date| date.with_year(date.year() - 100));
    earlier.map_or(days, |date| date.to_epoch_days())
}

/// Why a text in a date field became null, and what it might have meant; `day` is that of a date by the source's own word.
pub(super) fn doubt(text: &str, day: Option<i32>, formats: &[String]) -> (FlagCode, String) {
    // From the surest reading to the least: what is no date whichever way it is read must not be called a day out of range.
    if let Some(detail) = mangled_detail(text) {
        return (FlagCode::MangledDate, detail);
    }
    if is_day_zero(text) {
        return (FlagCode::ZeroDate, "no date".to_owned());
    }
    let native = day
        .or_else(|| parse_iso(text))
        .and_then(NaiveDate::from_epoch_days);
    if let Some(date) = native.or_else(|| formats.iter().find_map(|format| parse_by_format(text, format))) {
        return (out_of_range_code(date), format!("read as {date}"));
    }
    match text
        .parse()
        .ok()
        .filter(|serial| SERIALS.contains(serial))
        .and_then(day_of_serial)
    {
        Some(date) => (FlagCode::ExcelSerialDate, format!("{date} if a day count")),
        None => (FlagCode::Unparsed, "date".to_owned()),
    }
}

fn out_of_range_code(date: NaiveDate) -> FlagCode {
    match date.to_epoch_days() {
        DAY_ZERO => FlagCode::ZeroDate,
        days if days > LATEST => FlagCode::FutureDate,
        days if days < EARLIEST => FlagCode::ImplausibleDate,
        // Polars and chrono disagree about the pattern: null is what stands in the tile.
        _ => FlagCode::Unparsed,
    }
}

/// What a number in scientific notation may have been: its unit tells how near that is.
fn mangled_detail(text: &str) -> Option<String> {
    let moment = Moment::read(text).filter(|moment| !moment.is_day_zero())?;
    Some(match moment.possible_days(moment.decimals()) {
        Some([day, same]) if day == same => {
            format!(
                "{day} if milliseconds since 1970, give or take {:.1} h",
                moment.hours_off()
            )
        }
        Some([first, last]) => format!("{first} to {last} if milliseconds since 1970"),
        None => "digits lost".to_owned(),
    })
}

/// Spellings of day zero that no pattern reads, and those that a schema's patterns may not cover.
fn is_day_zero(text: &str) -> bool {
    let date = text
        .split(['T', ' '])
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    // A sheet's zero, formatted as a date, comes as the midnight that it is too; one of milliseconds as itself.
    let is_zero = matches!(
        date.as_str(),
        "0" | "00000000" | "18991230" | "19000100" | "00:00:00"
    );
    if is_zero || Moment::read(text).is_some_and(Moment::is_day_zero) {
        return true;
    }
    if parts.len() != 3 {
        return false;
    }
    // The order of day, month and year is not asked for: a year is greater than any day, and a day zero or thirty of December
    // means one thing however it is written. A month by its name is no number and comes last.
    let mut numbers: Vec<Option<u32>> = parts.into_iter().map(date_part).collect();
    numbers.sort_by_key(|number| std::cmp::Reverse(*number));
    match numbers.as_slice() {
        [Some(1899), Some(30), Some(12)] | [Some(1900), Some(1), Some(0)] | [Some(0), Some(0), Some(0)] => {
            true
        }
        [Some(1899), Some(30), None] => date.contains("DEC"),
        _ => false,
    }
}

/// A part of a date as its number; none where it is a name or too long to be one.
fn date_part(part: &str) -> Option<u32> {
    part.parse().ok().filter(|_| part.len() <= 4)
}

/// The day a declared pattern reads, whether it is believed or not.
fn parse_by_format(text: &str, format: &str) -> Option<NaiveDate> {
    match format {
        EPOCH_MS => {
            let milliseconds: i64 = text.parse().ok().filter(|moment| is_moment(*moment))?;
            DateTime::from_timestamp_millis(milliseconds).map(|moment| moment.date_naive())
        }
        EXCEL_SERIAL => {
            let serial: f64 = text.parse().ok()?;
            let is_day = serial == 0.0 || serial >= f64::from(FIRST_SERIAL);
            day_of_serial(serial).filter(|_| is_day)
        }
        pattern => {
            let mut parsed = Parsed::new();
            parse(&mut parsed, text, StrftimeItems::new(pattern)).ok()?;
            // A pattern of seconds since 1970 alone gives a moment and no date.
            match parsed.to_naive_date() {
                Ok(date) => Some(date),
                Err(_) => Some(parsed.to_naive_datetime_with_offset(0).ok()?.date()),
            }
        }
    }
}

fn day_of_serial(serial: f64) -> Option<NaiveDate> {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let days = serial.floor() as i32;
    NaiveDate::from_epoch_days(days.checked_add(DAY_ZERO)?).filter(|_| days >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_the_days_they_say() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).map(|d| d.to_epoch_days());
        assert_eq!(day(1899, 12, 30), Some(DAY_ZERO));
        assert_eq!(day(1700, 1, 1), Some(EARLIEST));
        assert_eq!(day(2100, 12, 31), Some(LATEST));
        assert_eq!(
            day_of_serial(39_845.5).map(|d| d.to_string()).as_deref(),
            Some("2009-02-01")
        );
        assert_eq!(
            day_of_serial(f64::from(FIRST_SERIAL))
                .map(|d| d.to_string())
                .as_deref(),
            Some("1900-03-01")
        );
    }

    #[test]
    fn iso_8601_is_read_in_all_its_dress() {
        let day = NaiveDate::from_ymd_opt(2024, 1, 31).map(|day| day.to_epoch_days());
        for text in [
            "2024-01-31",
            "2024-01-31 00:00:00",
            "2024-01-31T00:00:00",
            "2024-01-31T00:00:00Z",
            "2024-01-31T00:00:00.000Z",
            "2024-01-31 23:59:59.123456+00",
            "2024-01-31T00:00:00-05:00",
            "2024-01-31 00:00:00 +0000",
            "2024-01-31T00:00",
            "2024-01-31 00",
            "2024-01-31 00:00:00 GMT",
            "20240131",
        ] {
            assert_eq!(parse_iso(text), day, "{text}");
        }
        for text in [
            "2024-1-31",
            "2024-02-30",
            "2024-01-311",
            "2024-01-31 later",
            "2024-01-31T25:00",
            "24-01-31",
            "2024-01-31T00:00:00+1",
            "+2024-1-31",
            "20240231",
            "202401",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn each_kind_of_no_date_has_its_flag() {
        let formats: Vec<String> = ["%Y-%m-%d", "%m/%d/%Y", "epoch-ms"]
            .iter()
            .map(|format| (*format).to_owned())
            .collect();
        let cases = [
            (
                "1.25539E+12",
                FlagCode::MangledDate,
                "2009-10-12 to 2009-10-13 if milliseconds since 1970",
            ),
            (
                "-1.2E+11",
                FlagCode::MangledDate,
                "1966-01-15 to 1966-05-10 if milliseconds since 1970",
            ),
            ("9E+99", FlagCode::MangledDate, "digits lost"),
            ("39845", FlagCode::ExcelSerialDate, "2009-02-01 if a day count"),
            ("39845.5", FlagCode::ExcelSerialDate, "2009-02-01 if a day count"),
            ("1899-12-30", FlagCode::ZeroDate, "no date"),
            ("12/30/1899 12:00:00 AM", FlagCode::ZeroDate, "no date"),
            ("30-DEC-1899", FlagCode::ZeroDate, "no date"),
            ("18991230", FlagCode::ZeroDate, "no date"),
            ("0000-00-00", FlagCode::ZeroDate, "no date"),
            ("0000-00-00 00:00:00", FlagCode::ZeroDate, "no date"),
            ("1900-01-00", FlagCode::ZeroDate, "no date"),
            ("1/0/1900", FlagCode::ZeroDate, "no date"),
            ("00:00:00", FlagCode::ZeroDate, "no date"),
            ("-2209161600000", FlagCode::ZeroDate, "read as 1899-12-30"),
            ("2916-01-01", FlagCode::FutureDate, "read as 2916-01-01"),
            ("1/20/0009", FlagCode::ImplausibleDate, "read as 0009-01-20"),
            ("2016", FlagCode::Unparsed, "date"),
            ("yesterday", FlagCode::Unparsed, "date"),
            ("2016-02-30", FlagCode::Unparsed, "date"),
            ("E12", FlagCode::Unparsed, "date"),
        ];
        for (text, code, detail) in cases {
            assert_eq!(doubt(text, None, &formats), (code, detail.to_owned()), "{text}");
        }
        let native = |text: &str, day: i32| doubt(text, Some(day), &[]);
        assert_eq!(
            native("1899-12-30", DAY_ZERO),
            (FlagCode::ZeroDate, "no date".to_owned())
        );
        assert_eq!(
            native("2916-01-01T00:00:00Z", 345_519),
            (FlagCode::FutureDate, "read as 2916-01-01".to_owned())
        );
    }
}
