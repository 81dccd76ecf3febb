//! Sizes and times in words: `16 MiB`, `2 h`.
//!
//! LEAF. Pure.

/// Units and their bytes: IEC for powers of 1024, SI for powers of 1000.
pub const SIZE_UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// Units of time and their seconds.
pub const TIME_UNITS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)];

/// Seconds of a time such as `90 min` or `2h`; none if it isn't one, or is over `u64`.
pub(super) fn parse_time(text: &str) -> Option<u64> {
    parse_measured(text, &TIME_UNITS)
}

/// Bytes of a size such as `16 MiB` or `500kB`; none if it isn't one, or is over `u64`.
///
/// ```
/// use cikr::config::parse_size;
///
/// assert_eq!(parse_size("16 MiB"), Some(16 << 20));
/// assert_eq!(parse_size("500kB"), Some(500_000));
/// assert_eq!(parse_size("16"), None, "a size has a unit");
/// ```
pub fn parse_size(text: &str) -> Option<u64> {
    parse_measured(text, &SIZE_UNITS)
}

fn parse_measured(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: u64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim_start();
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    // A size beyond `u64` is refused as written, not cut to what fits.
    count.checked_mul(*scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(parse_time("2 h"), Some(7_200));
        assert_eq!(parse_time("90min"), Some(5_400));
        assert_eq!((parse_time("1 d"), parse_time(" 3 s ")), (Some(86_400), Some(3)));
        assert_eq!(
            (parse_time("2"), parse_time("2 H"), parse_time("1.5 h")),
            (None, None, None)
        );
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!(parse_size("16 MiB"), Some(16 << 20));
        assert_eq!(parse_size("500kB"), Some(500_000));
        assert_eq!(parse_size(" 2 GB "), Some(2_000_000_000));
        assert_eq!(parse_size("16"), None);
        assert_eq!(parse_size("16 mib"), None);
        assert_eq!(parse_size("-1 MiB"), None);
        assert_eq!(parse_size("99999999999 GiB"), None);
    }
}
