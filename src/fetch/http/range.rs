//! Which part of a file an answer is: `Content-Range` of RFC 9110, section 14.4. Pure.

/// A part of a file, as the server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange {
    /// Place of its first byte.
    pub first: u64,
    /// Place after its last byte.
    pub end: u64,
    /// Length of the whole file; none where the server doesn't say (`*`).
    pub complete: Option<u64>,
}

impl ContentRange {
    /// Reads `bytes FIRST-LAST/COMPLETE`; none where it is anything else, or contradicts itself.
    ///
    /// ```
    /// use cikr::fetch::http::ContentRange;
    ///
    /// let part = ContentRange::parse("bytes 500-999/8000").unwrap();
    /// assert_eq!((part.first, part.end, part.complete), (500, 1000, Some(8000)));
    /// assert_eq!(ContentRange::parse("bytes 999-500/8000"), None);
    /// ```
    pub fn parse(header: &str) -> Option<Self> {
        let (part, complete) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = part.trim().split_once('-')?;
        let complete = match complete.trim() {
            "*" => None,
            length => Some(length.parse().ok()?),
        };
        let first: u64 = first.parse().ok()?;
        let last: u64 = last.parse().ok()?;
        let end = last.checked_add(1)?;
        let is_sound = first <= last && complete.is_none_or(|complete| end <= complete);
        is_sound.then_some(Self { first, end, complete })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_as_servers_write_it_and_a_contradiction_is_none() {
        let part = |first, end, complete| Some(ContentRange { first, end, complete });
        let cases = [
            ("bytes 5-8/9", part(5, 9, Some(9))),
            ("bytes 5-7/9", part(5, 8, Some(9))),
            ("bytes 0-0/*", part(0, 1, None)),
            ("bytes */9", None),
            ("bytes 8-5/9", None),
            ("bytes 5-9/9", None),
            ("bytes 0-18446744073709551615/*", None),
            ("5-8/9", None),
            ("", None),
        ];
        for (header, expected) in cases {
            assert_eq!(ContentRange::parse(header), expected, "{header}");
        }
    }
}
