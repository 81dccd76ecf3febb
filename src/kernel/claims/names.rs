//! Names of counties, as they are compared.

/// What the Census Bureau and others write behind a county's name (legal and statistical area descriptions).
const KINDS: [&str; 13] = [
    " CITY AND BOROUGH",
    " CENSUS AREA",
    " PLANNING REGION",
    " MUNICIPALITY",
    " MUNICIPIO",
    " BOROUGH",
    " DISTRICT",
    " COUNTY",
    " PARISH",
    " ISLAND",
    " CITY",
    " CO",
    " CNTY",
];

/// What they are written as in full, by what is written for short.
const WORDS: [(&str, &str); 4] = [
    ("ST", "SAINT"),
    ("STE", "SAINTE"),
    ("MT", "MOUNT"),
    ("FT", "FORT"),
];

/// A county's name without what is spelt in several ways: case, accents, punctuation, blanks, and its kind. So `DeKalb
/// County` is `De Kalb`, `Saint Louis` is `St. Louis`, and `Doña Ana` is `DONA ANA`.
pub(super) fn county(name: &str) -> String {
    let upper: String = name
        .chars()
        .filter(|c| !matches!(c, '.' | '\'' | '’' | '`'))
        .map(plain)
        .collect::<String>()
        .to_uppercase();
    let upper = upper.trim();
    let bare = KINDS
        .iter()
        .find_map(|kind| upper.strip_suffix(kind))
        .unwrap_or(upper);
    let words = bare
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let in_full = |word: &str| {
        WORDS
            .iter()
            .find(|(short, _)| *short == word)
            .map_or(word, |(_, full)| full)
            .to_owned()
    };
    words.map(in_full).collect()
}

/// Whether a county code is that of a city which is no part of a county: such codes begin at 510 within their state
/// (INCITS 31), and St. Louis and Baltimore are a city and a county each.
pub(super) fn is_independent_city(code: &str) -> bool {
    code.get(2..)
        .is_some_and(|county| county.len() == 3 && county >= "510")
}

/// Whether a name claims such a city, or a county, beyond the name that was computed; none where it says neither.
pub(super) fn is_city(claimed: &str, computed: &str) -> Option<bool> {
    let (claimed, computed) = (claimed.trim().to_uppercase(), computed.to_uppercase());
    let says = |kind: &str| claimed.ends_with(kind) && !computed.ends_with(kind);
    match (says(" CITY"), says(" COUNTY")) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        (false, false) => None,
    }
}

/// A letter without its accent, of those that names in the United States and Puerto Rico have.
fn plain(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
        'Á' | 'À' | 'Â' | 'Ä' | 'Ã' => 'A',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'É' | 'È' | 'Ê' | 'Ë' => 'E',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'Í' | 'Ì' | 'Î' | 'Ï' => 'I',
        'ó' | 'ò' | 'ô' | 'ö' => 'o',
        'Ó' | 'Ò' | 'Ô' | 'Ö' => 'O',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'Ú' | 'Ù' | 'Û' | 'Ü' => 'U',
        'ñ' => 'n',
        'Ñ' => 'N',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{county, is_city, is_independent_city};

    #[test]
    fn spellings_of_one_county_are_one() {
        for (one, other) in [
            ("DeKalb", "De Kalb County"),
            ("ST LOUIS", "St. Louis"),
            ("Saint Louis", "St. Louis County"),
            ("Ste. Genevieve", "SAINTE GENEVIEVE"),
            ("Doña Ana", "DONA ANA"),
            ("Prince George's", "PRINCE GEORGES"),
            ("O'Brien", "OBrien Co."),
            ("LaSalle Parish", "La Salle"),
            ("Miami-Dade", "MIAMI DADE"),
            ("Juneau City and Borough", "Juneau"),
            ("Mayagüez Municipio", "Mayaguez"),
        ] {
            assert_eq!(county(one), county(other), "{one} {other}");
        }
        assert_ne!(county("Kings"), county("Queens"));
        assert!(is_independent_city("24510") && !is_independent_city("24005") && !is_independent_city("24"));
        assert_eq!(is_city("BALTIMORE CITY", "Baltimore"), Some(true));
        assert_eq!(is_city("St. Louis County", "St. Louis"), Some(false));
        assert_eq!(is_city("James City", "James City"), None);
        assert_ne!(county("Carson City"), county("Clark"));
    }
}
