//! JSON seen as bytes: where a value begins and ends, without looking at what it means.
//!
//! Lets a reader take one feature at a time from a file of any size, go on after a bad one, and
//! keep numbers as they are spelled. The meaning of a value is `serde_json`'s to say.

use std::borrow::Cow;
use std::io::{self, BufRead};

use crate::feature::bare_words;

/// How deep a value may nest: `serde_json`'s own limit.
pub(super) const MAX_DEPTH: usize = 128;

/// Why scanning stopped.
#[derive(Debug)]
pub(super) enum ScanError {
    /// The input can't be read.
    Io(io::Error),
    /// The input ends too early.
    End,
    /// A byte that can't stand there.
    Byte(u8),
}

/// What became of a captured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Captured {
    /// It is in the buffer.
    Whole,
    /// It was longer than the limit and skipped.
    TooLong,
}

/// Walks through JSON input value by value.
pub(super) struct Scanner<R> {
    input: R,
}

impl<R: BufRead> Scanner<R> {
    /// Starts at the first byte of `input`.
    pub(super) fn new(input: R) -> Self {
        Self { input }
    }

    /// The input, behind what has been taken.
    pub(super) fn into_inner(self) -> R {
        self.input
    }

    /// The next byte that is no white space, left in place; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, ScanError> {
        loop {
            let chunk = self.input.fill_buf().map_err(ScanError::Io)?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blank = chunk.iter().take_while(|byte| is_blank(**byte)).count();
            let next = chunk.get(blank).copied();
            self.input.consume(blank);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Takes the next byte that is no white space, which must be `wanted`.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), ScanError> {
        match self.peek()? {
            Some(byte) if byte == wanted => {
                self.input.consume(1);
                Ok(())
            }
            Some(byte) => Err(ScanError::Byte(byte)),
            None => Err(ScanError::End),
        }
    }

    /// Takes the next byte if it is `wanted`.
    pub(super) fn accept(&mut self, wanted: u8) -> Result<bool, ScanError> {
        let found = self.peek()? == Some(wanted);
        if found {
            self.input.consume(1);
        }
        Ok(found)
    }

    /// Takes the next value into `buffer`, or past it where it is longer than `limit`.
    pub(super) fn capture_value(
        &mut self,
        buffer: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Captured, ScanError> {
        buffer.clear();
        self.peek()?;
        let mut extent = ValueExtent::default();
        let mut captured = Captured::Whole;
        loop {
            let chunk = self.input.fill_buf().map_err(ScanError::Io)?;
            if chunk.is_empty() {
                // Only a bare word may end with the input.
                return if extent.is_word() {
                    Ok(captured)
                } else {
                    Err(ScanError::End)
                };
            }
            let (used, done) = extent.take_bytes(chunk).map_err(ScanError::Byte)?;
            // The end of a value over the limit is looked for all the same, since the next one begins there.
            if buffer.len() + used > limit {
                captured = Captured::TooLong;
                buffer.clear();
            } else if captured == Captured::Whole {
                buffer.extend_from_slice(&chunk[..used]);
            }
            self.input.consume(used);
            if done {
                return Ok(captured);
            }
        }
    }
}

/// The state of finding the end of one value.
#[derive(Default)]
struct ValueExtent {
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    in_word: bool,
}

impl ValueExtent {
    /// Follows the value through `bytes`: how many belong to it, and whether it ends there.
    /// The error is a byte that can't stand where it does.
    fn take_bytes(&mut self, bytes: &[u8]) -> Result<(usize, bool), u8> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match (self.escaped, byte) {
                    (true, _) => self.escaped = false,
                    (false, b'\\') => self.escaped = true,
                    (false, b'"') => {
                        self.in_string = false;
                        if self.open.is_empty() {
                            return Ok((at + 1, true));
                        }
                    }
                    _ => {}
                }
                continue;
            }
            if self.in_word && (is_blank(*byte) || matches!(byte, b',' | b']' | b'}' | b':')) {
                return Ok((at, true));
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' => self.open.push(b'}'),
                b'[' => self.open.push(b']'),
                // A bracket that closes another is where JSON breaks. Counting depth alone would go on to the end of
                // the file.
                b'}' | b']' => {
                    if self.open.pop() != Some(*byte) {
                        return Err(*byte);
                    }
                    if self.open.is_empty() {
                        return Ok((at + 1, true));
                    }
                }
                b',' | b':' if self.open.is_empty() => return Err(*byte),
                _ => self.in_word = self.open.is_empty(),
            }
        }
        Ok((bytes.len(), false))
    }

    fn is_word(&self) -> bool {
        self.in_word
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The members of a JSON object as key and raw value, or `None` where `text` is no object.
pub(super) fn object_members(text: &[u8]) -> Option<Vec<(Cow<'_, str>, &[u8])>> {
    let mut rest = text
        .trim_ascii()
        .strip_prefix(b"{")?
        .strip_suffix(b"}")?
        .trim_ascii();
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (key, after) = split_value(rest)?;
        let (value, after) = split_value(after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())?;
        members.push((parse_string(key)?, value));
        rest = next_item(after)?;
    }
    Some(members)
}

/// The value of the first member of a name.
pub(super) fn member<'a>(members: &[(Cow<'_, str>, &'a [u8])], name: &str) -> Option<&'a [u8]> {
    members
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| *value)
}

/// The elements of a JSON array as raw values, or `None` where `text` is no array.
pub(super) fn array_elements(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = text
        .trim_ascii()
        .strip_prefix(b"[")?
        .strip_suffix(b"]")?
        .trim_ascii();
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (value, after) = split_value(rest)?;
        elements.push(value);
        rest = next_item(after)?;
    }
    Some(elements)
}

/// The text of a JSON string, or `None` where `raw` is none.
pub(super) fn parse_string(raw: &[u8]) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    // Nearly all strings have no escapes, and need no copy.
    let plain = inner
        .iter()
        .all(|byte| *byte >= 0x20 && *byte != b'\\' && *byte != b'"');
    if plain {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(raw).ok().map(Cow::Owned)
}

/// Whether `raw` is what Python and some servers write for a number that JSON doesn't have.
pub(super) fn is_not_a_number(raw: &[u8]) -> bool {
    matches!(raw, b"NaN" | b"Infinity" | b"-Infinity")
}

/// JSON with null in the place of such words within it; none where there are none.
pub(super) fn without_not_numbers(raw: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8(bare_words::without_bare_words(raw)?).ok()?;
    Some(text.replace(bare_words::NOT_A_NUMBER, "null").into_bytes())
}

/// Whether `raw` nests deeper than `MAX_DEPTH`.
pub(super) fn is_too_deep(raw: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut strings = StringState::default();
    for byte in raw {
        if !strings.is_within(*byte) {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// A value without the white space between its parts, spelled as it was.
pub(super) fn compact_json(raw: &[u8]) -> Vec<u8> {
    let mut strings = StringState::default();
    raw.iter()
        .copied()
        .filter(|byte| strings.is_within(*byte) || !is_blank(*byte))
        .collect()
}

/// Whether the bytes at hand are a string's.
#[derive(Default)]
struct StringState {
    is_open: bool,
    is_escaped: bool,
}

impl StringState {
    /// Takes the next byte: whether it belongs to a string, whose closing quote doesn't.
    fn is_within(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.is_open => self.is_escaped = true,
            b'"' => self.is_open = !self.is_open,
            _ => {}
        }
        self.is_open
    }
}

/// What follows the comma after an item; nothing after the last; `None` where there is neither.
fn next_item(after: &[u8]) -> Option<&[u8]> {
    match after.trim_ascii_start() {
        b"" => Some(b""),
        rest => rest
            .strip_prefix(b",")
            .map(<[u8]>::trim_ascii_start)
            .filter(|more| !more.is_empty()),
    }
}

fn split_value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut extent = ValueExtent::default();
    match extent.take_bytes(text) {
        Ok((used, true)) => Some(text.split_at(used)),
        Ok((used, false)) if extent.is_word() => Some(text.split_at(used)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_out_across_chunks() {
        let text = br#" {"a": [1, "}\"]", {}]} , -1.50e3,"x" nul"#;
        for chunk in [1, 2, 7, 64] {
            let mut scanner = Scanner::new(io::BufReader::with_capacity(chunk, &text[..]));
            let mut buffer = Vec::new();
            assert_eq!(scanner.capture_value(&mut buffer, 64).unwrap(), Captured::Whole);
            assert_eq!(buffer, br#"{"a": [1, "}\"]", {}]}"#);
            assert!(scanner.accept(b',').unwrap());
            assert_eq!(scanner.capture_value(&mut buffer, 3).unwrap(), Captured::TooLong);
            scanner.expect(b',').unwrap();
            scanner.capture_value(&mut buffer, 64).unwrap();
            assert_eq!(buffer, b"\"x\"");
            scanner.capture_value(&mut buffer, 64).unwrap();
            assert_eq!(buffer, b"nul");
            assert_eq!(scanner.peek().unwrap(), None);
        }
    }

    #[test]
    fn what_is_no_value_is_an_error() {
        let scan = |text: &'static str| Scanner::new(text.as_bytes()).capture_value(&mut Vec::new(), 99);
        assert!(matches!(scan("{\"a\": [1, 2}"), Err(ScanError::Byte(b'}'))));
        assert!(matches!(scan("{\"a\": \"b"), Err(ScanError::End)));
        assert!(matches!(scan("  "), Err(ScanError::End)));
    }

    #[test]
    fn members_keep_their_spelling() {
        let found = object_members(br#"{"a": 43.0, "b\u00e9" : [ 1 , " x" ],"c":null}"#).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|(key, raw)| (key.as_ref(), String::from_utf8(compact_json(raw)).unwrap()))
            .collect();
        assert_eq!(
            found,
            [
                ("a", "43.0".to_owned()),
                ("bé", r#"[1," x"]"#.to_owned()),
                ("c", "null".to_owned())
            ]
        );
        for text in ["[1]", "{\"a\"}", "{\"a\":1,}", "{\"a\":1 2}", "{1:2}", "{\"a\":}"] {
            assert!(object_members(text.as_bytes()).is_none(), "{text}");
        }
        assert_eq!(object_members(b"{ }").unwrap(), []);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(!is_too_deep(&nested(MAX_DEPTH)));
        assert!(is_too_deep(&nested(MAX_DEPTH + 1)));
        assert!(!is_too_deep(format!("\"{}\"", "[".repeat(999)).as_bytes()));
    }
}
