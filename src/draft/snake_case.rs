//! Spellings of a name by which names are compared and columns called.
//!
//! Pure.

/// Lower snake case: `EPAFacilityID` → `epa_facility_id`, `Install_MW` → `install_mw`.
pub(super) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            snake.push('_');
            continue;
        }
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let starts_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase)
            });
        if starts_word {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    let words: Vec<&str> = snake.split('_').filter(|word| !word.is_empty()).collect();
    let snake = words.join("_");
    // Identifiers of schemas begin with a letter.
    if snake.starts_with(|c: char| c.is_ascii_digit()) {
        format!("n_{snake}")
    } else {
        snake
    }
}

/// Lower-case letters and digits of a name.
pub(super) fn letters_and_digits(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case() {
        for (name, canonical) in [
            ("NAICS_DESC", "naics_desc"),
            ("EPAFacilityID", "epa_facility_id"),
            ("PrimSource", "prim_source"),
            ("HydroPS_MW", "hydro_ps_mw"),
            ("Shape__Length", "shape_length"),
            ("LATITUDE1", "latitude1"),
            ("Name (en)", "name_en"),
            ("2ndName", "n_2nd_name"),
            ("LEVEL_", "level"),
            ("日本", ""),
        ] {
            assert_eq!(snake_case(name), canonical, "{name}");
        }
    }
}
