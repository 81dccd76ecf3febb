//! That the registry counts each facility of the inventory once by every set that fills a column.
//!
//! Reads the tables again; trusts nothing but the files.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, RecordBatch, StringArray, UInt64Array};

use crate::derive::product::{Problem, ReleaseReadBack};
use crate::feature::release::paths::{REPORT, jurisdictions_path};
use crate::feature::release::product_names;
use crate::feature::{ColumnError, RegistryReport, RunReport, SetCount, error_chain, typed_column};
use crate::geoparquet;

/// Columns that the law speaks of.
const COLUMNS: [&str; 3] = ["code", "facilities", "facilities_by_sector"];

/// What is wrong with a release's registry; one from before there were any has none.
pub(super) fn find_problems(held: &ReleaseReadBack<'_>) -> Vec<Problem> {
    let Some(told) = held.report.product(product_names::REGISTRY) else {
        return Vec::new();
    };
    let told: RegistryReport = match serde_json::from_value(told.clone()) {
        Ok(told) => told,
        Err(error) => {
            return vec![Problem::new(
                REPORT,
                format!("what it says of the registry: {error}"),
            )];
        }
    };
    told.sets
        .iter()
        .flat_map(|set| {
            let path = jurisdictions_path(&set.set);
            let wrong = check_set(held.folder, &path, set, held.report);
            wrong.into_iter().map(move |what| Problem::new(&path, what))
        })
        .collect()
}

fn check_set(folder: &Path, path: &Path, set: &SetCount, report: &RunReport) -> Vec<String> {
    match geoparquet::read(&folder.join(path), Some(&COLUMNS)) {
        Ok(rows) => find_differences(&rows, set, report).unwrap_or_else(|error| vec![error.to_string()]),
        Err(error) => vec![error_chain(&error)],
    }
}

fn find_differences(
    rows: &RecordBatch,
    set: &SetCount,
    report: &RunReport,
) -> Result<Vec<String>, ColumnError> {
    let codes: &StringArray = typed_column(rows, "code")?;
    let counts: &UInt64Array = typed_column(rows, "facilities")?;
    let mut wrong = Vec::new();
    let told = set.with_polygon + set.without_polygon;
    if codes.len() as u64 != told {
        wrong.push(format!("{} jurisdictions, {told} by the report", codes.len()));
    }
    // Of a table in the order of its codes, those that stand twice stand together.
    let ordered = codes
        .iter()
        .zip(codes.iter().skip(1))
        .find(|(one, next)| one >= next);
    if let Some((_, code)) = ordered {
        wrong.push(format!(
            "code `{}` stands twice, or not in its place",
            code.unwrap_or_default()
        ));
    }
    let (Some(facilities), Some(unassigned)) = (set.facilities, set.unassigned) else {
        return Ok(wrong);
    };
    let found: u64 = counts.iter().flatten().sum();
    if found != facilities {
        wrong.push(format!("{found} facilities, {facilities} by the report"));
    }
    if report.may_hold(product_names::INVENTORY) && facilities + unassigned != report.inventory_rows {
        wrong.push(format!(
            "{facilities} facilities and {unassigned} in no jurisdiction, {} in the inventory",
            report.inventory_rows
        ));
    }
    wrong.extend(row_with_more_in_sectors(rows, codes, counts));
    Ok(wrong)
}

/// The first jurisdiction whose sectors have more facilities than it has.
fn row_with_more_in_sectors(rows: &RecordBatch, codes: &StringArray, counts: &UInt64Array) -> Option<String> {
    let maps = rows.column_by_name("facilities_by_sector")?.as_map_opt()?;
    let values = maps.values().as_primitive_opt::<UInt64Type>()?;
    (0..rows.num_rows()).find_map(|row| {
        let start = usize::try_from(maps.value_offsets()[row]).ok()?;
        let length = usize::try_from(maps.value_length(row)).ok()?;
        let in_sectors: u64 = values.slice(start, length).iter().flatten().sum();
        (in_sectors > counts.value(row)).then(|| {
            format!(
                "`{}`: {} facilities, {in_sectors} in sectors",
                codes.value(row),
                counts.value(row)
            )
        })
    })
}
