//! Sentinels are of their field: what means "unknown" in one is a value in the next.

use super::{column, field, ran};

#[test]
fn a_number_that_is_a_sentinel_elsewhere_is_a_value() {
    // -2 is a code of the school statistics, a longitude of exactly -99 a wind farm in Texas.
    let fields = field("kind_code", "\"KIND\"", "")
        + &field("beds", "\"BEDS\"", "type = \"integer\"\nnull = [\"-2\"]")
        + &field("longitude", "\"LON\"", "type = \"number\"\nnull = [\"-999\"]");
    let ran = ran(&fields, "ID,KIND,BEDS,LON,LAT\n1,-2,-2,-99,35\n2,-1,-1,-95,35\n");
    assert_eq!(ran.values("kind_code"), ["-2", "-1"]);
    assert_eq!(ran.values("beds"), ["-", "-1"]);
    assert_eq!(ran.values("longitude"), ["-99", "-95"]);
    assert_eq!(ran.report.fields["beds"].sentinel, 1);
    assert_eq!(ran.flags(), Vec::<String>::new());
}

#[test]
fn blank_is_null_and_na_is_a_word() {
    let fields = field("country", "\"V\"", "null = [\"NOT AVAILABLE\"]");
    let texts = [
        " ",
        "",
        "NA",
        "None",
        "N/A",
        "null",
        "NaN",
        "NOT AVAILABLE",
        " NOT AVAILABLE ",
        "Not Available",
    ];
    let ran = ran(&fields, &column(&texts));
    let expected = ["-", "-", "NA", "None", "N/A", "null", "NaN", "-", "-", "-"];
    assert_eq!(ran.values("country"), expected);
    assert_eq!(
        ran.report.fields["country"].sentinel, 3,
        "a blank is no sentinel, another case is"
    );
}

#[test]
fn a_real_number_that_prints_like_a_sentinel_is_one() {
    let texts = [
        "-999",
        "-999.0",
        "-999.00000000000",
        "-999.5",
        "-9990",
        "-99",
        "10",
        "100.0",
    ];
    for kind in ["integer", "number"] {
        let ran = ran(
            &field(
                "v",
                "\"V\"",
                &format!("type = \"{kind}\"\nnull = [\"-999\", \"1.0\"]"),
            ),
            &column(&texts),
        );
        let half = if kind == "integer" { "-" } else { "-999.5" };
        assert_eq!(
            ran.values("v"),
            ["-", "-", "-", half, "-9990", "-99", "10", "100"],
            "{kind}"
        );
        assert_eq!(ran.report.fields["v"].sentinel, 3);
    }
    // The other way round, and not in text, where a value is what is written.
    let other = ran(
        &field("v", "\"V\"", "type = \"number\"\nnull = [\"-999.0\"]"),
        &column(&texts),
    );
    assert_eq!(other.values("v")[..3], ["-", "-", "-"]);
    let text = ran(&field("v", "\"V\"", "null = [\"-999\"]"), &column(&texts));
    assert_eq!(text.values("v")[..3], ["-", "-999.0", "-999.00000000000"]);
}

#[test]
fn the_second_spelling_of_a_field_serves_where_the_first_is_a_sentinel() {
    let fields = field(
        "county_fips_claimed",
        "\"COUNTYFIPS\", \"FIPS\"",
        "pad = 5\nnull = [\"NOT AVAILABLE\"]",
    );
    let ran = ran(
        &fields,
        "ID,FIPS,COUNTYFIPS,LON,LAT\n1,48001,NOT AVAILABLE,-95,35\n2,48003,1001,-85,35\n",
    );
    assert_eq!(ran.values("county_fips_claimed"), ["48001", "01001"]);
    assert_eq!(
        ran.flags(),
        ["2 | county_fips_claimed | 1001 | restored_zeros | made 01001"]
    );
}
