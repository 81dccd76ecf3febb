//! Numbers that are none in what should be JSON: `NaN`, `Infinity`, `-Infinity`.
//!
//! LEAF. `fetch` counts the rows of such an answer and `source` reads them, so that both must take it for the same.

/// A number that is none, in JSON: the text `NaN`, spelled as nobody else spells it, so that its reader can tell it from
/// a text of that name.
///
/// ```
/// use cikr::feature::bare_words::NOT_A_NUMBER;
///
/// // To any parser it is the text `NaN`; only who looks at the bytes knows better.
/// assert_eq!(serde_json::from_str::<String>(NOT_A_NUMBER).ok().as_deref(), Some("NaN"));
/// assert_ne!(NOT_A_NUMBER, "\"NaN\"");
/// ```
pub const NOT_A_NUMBER: &str = r#""\u004eaN""#;

/// Words that servers write for numbers which JSON doesn't have.
const BARE: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// JSON with [`NOT_A_NUMBER`] in place of each bare `NaN`, `Infinity` and `-Infinity`; none where there is no such word.
///
/// ```
/// use cikr::feature::bare_words::{NOT_A_NUMBER, without_bare_words};
///
/// let mended = without_bare_words(br#"{"DEPTH":NaN,"NAME":"NaN"}"#).expect("there is one");
/// let expected = format!(r#"{{"DEPTH":{NOT_A_NUMBER},"NAME":"NaN"}}"#);
/// assert_eq!(mended, expected.as_bytes());
/// assert_eq!(without_bare_words(br#"{"DEPTH":1.5}"#), None);
/// ```
pub fn without_bare_words(json: &[u8]) -> Option<Vec<u8>> {
    let mut clean = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    let mut in_text = false;
    let mut is_escaped = false;
    while let Some(byte) = json.get(at) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            // In a string such a word is text like any other.
            b'N' | b'I' | b'-' if !in_text => {
                if let Some(word) = BARE.iter().find(|word| json[at..].starts_with(word)) {
                    clean.extend_from_slice(&json[copied..at]);
                    clean.extend_from_slice(NOT_A_NUMBER.as_bytes());
                    at += word.len();
                    copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    // Nearly no page has one, and none is copied for nothing.
    if copied == 0 {
        return None;
    }
    clean.extend_from_slice(&json[copied..]);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_words_become_texts_of_their_own() {
        let json = br#"{"a":NaN,"b":[-Infinity, Infinity],"NaN":"x \"NaN,\\","c":-1}"#;
        let clean = String::from_utf8(without_bare_words(json).unwrap()).unwrap();
        let n = NOT_A_NUMBER;
        assert_eq!(
            clean,
            format!(r#"{{"a":{n},"b":[{n}, {n}],"NaN":"x \"NaN,\\","c":-1}}"#)
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&clean).unwrap()["a"],
            "NaN"
        );
        assert_eq!(without_bare_words(br#"{"NaN":"Infinity","b":-1}"#), None);
    }
}
