//! Numbers, sizes and spans of time as people read them.
//!
//! Pure text. Separators are those of English; the minus is a minus, not a hyphen.

use chrono::DateTime;

/// `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `+1,234`, `−1,234` or `0`.
pub fn signed_count(n: i64) -> String {
    match n {
        0 => "0".to_owned(),
        n if n > 0 => format!("+{}", count(n.unsigned_abs())),
        n => format!("−{}", count(n.unsigned_abs())),
    }
}

/// A part of a whole as `12.3 %`, rounded down, so that only what is whole reads 100 %.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    // In whole numbers: 29 of 100 is 28.999… % in floating point.
    match u128::from(part) * 1000 / u128::from(whole) {
        1000.. => "100 %".to_owned(),
        0 if part == 0 => "0 %".to_owned(),
        0 => "< 0.1 %".to_owned(),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// How much larger or smaller: `+1.2 %`, `−3.4 %`; none from nothing.
pub fn growth_percent(before: u64, now: u64) -> Option<String> {
    // Less than what one digit shows is told as that: `+0.0 %` would say that nothing has changed.
    let change = (now as f64 - before as f64) / before as f64 * 100.0;
    match change {
        _ if before == 0 || now == before => None,
        small if small.abs() < 0.05 => Some(if small > 0.0 { "+< 0.1 %" } else { "−< 0.1 %" }.to_owned()),
        up if up > 0.0 => Some(format!("+{up:.1} %")),
        down => Some(format!("−{:.1} %", -down)),
    }
}

/// `12.3 MiB`.
pub fn bytes(n: u64) -> String {
    // Steps of 1,024, with the names that say so (IEC 80000-13).
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let step = units
        .iter()
        .enumerate()
        .rfind(|(step, _)| n >> (10 * step) > 0)
        .map_or(0, |(step, _)| step);
    if step == 0 {
        return format!("{n} B");
    }
    format!(
        "{:.1} {}",
        n as f64 / f64::from(1_u32 << 10).powi(i32::try_from(step).unwrap_or(0)),
        units[step]
    )
}

/// `4.2 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a run takes no ages"
    )]
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Whole days from one RFC 3339 time to another; none where one is no time.
pub fn days_between(from: &str, to: &str) -> Option<i64> {
    // `-` takes the zones into account: both are instants.
    let from = DateTime::parse_from_rfc3339(from).ok()?;
    let to = DateTime::parse_from_rfc3339(to).ok()?;
    Some((to - from).num_days())
}

/// `today`, `1 day`, `12 days`.
pub fn days_in_words(days: i64) -> String {
    match days {
        ..=0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{} days", count(days.unsigned_abs())),
    }
}

/// A number with its noun: `1 layer`, `2 layers`.
pub fn count_of(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(n as u64), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([0, 1_200, -1_200].map(signed_count), ["0", "+1,200", "−1,200"]);
    }

    #[test]
    fn shares_are_not_rounded_to_all_or_nothing() {
        assert_eq!(percent(0, 10), "0 %");
        assert_eq!(percent(1, 100_000), "< 0.1 %");
        assert_eq!(percent(99_999, 100_000), "99.9 %");
        assert_eq!(percent(10, 10), "100 %");
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(29, 100), "29.0 %");
        assert_eq!(percent(23, 40), "57.5 %");
        assert_eq!(percent(0, 0), "–");
    }

    #[test]
    fn growth_is_against_what_was() {
        assert_eq!(growth_percent(100, 112).as_deref(), Some("+12.0 %"));
        assert_eq!(growth_percent(100, 0).as_deref(), Some("−100.0 %"));
        assert_eq!(growth_percent(1_000_000, 999_999).as_deref(), Some("−< 0.1 %"));
        assert_eq!((growth_percent(0, 5), growth_percent(5, 5)), (None, None));
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!(
            [0, 1_023, 1_024, 1 << 40].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "1.0 TiB"]
        );
        assert_eq!(
            [0.04, 59.0, 200.4, 7_500.0].map(duration),
            ["0.0 s", "59.0 s", "3 min 20 s", "2 h 5 min"]
        );
        assert_eq!(
            days_between("2026-11-20T03:00:00Z", "2026-11-25T02:00:00Z"),
            Some(4)
        );
        assert_eq!(days_between("yesterday", "2026-11-25T02:00:00Z"), None);
    }
}
