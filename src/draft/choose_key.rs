//! Which columns identify a facility.
//!
//! Pure but for the second look that `proof` takes. A key must stay the same when the file is
//! published again, which no single file can show: names decide among the columns that are unique.

use super::column::Column;
use super::composite_key::{composite_key, keys_beside};
use super::identity::{Rank, is_excluded, is_identifier, is_named_like_one, key_rank};
use super::key::{Key, PARTS, loss_remarks};
use super::kind::Kind;
use super::nulls::{lost_alone, null_spellings};
use super::proof::{self, KeyCandidate};
use super::request::Request;
use super::survey::Survey;
use crate::source::SourceError;

/// A single column that may be the key.
#[derive(Debug, Clone, Copy)]
struct SingleColumn {
    rank: Rank,
    at: usize,
    lost: u64,
}

/// Of how many rows an estimate of distinct values may miss one.
const ESTIMATED: u64 = 500;

/// One in more rows than `proof` has room for: whatever loses any is given up.
const ANY: u64 = 1 << 24;

/// The best candidate of the file.
pub(super) fn choose_key(
    survey: &Survey,
    kinds: &[Kind],
    wanted: &Request,
) -> Result<Option<Key>, SourceError> {
    let singles = single_candidates(&survey.columns, kinds, survey.rows, survey.most_lost);
    let singles = without_disproven(survey, kinds, wanted, singles)?;
    let best = best_single(&singles);
    if let Some(best) = best.filter(|best| best.rank <= Rank::Unique) {
        let is_sure = best.lost == 0 && survey.columns[best.at].distinct.is_exact();
        if is_sure {
            return Ok(Some(key_of_one(survey, survey.rows, best)));
        }
        return nearly_unique_key(survey, kinds, wanted, best).map(Some);
    }
    // What is unique alone beats several that only happen to be so together; whole numbers may be a measure, by whose
    // chance no key goes whose every part is called one.
    if let Some(best) = best.filter(|best| matches!(best.rank, Rank::Counter | Rank::Words)) {
        return Ok(Some(key_of_one(survey, survey.rows, best)));
    }
    let number = best.filter(|best| best.rank == Rank::Number);
    Ok(match (composite_key(survey, kinds, wanted)?, number, best) {
        (Some((key, true)), ..) => Some(key),
        (_, Some(number), _) => Some(key_of_one(survey, survey.rows, number)),
        (Some((key, false)), ..) => Some(key),
        (None, None, Some(best)) => Some(key_of_one(survey, survey.rows, best)),
        (None, None, None) => least_lossy_key(survey, kinds),
    })
}

/// Single columns that lose few rows.
fn single_candidates(columns: &[Column], kinds: &[Kind], rows: u64, most_lost: u64) -> Vec<SingleColumn> {
    let ranked = columns
        .iter()
        .zip(kinds)
        .enumerate()
        .filter_map(|(at, (column, kind))| {
            let (_, doubtful) = null_spellings(column, kind);
            let lost = column.lost_as_key(rows, doubtful.len() as u64);
            // An estimate this near to none may be none.
            let is_near = !column.distinct.is_exact() && lost * ESTIMATED < rows;
            let lost = if is_near { 0 } else { lost };
            if lost > most_lost {
                return None;
            }
            Some(SingleColumn {
                rank: key_rank(column, kind, lost)?,
                at,
                lost,
            })
        });
    ranked.collect()
}

/// Without those that seemed unique by an estimate, have no name that says so, and are not.
fn without_disproven(
    survey: &Survey,
    kinds: &[Kind],
    wanted: &Request,
    singles: Vec<SingleColumn>,
) -> Result<Vec<SingleColumn>, SourceError> {
    if !best_single(&singles).is_some_and(|best| is_estimate(&best, survey)) {
        return Ok(singles);
    }
    // What is estimated at a few hundredths of a percent can hide a repeated key. A pass over the file settles
    // it, and is made only where an estimate would win.
    let (estimates, mut proven): (Vec<SingleColumn>, Vec<SingleColumn>) =
        singles.into_iter().partition(|one| is_estimate(one, survey));
    let mut candidates: Vec<KeyCandidate> = estimates
        .iter()
        .take(PARTS)
        .map(|one| KeyCandidate::new(vec![one.at]))
        .collect();
    proof::count_losses(survey, kinds, wanted, &mut candidates, ANY)?;
    let unique = estimates
        .iter()
        .zip(&candidates)
        .filter(|(_, counted)| counted.lost() == 0);
    proven.extend(unique.map(|(one, _)| *one));
    Ok(proven)
}

/// Whether nothing but an estimate speaks for a column.
fn is_estimate(one: &SingleColumn, survey: &Survey) -> bool {
    matches!(one.rank, Rank::Unique | Rank::Words | Rank::Number)
        && !survey.columns[one.at].distinct.is_exact()
}

/// A named one that loses nothing comes first; then the better name.
fn best_single(singles: &[SingleColumn]) -> Option<SingleColumn> {
    let best = singles
        .iter()
        .min_by_key(|one| (one.rank > Rank::Code || one.lost > 0, one.rank, one.at));
    best.copied()
}

fn key_of_one(survey: &Survey, counted: u64, single: SingleColumn) -> Key {
    let name = &survey.columns[single.at].name;
    let mut remarks = Vec::new();
    match single.rank {
        Rank::Unstable => remarks.push(format!(
            "EDIT: nothing else identifies a row, and `{name}` is numbered anew whenever the file is made, so facilities lose their identity."
        )),
        Rank::RunningNumber | Rank::Counter => remarks.push(format!(
            "EDIT: `{name}` counts the rows; make sure that a facility keeps its number from one release to the next."
        )),
        Rank::Words | Rank::Number => {
            remarks.push(format!("EDIT: `{name}` is unique by chance or by nature; is it an identifier?"));
        }
        _ => {}
    }
    remarks.extend(loss_remarks(survey.rows, counted, single.lost));
    Key {
        columns: vec![single.at],
        lost: single.lost,
        remarks,
    }
}

/// A column that identifies nearly every row, or, where that makes all unique, with others beside it.
fn nearly_unique_key(
    survey: &Survey,
    kinds: &[Kind],
    wanted: &Request,
    single: SingleColumn,
) -> Result<Key, SourceError> {
    let mut alone = [KeyCandidate::new(vec![single.at])];
    let counted = proof::count_losses(survey, kinds, wanted, &mut alone, 1)?;
    let [alone] = alone;
    let key = key_of_one(
        survey,
        counted,
        SingleColumn {
            lost: alone.lost(),
            ..single
        },
    );
    // An agency's own number may repeat for parts of one thing: `nidid` does 806 times in the National Inventory
    // of Dams. What stands beside it may tell the parts apart; whether they are one facility or two, its makers
    // know.
    let mut candidates = keys_beside(survey, kinds, single.at);
    if alone.repeated == 0 || candidates.is_empty() {
        return Ok(key);
    }
    let counted = proof::count_losses(survey, kinds, wanted, &mut candidates, 1)?;
    let unique = candidates
        .iter()
        .filter(|one| one.repeated == 0 && one.lost() < alone.lost());
    let Some(better) = unique.min_by_key(|one| (one.columns.len(), one.lost())) else {
        return Ok(key);
    };
    let mut remarks = vec![format!(
        "EDIT: `{}` alone repeats in {} of {counted} rows; with what stands beside it, none does. Are those one facility or two?",
        survey.columns[single.at].name, alone.repeated
    )];
    remarks.extend(loss_remarks(survey.rows, counted, better.lost()));
    Ok(Key {
        columns: better.columns.clone(),
        lost: better.lost(),
        remarks,
    })
}

/// Where nothing is unique, the column that loses the fewest rows.
fn least_lossy_key(survey: &Survey, kinds: &[Kind]) -> Option<Key> {
    let columns = &survey.columns;
    let rows = survey.rows;
    let found = (0..columns.len())
        .filter(|at| !is_excluded(&columns[*at], &kinds[*at]))
        .min_by_key(|at| {
            let name = &columns[*at].name;
            let is_named = is_identifier(name) || is_named_like_one(name);
            (lost_alone(survey, kinds, *at), !is_named, *at)
        });
    let at = found.or((!columns.is_empty()).then_some(0))?;
    let name = &columns[at].name;
    let lost = lost_alone(survey, kinds, at);
    let about = if columns[at].distinct.is_exact() {
        ""
    } else {
        "about "
    };
    let remark = match lost {
        _ if rows == 0 => "EDIT: the file has no rows, so nothing shows which column is the key.".to_owned(),
        0 => format!(
            "EDIT: `{name}` alone is unique, but it looks like a measure: is there another identifier?"
        ),
        _ => format!(
            "EDIT: no column is unique, and no two or three together; of all, `{name}` loses the fewest: {about}{lost} of {rows} rows will be rejects."
        ),
    };
    Some(Key {
        columns: vec![at],
        lost,
        remarks: vec![remark],
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::infer::infer_kind;
    use super::super::look::look_through;
    use super::*;
    use crate::plan::Reference;

    /// Names of the key's columns, and the remarks, for a file of these columns.
    fn chosen(columns: &[(&str, &[&str])]) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let header: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let mut text = header.join(",") + "\n";
        for row in 0..columns[0].1.len() {
            let values: Vec<&str> = columns.iter().map(|(_, values)| values[row]).collect();
            writeln!(text, "{}", values.join(",")).unwrap();
        }
        std::fs::write(&path, text).unwrap();
        let wanted = Request {
            shown: "a.csv".to_owned(),
            path,
            table: None,
            rows: None,
            id: None,
            agency: None,
            licence: None,
            is_saved: false,
        };
        let mut survey = look_through(&wanted, &Reference::default()).unwrap();
        survey.most_lost = 1;
        let kinds: Vec<Kind> = survey.columns.iter().map(infer_kind).collect();
        let key = choose_key(&survey, &kinds, &wanted).unwrap().unwrap();
        let names: Vec<&str> = key
            .columns
            .iter()
            .map(|at| survey.columns[*at].name.as_str())
            .collect();
        (names.join("+"), key.remarks.join(" "))
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
    fn several_columns_are_tried_where_none_is_unique() {
        let plant = ("PLANT_CODE", ["10", "10", "25", "25"].as_slice());
        let unit = ("GENERATOR_ID", ["1", "2", "1", "2"].as_slice());
        let fuel = ("FUEL", ["gas", "oil", "gas", "gas"].as_slice());
        let (name, remarks) = chosen(&[COUNTED, fuel, plant, unit]);
        assert_eq!(name, "PLANT_CODE+GENERATOR_ID");
        assert!(remarks.contains("these together are"), "{remarks}");
    }

    #[test]
    fn a_unique_number_beats_names_that_are_unique_together() {
        let permit = ("PERMIT", ["17", "2093", "305", "1188"].as_slice());
        let name = ("NAME", ["a a", "a a", "b b", "b b"].as_slice());
        let city = ("CITY", ["c", "d", "c", "d"].as_slice());
        let (found, remarks) = chosen(&[name, city, permit]);
        assert_eq!(found, "PERMIT");
        assert!(
            remarks.contains("is it an identifier?") && !remarks.contains("lose"),
            "{remarks}"
        );
        assert_eq!(
            chosen(&[name, ("ORISPL", &["55012", "10333", "88391", "70001"])]).0,
            "ORISPL"
        );
        // A count may be unique by chance, and so may numbers beside the parts of a key.
        assert_eq!(chosen(&[name, city, ("TOTAL_BEDS", permit.1)]).0, "NAME+CITY");
        let (plant, unit) = (
            ("PLANT_CODE", ["10", "10", "25", "25"].as_slice()),
            ("UNIT_ID", ["1", "2", "1", "2"].as_slice()),
        );
        let (found, remarks) = chosen(&[permit, plant, unit]);
        assert_eq!(found, "PLANT_CODE+UNIT_ID");
        assert!(remarks.contains("`PERMIT` is unique alone"), "{remarks}");
        let (found, remarks) = chosen(&[("HEIGHT", permit.1), ("KIND", &["a", "a", "a", "a"])]);
        assert_eq!(found, "HEIGHT");
        assert!(remarks.contains("looks like a measure"), "{remarks}");
    }

    #[test]
    fn a_nearly_unique_column_takes_another_beside_it() {
        let id = ("NIDID", ["AL1", "AL2", "AL2", "AL4"].as_slice());
        let part = ("SECTION_ID", ["1", "1", "2", "1"].as_slice());
        let (name, remarks) = chosen(&[COUNTED, id, part]);
        assert_eq!(name, "NIDID+SECTION_ID");
        assert!(remarks.contains("alone repeats in 1 of 4 rows"), "{remarks}");
    }

    #[test]
    fn what_is_estimated_is_counted_before_it_is_believed() {
        let many: Vec<String> = (0..70_000).map(|n| format!("W{n}")).collect();
        let unique: Vec<&str> = many.iter().map(String::as_str).collect();
        let mut repeated = unique.clone();
        repeated[69_999] = "W0";
        let kinds = vec!["OIL"; 70_000];
        let same = ("KIND", kinds.as_slice());
        assert_eq!(
            chosen(&[("WELL", &unique), same]),
            ("WELL".to_owned(), String::new())
        );
        let (name, _) = chosen(&[("WELL", &repeated), ("TITLE", &unique)]);
        assert_eq!(name, "TITLE");
        let (name, remarks) = chosen(&[("WELL_ID", &repeated), same]);
        assert_eq!(name, "WELL_ID");
        assert!(
            remarks.contains("1 of 70000 rows have none or repeat"),
            "{remarks}"
        );
    }

    #[test]
    fn without_a_unique_column_the_one_that_loses_least_is_named() {
        let (name, remarks) = chosen(&[
            ("A", &["x", "x", "x", "x", "x", "x", "x", "x"]),
            ("SITE_ID", &["1", "1", "2", "2", "1", "1", "2", "2"]),
        ]);
        assert_eq!(name, "SITE_ID");
        assert!(remarks.contains("6 of 8 rows will be rejects"), "{remarks}");
    }
}
