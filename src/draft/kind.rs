//! The type of a field from the values of its column.
//!
//! Pure. Strict where an identifier could be taken for a number: a single `12A` makes text of a
//! column, and so does a leading zero. Dates, and numbers among words, may have a few misfits.

use super::codes;
use super::column::Column;
use super::names;
use super::sentinel::Sentinel;

/// Type of a field, as a schema writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// `text`.
    Text,
    /// `integer`.
    Integer,
    /// `number`.
    Number,
    /// `boolean`, of the words that a schema knows by default.
    Boolean,
    /// `date`, in these patterns.
    Date(Vec<&'static str>),
    /// `state`.
    State,
}

/// Words of the default booleans, without the digits: 0 and 1 are counts more often than answers.
const TRUE: [&str; 4] = ["Y", "YES", "T", "TRUE"];
const FALSE: [&str; 4] = ["N", "NO", "F", "FALSE"];

impl Kind {
    /// The word that a schema uses.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date(_) => "date",
            Self::State => "state",
        }
    }
}

/// The type that the values of a column fit.
pub(super) fn infer(column: &Column) -> Kind {
    if column.values == 0 {
        return of_nothing(column);
    }
    if let Some(formats) = column.dates.formats() {
        return Kind::Date(formats.into_iter().collect());
    }
    if names::is_state(&column.name) && column.states * 100 >= column.values * 99 {
        return Kind::State;
    }
    let words: Vec<&str> = TRUE.into_iter().chain(FALSE).collect();
    if column.is_all(&words) && column.has_any(&TRUE) && column.has_any(&FALSE) {
        return Kind::Boolean;
    }
    let has_misfits = column.numbers * 100 < column.values * 99 || column.is_mixed;
    if has_misfits || column.is_digits_code || codes::is_code(&column.name) {
        return Kind::Text;
    }
    let is_real = declares(column, "Real");
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
        () if declares(column, "Real") => Kind::Number,
        () if has_number || declares(column, "Integer") => Kind::Integer,
        () if declares(column, "DateTime") => Kind::Date(vec!["%+", "%Y-%m-%dT%H:%M:%S"]),
        () if declares(column, "Date") => Kind::Date(vec!["%Y-%m-%d"]),
        () => Kind::Text,
    }
}

fn declares(column: &Column, kind: &str) -> bool {
    column
        .declared
        .as_ref()
        .is_some_and(|declared| declared.starts_with(kind))
}

/// Values of the column that mean null: sure ones, and ones to ask about.
pub(super) fn nulls<'a>(column: &'a Column, kind: &Kind) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut sure, mut doubtful) = (Vec::new(), Vec::new());
    for (value, (sentinel, _)) in &column.sentinels {
        let is_sure = match sentinel {
            Sentinel::Word => *kind != Kind::Text || !may_be_code(value, column),
            Sentinel::DoubtfulWord => !matches!(kind, Kind::Text | Kind::State),
            Sentinel::Day => matches!(kind, Kind::Date(_)),
            // Where numbers go below zero, -99 may be one of them: a longitude, a depth.
            Sentinel::Number => {
                !names::is_coordinate(&column.name) && column.range.is_none_or(|(low, _)| low >= 0.0)
            }
        };
        if is_sure {
            sure.push(value.as_str())
        } else {
            doubtful.push(value.as_str())
        }
    }
    (sure, doubtful)
}

/// Whether a word may be one of the short codes around it: Unalakleet's airport is UNK.
fn may_be_code(word: &str, column: &Column) -> bool {
    const SHORT: usize = 4;
    let are_short_codes = column.is_code_like && column.lengths.1 <= SHORT && column.numbers < column.values;
    are_short_codes && word.len() <= column.lengths.1 && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::super::column::tests::column;
    use super::*;

    fn kind(name: &str, values: &[&str]) -> Kind {
        infer(&column(name, values))
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
        assert_eq!(infer(&declared), Kind::Date(vec!["%Y-%m-%d"]));
    }

    #[test]
    fn sentinels_are_taken_where_they_are_plausible() {
        let nulls = |name: &str, values: &[&str]| {
            let column = column(name, values);
            let kind = infer(&column);
            let (sure, doubtful) = nulls(&column, &kind);
            (sure.join(","), doubtful.join(","))
        };
        let pair = |sure: &str, doubtful: &str| (sure.to_owned(), doubtful.to_owned());
        assert_eq!(nulls("BEDS", &["25", "-999"]), pair("-999", ""));
        assert_eq!(nulls("LONGITUDE", &["-95.5", "-99"]), pair("", "-99"));
        assert_eq!(nulls("lon", &["12.5", "-99"]), pair("", "-99"));
        assert_eq!(nulls("DEPTH", &["-5", "-999"]), pair("", "-999"));
        assert_eq!(
            nulls("TRAUMA", &["LEVEL I", "NONE", "NOT AVAILABLE"]),
            pair("NOT AVAILABLE", "NONE")
        );
        assert_eq!(nulls("lid", &["ANC", "UNK", "-"]), pair("-", "UNK"));
        assert_eq!(nulls("LINES", &["1", "NONE"]), pair("NONE", ""));
        assert_eq!(nulls("CITY", &["1899-12-30", "ROME"]), pair("", "1899-12-30"));
    }
}
