//! Which state a text names: by its USPS code, its FIPS code, or its name as people write it.
//!
//! Pure.

use std::collections::HashMap;

use arrow_array::StringArray;

use crate::plan::State;

/// Other names of territories and of the district than those of the reference table, folded.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("VIRGIN ISLANDS", "VI"),
    ("UNITED STATES VIRGIN ISLANDS", "VI"),
    ("VIRGIN ISLANDS OF THE UNITED STATES", "VI"),
    ("USVI", "VI"),
    ("CNMI", "MP"),
    ("NORTHERN MARIANAS", "MP"),
    ("WASHINGTON DC", "DC"),
    ("DIST OF COLUMBIA", "DC"),
    ("MICRONESIA", "FM"),
];

/// What may stand before a state's name.
const TITLES: [&str; 3] = ["STATE OF ", "COMMONWEALTH OF THE ", "COMMONWEALTH OF "];

/// USPS codes of the states that texts name; null for any other text.
pub(super) fn usps_codes(texts: &StringArray, states: &[State]) -> StringArray {
    let mut words: HashMap<String, &str> = HashMap::new();
    for state in states {
        let spellings = [&state.usps, &state.name, &state.fips];
        words.extend(spellings.map(|spelling| (fold_spelling(spelling), state.usps.as_str())));
    }
    // A territory that the reference table leaves out is named by none of its other names either.
    for (name, usps) in OTHER_NAMES {
        if let Some(state) = states.iter().find(|state| state.usps == usps) {
            words.insert(name.to_owned(), &state.usps);
        }
    }
    // A batch has few spellings and many rows: each spelling is folded once.
    let mut known: HashMap<&str, Option<&str>> = HashMap::new();
    texts
        .iter()
        .map(|text| {
            *known
                .entry(text?)
                .or_insert_with_key(|text| usps_code(text, &words))
        })
        .collect()
}

/// The code of the state that a text names, with or without its title before the name.
fn usps_code<'w>(text: &str, words: &HashMap<String, &'w str>) -> Option<&'w str> {
    let folded = fold_spelling(text);
    let bare = TITLES.iter().find_map(|title| folded.strip_prefix(title));
    words.get(&folded).or_else(|| words.get(bare?)).copied()
}

/// A spelling without what differs between people and programs: case, points, apostrophes, blanks; of a FIPS code that was
/// a number, two digits.
fn fold_spelling(spelling: &str) -> String {
    let letters: String = spelling
        .chars()
        .filter(|letter| !matches!(letter, '.' | '\'' | '’' | 'ʻ' | '`'))
        .map(|letter| if letter == ',' { ' ' } else { letter })
        .collect();
    // A FIPS code may come out of a column of real numbers, as `6.0`.
    let digits = spelling
        .split_once('.')
        .filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'));
    let digits = digits.map_or(spelling, |(digits, _)| digits).trim();
    if !digits.is_empty() && digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{digits:0>2}");
    }
    letters
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_known_by_all_its_spellings() {
        let state = |fips: &str, usps: &str, name: &str| State {
            fips: fips.to_owned(),
            usps: usps.to_owned(),
            name: name.to_owned(),
            kind: String::new(),
            source: String::new(),
        };
        let states = [
            state("06", "CA", "California"),
            state("11", "DC", "District of Columbia"),
            state("15", "HI", "Hawaii"),
            state("37", "NC", "North Carolina"),
            state("78", "VI", "U.S. Virgin Islands"),
        ];
        for (text, expected) in [
            ("CA", Some("CA")),
            ("ca", Some("CA")),
            ("06", Some("CA")),
            ("6", Some("CA")),
            ("6.0", Some("CA")),
            ("State of California", Some("CA")),
            ("D.C.", Some("DC")),
            ("Washington, D.C.", Some("DC")),
            ("Hawai'i", Some("HI")),
            ("Hawaiʻi", Some("HI")),
            ("North  Carolina", Some("NC")),
            ("US Virgin Islands", Some("VI")),
            ("Virgin Islands", Some("VI")),
            ("United States Virgin Islands", Some("VI")),
            ("CNMI", None),
            ("Tejas", None),
            ("60", None),
            ("6.5", None),
            ("", None),
        ] {
            let codes = usps_codes(&StringArray::from(vec![text]), &states);
            assert_eq!(codes.iter().next().flatten(), expected, "{text}");
        }
    }
}
