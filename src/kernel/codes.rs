//! What coded values mean: one code, several (`ERRETC` for rockfill, earth and timber crib), or the meaning itself, as
//! copies of a layer have it that are decoded already (`Rockfill;Earth`).
//!
//! Pure.

use std::collections::HashMap;

use arrow_array::StringArray;

/// Longest value that is taken apart, bytes: there are ways without end to read a long one.
const LONGEST: usize = 200;

/// What stands between codes or meanings, if anything does; a blank, only between codes.
const BETWEEN: [char; 4] = [',', ';', '/', '|'];

/// Meanings of values; null where a value is outside the codes. Several codes in one value, only where it is
/// `concatenated`.
pub(super) fn decode(texts: &StringArray, codes: &[(String, String)], concatenated: bool) -> StringArray {
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    texts
        .iter()
        .map(|text| {
            let text = text?;
            let understood = known
                .entry(text)
                .or_insert_with(|| match meaning_of(text, codes) {
                    None if concatenated => meanings_of_several(text, codes),
                    one => one.map(str::to_owned),
                });
            understood.clone()
        })
        .collect()
}

/// The meaning of a code, or of a meaning in whatever case.
fn meaning_of<'c>(value: &str, codes: &'c [(String, String)]) -> Option<&'c str> {
    // Codes go first and by case, as their lists have them: `a` and `A` may be two.
    let found = codes.iter().find(|(code, _)| code == value).or_else(|| {
        codes
            .iter()
            .find(|(_, meaning)| meaning.eq_ignore_ascii_case(value))
    });
    found.map(|(_, meaning)| meaning.as_str())
}

/// The meanings of a value's codes, in their order and each once, if it is nothing but codes and meanings.
fn meanings_of_several(value: &str, codes: &[(String, String)]) -> Option<String> {
    let mut meanings: Vec<&str> = Vec::new();
    for part in value.split(BETWEEN).map(str::trim) {
        let found = match meaning_of(part, codes) {
            Some(meaning) => vec![meaning],
            None => part
                .split_whitespace()
                .map(|word| split_codes(word, codes))
                .collect::<Option<Vec<_>>>()?
                .concat(),
        };
        for meaning in found {
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
    }
    (!meanings.is_empty()).then(|| meanings.join(", "))
}

/// The meanings of the codes that make up a word, the longest code first wherever several fit.
fn split_codes<'c>(word: &str, codes: &'c [(String, String)]) -> Option<Vec<&'c str>> {
    if word.len() > LONGEST {
        return None;
    }
    // From the back: how the rest of the word is taken apart, and none where it can't be.
    let mut from: Vec<Option<(usize, &'c str)>> = vec![None; word.len() + 1];
    for at in (0..word.len()).rev() {
        // Within a character nothing begins.
        let Some(rest) = word.get(at..) else { continue };
        let longest = codes
            .iter()
            .filter(|(code, _)| !code.is_empty() && rest.starts_with(code.as_str()))
            .filter(|(code, _)| code.len() == rest.len() || from[at + code.len()].is_some())
            .max_by_key(|(code, _)| code.len());
        from[at] = longest.map(|(code, meaning)| (code.len(), meaning.as_str()));
    }
    let mut meanings = Vec::new();
    let mut at = 0;
    while at < word.len() {
        let (len, meaning) = from[at]?;
        meanings.push(meaning);
        at += len;
    }
    Some(meanings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_taken_apart_into_its_codes() {
        let codes = [
            ("ER", "Rockfill"),
            ("RE", "Earth"),
            ("TC", "Timber crib"),
            ("R", "Recreation"),
            ("ERT", "?"),
        ];
        let codes = codes.map(|(code, meaning)| (code.to_owned(), meaning.to_owned()));
        for (value, expected) in [
            ("RE", Some("Earth")),
            ("ERRETC", Some("Rockfill, Earth, Timber crib")),
            // `ERT` leaves a `C`, which is no code.
            ("ERTC", Some("Rockfill, Timber crib")),
            ("RE, ER", Some("Earth, Rockfill")),
            ("RE ER", Some("Earth, Rockfill")),
            ("Rockfill;Timber crib", Some("Rockfill, Timber crib")),
            ("timber crib", Some("Timber crib")),
            ("Timber wall", None),
            ("RERE", Some("Earth")),
            ("RR", Some("Recreation")),
            ("REX", None),
            ("re", None),
            (",", None),
        ] {
            let understood = decode(&StringArray::from(vec![value]), &codes, true);
            assert_eq!(understood.iter().next().flatten(), expected, "{value}");
        }
        assert_eq!(meanings_of_several(&"R".repeat(500), &codes), None);
        let alone = decode(&StringArray::from(vec!["RE", "Earth", "RERE"]), &codes, false);
        assert_eq!(alone, StringArray::from(vec![Some("Earth"), Some("Earth"), None]));
    }
}
