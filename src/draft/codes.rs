//! Columns of codes by their names, and the digits that such codes have.
//!
//! Pure. Spreadsheets take codes for numbers: the zeros that they lose come back by `pad`.

use super::snake_case::{letters_and_digits, snake_case};

/// Characters of a ZIP code with its four digits behind a hyphen, of which `pad` restores the first five.
const ZIP_AND_4: usize = 10;

/// Whether the values of such a column are codes, whatever they look like.
pub(super) fn is_code(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "id",
        "code",
        "zip",
        "fips",
        "naics",
        "phone",
        "tel",
        "fax",
        "geoid",
        "identifier",
        "duns",
        "zipcode",
    ];
    const PARTS: [&str; 6] = ["zip", "fips", "phone", "naics", "postal", "geoid"];
    let snake = snake_case(name);
    let squeezed = letters_and_digits(name);
    snake.split('_').any(|word| WORDS.contains(&word)) || PARTS.iter().any(|part| squeezed.contains(part))
}

/// What a FIPS code is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fips {
    /// A state: two digits.
    State,
    /// A county: three digits, or five with the state's before them.
    County,
    /// The name doesn't say.
    Either,
}

/// Digits to pad to, by what a column is called and its longest value: county and state FIPS codes, ZIP codes.
pub(super) fn padded_width(name: &str, canonical: &str, longest: usize) -> Option<usize> {
    // Between its files of 2018 and 2020 the urgent care layer has lost zeros of 984 county codes and 243 ZIP
    // codes.
    if is_zip(name) && longest <= ZIP_AND_4 {
        return Some(5);
    }
    let width = match fips_kind(name) {
        _ if canonical == "county_fips_claimed" => 5,
        Some(Fips::State) => 2,
        Some(Fips::Either) if longest <= 2 => 2,
        // With the state's before it a county's has four digits at least: no state's begins with two zeros.
        Some(Fips::County | Fips::Either) if longest <= 3 => 3,
        Some(Fips::County | Fips::Either) => 5,
        None if matches!(letters_and_digits(name).as_str(), "zip4" | "zipp4") => 4,
        None => return None,
    };
    (longest <= width).then_some(width)
}

/// What a column's FIPS codes are of, by its name: `STATEFP`, `FIPS_CNTY`, `CNTY_FIPS_CD`; none for a place's or a class's.
pub(super) fn fips_kind(name: &str) -> Option<Fips> {
    const COUNTY: [&str; 3] = ["county", "cnty", "cty"];
    let squeezed = letters_and_digits(name);
    let before = squeezed.trim_end_matches("code").trim_end_matches("cd");
    let rest = match before.strip_suffix("fp") {
        Some(rest) => rest.to_owned(),
        None if before.contains("fips") => before.replacen("fips", "", 1),
        None => return None,
    };
    match rest.as_str() {
        "" | "loc" | "fac" | "site" => Some(Fips::Either),
        "co" | "stco" => Some(Fips::County),
        "st" => Some(Fips::State),
        rest if COUNTY.iter().any(|ending| rest.ends_with(ending)) => Some(Fips::County),
        rest if rest.ends_with("state") => Some(Fips::State),
        _ => None,
    }
}

/// The state of a FIPS code of a state or a county, its lost zeros given back; none for anything else.
pub(super) fn state_of(value: &str) -> Option<String> {
    let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let width = match value.len() {
        1..=2 => 2,
        4..=5 => 5,
        _ => return None,
    };
    is_digits.then(|| format!("{value:0>width$}")[..2].to_owned())
}

fn is_zip(name: &str) -> bool {
    const ZIPS: [&str; 7] = [
        "zip",
        "zipcode",
        "zipcd",
        "zip5",
        "postal",
        "postalcode",
        "postcode",
    ];
    let snake = snake_case(name);
    let is_four = snake
        .split('_')
        .any(|word| matches!(word, "4" | "plus" | "plus4" | "ext" | "suffix"));
    snake.split('_').any(|word| ZIPS.contains(&word)) && !is_four
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fips_code_has_a_state() {
        let states = ["40", "4", "04", "40001", "6037"].map(|code| state_of(code).unwrap());
        assert_eq!(states, ["40", "04", "04", "40", "06"]);
        assert!(
            ["", "001", "OK", "4O", "400011"]
                .into_iter()
                .all(|other| state_of(other).is_none())
        );
    }

    #[test]
    fn lost_zeros_come_back_by_name_and_length() {
        for (names, longest, width) in [
            (
                &[
                    "ZIP",
                    "FAC_ZIP",
                    "MAIL_ZIP",
                    "PHYS_ZIP_CODE",
                    "ZIPCD",
                    "POSTAL",
                    "LOC_ZIPCODE",
                    "ZIP5",
                ][..],
                5,
                Some(5),
            ),
            (&["ZIP5", "ZIP", "POSTAL_CODE"], 10, Some(5)),
            (&["ZIP4", "ZIP_4", "zipp4"], 4, Some(4)),
            (&["ZIP_PLUS_4", "ZIP_EXT"], 4, None),
            (
                &[
                    "FIPS_CNTY",
                    "CNTY_FIPS_CD",
                    "COUNTYFIPS",
                    "STCOFIPS",
                    "FIPS",
                    "FAC_COUNTY_FIPS",
                ],
                4,
                Some(5),
            ),
            (&["COUNTYFP", "COFIPS", "CNTY_FIPS_CD"], 3, Some(3)),
            (
                &[
                    "FIPS_STATE",
                    "STATEFP",
                    "STFIPS",
                    "ST_FIPS",
                    "STATE_FIPS_CODE",
                    "FIPS",
                ],
                1,
                Some(2),
            ),
            (&["PLACE_FIPS", "CLASSFP", "FIPS_CLASS", "ZIPPER"], 2, None),
            (&["STATEFP"], 5, None),
        ] {
            for name in names {
                assert_eq!(padded_width(name, "", longest), width, "{name}");
            }
        }
    }
}
