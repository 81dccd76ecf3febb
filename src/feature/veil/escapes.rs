//! How a text can be written otherwise, undone: escapes of URLs, JSON, PHP and HTML, quoted-printable, lists of numbers.
//!
//! LEAF. Lenient: what isn't an escape stays as it is.

use super::coded::bytes_of_hex;

/// One pass over percent-encoding, backslashes and HTML entities; what has a name alone becomes a blank.
pub(super) fn undo_escapes(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    // Bytes, not characters: escapes are ASCII, and a percent-encoded character of UTF-8 comes byte by byte.
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let (taken, put) = match byte {
            b'%' => undo_percent(&bytes[at..]),
            b'\\' => undo_backslash(&bytes[at..]),
            b'&' => undo_entity(&bytes[at..]),
            _ => None,
        }
        .unwrap_or((1, vec![*byte]));
        out.extend(put);
        at += taken;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A text with the escapes of quoted-printable (RFC 2045) undone: `=2F`.
pub(super) fn undo_quoted_printable(text: &str) -> String {
    let mut parts = text.split('=');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(bytes_of_hex);
        out.extend(byte.as_deref().unwrap_or(b"="));
        out.extend(&part.as_bytes()[if byte.is_some() { 2 } else { 0 }..]);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Characters of what is a list of their numbers: `115, 51, 99` or `0x73 0x33`.
pub(super) fn undo_character_numbers(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words
        .filter_map(parse_byte)
        .filter(|byte| (32..127).contains(byte))
        .map(char::from)
        .collect()
}

fn parse_byte(word: &str) -> Option<u8> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(hex) => u8::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    }
}

/// Bytes that an escape takes, and what it stands for.
type Undone = Option<(usize, Vec<u8>)>;

fn undo_percent(at: &[u8]) -> Undone {
    if matches!(at.get(1), Some(b'u' | b'U')) {
        return undo_scalar(at, 2, 4, 16);
    }
    Some((3, bytes_of_hex(str::from_utf8(at.get(1..3)?).ok()?)?))
}

fn undo_backslash(at: &[u8]) -> Undone {
    match at.get(1)? {
        b'u' | b'U' if at.get(2) == Some(&b'{') => {
            let length = at.iter().take(12).position(|byte| *byte == b'}')?;
            Some((length + 1, utf8_bytes(parse_number(&at[3..length], 16)?)))
        }
        b'u' => undo_scalar(at, 2, 4, 16),
        b'U' => undo_scalar(at, 2, 8, 16),
        b'x' | b'X' => Some((4, bytes_of_hex(str::from_utf8(at.get(2..4)?).ok()?)?)),
        b'0'..=b'3' if at.get(2..4)?.iter().all(|digit| matches!(digit, b'0'..=b'7')) => {
            Some((4, vec![u8::try_from(parse_number(&at[1..4], 8)?).ok()?]))
        }
        b'b' | b'f' | b'n' | b'r' | b't' | b'v' => Some((2, vec![b' '])),
        other => Some((2, vec![*other])),
    }
}

fn undo_entity(at: &[u8]) -> Undone {
    if at.get(1) != Some(&b'#') {
        let length = at
            .iter()
            .skip(1)
            .take(32)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        // Letters and digits have no names among HTML's entities: whatever a name stands for, the secret's letters are
        // not in it, and a blank in its place is as good.
        return (length > 1 && at.get(length + 1) == Some(&b';')).then(|| (length + 2, vec![b' ']));
    }
    let is_hex = matches!(at.get(2), Some(b'x' | b'X'));
    let (start, radix) = if is_hex { (3, 16) } else { (2, 10) };
    let digits = at
        .iter()
        .skip(start)
        .take(8)
        .take_while(|byte| char::from(**byte).is_digit(radix))
        .count();
    let end = start + digits;
    Some((
        end + usize::from(at.get(end) == Some(&b';')),
        utf8_bytes(parse_number(&at[start..end], radix)?),
    ))
}

fn undo_scalar(at: &[u8], start: usize, digits: usize, radix: u32) -> Undone {
    Some((
        start + digits,
        utf8_bytes(parse_number(at.get(start..start + digits)?, radix)?),
    ))
}

fn parse_number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()
}

fn utf8_bytes(number: u32) -> Vec<u8> {
    char::from_u32(number)
        .map(String::from)
        .unwrap_or_default()
        .into_bytes()
}
