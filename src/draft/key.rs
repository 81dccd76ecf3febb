//! Which column identifies a facility.
//!
//! Pure. A key must stay the same when the file is published again, which no single file can
//! show: names decide among the columns that are unique.

use super::column::Column;
use super::kind::{Kind, nulls};
use super::names::{is_coordinate, snake, squeezed};

/// A column proposed as the key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Position of the column.
    pub(super) column: usize,
    /// What to say of it, a line each.
    pub(super) remarks: Vec<String>,
}

/// How well a column serves as a key; lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Identifier,
    NamedLikeOne,
    Code,
    Unique,
    RunningNumber,
    Unstable,
    Words,
}

/// Numbers that a database or a program gives out anew.
const UNSTABLE: [&str; 12] = [
    "objectid",
    "objectid1",
    "objectid2",
    "fid",
    "fid1",
    "oid",
    "ogcfid",
    "gid",
    "rowid",
    "index",
    "featureid",
    "column1",
];

const IDENTIFIERS: [&str; 8] =
    ["id", "permanentidentifier", "globalid", "uniqueid", "facilityid", "guid", "uuid", "geoid"];

/// The best candidate among the columns, of which `kinds` gives the types.
pub(super) fn choose(columns: &[Column], kinds: &[Kind], rows: u64, most_lost: u64) -> Option<Key> {
    let ranked = columns.iter().zip(kinds).enumerate().filter_map(|(at, (column, kind))| {
        let (_, doubtful) = nulls(column, kind);
        let lost = column.lost_as_key(rows, doubtful.len() as u64, most_lost)?;
        let rank = rank(column, kind, lost)?;
        Some((rank, at, lost))
    });
    let Some((rank, column, lost)) = ranked.min() else { return fallback(columns, rows) };
    let name = &columns[column].name;
    let mut remarks = Vec::new();
    match rank {
        Rank::Unstable => remarks.push(format!(
            "EDIT: `{name}` is numbered anew whenever the file is made, so facilities lose their identity; use another if there is one."
        )),
        Rank::RunningNumber => remarks.push(format!(
            "EDIT: `{name}` counts the rows; make sure that a facility keeps its number from one release to the next."
        )),
        Rank::Words => remarks.push(format!("EDIT: `{name}` is unique by chance or by nature; is it an identifier?")),
        _ => {}
    }
    if lost > 0 {
        remarks
            .push(format!("{lost} of {rows} rows have none or repeat an earlier one: they will be rejects."));
    }
    Some(Key { column, remarks })
}

/// Where no column is unique, the one that is called an identifier, or the first.
fn fallback(columns: &[Column], rows: u64) -> Option<Key> {
    let is_named = |column: &Column| is_identifier(&column.name) || is_named_like_one(&column.name);
    let column = columns.iter().position(is_named).or((!columns.is_empty()).then_some(0))?;
    let remark = if rows == 0 {
        "EDIT: the file has no rows, so nothing shows which column is the key.".to_owned()
    } else {
        "EDIT: no column is unique; name several whose values together are, as in `key = [\"a\", \"b\"]`."
            .to_owned()
    };
    Some(Key { column, remarks: vec![remark] })
}

/// How well a column would do that loses `lost` rows; `None` where it can't be a key.
fn rank(column: &Column, kind: &Kind, lost: u64) -> Option<Rank> {
    let is_excluded =
        matches!(kind, Kind::Date(_) | Kind::Boolean | Kind::Number) || is_coordinate(&column.name);
    if column.values == 0 || is_excluded || squeezed(&column.name).contains("phone") {
        return None;
    }
    let rank = match &column.name {
        name if UNSTABLE.contains(&squeezed(name).as_str()) => Rank::Unstable,
        _ if column.is_running_number() => Rank::RunningNumber,
        name if is_identifier(name) => Rank::Identifier,
        name if is_named_like_one(name) => Rank::NamedLikeOne,
        name if is_named_code(name) && column.is_code_like => Rank::Code,
        // Without a name that says so, a measure may be unique by chance.
        _ if lost > 0 => return None,
        _ if column.is_code_like && column.lengths.1 <= 20 && *kind == Kind::Text => Rank::Unique,
        _ if column.lengths.1 <= 80 && *kind != Kind::Integer => Rank::Words,
        _ => return None,
    };
    Some(rank)
}

fn is_identifier(name: &str) -> bool {
    IDENTIFIERS.contains(&squeezed(name).as_str())
}

fn is_named_like_one(name: &str) -> bool {
    let squeezed = squeezed(name);
    squeezed.ends_with("id") || squeezed.ends_with("identifier") || squeezed.ends_with("key")
}

fn is_named_code(name: &str) -> bool {
    let is_word = |word: &str| matches!(word, "code" | "number" | "num" | "no" | "callsign" | "siteno");
    snake(name).split('_').any(is_word) || squeezed(name).ends_with("code")
}

#[cfg(test)]
mod tests {
    use super::super::column::tests::column;
    use super::super::kind::infer;
    use super::*;

    fn chosen(columns: &[(&str, &[&str])]) -> (String, String) {
        let columns: Vec<Column> = columns.iter().map(|(name, values)| column(name, values)).collect();
        let kinds: Vec<Kind> = columns.iter().map(infer).collect();
        let key = choose(&columns, &kinds, 4, 1).unwrap();
        (columns[key.column].name.clone(), key.remarks.join(" "))
    }

    const COUNTED: (&str, &[&str]) = ("OBJECTID", &["1", "2", "3", "4"]);

    #[test]
    fn an_identifier_beats_the_objectid_even_with_a_defect() {
        let (name, remarks) = chosen(&[COUNTED, ("ID", &["0005", "0053", "0053", "0017"])]);
        assert_eq!(name, "ID");
        assert!(remarks.contains("1 of 4 rows"), "{remarks}");
    }

    #[test]
    fn names_decide_among_unique_columns() {
        let unique: &[&str] = &["10", "25", "31", "77"];
        for better in ["PERMANENT_IDENTIFIER", "NIDID", "Plant_Code", "sub_id"] {
            let name = chosen(&[COUNTED, ("TOWN", &["a b", "c d", "e f", "g h"]), (better, unique)]).0;
            assert_eq!(name, better);
        }
    }

    #[test]
    fn a_short_code_that_is_also_a_word_stays_a_key() {
        let (name, remarks) = chosen(&[COUNTED, ("lid", &["ANC", "UNK", "JFK", "LAX"])]);
        assert_eq!((name.as_str(), remarks.as_str()), ("lid", ""));
    }

    #[test]
    fn an_objectid_is_said_to_be_unstable() {
        let (name, remarks) = chosen(&[("LIFT", &["1.5", "2.5", "3.5", "4.5"]), COUNTED]);
        assert_eq!(name, "OBJECTID");
        assert!(remarks.contains("EDIT") && remarks.contains("anew"), "{remarks}");
    }

    #[test]
    fn a_counter_called_id_is_asked_about() {
        let (name, remarks) = chosen(&[COUNTED, ("ID", &["0", "1", "2", "3"])]);
        assert_eq!(name, "ID");
        assert!(remarks.contains("counts the rows"), "{remarks}");
    }

    #[test]
    fn without_a_unique_column_the_draft_asks() {
        let (name, remarks) = chosen(&[("A", &["x", "x", "x", "x"]), ("SITE_ID", &["1", "1", "2", "2"])]);
        assert_eq!(name, "SITE_ID");
        assert!(remarks.contains("no column is unique"), "{remarks}");
    }
}
