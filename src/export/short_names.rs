//! Names of ten characters, for shapefiles.
//!
//! Pure. A name is made of its own words and of those before it alone, so that the same columns have the same names in
//! every file, and a further column changes none before it.

use std::collections::BTreeSet;

/// Bytes of a name of a `.dbf`.
const LONGEST: usize = 10;

/// A short name for each name, in their order, none of them twice.
///
/// A name that fits stays. Of others each word is cut, the longest first: `county_fips_claimed` is `cou_fip_cl`. One that
/// is taken ends with a number.
pub(super) fn short_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let names = names.into_iter();
    names
        .map(|name| {
            let short = free_name(&short_name(name), &taken);
            taken.insert(short.clone());
            short
        })
        .collect()
}

/// The short name of a name that no other name before it has.
pub(super) fn short_name(name: &str) -> String {
    // Names of columns are ASCII; one of an older release that isn't loses what no code page of a `.dbf` is sure to have.
    let name: String = name.chars().filter(char::is_ascii).collect();
    let mut words: Vec<&str> = name.split('_').collect();
    let length = |words: &[&str]| words.iter().map(|word| word.len() + 1).sum::<usize>() - 1;
    while length(&words) > LONGEST {
        // The last of the longest: what comes first tells most.
        let Some(longest) = words.iter_mut().max_by_key(|word| word.len()) else {
            break;
        };
        if longest.len() == 1 {
            words.pop();
        } else {
            *longest = &longest[..longest.len() - 1];
        }
    }
    words.join("_")
}

fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while taken.contains(&free) {
        let ending = format!("_{number}");
        let kept = &name[..name.len().min(LONGEST - ending.len())];
        free = format!("{kept}{ending}");
        number += 1;
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::CORE_COLUMNS;

    #[test]
    fn words_are_cut_and_repeats_are_numbered() {
        let names = [
            "name",
            "county_fips_claimed",
            "county_fips_claim",
            "a_b_c_d_e_f_g",
            "",
        ];
        let short = short_names(names);
        assert_eq!(short, ["name", "cou_fip_cl", "cou_fip__2", "a_b_c_d_e", ""]);
    }

    #[test]
    fn core_columns_keep_the_names_that_people_have_written_down() {
        let short = short_names(CORE_COLUMNS.iter().map(|column| column.name));
        assert!(short.iter().all(|name| name.len() <= LONGEST));
        assert_eq!(
            short.join(" "),
            "facilit_id layer name facil_type status secto_code subsector secto_also secto_clas lead_agenc lifeline \
             naics_code state_code state_fips count_fips count_name place_geoi place_name triba_geoi triba_name \
             regio_code sta_cod_cl cou_fip_cl is_sta_mis is_cou_mis count_clai locat_meth loca_dis_m sourc_agen sourc_date handling"
        );
    }
}
