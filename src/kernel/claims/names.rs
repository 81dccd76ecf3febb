//! Names of counties, as they are compared.
//!
//! Pure.

use crate::plan::State;

/// What the Census Bureau and others write behind a county's name (legal and statistical area descriptions), and for short;
/// the longest that fits counts.
const BEHIND: [&[&str]; 18] = [
    &["CITY", "AND", "BOROUGH"],
    &["CITY", "AND", "COUNTY"],
    &["INDEPENDENT", "CITY"],
    &["CENSUS", "AREA"],
    &["PLANNING", "REGION"],
    &["MUNICIPALITY"],
    &["MUNICIPIO"],
    &["BOROUGH"],
    &["BORO"],
    &["DISTRICT"],
    &["COUNTY"],
    &["PARISH"],
    &["ISLAND"],
    &["CITY"],
    &["CO"],
    &["CNTY"],
    &["CTY"],
    &["PAR"],
];

/// What is written before it.
const BEFORE: [&[&str]; 9] = [
    &["CITY", "AND", "BOROUGH", "OF"],
    &["CITY", "AND", "COUNTY", "OF"],
    &["MUNICIPALITY", "OF"],
    &["MUNICIPIO", "DE"],
    &["MUNICIPIO", "OF"],
    &["COUNTY", "OF"],
    &["PARISH", "OF"],
    &["BOROUGH", "OF"],
    &["CITY", "OF"],
];

/// What they are written as in full, by what is written for short.
const WORDS: [(&str, &str); 4] = [
    ("ST", "SAINT"),
    ("STE", "SAINTE"),
    ("MT", "MOUNT"),
    ("FT", "FORT"),
];

/// Whether a county's name is that of the county with this name and code, but for its spelling: case, accents, punctuation,
/// blanks, its kind, and its state behind it. So `DeKalb County, GA` is `De Kalb`, `Municipality of Anchorage` is `Anchorage
/// Borough`, and `Doña Ana` is `DONA ANA`.
///
/// Cities that are no part of a county are told from counties of their name by their code; so is a county from that of
/// another state by the state behind the name.
pub(super) fn is_same_county(claimed: &str, name: &str, code: Option<&str>, states: &[State]) -> bool {
    let (claimed, state) = split_off_state(claimed, states);
    let (name, _) = split_off_state(name, states);
    if state
        .zip(code.and_then(|code| code.get(..2)))
        .is_some_and(|(claimed, own)| claimed != own)
    {
        return false;
    }
    let claimed = name_words(claimed);
    let name = name_words(name);
    // Words are joined before they are compared: DeKalb is also De Kalb, and LaSalle also La Salle.
    let bare_claim = without_kind(&claimed).concat();
    let bare_name = without_kind(&name).concat();
    // As it is written first: James City is a county whose name ends in what elsewhere is a kind.
    if [name.concat(), bare_name.clone()].contains(&claimed.concat()) {
        return true;
    }
    // The code tells: Richmond is a city and a county in Virginia, and both are called Richmond where the kind is left out.
    let is_city = code.is_some_and(is_independent_city);
    let is_of_kind = says_city(&claimed).is_none_or(|claimed| claimed == is_city);
    is_of_kind && [name.concat(), bare_name].contains(&bare_claim)
}

/// A name and the FIPS code of the state behind it, after a comma or in brackets; none where that is no state.
fn split_off_state<'n, 's>(name: &'n str, states: &'s [State]) -> (&'n str, Option<&'s str>) {
    let Some((head, tail)) = name.rsplit_once([',', '(']) else {
        return (name, None);
    };
    let tail = tail.trim().trim_end_matches([')', '.']);
    let state = states
        .iter()
        .find(|state| state.usps.eq_ignore_ascii_case(tail) || state.name.eq_ignore_ascii_case(tail));
    match state {
        Some(state) => (head, Some(&state.fips)),
        None => (name, None),
    }
}

/// The words of a name in capitals, in full and without accents.
fn name_words(name: &str) -> Vec<String> {
    let plain: String = name
        .chars()
        .filter(|c| !is_apostrophe(*c) && !is_combining_mark(*c))
        .map(without_accent)
        .collect();
    let upper = plain.replace('&', " AND ").to_uppercase();
    upper
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(in_full)
        .collect()
}

/// Apostrophes of English and the ʻokina of Hawaiian, and what is typed for them: they join, as in O'Brien and Kauaʻi.
fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '‘' | '`' | '´' | 'ʻ' | 'ʼ')
}

/// An accent that is a character of its own, as decomposed text (Unicode NFD) has it.
fn is_combining_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

fn in_full(word: &str) -> String {
    WORDS
        .iter()
        .find(|(short, _)| *short == word)
        .map_or(word, |(_, full)| full)
        .to_owned()
}

/// The words that are left without the kind of the county; never none.
fn without_kind(words: &[String]) -> &[String] {
    for kind in BEFORE {
        match words.split_at_checked(kind.len()) {
            Some((start, rest)) if start == kind && !rest.is_empty() => return rest,
            _ => {}
        }
    }
    for kind in BEHIND {
        let rest = words.len().saturating_sub(kind.len());
        if rest > 0 && words[rest..] == *kind {
            return &words[..rest];
        }
    }
    words
}

/// Whether a name says that it is that of such a city, or of a county; none where it says neither.
fn says_city(words: &[String]) -> Option<bool> {
    let is_city =
        words.ends_with(&["CITY".to_owned()]) || words.starts_with(&["CITY".to_owned(), "OF".to_owned()]);
    let is_county = words
        .last()
        .is_some_and(|word| matches!(&**word, "COUNTY" | "CO" | "CNTY" | "CTY"))
        || words.starts_with(&["COUNTY".to_owned(), "OF".to_owned()]);
    // Denver, San Francisco and Honolulu are both.
    let is_both = words.windows(3).any(|words| words == ["CITY", "AND", "COUNTY"]);
    match (is_both, is_city, is_county) {
        (false, true, false) => Some(true),
        (false, false, true) => Some(false),
        _ => None,
    }
}

/// Whether a county code is that of a city which is no part of a county: such codes begin at 510 within their state
/// (INCITS 31), and St. Louis and Baltimore are a city and a county each.
fn is_independent_city(code: &str) -> bool {
    code.get(2..)
        .is_some_and(|county| county.len() == 3 && county >= "510")
}

// A table, not Unicode's decomposition: these are all that occur, and a crate's tables would be a dependency for twenty
// letters.
/// A letter without its accent, of those that names in the United States and Puerto Rico have.
fn without_accent(letter: char) -> char {
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
    use super::*;

    fn state(fips: &str, usps: &str, name: &str) -> State {
        let [fips, usps, name] = [fips, usps, name].map(str::to_owned);
        State {
            fips,
            usps,
            name,
            kind: String::new(),
            source: String::new(),
        }
    }

    fn is_same(claimed: &str, name: &str, code: &str) -> bool {
        let states = [state("06", "CA", "California"), state("12", "FL", "Florida")];
        is_same_county(claimed, name, Some(code), &states)
    }

    #[test]
    fn spellings_of_one_county_are_one() {
        for (one, other) in [
            ("DeKalb", "De Kalb County"),
            ("ST LOUIS", "St. Louis"),
            ("Saint Louis", "St. Louis County"),
            ("St.Clair Co.", "Saint Clair"),
            ("Ste. Genevieve", "SAINTE GENEVIEVE"),
            ("Doña Ana", "DONA ANA"),
            ("Don\u{303}a Ana", "Doña Ana County"),
            ("Prince George's", "PRINCE GEORGES"),
            ("Prince George’s County", "Prince George's"),
            ("O'Brien", "OBrien Co."),
            ("LaSalle Parish", "La Salle"),
            ("Miami-Dade", "MIAMI DADE"),
            ("Juneau City and Borough", "Juneau"),
            ("City & Borough of Juneau", "Juneau"),
            ("Municipality of Anchorage", "Anchorage Borough"),
            ("City and County of Denver", "Denver County"),
            ("Mayagüez Municipio", "Mayaguez"),
            ("Kauaʻi", "Kauai County"),
            ("Orange (CA)", "Orange"),
            ("Orange County, California", "Orange County"),
            ("James City County", "James City"),
            ("James City", "James City County"),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert!(is_same(one, other, "06059"), "{one} {other}");
            }
        }
        for (one, other) in [
            ("Kings", "Queens"),
            ("Orange, FL", "Orange"),
            ("Parish", "County"),
            ("Clark", "Clarke"),
        ] {
            assert!(!is_same(one, other, "06059"), "{one} {other}");
        }
    }

    #[test]
    fn cities_are_told_from_counties_of_their_name() {
        for (claimed, name, code, expected) in [
            ("Baltimore City", "Baltimore", "24510", true),
            ("Baltimore City", "Baltimore", "24005", false),
            ("Baltimore County", "Baltimore city", "24510", false),
            ("City of Richmond", "Richmond city", "51760", true),
            ("RICHMOND", "Richmond city", "51760", true),
            ("Richmond County", "Richmond city", "51760", false),
            ("Richmond (Independent City)", "Richmond city", "51760", true),
            ("Carson City", "Carson", "32510", true),
            ("Carson City", "Clark", "32003", false),
        ] {
            assert_eq!(is_same(claimed, name, code), expected, "{claimed} {name} {code}");
        }
    }
}
