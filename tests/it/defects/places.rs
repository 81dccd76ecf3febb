//! Rows that contradict themselves, their place or each other.

use super::{field, ran, ran_in};

fn claims() -> String {
    field("state_code_claimed", "\"STATE\"", "type = \"state\"")
        + &field(
            "county_fips_claimed",
            "\"COUNTYFIPS\"",
            "pad = 5\nnull = [\"NOT AVAILABLE\"]",
        )
        + &field("state_fips_claimed", "\"ST_FIPS\"", "pad = 2")
}

#[test]
fn codes_of_one_row_must_name_one_state() {
    let ran = ran(
        &claims(),
        "ID,STATE,COUNTYFIPS,ST_FIPS,LON,LAT\n1,TX,48001,48,-95,35\n2,TX,01001,48,-95.1,35\n3,,15057,45,-95.2,35\n4,TX,NOT AVAILABLE,1,-95.3,35\n5,TX,ABCDE,48,-95.4,35\n",
    );
    let told: Vec<String> = ran
        .flags()
        .into_iter()
        .filter(|flag| flag.contains("self_contradiction"))
        .collect();
    assert_eq!(
        told,
        [
            "2 | state_code_claimed | TX | self_contradiction | state_code_claimed TX, county_fips_claimed 01001",
            "2 | state_fips_claimed | 48 | self_contradiction | state_fips_claimed 48, county_fips_claimed 01001",
            "3 | state_fips_claimed | 45 | self_contradiction | state_fips_claimed 45, county_fips_claimed 15057",
            "4 | state_code_claimed | TX | self_contradiction | state_code_claimed TX, state_fips_claimed 01",
        ]
    );
    assert_eq!(ran.count("self_contradiction", "state_fips_claimed"), 2);
}

#[test]
fn claims_that_are_not_what_is_computed_are_told_with_both() {
    let ran = ran(
        &claims(),
        "ID,STATE,COUNTYFIPS,LON,LAT\n1,TX,48001,-95,35\n2,TX,48003,-95.1,35\n3,AL,1001,-95.2,35\n4,TX,48001,0,0\n5,,,-95.3,35\n",
    );
    let told: Vec<String> = ran
        .flags()
        .into_iter()
        .filter(|flag| flag.contains("mismatch"))
        .collect();
    assert_eq!(
        told,
        [
            "2 | county_fips_claimed | 48003 | county_mismatch | 48003 → 48001",
            "3 | county_fips_claimed | 01001 | county_mismatch | 01001 → 48001",
            "3 | state_code_claimed | AL | state_mismatch | AL → TX",
            "4 | county_fips_claimed | 48001 | county_mismatch | 48001 → none",
            "4 | state_code_claimed | TX | state_mismatch | TX → none",
        ]
    );
    assert_eq!(
        ran.report.located.county_mismatch,
        ran.count("county_mismatch", "county_fips_claimed")
    );
}

#[test]
fn stated_coordinates_must_be_those_of_the_geometry() {
    let fields = field("latitude", "\"LATITUDE\"", "type = \"number\"")
        + &field("longitude", "\"LONGITUDE\"", "type = \"number\"");
    let ran = ran(
        &fields,
        "ID,LATITUDE,LONGITUDE,LON,LAT\n1,35.0,-95.0,-95.0001,35\n2,35.005,-95.008,-95,35.0001\n3,36,-95,-95,35.0002\n4,350,-95,-95,35.0003\n5,,-95,-95,35.0004\n6,0,0,-95,35.0005\n",
    );
    let told = "latitude/longitude";
    assert_eq!(
        ran.flags(),
        [
            format!("3 | {told} | 36 -95 | self_contradiction | 110.9 km from the geometry"),
            format!("4 | {told} | 350 -95 | self_contradiction | stated coordinates are on no globe"),
            format!("6 | {told} | 0 0 | self_contradiction | 10469.5 km from the geometry"),
        ],
        "up to 1 km is how coarsely coordinates are stated"
    );
}

#[test]
fn facilities_at_exactly_one_point_are_told_each() {
    let ran = ran(
        "",
        "ID,LON,LAT\n1,-95,35\n2,-95.0000001,35\n3,-95,35.0\n4,-95.00,35\n",
    );
    let told = |row: u8| format!("{row} | geometry | POINT(-95 35) | shared_coordinates | 3 facilities");
    assert_eq!(ran.flags(), [told(1), told(3), told(4)]);
}

#[test]
fn a_naics_code_of_another_sector_is_told_unless_the_schema_allows_for_it() {
    let fields = field("naics_code", "\"NAICS\"", "") + &field("facility_type", "\"TYPE\"", "");
    let csv = "ID,NAICS,TYPE,LON,LAT\n1,622110,CLINIC,-95,35\n2,221121,CLINIC,-95.1,35\n3,221121,POWERED,-95.2,35\n4,999999,CLINIC,-95.3,35\n5,,CLINIC,-95.4,35\n";
    let rule = "\n[[sector.rule]]\nfield = \"facility_type\"\nequals = [\"POWERED\"]\nalso = [\"ENER\"]\n";
    let sector = |naics: &str| format!("\n[sector]\ncode = \"HLPH\"\nnaics = \"{naics}\"\n{rule}");
    for naics in ["refine", "ignore"] {
        let ran = ran_in(&sector(naics), &fields, csv);
        assert_eq!(
            ran.flags(),
            ["2 | naics_code | 221121 | naics_disagrees | 2211 → ENER, layer HLPH"],
            "{naics}"
        );
    }
    assert_eq!(
        ran_in(&sector("decide"), &fields, csv).flags(),
        Vec::<String>::new(),
        "the code decides"
    );
}
