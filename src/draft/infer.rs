//! The type of a field from the values of its column.
//!
//! Pure. Strict where an identifier could be taken for a number: a single `12A` makes text of a
//! column, and so does a leading zero. Dates, and numbers among words, may have a few misfits.

use super::codes;
use super::column::Column;
use super::kind::Kind;
use super::names;
use super::sentinel::Sentinel;

/// Words of the default booleans, without the digits: 0 and 1 are counts more often than answers.
const TRUE: [&str; 4] = ["Y", "YES", "T", "TRUE"];
const FALSE: [&str; 4] = ["N", "NO", "F", "FALSE"];

/// The type that the values of a column fit.
pub(super) fn infer_kind(column: &Column) -> Kind {
    if column.values == 0 {
        return of_nothing(column);
    }
    if let Some(formats) = column.dates.formats() {
        return Kind::Date(formats.into_iter().collect());
    }
    if names::is_state(&column.name) && column.states * 100 >= column.values * 99 {
        return Kind::State;
    }
    // One answer alone is no question: `N` in every row may be the code of anything.
    let words: Vec<&str> = TRUE.into_iter().chain(FALSE).collect();
    if column.is_all(&words) && column.has_any(&TRUE) && column.has_any(&FALSE) {
        return Kind::Boolean;
    }
    // One word among a hundred numbers is a slip; one `12A` is an identifier, and makes codes of the others.
    let has_misfits = column.numbers * 100 < column.values * 99 || column.is_mixed;
    if has_misfits || column.is_digits_code || codes::is_code(&column.name) {
        return Kind::Text;
    }
    // BEDS of the hospitals is whole in the CSV and Real in the shapefile: a file that declares decimals may
    // have some in its next release.
    let is_real = is_declared(column, "Real");
    if column.integers == column.numbers && !is_real {
        Kind::Integer
    } else {
        Kind::Number
    }
}

/// Where every value is empty or a sentinel, the declared type or the sentinel says.
fn of_nothing(column: &Column) -> Kind {
    let has_number = column
        .sentinels
        .values()
        .any(|(sentinel, _)| *sentinel == Sentinel::Number);
    if codes::is_code(&column.name) {
        return Kind::Text;
    }
    match () {
        () if is_declared(column, "Real") => Kind::Number,
        () if has_number || is_declared(column, "Integer") => Kind::Integer,
        () if is_declared(column, "DateTime") => Kind::Date(vec!["%+", "%Y-%m-%dT%H:%M:%S"]),
        () if is_declared(column, "Date") => Kind::Date(vec!["%Y-%m-%d"]),
        () => Kind::Text,
    }
}

fn is_declared(column: &Column, kind: &str) -> bool {
    column
        .declared
        .as_ref()
        .is_some_and(|declared| declared.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::super::column::tests::column;
    use super::*;

    fn kind(name: &str, values: &[&str]) -> Kind {
        infer_kind(&column(name, values))
    }

    #[test]
    fn numbers_are_strict() {
        assert_eq!(kind("BEDS", &["25", "-999", "60"]), Kind::Integer);
        assert_eq!(kind("Total_MW", &["1.7", "53", ""]), Kind::Number);
        assert_eq!(kind("LINES", &["1", "2", "12A"]), Kind::Text);
        assert_eq!(kind("HEIGHT", &["NaN", "12", "NOT AVAILABLE"]), Kind::Integer);
    }

    #[test]
    fn a_word_among_many_numbers_is_a_misfit() {
        let beds = [vec!["25"; 200], vec!["MANY"]].concat();
        assert_eq!(kind("BEDS", &beds), Kind::Integer);
        assert_eq!(
            kind("ROUTE", &[vec!["25"; 200], vec!["12A"]].concat()),
            Kind::Text
        );
        assert_eq!(kind("BEDS", &[vec!["25"; 50], vec!["MANY"]].concat()), Kind::Text);
    }

    #[test]
    fn codes_are_text() {
        assert_eq!(kind("X1", &["06037", "48201"]), Kind::Text, "a leading zero");
        assert_eq!(
            kind("X1", &["1234567890123456789"]),
            Kind::Text,
            "too long for a double"
        );
        for name in [
            "ZIP",
            "Zip",
            "ZIP4",
            "ZIPCODE",
            "ST_FIPS",
            "COUNTYFIPS",
            "NAICS_CODE",
            "TELEPHONE",
            "Utility_ID",
            "ID",
        ] {
            assert_eq!(kind(name, &["48201", "48202"]), Kind::Text, "{name}");
        }
        assert_eq!(kind("VALID", &["0", "1"]), Kind::Integer);
    }

    #[test]
    fn answers_are_boolean_only_where_both_occur() {
        assert_eq!(kind("HELIPAD", &["Y", "N", "Y"]), Kind::Boolean);
        assert_eq!(kind("EAP", &["Y", "N", "NR"]), Kind::Text);
        assert_eq!(kind("BANK", &["N", "N"]), Kind::Text);
    }

    #[test]
    fn states_need_the_name_and_the_values() {
        assert_eq!(kind("STATE", &["TX", "CA"]), Kind::State);
        assert_eq!(kind("COUNTRY", &["US", "MP"]), Kind::Text);
        assert_eq!(kind("STATE", &["open", "closed"]), Kind::Text);
    }

    #[test]
    fn a_column_without_values_takes_its_type_from_elsewhere() {
        assert_eq!(kind("TTL_STAFF", &["-999", "-999"]), Kind::Integer);
        assert_eq!(kind("NOTE", &["", "NOT AVAILABLE"]), Kind::Text);
        let mut declared = column("D", &[]);
        declared.declared = Some("Date(10)".to_owned());
        assert_eq!(infer_kind(&declared), Kind::Date(vec!["%Y-%m-%d"]));
    }
}
