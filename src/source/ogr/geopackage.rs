//! What a GeoPackage says of its geometries, and GDAL passes over.

use std::collections::{BTreeSet, HashMap};

use gdal::Dataset;
use gdal::vector::sql::Dialect;
use gdal::vector::{Feature, LayerAccess};

use super::domains::{CodeNames, Domains};

/// How geometries that state another reference system than their column contradict it; none where none does.
///
/// Each geometry begins with its own `srs_id`, in either byte order (OGC 12-128r19, 2.1.3): 0 and -1 stand for none.
pub(super) fn srs_contradiction(dataset: &Dataset, position: usize) -> Option<String> {
    let table = &dataset.layer(position).ok()?.name();
    let named = format!(
        "SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = {}",
        sql_quoted(table, '\'')
    );
    let (column, srs_id) = first_row(dataset, &named, |row| {
        Some((row.field_as_string(0).ok()??, row.field_as_integer64(1).ok()??))
    })?;
    let stated = i32::try_from(srs_id).ok()?;
    let column = sql_quoted(&column, '"');
    // A column that states none is not contradicted by geometries that are of one mind: the pipeline says which.
    let own = UNDEFINED
        .contains(&stated)
        .then(|| only_srs_id(dataset, table, &column))
        .flatten();
    // The header of a geometry is `GP`, a version, flags and then its srs_id (OGC 12-128r19, 2.1.3): its fifth to
    // eighth byte. GDAL takes the column's and passes over them.
    let fitting = [own.unwrap_or(stated), 0, -1].map(|id| {
        format!(
            "'{}', '{}'",
            sqlite_hex(id.to_le_bytes()),
            sqlite_hex(id.to_be_bytes())
        )
    });
    let strays = format!(
        "SELECT count(*), min(rowid) FROM {} WHERE {column} IS NOT NULL AND hex(substr({column}, 5, 4)) NOT IN ({})",
        sql_quoted(table, '"'),
        fitting.join(", ")
    );
    let (count, row) = first_row(dataset, &strays, |row| {
        Some((row.field_as_integer64(0).ok()??, row.field_as_integer64(1).ok()??))
    })?;
    (count > 0).then(|| {
        format!(
            "{count} of its geometries state another srs_id than {srs_id}, which is that of their column; the first is in row {row}"
        )
    })
}

/// Ids of reference systems that are none: of a plane, of degrees, and what GDAL writes of an unknown one.
const UNDEFINED: [i32; 3] = [0, -1, 99_999];

/// The `srs_id` that all geometries of a column state that state one.
fn only_srs_id(dataset: &Dataset, table: &str, column: &str) -> Option<i32> {
    let asked = format!(
        "SELECT DISTINCT hex(substr({column}, 4, 5)) FROM {} WHERE {column} IS NOT NULL LIMIT 4",
        sql_quoted(table, '"')
    );
    let mut rows = dataset.execute_sql(asked, None, Dialect::DEFAULT).ok()??;
    let stated = rows
        .features()
        .filter_map(|row| srs_id_of_header(&row.field_as_string(0).ok()??));
    // Four kinds of header are enough here: where others state another id, the count of strays has them.
    let mut ids: Vec<i32> = stated.filter(|id| !UNDEFINED.contains(id)).collect();
    ids.dedup();
    ids.pop().filter(|_| ids.is_empty())
}

/// The id in the flags and the `srs_id` of a geometry's header, whose lowest bit says in which order the bytes are.
fn srs_id_of_header(header: &str) -> Option<i32> {
    let flags = u8::from_str_radix(header.get(..2)?, 16).ok()?;
    let id = u32::from_str_radix(header.get(2..10)?, 16).ok()?;
    let id = if flags & 1 == 1 { id.swap_bytes() } else { id };
    i32::try_from(id).ok()
}

/// Names of the views among its tables.
pub(super) fn view_names(dataset: &Dataset) -> BTreeSet<String> {
    let named = dataset.execute_sql(
        "SELECT name FROM sqlite_master WHERE type = 'view'",
        None,
        Dialect::DEFAULT,
    );
    let Ok(Some(mut rows)) = named else {
        return BTreeSet::new();
    };
    rows.features()
        .filter_map(|row| row.field_as_string(0).ok().flatten())
        .collect()
}

/// Names of the codes of a layer's fields: its enumerated constraints (OGC 12-128r19, F.9).
pub(super) fn coded_domains(dataset: &Dataset, table: &str) -> Domains {
    let asked = format!(
        "SELECT c.column_name, e.value, e.description FROM gpkg_data_columns c \
         JOIN gpkg_data_column_constraints e ON e.constraint_name = c.constraint_name \
         WHERE c.table_name = {} AND e.constraint_type = 'enum'",
        sql_quoted(table, '\'')
    );
    let mut fields: HashMap<String, CodeNames> = HashMap::new();
    // Without these tables there are none.
    if let Ok(Some(mut rows)) = dataset.execute_sql(asked, None, Dialect::DEFAULT) {
        for row in rows.features() {
            let [field, code, name] = [0, 1, 2].map(|at| row.field_as_string(at).ok().flatten());
            if let (Some(field), Some(code), Some(name)) = (field, code, name) {
                fields.entry(field).or_default().insert(code, name);
            }
        }
    }
    Domains {
        fields,
        subtypes: None,
    }
}

/// What is wanted of the first row of an answer; none where the question can't be asked, as of a view.
fn first_row<T>(dataset: &Dataset, sql: &str, want: impl FnOnce(&Feature<'_>) -> Option<T>) -> Option<T> {
    let mut rows = dataset.execute_sql(sql, None, Dialect::DEFAULT).ok()??;
    let row = rows.features().next()?;
    want(&row)
}

/// A text or, in double quotes, a name of SQL.
fn sql_quoted(text: &str, mark: char) -> String {
    format!("{mark}{}{mark}", text.replace(mark, &format!("{mark}{mark}")))
}

/// Bytes as `SQLite`'s `hex` writes them.
fn sqlite_hex(bytes: [u8; 4]) -> String {
    format!("{:08X}", u32::from_be_bytes(bytes))
}
