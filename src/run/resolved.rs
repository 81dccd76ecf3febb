//! The law that every facility resolves in every scheme, checked on the published links.
//!
//! Reads the links again; trusts nothing but the files.

use std::collections::HashMap;
use std::path::Path;

use arrow_array::{Array, BooleanArray, RecordBatch, StringArray};

use crate::derive::sectors;
use crate::geoparquet::{self, GeoparquetError};
use crate::plan::{FUNCTIONS, LIFELINES};

/// Path of the table of schemes within a release.
pub(super) const SCHEMES: &str = "reference/sector_schemes.parquet";

/// Columns of the links that the law speaks of.
const COLUMNS: [&str; 5] = ["facility_id", "scheme", "code", "is_primary", "reason"];

/// Ids of the schemes a release publishes, functions and lifelines among them.
///
/// # Errors
/// When the table can't be read.
pub(super) fn schemes(release: &Path) -> Result<Vec<String>, GeoparquetError> {
    let table = geoparquet::read(&release.join(SCHEMES), Some(&["scheme"]))?;
    let ids = texts(&table, "scheme");
    let dated = ids.iter().flatten().map(str::to_owned);
    Ok(dated.chain([FUNCTIONS, LIFELINES].map(str::to_owned)).collect())
}

/// What is wrong with a layer's links, if anything is.
pub(super) fn broken(release: &Path, layer: &str, facilities: &[&str], schemes: &[String]) -> Option<String> {
    match geoparquet::read(&release.join(sectors::path(layer)), Some(&COLUMNS)) {
        Ok(links) => unresolved(&links, facilities, schemes),
        Err(error) => Some(format!("the links can't be read: {error}")),
    }
}

/// Each facility has one primary row per scheme, and every row a code or, if primary, a reason.
fn unresolved(links: &RecordBatch, facilities: &[&str], schemes: &[String]) -> Option<String> {
    let [ids, of_scheme, codes, reasons] =
        ["facility_id", "scheme", "code", "reason"].map(|name| texts(links, name));
    let primary =
        links.column_by_name("is_primary").and_then(|c| c.as_any().downcast_ref::<BooleanArray>())?;
    let places: HashMap<&str, usize> = facilities.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut seen = vec![0_u8; facilities.len() * schemes.len()];
    for row in 0..links.num_rows() {
        let (id, scheme) = (ids.value(row), of_scheme.value(row));
        let (Some(facility), Some(at)) = (places.get(id), schemes.iter().position(|known| known == scheme))
        else {
            return Some(format!(
                "row {row}: `{id}` in `{scheme}` is no facility of the layer, or no scheme"
            ));
        };
        let is_primary = primary.is_valid(row) && primary.value(row);
        if codes.is_null(row) && (!is_primary || reasons.is_null(row)) {
            return Some(format!("facility `{id}` has neither a code in `{scheme}` nor a reason"));
        }
        if is_primary {
            let count = &mut seen[facility * schemes.len() + at];
            *count = count.saturating_add(1);
        }
    }
    let odd = seen.iter().position(|count| *count != 1)?;
    let (id, scheme) = (facilities[odd / schemes.len()], &schemes[odd % schemes.len()]);
    Some(format!("facility `{id}` has {} primary rows in `{scheme}`, not one", seen[odd]))
}

fn texts(table: &RecordBatch, name: &str) -> StringArray {
    let column = table.column_by_name(name).and_then(|column| column.as_any().downcast_ref::<StringArray>());
    column.cloned().unwrap_or_else(|| StringArray::new_null(table.num_rows()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Facility, scheme, code, primary, reason.
    type Row<'a> = (&'a str, &'a str, Option<&'a str>, bool, Option<&'a str>);

    fn links(rows: &[Row<'_>]) -> RecordBatch {
        let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as arrow_array::ArrayRef;
        RecordBatch::try_from_iter([
            ("facility_id", text(rows.iter().map(|row| Some(row.0)).collect())),
            ("scheme", text(rows.iter().map(|row| Some(row.1)).collect())),
            ("code", text(rows.iter().map(|row| row.2).collect())),
            (
                "is_primary",
                Arc::new(BooleanArray::from(rows.iter().map(|row| row.3).collect::<Vec<_>>())) as _,
            ),
            ("reason", text(rows.iter().map(|row| row.4).collect())),
        ])
        .unwrap()
    }

    #[test]
    fn a_facility_without_code_and_reason_is_found() {
        let schemes = ["2003".to_owned(), LIFELINES.to_owned()];
        let sound = [
            ("a:1", "2003", Some("HLPH"), true, None),
            ("a:1", "2003", Some("EMSV"), false, None),
            ("a:1", LIFELINES, None, true, Some("none fits")),
        ];
        let found = |rows: &[_], ids: &[&str]| unresolved(&links(rows), ids, &schemes).unwrap_or_default();
        assert_eq!(found(&sound, &["a:1"]), "");
        assert_eq!(found(&sound, &["a:1", "a:2"]), "facility `a:2` has 0 primary rows in `2003`, not one");
        assert_eq!(found(&sound[..2], &["a:1"]), "facility `a:1` has 0 primary rows in `lifeline`, not one");
        assert!(found(&sound, &[]).contains("no facility of the layer"));
        let mut unsound = sound;
        unsound[2].4 = None;
        assert_eq!(found(&unsound, &["a:1"]), "facility `a:1` has neither a code in `lifeline` nor a reason");
        unsound = sound;
        unsound[1].3 = true;
        assert_eq!(found(&unsound, &["a:1"]), "facility `a:1` has 2 primary rows in `2003`, not one");
    }
}
