//! Base64 and hexadecimal: what is coded in a text, and how a value looks when it is coded.
//!
//! LEAF.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Decodes what has been cut anywhere.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Fewer coded characters stand for too little.
const LEAST: usize = 8;

/// Base64 of a value wherever it stands in what is coded: at each of three places, its outermost characters left out,
/// which depend on its neighbours.
pub(super) fn base64_of(value: &[u8]) -> impl Iterator<Item = String> {
    (0..3).map(move |before| {
        let coded = LENIENT.encode([&b"\0\0"[..before], value].concat());
        let (first, last) = ((before * 8).div_ceil(6), (before + value.len()) * 8 / 6);
        coded.get(first..last).unwrap_or_default().to_owned()
    })
}

/// Lower-case hexadecimal of a value.
pub(super) fn hex_of(value: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    value
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Bytes of pairs of hexadecimal digits; none where they are anything else.
pub(super) fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// What may be coded in a text, each as if it began at another of its characters.
pub(super) fn decoded(text: &str) -> Vec<String> {
    let is_coded = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut found = Vec::new();
    for run in dense.split(|c| !is_coded(c)).filter(|run| run.len() >= LEAST) {
        let run = run.replace('-', "+").replace('_', "/");
        // A single character at the end stands for less than a byte.
        let whole = |from: usize| run.len() - usize::from((run.len() - from) % 4 == 1);
        found.extend((0..4).filter_map(|from| LENIENT.decode(&run[from..whole(from)]).ok()));
    }
    for run in dense
        .split(|c: char| !c.is_ascii_hexdigit())
        .filter(|run| run.len() >= LEAST)
    {
        let even = |from: usize| from + (run.len() - from) / 2 * 2;
        found.extend((0..2).filter_map(|from| bytes_of_hex(&run[from..even(from)])));
    }
    found
        .iter()
        .filter_map(|bytes| Some(String::from_utf8_lossy(bytes)).filter(|text| is_text(text)))
        .map(Cow::into_owned)
        .collect()
}

/// Whether some of it can be read: what wasn't coded is noise after it is decoded.
fn is_text(decoded: &str) -> bool {
    let is_noise = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
    decoded.split(is_noise).any(|part| part.chars().count() >= LEAST)
}
