//! Dates that spreadsheets, databases and hurried typists left behind.

use super::{column, field, ran};

/// A text, the date that stands in the tile, and its flag with detail.
type Case = (&'static str, &'static str, &'static str);

#[track_caller]
fn check(formats: &str, cases: &[Case]) {
    let texts: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let schema = field(
        "checked_on",
        "\"V\"",
        &format!("type = \"date\"\nformats = [{formats}]"),
    );
    let ran = ran(&schema, &column(&texts));
    assert_eq!(
        ran.values("checked_on"),
        cases.iter().map(|case| case.1).collect::<Vec<_>>()
    );
    let told = cases.iter().enumerate().filter(|(_, case)| !case.2.is_empty());
    let told: Vec<String> = told
        .map(|(at, case)| format!("{at} | checked_on | {} | {}", case.0, case.2))
        .collect();
    assert_eq!(ran.flags(), told);
}

/// Days, seconds and zeros are no milliseconds of the first days of 1970.
#[test]
fn numbers_are_moments_only_where_they_can_be() {
    check(
        r#""epoch-ms""#,
        &[
            ("1706659200000", "2024-01-31", ""),
            ("-315619200000", "1960-01-01", ""),
            ("20240131", "2024-01-31", ""),
            ("1706659200", "-", "unparsed | date"),
            ("202401", "-", "unparsed | date"),
            ("0", "-", "zero_date | no date"),
            ("20240231", "-", "unparsed | date"),
            ("-2.20916E+12", "-", "zero_date | no date"),
        ],
    );
}

/// As in spreadsheets' exports of what was built long ago.
#[test]
fn two_digits_of_a_year_from_fifty_on_are_of_the_last_century() {
    check(
        r#""%m/%d/%y", "%d-%b-%y""#,
        &[
            ("01/31/52", "1952-01-31", ""),
            ("31-Jan-68", "1968-01-31", ""),
            ("01/31/69", "1969-01-31", ""),
            ("01/31/49", "2049-01-31", ""),
        ],
    );
}

/// A spreadsheet showed milliseconds in scientific notation, and six digits are all that is left.
#[test]
fn mangled_moments_are_not_believed() {
    check(
        r#""epoch-ms", "%Y-%m-%d""#,
        &[
            ("1255390000000", "2009-10-12", ""),
            ("1255390000000.0", "2009-10-12", ""),
            (
                "1.25539E+12",
                "-",
                "mangled_date | 2009-10-12 to 2009-10-13 if milliseconds since 1970",
            ),
            (
                "1.2e12",
                "-",
                "mangled_date | 2006-06-11 to 2009-08-11 if milliseconds since 1970",
            ),
            ("2009-10-12", "2009-10-12", ""),
        ],
    );
}

/// As in an export of private schools, where every one of 14,300 is a midnight.
#[test]
fn mangled_midnights_are_understood_where_all_of_a_column_are() {
    check(
        r#""epoch-ms""#,
        &[
            ("1.25539E+12", "2009-10-13", "recovered_date | made 2009-10-13"),
            ("1.2852E+12", "2010-09-23", "recovered_date | made 2010-09-23"),
            ("1.14048E+12", "2006-02-21", "recovered_date | made 2006-02-21"),
            ("", "-", ""),
            ("1255392000000", "2009-10-13", ""),
        ],
    );
}

#[test]
fn iso_8601_needs_no_pattern() {
    check(
        r#""%m/%d/%Y""#,
        &[
            ("01/31/2024", "2024-01-31", ""),
            ("2024-01-31", "2024-01-31", ""),
            ("2024-01-31 00:00:00", "2024-01-31", ""),
            ("2024-04-11T00:00:00", "2024-04-11", ""),
            ("2024-04-11T00:00:00.000Z", "2024-04-11", ""),
            ("2916-01-01 00:00:00", "-", "future_date | read as 2916-01-01"),
            ("2024-02-30 00:00:00", "-", "unparsed | date"),
        ],
    );
}

#[test]
fn a_mangled_moment_is_none_for_a_day_count_either() {
    check(
        r#""excel-serial""#,
        &[
            ("39845", "2009-02-01", ""),
            ("39845.75", "2009-02-01", ""),
            ("61", "1900-03-01", ""),
            ("3.9845E+4", "-", "mangled_date | digits lost"),
            // Where spreadsheets have a 29 February 1900, and day zero.
            ("60", "-", "unparsed | date"),
            ("0", "-", "zero_date | no date"),
        ],
    );
}

#[test]
fn a_day_count_is_believed_only_where_it_is_declared() {
    check(
        r#""%Y-%m-%d", "epoch-ms""#,
        &[
            ("39845", "-", "excel_serial_date | 2009-02-01 if a day count"),
            ("39845.5", "-", "excel_serial_date | 2009-02-01 if a day count"),
            // A year is no day count, and neither a year nor a forgotten sentinel is a moment of 1970.
            ("2016", "-", "unparsed | date"),
            ("-999", "-", "unparsed | date"),
            ("0", "-", "zero_date | no date"),
        ],
    );
}

#[test]
fn day_zero_is_no_date_in_any_spelling() {
    let zero = "zero_date | no date";
    check(
        r#""%Y-%m-%d", "%m/%d/%Y %H:%M:%S", "%d-%b-%Y", "epoch-ms""#,
        &[
            ("1899-12-30", "-", zero),
            ("12/30/1899 00:00:00", "-", zero),
            ("30-Dec-1899", "-", zero),
            ("-2209161600000", "-", "zero_date | read as 1899-12-30"),
            ("1899/12/30 00:00:00", "-", zero),
            ("1899-12-30T00:00:00Z", "-", zero),
            ("0000-00-00", "-", zero),
            ("1900-01-00", "-", zero),
            ("1/0/1900", "-", zero),
            ("1899-12-31", "1899-12-31", ""),
        ],
    );
}

#[test]
fn dates_of_no_time_we_know_are_not_believed() {
    check(
        r#""%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y""#,
        &[
            ("2916-01-01", "-", "future_date | read as 2916-01-01"),
            ("2100-12-31", "2100-12-31", ""),
            ("1699-12-31", "-", "implausible_date | read as 1699-12-31"),
            ("1700-01-01", "1700-01-01", ""),
            // Year 9 by the second pattern isn't believed, so the third is tried.
            ("1/20/09", "2009-01-20", ""),
            ("9999-12-31", "-", "future_date | read as 9999-12-31"),
        ],
    );
}

#[test]
fn two_digits_of_a_year_are_not_the_first_century() {
    check(
        r#""%m/%d/%Y""#,
        &[
            ("1/20/2009", "2009-01-20", ""),
            ("1/20/09", "-", "implausible_date | read as 0009-01-20"),
        ],
    );
}

#[test]
fn what_is_no_date_is_told_with_its_words() {
    check(
        r#""%Y-%m-%d""#,
        &[
            ("2009-02-30", "-", "unparsed | date"),
            ("SPRING 2009", "-", "unparsed | date"),
            ("", "-", ""),
        ],
    );
}
