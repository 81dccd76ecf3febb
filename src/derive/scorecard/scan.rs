//! A tile looked at once: facilities, claims, dates and capacities by place, sector and lifeline.
//!
//! Pure. Counts of pieces and tiles add up, in any order: capacities are whole millionths, whose sums no order changes.

use std::collections::{BTreeMap, HashMap};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, BooleanArray, Date32Array};
use serde::{Deserialize, Serialize};

use crate::derive::product::Seen;
use crate::feature::{FacilityRows, Texts, entries};

/// Columns that are looked at, beside the fields that add up.
pub(super) const READS: [&str; 7] = [
    "state_code",
    "county_fips",
    "sector_code",
    "lifeline",
    "is_state_mismatch",
    "is_county_mismatch",
    "source_date",
];

/// Millionths in one.
pub(super) const MILLIONTHS: f64 = 1e6;

/// What the facilities of a cell share; empty texts stand for none.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct CellKey {
    pub(super) region: String,
    pub(super) state: String,
    pub(super) county: String,
    pub(super) sector: String,
    pub(super) lifeline: String,
}

/// Counts of a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cell {
    pub(super) facilities: u64,
    /// With a claim that could be compared.
    pub(super) claimed: u64,
    /// Of these, with no claim that differs.
    pub(super) agreeing: u64,
    /// With a date.
    pub(super) dated: u64,
    /// By date, days since 1970: of those alone that are or may become current.
    pub(super) days: BTreeMap<i32, u64>,
    /// By field that adds up, in the order of the schema.
    pub(super) sums: Vec<Sum>,
}

/// Values that were added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) millionths: i128,
    /// Facilities with a value.
    pub(super) values: u64,
}

impl Sum {
    /// Adds another.
    pub(super) fn add_sum(&mut self, other: Self) {
        self.millionths += other.millionths;
        self.values += other.values;
    }

    /// Adds a value; one below zero stands for something else, as in surveys that write codes in the place of numbers.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond 128 bits is as good as the greatest"
    )]
    fn add_value(&mut self, value: f64) {
        if value.is_finite() && value >= 0.0 {
            self.millionths += (value * MILLIONTHS).round() as i128;
            self.values += 1;
        }
    }
}

impl Cell {
    /// Adds the counts of another.
    pub(super) fn add_cell(&mut self, other: &Self) {
        self.facilities += other.facilities;
        self.claimed += other.claimed;
        self.agreeing += other.agreeing;
        self.dated += other.dated;
        for (day, facilities) in &other.days {
            *self.days.entry(*day).or_default() += facilities;
        }
        self.sums
            .resize(self.sums.len().max(other.sums.len()), Sum::default());
        for (all, more) in self.sums.iter_mut().zip(&other.sums) {
            all.add_sum(*more);
        }
    }
}

/// What is looked for in a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LayerScope {
    /// First day, since 1970, of a date that is current tonight. An older one never will be: of these it is known that they
    /// are dated, and no more. So the memory that dates take is bounded by the days that count as current.
    pub(super) first_current: i32,
    /// Fields that add up.
    pub(super) fields: Vec<String>,
}

impl LayerScope {
    /// Whether what was counted by another scope tells what this one asks.
    pub(super) fn is_answered_by(&self, counted: &Self) -> bool {
        self.first_current >= counted.first_current && self.fields == counted.fields
    }
}

/// What was counted of a layer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct LayerScan {
    pub(super) scope: LayerScope,
    #[serde(with = "entries")]
    pub(super) cells: BTreeMap<CellKey, Cell>,
}

impl LayerScan {
    /// Adds other counts of the same scope.
    pub(super) fn add_scan(&mut self, other: Self) {
        for (key, cell) in other.cells {
            self.cells.entry(key).or_default().add_cell(&cell);
        }
        self.scope = other.scope;
    }
}

/// The texts of a cell's key, as a row has them.
type RowKey<'a> = [&'a str; 4];

/// Counts the rows of a tile, or of a piece of one.
pub(super) fn scan_rows(seen: &Seen<'_>, scope: &LayerScope) -> LayerScan {
    let columns = Columns::find_in(seen.rows, scope);
    // Rows lie along a curve, so that most are of the cell of the one before. Keys are borrowed: no row costs a copy.
    let mut places: HashMap<RowKey<'_>, usize> = HashMap::new();
    let mut counted: Vec<(RowKey<'_>, Cell)> = Vec::new();
    let mut last = usize::MAX;
    for row in 0..seen.rows.num_rows() {
        let key = columns.key_of(row);
        if counted.get(last).is_none_or(|(known, _)| *known != key) {
            last = *places.entry(key).or_insert(counted.len());
            if last == counted.len() {
                counted.push((key, columns.empty_cell()));
            }
        }
        columns.count_row(row, scope, &mut counted[last].1);
    }
    let region = seen.region.to_string();
    let cells = counted
        .into_iter()
        .map(|([state, county, sector, lifeline], cell)| {
            let key = CellKey {
                region: region.clone(),
                state: state.to_owned(),
                county: county.to_owned(),
                sector: sector.to_owned(),
                lifeline: lifeline.to_owned(),
            };
            (key, cell)
        });
    LayerScan {
        scope: scope.clone(),
        cells: cells.collect(),
    }
}

/// The columns counted row by row; one that a carried tile lacks is null throughout.
struct Columns<'a> {
    key: [Option<Texts<'a>>; 4],
    mismatches: [Option<&'a BooleanArray>; 2],
    date: Option<&'a Date32Array>,
    fields: Vec<Option<Numbers<'a>>>,
}

impl<'a> Columns<'a> {
    fn find_in(rows: &'a FacilityRows, scope: &LayerScope) -> Self {
        Self {
            key: [
                rows.states(),
                rows.texts("county_fips"),
                rows.texts("sector_code"),
                rows.texts("lifeline"),
            ],
            mismatches: ["is_state_mismatch", "is_county_mismatch"].map(|name| rows.booleans(name)),
            date: rows.dates("source_date"),
            fields: scope
                .fields
                .iter()
                .map(|name| Numbers::of_column(rows.column(name)?.as_ref()))
                .collect(),
        }
    }

    fn key_of(&self, row: usize) -> RowKey<'a> {
        self.key
            .map(|column| column.and_then(|texts| texts.value(row)).unwrap_or_default())
    }

    fn empty_cell(&self) -> Cell {
        Cell {
            sums: vec![Sum::default(); self.fields.len()],
            ..Cell::default()
        }
    }

    fn count_row(&self, row: usize, scope: &LayerScope, cell: &mut Cell) {
        cell.facilities += 1;
        let mut differs = self
            .mismatches
            .iter()
            .flatten()
            .filter(|column| column.is_valid(row))
            .map(|column| column.value(row))
            .peekable();
        if differs.peek().is_some() {
            cell.claimed += 1;
            cell.agreeing += u64::from(!differs.any(|differs| differs));
        }
        if let Some(date) = self.date.filter(|date| date.is_valid(row)) {
            cell.dated += 1;
            let day = date.value(row);
            if day >= scope.first_current {
                *cell.days.entry(day).or_default() += 1;
            }
        }
        for (numbers, sum) in self.fields.iter().zip(&mut cell.sums) {
            if let Some(value) = numbers.as_ref().and_then(|numbers| numbers.value(row)) {
                sum.add_value(value);
            }
        }
    }
}

/// A column of numbers.
#[derive(Clone, Copy)]
enum Numbers<'a> {
    Whole(&'a arrow_array::Int64Array),
    Real(&'a arrow_array::Float64Array),
}

impl<'a> Numbers<'a> {
    /// None where the column is of another type, as an older tile's may be.
    fn of_column(column: &'a dyn Array) -> Option<Self> {
        let whole = column.as_primitive_opt::<Int64Type>().map(Self::Whole);
        whole.or_else(|| column.as_primitive_opt::<Float64Type>().map(Self::Real))
    }

    fn value(self, row: usize) -> Option<f64> {
        match self {
            Self::Whole(numbers) => numbers.is_valid(row).then(|| numbers.value(row) as f64),
            Self::Real(numbers) => numbers.is_valid(row).then(|| numbers.value(row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

    use super::*;
    use crate::feature::RegionId;

    fn scanned(scope: &LayerScope) -> LayerScan {
        let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
        let flag = |values: Vec<Option<bool>>| Arc::new(BooleanArray::from(values)) as ArrayRef;
        let batch = RecordBatch::try_from_iter([
            ("state_code", text(vec![Some("TX"), Some("TX"), None])),
            ("county_fips", text(vec![Some("48001"), Some("48001"), None])),
            ("sector_code", text(vec![Some("HLPH"), Some("HLPH"), None])),
            ("is_state_mismatch", flag(vec![Some(false), None, None])),
            ("is_county_mismatch", flag(vec![Some(true), Some(false), None])),
            (
                "source_date",
                Arc::new(Date32Array::from(vec![Some(99), Some(100), None])) as ArrayRef,
            ),
            (
                "beds",
                Arc::new(Float64Array::from(vec![Some(0.1), Some(-999.0), Some(0.2)])) as ArrayRef,
            ),
        ]);
        let rows = FacilityRows::try_new(batch.unwrap()).unwrap();
        let seen = Seen {
            layer: "hospitals",
            region: &RegionId::new(Some("R06")),
            ordinal: 0,
            rows: &rows,
            places: None,
            nulls: None,
        };
        scan_rows(&seen, scope)
    }

    #[test]
    fn rows_count_in_their_cell_and_negative_values_do_not() {
        let scope = LayerScope {
            first_current: 100,
            fields: vec!["beds".to_owned(), "staff".to_owned()],
        };
        let mut scan = scanned(&scope);
        scan.add_scan(scanned(&scope));
        let cells: Vec<&Cell> = scan.cells.values().collect();
        let texas = cells[1];
        assert_eq!((texas.facilities, texas.claimed, texas.agreeing), (4, 4, 2));
        assert_eq!((texas.dated, &texas.days), (4, &[(100, 2)].into()));
        let beds = Sum {
            millionths: 200_000,
            values: 2,
        };
        assert_eq!(texas.sums, [beds, Sum::default()]);
        assert_eq!(cells[0].sums[0].millionths, 400_000, "outside every state");
        let told = serde_json::to_string(&scan).unwrap();
        let recalled: LayerScan = serde_json::from_str(&told).unwrap();
        assert_eq!((recalled.cells, recalled.scope), (scan.cells, scan.scope));
    }

    #[test]
    fn a_tally_answers_for_later_nights_and_the_same_fields_alone() {
        let scope = |first_current, field: &str| LayerScope {
            first_current,
            fields: vec![field.to_owned()],
        };
        assert!(scope(101, "beds").is_answered_by(&scope(100, "beds")));
        assert!(!scope(99, "beds").is_answered_by(&scope(100, "beds")));
        assert!(!scope(101, "staff").is_answered_by(&scope(100, "beds")));
    }
}
