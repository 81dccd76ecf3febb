//! Values that are not of their type, codes without a meaning, codes that lost their zeros, text with debris.

use super::{Ran, column, field, ran};

/// A text, what stands in the tile, and its flag with detail.
type Case = (&'static str, &'static str, &'static str);

#[track_caller]
fn check(more: &str, cases: &[Case]) -> Ran {
    let texts: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let ran = ran(&field("value", "\"V\"", more), &column(&texts));
    assert_eq!(
        ran.values("value"),
        cases.iter().map(|case| case.1).collect::<Vec<_>>()
    );
    let told = cases.iter().enumerate().filter(|(_, case)| !case.2.is_empty());
    let told: Vec<String> = told
        .map(|(at, case)| format!("{at} | value | {} | {}", case.0, case.2))
        .collect();
    assert_eq!(ran.flags(), told);
    ran
}

#[test]
fn what_does_not_parse_is_null_and_told_with_its_words() {
    let integer = "unparsed | integer";
    let ran = check(
        "type = \"integer\"",
        &[
            ("12", "12", ""),
            ("12.0", "12", ""),
            ("12.5", "-", integer),
            ("~12", "-", integer),
            ("1,234", "-", integer),
        ],
    );
    assert_eq!(
        (
            ran.count("unparsed", "value"),
            ran.report.fields["value"].unparsed
        ),
        (3, 3)
    );
    check(
        "type = \"number\"",
        &[
            ("1.5", "1.5", ""),
            ("1.5 MW", "-", "unparsed | number"),
            ("inf", "-", "unparsed | number"),
        ],
    );
    check(
        "type = \"boolean\"",
        &[
            ("Y", "true", ""),
            ("n", "false", ""),
            ("maybe", "-", "unparsed | boolean"),
        ],
    );
    check(
        "type = \"state\"",
        &[
            ("TX", "TX", ""),
            ("Texas", "TX", ""),
            ("Tejas", "-", "unparsed | state"),
        ],
    );
}

#[test]
fn a_code_outside_its_list_stays_and_is_told() {
    let codes = "codes = { 1 = \"open\", 2 = \"closed\" }\ndecoded = \"meaning\"";
    let unknown = "unknown_code | not among 2 codes";
    let ran = check(
        codes,
        &[
            ("1", "1", ""),
            ("9", "9", unknown),
            ("M", "M", unknown),
            ("", "-", ""),
        ],
    );
    assert_eq!(ran.values("meaning"), ["open", "-", "-", "-"]);
    check(
        &format!("type = \"integer\"\n{codes}"),
        &[
            ("2.0", "2", ""),
            ("3", "3", unknown),
            ("x", "-", "unparsed | integer"),
        ],
    );
}

#[test]
fn zeros_lost_from_fips_codes_come_back_and_are_told() {
    let ran = check(
        "pad = 5\nnull = [\"NOT AVAILABLE\", \"-999\"]",
        &[
            ("6037", "06037", "restored_zeros | made 06037"),
            ("06037", "06037", ""),
            ("6037.0", "06037", "restored_zeros | made 06037"),
            ("48201.0", "48201", "restored_zeros | made 48201"),
            ("NOT AVAILABLE", "-", ""),
            ("-999.0", "-", ""),
            ("123456", "123456", ""),
            ("6O37", "6O37", ""),
        ],
    );
    assert_eq!(ran.count("restored_zeros", "value"), 3);
}

/// ZIP codes of Puerto Rico begin with two zeros: three digits are left of some.
#[test]
fn zeros_lost_from_zip_codes_come_back_joined_or_not() {
    check(
        "pad = 5",
        &[
            ("152", "00152", "restored_zeros | made 00152"),
            ("2134", "02134", "restored_zeros | made 02134"),
            ("601-1234", "00601-1234", "restored_zeros | made 00601-1234"),
            ("60614-1234", "60614-1234", ""),
            ("60614-12", "60614-12", ""),
            ("606141234", "606141234", ""),
            ("K1A 0B1", "K1A 0B1", ""),
        ],
    );
}

#[test]
fn control_characters_are_blanks_and_told_where_they_stood() {
    let csv = "ID,V,LON,LAT\n1,\"A\u{1}B\",-95,35\n2,\"A\nB\",-95.1,35\n3,\"\tA B \",-95.2,35\n4,\u{a0}Peña,-95.3,35\n";
    let ran = ran(&field("value", "\"V\"", ""), csv);
    assert_eq!(ran.values("value"), ["A B", "A B", "A B", "Peña"]);
    let told =
        |row: u8| format!("{row} | value | A B | repaired_text | control or invisible characters in V");
    assert_eq!(ran.flags(), [told(1), told(2)]);
}

#[test]
fn a_long_value_is_shortened_in_its_flag_and_nowhere_else() {
    let long = "x".repeat(300);
    let ran = ran(&field("value", "\"V\"", "type = \"integer\""), &column(&[&long]));
    let flag = &ran.flags()[0];
    assert!(
        flag.contains(&format!("{}… | unparsed", "x".repeat(199))),
        "{flag}"
    );
}

#[test]
fn values_of_several_codes_are_taken_apart() {
    let codes = "concatenated = true\n[field.codes]\nER = \"Rockfill\"\nRE = \"Earth\"\nTC = \"Timber crib\"";
    let ran = ran(
        &field("kind_code", "\"V\"", codes),
        &column(&["RE", "ERRETC", "RE;TC", "REX"]),
    );
    let expected = ["Earth", "Rockfill, Earth, Timber crib", "Earth, Timber crib", "-"];
    assert_eq!(ran.values("kind_name"), expected);
    assert_eq!(
        ran.flags(),
        ["3 | kind_code | REX | unknown_code | not among 3 codes"]
    );
}
