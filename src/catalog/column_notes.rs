//! What the columns of a file mean, as its own footer tells: so that it is known wherever the file is copied to.
//!
//! Pure. One entry `columns`: an object of names and, for each, `description` and, where there is one, `unit`.

use arrow_schema::Schema;
use serde::{Serialize, Serializer};

use super::dictionary::columns_of;
use crate::feature::{TableDoc, unit_by_name};
use crate::geoparquet::FooterEntry;
use crate::plan::{LayerSchema, Plan};

/// Key of the entry.
pub const COLUMNS: &str = "columns";

#[derive(Serialize)]
struct Note<'a> {
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
}

/// The entry of a layer's tiles; of the inventory's where `layer` is none.
pub fn of_tiles(plan: &Plan, layer: Option<&LayerSchema>, columns: &Schema) -> FooterEntry {
    let columns = columns_of(plan, layer, columns);
    let notes = columns.iter().map(|column| {
        let note = Note {
            description: &column.meaning,
            unit: column.unit.as_deref(),
        };
        (column.name.as_str(), note)
    });
    footer_entry(notes)
}

/// The entry of a table.
///
/// ```
/// use cikr::catalog::column_notes;
/// use cikr::feature::TableDoc;
///
/// let table = TableDoc { path: "moves.parquet", what: "a move", columns: &[("distance_m", "how far")] };
/// let (key, notes) = column_notes::of_table(&table);
/// assert_eq!((key.as_str(), notes.as_str()), ("columns", r#"{"distance_m":{"description":"how far","unit":"m"}}"#));
/// ```
pub fn of_table(table: &TableDoc) -> FooterEntry {
    let notes = table.columns.iter().map(|(name, meaning)| {
        let note = Note {
            description: meaning,
            unit: unit_by_name(name),
        };
        (*name, note)
    });
    footer_entry(notes)
}

/// Compact, and in the order of the columns.
fn footer_entry<'a>(notes: impl Iterator<Item = (&'a str, Note<'a>)>) -> FooterEntry {
    let mut json = Vec::new();
    serde_json::Serializer::new(&mut json)
        .collect_map(notes)
        .expect("names and texts serialize, and a vector takes any bytes");
    let json = String::from_utf8(json).expect("JSON is UTF-8");
    (COLUMNS.to_owned(), json)
}
