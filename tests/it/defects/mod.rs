//! Defects of real files, each on a small file of its own: what is made of the row, and what is said about it.
//!
//! A defect here never keeps a row out: the tile has the row, `quality/flags/<layer>.parquet` the doubt.

mod dates;
mod names;
mod places;
mod release;
mod sentinels;
mod values;

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use cikr::feature::LayerReport;

use crate::program::{Folder, rows};

/// A layer `things` of points, run from a CSV file.
struct Ran {
    folder: Folder,
    report: LayerReport,
}

/// Schema fields that every layer of these tests has.
const KEY: &str = "[[field]]\nname = \"id\"\nfrom = [\"ID\"]\ndescription = \"key\"\n";

/// One more schema field.
fn field(name: &str, from: &str, more: &str) -> String {
    format!("\n[[field]]\nname = \"{name}\"\nfrom = [{from}]\ndescription = \"d\"\n{more}\n")
}

/// A folder with the schema `things` of these fields, its CSV file, and a pipeline over it.
fn prepared(fields: &str, sector: &str, csv: &str) -> Folder {
    let folder = Folder::new();
    let head = "title = \"T\"\ndescription = \"D\"\nagency = \"A\"\nlicence = \"CC0-1.0\"\nkey = [\"id\"]\ngeometry = \"point\"\nmax-rejects = 0.9\n";
    folder.write("schemas/things.toml", format!("{head}{sector}\n{KEY}{fields}"));
    folder.write("things.csv", csv);
    folder.pipeline("[[layer]]\nid = \"things\"\nsource.csv = { path = \"things.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n");
    folder
}

/// Runs the layer: every row is published, whatever is doubtful about it.
#[track_caller]
fn ran(fields: &str, csv: &str) -> Ran {
    ran_in("\n[sector]\ncode = \"HLPH\"\n", fields, csv)
}

#[track_caller]
fn ran_in(sector: &str, fields: &str, csv: &str) -> Ran {
    let folder = prepared(fields, sector, csv);
    let ended = folder.run().code(0);
    let report = ended.layer("things");
    assert_eq!(report.rows_rejected, 0, "{:?}", report.rejects_by_reason);
    Ran { folder, report }
}

/// Rows of one column `V` beside key and coordinates, quoted.
fn column(values: &[&str]) -> String {
    let rows = values
        .iter()
        .enumerate()
        .map(|(at, value)| format!("{at},\"{value}\",-95.{at:03},35\n"));
    format!("ID,V,LON,LAT\n{}", rows.collect::<String>())
}

impl Ran {
    /// Values of a column in key order, as text; null as `-`.
    #[track_caller]
    fn values(&self, column: &str) -> Vec<String> {
        let collection = self.folder.latest().join("layers/things");
        let pairs = rows(&collection).into_iter().flat_map(|batch| {
            let ids = shown(&batch, "facility_id").into_iter();
            ids.zip(shown(&batch, column)).collect::<Vec<_>>()
        });
        pairs
            .collect::<BTreeMap<String, String>>()
            .into_values()
            .collect()
    }

    /// Rows of the flags file: `key field value flag detail`.
    #[track_caller]
    fn flags(&self) -> Vec<String> {
        flags(&self.folder.latest(), "things")
    }

    /// How often a field was flagged so, by the report.
    fn count(&self, flag: &str, field: &str) -> u64 {
        self.report
            .flags
            .get(flag)
            .and_then(|fields| fields.get(field))
            .copied()
            .unwrap_or(0)
    }
}

fn flags(release: &Path, layer: &str) -> Vec<String> {
    let table = release.join(format!("quality/flags/{layer}.parquet"));
    let batch = cikr::geoparquet::read(&table, None).unwrap();
    let columns = ["facility_id", "field", "value", "flag", "detail"].map(|name| shown(&batch, name));
    let line = |row: usize| columns.each_ref().map(|column| column[row].as_str()).join(" | ");
    (0..batch.num_rows())
        .map(|row| line(row).replace(&format!("{layer}:"), ""))
        .collect()
}

fn shown(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column: &ArrayRef = batch
        .column_by_name(name)
        .unwrap_or_else(|| panic!("no column {name}"));
    let value = |row: usize| -> String {
        if column.is_null(row) {
            return "-".to_owned();
        }
        if let Some(text) = column.as_string_opt::<i32>() {
            return text.value(row).to_owned();
        }
        if let Some(days) = column.as_primitive_opt::<Date32Type>() {
            return days.value_as_date(row).unwrap().to_string();
        }
        if let Some(number) = column.as_primitive_opt::<Int64Type>() {
            return number.value(row).to_string();
        }
        match column.as_primitive_opt::<Float64Type>() {
            Some(number) => number.value(row).to_string(),
            None => column.as_boolean().value(row).to_string(),
        }
    };
    (0..batch.num_rows()).map(value).collect()
}
