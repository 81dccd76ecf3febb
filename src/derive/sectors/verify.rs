//! The law that every facility resolves in every scheme, checked on the published links.
//!
//! Reads the links again; trusts nothing but the files. Facilities are linked by their class; in releases of before
//! there were classes, each by itself.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use arrow_array::{Array, BooleanArray, RecordBatch, StringArray};

use super::tables::MEMBERSHIP;
use crate::derive::product::{Problem, ReleaseReadBack};
use crate::feature::release::paths::SECTOR_SCHEMES;
use crate::feature::{ColumnError, FacilityRows, LayerReport, error_chain, typed_column};
use crate::geoparquet::{self, GeoparquetError};
use crate::kernel::sector::class;
use crate::plan::{FUNCTIONS, LIFELINES};

/// Folder of the links of releases of before there were classes.
const PER_FACILITY: &str = "links/facility_sector";

/// Columns of the links that the law speaks of, after the key.
const COLUMNS: [&str; 4] = ["scheme", "code", "is_primary", "reason"];

/// What is wrong with a release's links; one from before there were any has no table of schemes either.
pub(super) fn find_problems(held: &ReleaseReadBack<'_>) -> Vec<Problem> {
    // Neither of the two is a release of before there were links; one of them alone is a release that has lost the
    // other.
    if !held.has_file_below("links/") && !held.has_file_below(SECTOR_SCHEMES) {
        return Vec::new();
    }
    let schemes = match scheme_ids(held.folder) {
        Ok(schemes) => schemes,
        Err(error) => return vec![Problem::new(SECTOR_SCHEMES, error_chain(&error))],
    };
    let present = held.report.layers.iter().filter(|layer| !layer.is_absent());
    if held.has_file_below(PER_FACILITY) {
        return present
            .filter_map(|layer| check_facility_links(held, layer, &schemes))
            .collect();
    }
    let classes: BTreeSet<&str> = present
        .flat_map(|layer| held.tiles_of(layer.id.as_str()))
        .flat_map(|tile| tile.classes.iter().map(String::as_str))
        .collect();
    let keys: Vec<&str> = classes.into_iter().collect();
    let links = geoparquet::read(&held.folder.join(MEMBERSHIP.path), None);
    let misnamed = links.as_ref().ok().and_then(misnamed_class);
    let wrong = check_links(
        links,
        Key {
            column: class::COLUMN,
            noun: "class",
        },
        &keys,
        &schemes,
    );
    wrong
        .into_iter()
        .chain(misnamed)
        .map(|what| Problem::new(MEMBERSHIP.path, what))
        .collect()
}

/// The first class that isn't that of the values beside it, as far as these can be read.
fn misnamed_class(links: &RecordBatch) -> Option<String> {
    // A class stands here beside the columns that it stands beside in a tile.
    match FacilityRows::try_new(links.clone()) {
        Ok(rows) => class::misnamed_class(&rows),
        Err(error) => Some(error.to_string()),
    }
}

/// What is wrong with a layer's links of before there were classes.
fn check_facility_links(
    held: &ReleaseReadBack<'_>,
    layer: &LayerReport,
    schemes: &[String],
) -> Option<Problem> {
    let path = Path::new(PER_FACILITY).join(format!("{}.parquet", layer.id));
    let columns = [&["facility_id"], &COLUMNS[..]].concat();
    let links = geoparquet::read(&held.folder.join(&path), Some(&columns));
    let ids: Vec<&str> = held
        .tiles_of(layer.id.as_str())
        .flat_map(|tile| &tile.ids)
        .map(String::as_str)
        .collect();
    let what = check_links(
        links,
        Key {
            column: "facility_id",
            noun: "facility",
        },
        &ids,
        schemes,
    )?;
    Some(Problem::new(path, what))
}

/// Ids of the schemes a release publishes, functions and lifelines among them.
fn scheme_ids(release: &Path) -> Result<Vec<String>, GeoparquetError> {
    // Of the release, not of tonight's plan: an older one is held to what it published itself.
    let path = release.join(SECTOR_SCHEMES);
    let table = geoparquet::read(&path, Some(&["scheme"]))?;
    let ids: &StringArray =
        typed_column(&table, "scheme").map_err(|source| GeoparquetError::column_error(&path, source))?;
    let dated = ids.iter().flatten().map(str::to_owned);
    Ok(dated.chain([FUNCTIONS, LIFELINES].map(str::to_owned)).collect())
}

/// What links link: the column, and a word for one of them.
#[derive(Clone, Copy)]
struct Key {
    column: &'static str,
    noun: &'static str,
}

fn check_links(
    links: Result<RecordBatch, GeoparquetError>,
    key: Key,
    keys: &[&str],
    schemes: &[String],
) -> Option<String> {
    match links {
        Ok(links) => {
            find_unresolved(&links, key, keys, schemes).unwrap_or_else(|error| Some(error.to_string()))
        }
        Err(error) => Some(format!("the links can't be read: {error}")),
    }
}

/// Each key has one primary row per scheme, and every row a code or, if primary, a reason.
fn find_unresolved(
    links: &RecordBatch,
    key: Key,
    keys: &[&str],
    schemes: &[String],
) -> Result<Option<String>, ColumnError> {
    let ids: &StringArray = typed_column(links, key.column)?;
    let of_scheme: &StringArray = typed_column(links, "scheme")?;
    let codes: &StringArray = typed_column(links, "code")?;
    let reasons: &StringArray = typed_column(links, "reason")?;
    let primary: &BooleanArray = typed_column(links, "is_primary")?;
    let noun = key.noun;
    let places: HashMap<&str, usize> = keys.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    // A byte for each key and scheme: in releases of before there were classes each facility is a key.
    let mut seen = vec![0_u8; keys.len() * schemes.len()];
    for row in 0..links.num_rows() {
        let id = ids.value(row);
        let scheme = of_scheme.value(row);
        let place = places.get(id);
        let known = schemes.iter().position(|known| known == scheme);
        let Some((place, at)) = place.zip(known) else {
            return Ok(Some(format!(
                "row {row}: `{id}` in `{scheme}` is no {noun} of a tile, or no scheme"
            )));
        };
        let is_primary = primary.is_valid(row) && primary.value(row);
        if codes.is_null(row) && (!is_primary || reasons.is_null(row)) {
            return Ok(Some(format!(
                "{noun} `{id}` has neither a code in `{scheme}` nor a reason"
            )));
        }
        if is_primary {
            let count = &mut seen[place * schemes.len() + at];
            *count = count.saturating_add(1);
        }
    }
    let odd = seen.iter().position(|count| *count != 1);
    Ok(odd.map(|odd| {
        format!(
            "{noun} `{}` has {} primary rows in `{}`, not one",
            keys[odd / schemes.len()],
            seen[odd],
            schemes[odd % schemes.len()]
        )
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Class, scheme, code, primary, reason.
    type Row<'a> = (&'a str, &'a str, Option<&'a str>, bool, Option<&'a str>);

    fn links(rows: &[Row<'_>]) -> RecordBatch {
        let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as arrow_array::ArrayRef;
        RecordBatch::try_from_iter([
            ("sector_class", text(rows.iter().map(|row| Some(row.0)).collect())),
            ("scheme", text(rows.iter().map(|row| Some(row.1)).collect())),
            ("code", text(rows.iter().map(|row| row.2).collect())),
            (
                "is_primary",
                Arc::new(BooleanArray::from(
                    rows.iter().map(|row| row.3).collect::<Vec<_>>(),
                )) as _,
            ),
            ("reason", text(rows.iter().map(|row| row.4).collect())),
        ])
        .unwrap()
    }

    #[test]
    fn a_class_without_code_and_reason_is_found() {
        let schemes = ["2003".to_owned(), LIFELINES.to_owned()];
        let key = Key {
            column: "sector_class",
            noun: "class",
        };
        let sound = [
            ("a:1", "2003", Some("HLPH"), true, None),
            ("a:1", "2003", Some("EMSV"), false, None),
            ("a:1", LIFELINES, None, true, Some("none fits")),
        ];
        let found = |rows: &[_], ids: &[&str]| {
            let found = find_unresolved(&links(rows), key, ids, &schemes).unwrap();
            found.unwrap_or_default()
        };
        assert_eq!(found(&sound, &["a:1"]), "");
        assert_eq!(
            found(&sound, &["a:1", "a:2"]),
            "class `a:2` has 0 primary rows in `2003`, not one"
        );
        assert_eq!(
            found(&sound[..2], &["a:1"]),
            "class `a:1` has 0 primary rows in `lifeline`, not one"
        );
        assert!(found(&sound, &[]).contains("no class of a tile"));
        let mut unsound = sound;
        unsound[2].4 = None;
        assert_eq!(
            found(&unsound, &["a:1"]),
            "class `a:1` has neither a code in `lifeline` nor a reason"
        );
        unsound = sound;
        unsound[1].3 = true;
        assert_eq!(
            found(&unsound, &["a:1"]),
            "class `a:1` has 2 primary rows in `2003`, not one"
        );
    }

    #[test]
    fn a_column_of_another_type_is_told_by_its_name() {
        let key = Key {
            column: "sector_class",
            noun: "class",
        };
        let mut links = links(&[("a:1", "2003", Some("HLPH"), true, None)]);
        let primary = links.remove_column(links.schema().index_of("is_primary").unwrap());
        let told = |links| check_links(Ok(links), key, &["a:1"], &["2003".to_owned()]);
        let lacking = told(links.clone());
        assert_eq!(
            lacking.as_deref(),
            Some("no column `is_primary`, which is to be Boolean")
        );
        let [class, scheme, _, reason] = [0, 1, 2, 3].map(|at| Arc::clone(links.column(at)));
        let mistyped = RecordBatch::try_from_iter([
            ("sector_class", class),
            ("scheme", scheme),
            ("code", primary),
            ("reason", reason),
        ]);
        assert_eq!(
            told(mistyped.unwrap()).as_deref(),
            Some("the column `code` is Boolean, not Utf8")
        );
    }
}
