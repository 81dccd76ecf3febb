//! That regions, states and counties each add up to the nation, and the nation to the inventory.
//!
//! Reads the tables again; trusts nothing but the files.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::{Array, Float64Array, RecordBatch, StringArray, UInt64Array};

use super::scan::MILLIONTHS;
use super::tables::{CAPACITY, CELLS};
use super::totals::Kind;
use crate::derive::product::{Problem, ReleaseReadBack};
use crate::feature::release::product_names;
use crate::feature::{ColumnError, error_chain, typed_column};
use crate::geoparquet;

/// Counts of the cells that add up.
const COUNTS: [&str; 5] = ["facilities", "dated", "current", "claimed", "agreeing"];

/// Counts of which counties have none.
const EXPECTED: [&str; 2] = ["found", "expected"];

/// What is wrong with a release's scorecard; one from before there were any has none.
pub(super) fn find_problems(held: &ReleaseReadBack<'_>) -> Vec<Problem> {
    if held.report.product(product_names::SCORECARD).is_none() {
        return Vec::new();
    }
    let inventory = held
        .report
        .may_hold(product_names::INVENTORY)
        .then_some(held.report.inventory_rows);
    let of_cells = read_table(held.folder, CELLS.path, |rows| check_cells(rows, inventory));
    let of_capacity = read_table(held.folder, CAPACITY.path, check_capacity);
    let cells = of_cells.into_iter().map(|what| Problem::new(CELLS.path, what));
    let capacity = of_capacity
        .into_iter()
        .map(|what| Problem::new(CAPACITY.path, what));
    cells.chain(capacity).collect()
}

fn read_table(
    folder: &Path,
    path: &str,
    check: impl Fn(&RecordBatch) -> Result<Vec<String>, ColumnError>,
) -> Vec<String> {
    match geoparquet::read(&folder.join(path), None) {
        Ok(rows) => check(&rows).unwrap_or_else(|error| vec![error.to_string()]),
        Err(error) => vec![error_chain(&error)],
    }
}

fn check_cells(rows: &RecordBatch, inventory: Option<u64>) -> Result<Vec<String>, ColumnError> {
    let keys = ["sector_code", "lifeline"];
    let mut wrong = Vec::new();
    for count in COUNTS.into_iter().chain(EXPECTED) {
        let values: &UInt64Array = typed_column(rows, count)?;
        let sums = sums_by_kind(rows, &keys, |row| {
            values.is_valid(row).then(|| i128::from(values.value(row)))
        })?;
        // Nobody expects a number of facilities of a county.
        let with_counties = !EXPECTED.contains(&count);
        wrong.extend(kinds_that_differ(&sums, count, with_counties));
        let nation: i128 = sums
            .get(Kind::National.word())
            .into_iter()
            .flat_map(BTreeMap::values)
            .sum();
        if let Some(inventory) = inventory.filter(|_| count == "facilities")
            && nation != i128::from(inventory)
        {
            wrong.push(format!(
                "{nation} facilities in the nation, {inventory} in the inventory"
            ));
        }
    }
    Ok(wrong)
}

fn check_capacity(rows: &RecordBatch) -> Result<Vec<String>, ColumnError> {
    let keys = ["sector_code", "lifeline", "layer", "field"];
    let mut wrong = Vec::new();
    for count in ["facilities", "facilities_with_value"] {
        let values: &UInt64Array = typed_column(rows, count)?;
        let sums = sums_by_kind(rows, &keys, |row| {
            values.is_valid(row).then(|| i128::from(values.value(row)))
        })?;
        wrong.extend(kinds_that_differ(&sums, count, true));
    }
    let values: &Float64Array = typed_column(rows, "sum")?;
    let sums = sums_by_kind(rows, &keys, |row| {
        values.is_valid(row).then(|| millionths(values.value(row)))
    })?;
    wrong.extend(kinds_that_differ(&sums, "sum", true));
    Ok(wrong)
}

/// A sum as it was added up: of millionths a double holds every one up to nine billion.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float beyond 128 bits is as good as the greatest"
)]
fn millionths(value: f64) -> i128 {
    (value * MILLIONTHS).round() as i128
}

/// Sums by kind, then by what else rows have in common.
type Sums = BTreeMap<String, BTreeMap<String, i128>>;

fn sums_by_kind(
    rows: &RecordBatch,
    keys: &[&str],
    value: impl Fn(usize) -> Option<i128>,
) -> Result<Sums, ColumnError> {
    let kinds: &StringArray = typed_column(rows, "kind")?;
    let keys: Vec<&StringArray> = keys
        .iter()
        .map(|name| typed_column(rows, name))
        .collect::<Result<_, _>>()?;
    let mut sums = Sums::new();
    for row in 0..rows.num_rows() {
        // What isn't known is nothing to add, and in all kinds alike.
        let Some(value) = value(row).filter(|value| *value != 0) else {
            continue;
        };
        let key: Vec<&str> = keys
            .iter()
            .map(|texts| {
                if texts.is_valid(row) {
                    texts.value(row)
                } else {
                    "none"
                }
            })
            .collect();
        let of_kind = sums.entry(kinds.value(row).to_owned()).or_default();
        *of_kind.entry(key.join(", ")).or_default() += value;
    }
    Ok(sums)
}

/// Kinds whose sums are not the nation's: the first of each.
fn kinds_that_differ(sums: &Sums, what: &str, with_counties: bool) -> Vec<String> {
    let nothing = BTreeMap::new();
    let of = |kind: Kind| sums.get(kind.word()).unwrap_or(&nothing);
    let nation = of(Kind::National);
    let kinds = [Kind::Region, Kind::State, Kind::County].into_iter();
    let kinds = kinds.filter(|kind| with_counties || *kind == Kind::State);
    kinds
        .filter_map(|kind| {
            let found = of(kind);
            let keys = nation.keys().chain(found.keys());
            let differs = |key: &&String| !nearly_equal(nation.get(*key), found.get(*key));
            let key = keys
                .min()
                .and_then(|_| nation.keys().chain(found.keys()).find(differs))?;
            let number = |sums: &BTreeMap<String, i128>| sums.get(key).copied().unwrap_or_default();
            let sum = number(found);
            let whole = number(nation);
            Some(format!(
                "{what} of {key}: {sum} in all {} rows, {whole} in the nation",
                kind.word()
            ))
        })
        .collect()
}

/// Equal, but for what a double loses of numbers with more than fifteen digits.
fn nearly_equal(one: Option<&i128>, other: Option<&i128>) -> bool {
    let one = one.copied().unwrap_or_default();
    let other = other.copied().unwrap_or_default();
    one.abs_diff(other) <= one.unsigned_abs() / 1_000_000_000_000_000
}
