//! Fields that are codes or names of jurisdictions by what they are called.
//!
//! Pure. The names are those of the files that people join to: the Census Bureau's TIGER/Line and cartographic boundaries
//! (`GEOID`, with the decade's suffix in files of blocks and tracts; `NAME`, `NAMELSAD`; `STUSPS`), Esri's and Koordinates'
//! copies of these (`FIPS`, `CNTY_FIPS`), and this program's own columns.

/// Fields of codes, most trusted first: `GEOIDFQ` and `AFFGEOID` are none, whose codes nobody else writes.
const CODES: &[&str] = &[
    "geoid",
    "geoid20",
    "geoid10",
    "county_fips",
    "place_geoid",
    "tribal_geoid",
    "fips",
    "fips_code",
    "fips5",
    "cnty_fips",
    "countyfips",
    "geoid00",
    "zcta5ce20",
    "zcta5ce10",
    "state_fips",
    "statefp",
    "statefp20",
    "state_code",
    "stusps",
    "region_code",
    "code",
    "adm2_pcode",
    "adm1_pcode",
    "iso_a3",
];

/// Fields of names, most trusted first.
const NAMES: &[&str] = &[
    "name",
    "county_name",
    "place_name",
    "tribal_name",
    "namelsad",
    "name20",
    "namelsad20",
    "name10",
    "namelsad10",
    "state_name",
    "region_name",
];

/// The field of codes by its name.
pub(super) fn code_field(fields: &[String]) -> Option<&String> {
    first_known(fields, CODES)
}

/// The field of names by its name.
pub(super) fn name_field(fields: &[String]) -> Option<&String> {
    first_known(fields, NAMES)
}

fn first_known<'a>(fields: &'a [String], known: &[&str]) -> Option<&'a String> {
    known
        .iter()
        .find_map(|name| fields.iter().find(|field| field.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_trusted_name_wins() {
        let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let census = fields(&["STATEFP", "COUNTYFP", "GEOIDFQ", "GEOID", "NAME", "NAMELSAD"]);
        assert_eq!(code_field(&census).map(String::as_str), Some("GEOID"));
        assert_eq!(name_field(&census).map(String::as_str), Some("NAME"));
        assert_eq!(code_field(&fields(&["GEOIDFQ", "COUNTYFP"])), None);
    }
}
