//! Which spellings of a column mean "no value".
//!
//! Pure.

use super::column::Column;
use super::kind::Kind;
use super::names;
use super::sentinel::Sentinel;
use super::survey::Survey;

/// Values of the column that mean null: sure ones, and ones to ask about.
pub(super) fn null_spellings<'a>(column: &'a Column, kind: &Kind) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut sure = Vec::new();
    let mut doubtful = Vec::new();
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
            sure.push(value.as_str());
        } else {
            doubtful.push(value.as_str());
        }
    }
    (sure, doubtful)
}

/// Of `rows` rows those that are null in a column: empty, or spelled as what surely means so.
pub(super) fn null_rows(column: &Column, kind: &Kind, rows: u64) -> u64 {
    let (sure, _) = null_spellings(column, kind);
    let mut written = column.values;
    let mut sentinels = 0;
    for (value, (_, count)) in &column.sentinels {
        written += count;
        if sure.contains(&value.as_str()) {
            sentinels += count;
        }
    }
    rows.saturating_sub(written) + sentinels
}

/// Rows that would be lost if this column alone were the key: a spelling that is only doubtful counts as a value.
pub(super) fn lost_alone(survey: &Survey, kinds: &[Kind], at: usize) -> u64 {
    let column = &survey.columns[at];
    let (_, doubtful) = null_spellings(column, &kinds[at]);
    column.lost_as_key(survey.rows, doubtful.len() as u64)
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
    use super::super::infer::infer_kind;
    use super::*;

    #[test]
    fn sentinels_are_taken_where_they_are_plausible() {
        let spellings = |name: &str, values: &[&str]| {
            let column = column(name, values);
            let kind = infer_kind(&column);
            let (sure, doubtful) = null_spellings(&column, &kind);
            (sure.join(","), doubtful.join(","))
        };
        let pair = |sure: &str, doubtful: &str| (sure.to_owned(), doubtful.to_owned());
        assert_eq!(spellings("BEDS", &["25", "-999"]), pair("-999", ""));
        assert_eq!(spellings("LONGITUDE", &["-95.5", "-99"]), pair("", "-99"));
        assert_eq!(spellings("lon", &["12.5", "-99"]), pair("", "-99"));
        assert_eq!(spellings("DEPTH", &["-5", "-999"]), pair("", "-999"));
        assert_eq!(
            spellings("TRAUMA", &["LEVEL I", "NONE", "NOT AVAILABLE"]),
            pair("NOT AVAILABLE", "NONE")
        );
        assert_eq!(spellings("lid", &["ANC", "UNK", "-"]), pair("-", "UNK"));
        assert_eq!(spellings("LINES", &["1", "NONE"]), pair("NONE", ""));
        assert_eq!(spellings("CITY", &["1899-12-30", "ROME"]), pair("", "1899-12-30"));
    }
}
