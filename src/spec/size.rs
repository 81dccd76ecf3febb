//! Sizes and times in words: `16 MiB`, `2 h`.
//!
//! LEAF. Pure.

/// Units and their bytes: IEC for powers of 1024, SI for powers of 1000.
pub const UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// Units of time and their seconds.
pub const TIMES: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)];

/// Seconds of a time such as `90 min` or `2h`; none if it isn't one, or is over `u64`.
pub(super) fn seconds(text: &str) -> Option<u64> {
    measured(text, &TIMES)
}

/// Bytes of a size such as `16 MiB` or `500kB`; none if it isn't one, or is over `u64`.
pub fn bytes(text: &str) -> Option<u64> {
    measured(text, &UNITS)
}

fn measured(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: u64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim_start();
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    count.checked_mul(*scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(seconds("2 h"), Some(7_200));
        assert_eq!(seconds("90min"), Some(5_400));
        assert_eq!((seconds("1 d"), seconds(" 3 s ")), (Some(86_400), Some(3)));
        assert_eq!(
            (seconds("2"), seconds("2 H"), seconds("1.5 h")),
            (None, None, None)
        );
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!(bytes("16 MiB"), Some(16 << 20));
        assert_eq!(bytes("500kB"), Some(500_000));
        assert_eq!(bytes(" 2 GB "), Some(2_000_000_000));
        assert_eq!(bytes("16"), None);
        assert_eq!(bytes("16 mib"), None);
        assert_eq!(bytes("-1 MiB"), None);
        assert_eq!(bytes("99999999999 GiB"), None);
    }
}
