//! Values that are several codes: `ERRETC` for rockfill, earth and timber crib.
//!
//! Pure.

use std::collections::HashMap;

use arrow_array::StringArray;

/// Longest value that is taken apart, bytes: there are ways without end to read a long one.
const LONGEST: usize = 200;

/// What stands between codes, if anything does.
const BETWEEN: [char; 5] = [' ', ',', ';', '/', '|'];

/// Meanings of values that are one or more codes; null where a value is none.
pub(super) fn meanings(texts: &StringArray, codes: &[(String, String)]) -> StringArray {
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    texts
        .iter()
        .map(|text| known.entry(text?).or_insert_with_key(|text| meaning(text, codes)).clone())
        .collect()
}

/// The meanings of a value's codes, in their order and each once, if it is nothing but codes.
fn meaning(value: &str, codes: &[(String, String)]) -> Option<String> {
    let mut meanings: Vec<&str> = Vec::new();
    for word in value.split(BETWEEN).filter(|word| !word.is_empty()) {
        for meaning in taken_apart(word, codes)? {
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
    }
    (!meanings.is_empty()).then(|| meanings.join(", "))
}

/// The meanings of the codes that make up a word, the longest code first wherever several fit.
fn taken_apart<'c>(word: &str, codes: &'c [(String, String)]) -> Option<Vec<&'c str>> {
    if word.len() > LONGEST {
        return None;
    }
    // From the back: how the rest of the word is taken apart, and none where it can't be.
    let mut from: Vec<Option<(usize, &'c str)>> = vec![None; word.len() + 1];
    let fits = |at: usize, code: &str| word.get(at..).is_some_and(|rest| rest.starts_with(code));
    for at in (0..word.len()).rev() {
        let ends = |code: &str| at + code.len() == word.len() || from[at + code.len()].is_some();
        let longest = codes
            .iter()
            .filter(|(code, _)| !code.is_empty() && fits(at, code) && ends(code))
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
        let codes =
            [("ER", "Rockfill"), ("RE", "Earth"), ("TC", "Timber crib"), ("R", "Recreation"), ("ERT", "?")];
        let codes = codes.map(|(code, meaning)| (code.to_owned(), meaning.to_owned()));
        for (value, expected) in [
            ("RE", Some("Earth")),
            ("ERRETC", Some("Rockfill, Earth, Timber crib")),
            // `ERT` leaves a `C`, which is no code.
            ("ERTC", Some("Rockfill, Timber crib")),
            ("RE, ER", Some("Earth, Rockfill")),
            ("RERE", Some("Earth")),
            ("RR", Some("Recreation")),
            ("REX", None),
            ("re", None),
            (",", None),
        ] {
            assert_eq!(meaning(value, &codes).as_deref(), expected, "{value}");
        }
        assert_eq!(meaning(&"R".repeat(500), &codes), None);
    }
}
