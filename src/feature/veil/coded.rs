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
        // Six bits to a character: the first that is the value's alone, and the last.
        let first = (before * 8).div_ceil(6);
        let last = (before + value.len()) * 8 / 6;
        coded.get(first..last).unwrap_or_default().to_owned()
    })
}

/// Lower-case hexadecimal of a value.
pub(super) fn hex_of(value: &[u8]) -> String {
    value
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|half| char::from_digit(u32::from(half), 16))
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
pub(super) fn decode_runs(text: &str) -> Vec<String> {
    // Encoders break lines (MIME after 76 characters), and servers indent what they repeat.
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut found = Vec::new();
    for run in dense.split(|c| !is_base64(c)).filter(|run| run.len() >= LEAST) {
        let run = run.replace('-', "+").replace('_', "/");
        // Four characters are three bytes: what was coded may begin at any of four places of the run.
        for from in 0..4 {
            // A single character at the end stands for less than a byte.
            let end = run.len() - usize::from((run.len() - from) % 4 == 1);
            found.extend(LENIENT.decode(&run[from..end]));
        }
    }
    for run in dense
        .split(|c: char| !c.is_ascii_hexdigit())
        .filter(|run| run.len() >= LEAST)
    {
        for from in 0..2 {
            let end = from + (run.len() - from) / 2 * 2;
            found.extend(bytes_of_hex(&run[from..end]));
        }
    }
    found
        .iter()
        .filter_map(|bytes| Some(String::from_utf8_lossy(bytes)).filter(|text| is_text(text)))
        .map(Cow::into_owned)
        .collect()
}

/// Whether some of it can be read: what wasn't coded is noise after it is decoded.
fn is_text(decoded: &str) -> bool {
    decoded.split(is_noise).any(|part| part.chars().count() >= LEAST)
}

fn is_noise(c: char) -> bool {
    c.is_control() || c == char::REPLACEMENT_CHARACTER
}

/// Both alphabets of base64 (RFC 4648): the plain one and that of URLs.
fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_')
}
