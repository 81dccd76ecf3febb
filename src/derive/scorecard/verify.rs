//! That regions, states and counties each add up to the nation, and the nation to the inventory.
//!
//! Reads the tables again; trusts nothing but the files.

use std::collections::{BTreeMap, BTreeSet};
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
    let kinds = [Kind::Region, Kind::State, Kind::County].into_iter();
    let kinds = kinds.filter(|kind| with_counties || *kind == Kind::State);
    kinds
        .filter_map(|kind| first_difference(sums, kind, what))
        .collect()
}

fn first_difference(sums: &Sums, kind: Kind, what: &str) -> Option<String> {
    let nothing = BTreeMap::new();
    let found = sums.get(kind.word()).unwrap_or(&nothing);
    let nation = sums.get(Kind::National.word()).unwrap_or(&nothing);
    let keys: BTreeSet<&String> = nation.keys().chain(found.keys()).collect();
    keys.into_iter().find_map(|key| {
        let sum = found.get(key).copied().unwrap_or_default();
        let whole = nation.get(key).copied().unwrap_or_default();
        let word = kind.word();
        (!are_nearly_equal(sum, whole))
            .then(|| format!("{what} of {key}: {sum} in all {word} rows, {whole} in the nation"))
    })
}

/// Equal, but for what a double loses of numbers with more than fifteen digits.
fn are_nearly_equal(one: i128, other: i128) -> bool {
    one.abs_diff(other) <= one.unsigned_abs() / 1_000_000_000_000_000
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::ArrayRef;

    use super::*;

    fn capacities(sums: &[(&str, f64)]) -> RecordBatch {
        let rows = sums.len();
        let text = |value: &str| Arc::new(StringArray::from(vec![value; rows])) as ArrayRef;
        let counts = || Arc::new(UInt64Array::from(vec![0; rows])) as ArrayRef;
        let kinds: StringArray = sums.iter().map(|(kind, _)| Some(*kind)).collect();
        let values: Float64Array = sums.iter().map(|(_, sum)| Some(*sum)).collect();
        RecordBatch::try_from_iter([
            ("kind", Arc::new(kinds) as ArrayRef),
            ("sector_code", text("HLPH")),
            ("lifeline", text("Health and Medical/Medical Care")),
            ("layer", text("hospitals")),
            ("field", text("beds")),
            ("sum", Arc::new(values) as ArrayRef),
            ("facilities", counts()),
            ("facilities_with_value", counts()),
        ])
        .unwrap()
    }

    #[test]
    fn a_sum_that_is_off_by_a_millionth_is_found() {
        let sound = [
            ("national", 0.3),
            ("state", 0.1),
            ("state", 0.2),
            ("region", 0.3),
            ("county", 0.3),
        ];
        assert!(check_capacity(&capacities(&sound)).unwrap().is_empty());
        let mut unsound = sound;
        unsound[1].1 = 0.100_001;
        let found = check_capacity(&capacities(&unsound)).unwrap();
        let told = "sum of HLPH, Health and Medical/Medical Care, hospitals, beds: 300001 in all state rows, 300000 in the nation";
        assert_eq!(found, [told]);
    }

    #[test]
    fn large_sums_are_as_exact_as_a_double_is() {
        assert!(are_nearly_equal(
            12_345_678_901_234_567_890,
            12_345_678_901_234_568_000
        ));
        assert!(!are_nearly_equal(9_000_000_000_000, 9_000_000_000_001));
    }
}
