//! What a column of a row must be, as people write it: `beds>=100`, `status=OPEN`.
//!
//! Pure. A value has the type of its column, which only the layer knows: until then it is kept in every form that it may have.

use std::collections::BTreeSet;
use std::str::FromStr;

use arrow_schema::Schema;

use super::SelectError;
use super::layers::unknown;
use super::literal::{Comparison, Literal};
use super::pattern::Pattern;
use crate::feature::{Cell, CellKind, Cells, FacilityRows};
use crate::geoparquet::{ColumnBounds, ValueRange};

/// Signs, the longer ones first: `>` begins `>=`.
const SIGNS: [(&str, Comparison); 6] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    ("!=", Comparison::NotEqual),
    ("=", Comparison::Equal),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
];

/// A column and what must hold of it.
///
/// ```
/// use cikr::select::Condition;
///
/// let beds: Condition = "beds>=100".parse()?;
/// assert_eq!(beds.column(), "beds");
/// let told = "beds".parse::<Condition>().unwrap_err().to_string();
/// assert!(told.starts_with("write COLUMN=VALUE"), "{told}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    column: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// One of some texts, or no value.
    OneOf { texts: BTreeSet<String>, or_null: bool },
    /// No value, or any.
    IsNull(bool),
    /// Compared with a value; a row without one never holds.
    Compared(Comparison, Literal),
    /// A text like a pattern, or unlike it; a row without one never holds.
    Like { pattern: Pattern, is_unlike: bool },
}

/// A text that is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "write COLUMN=VALUE, such as status=OPEN or beds>=100; signs are = != < <= > >=, and COLUMN= is a row without a value"
)]
pub struct BadCondition;

impl FromStr for Condition {
    type Err = BadCondition;

    fn from_str(written: &str) -> Result<Self, BadCondition> {
        let at = written.find(['=', '!', '<', '>']).ok_or(BadCondition)?;
        let (column, rest) = written.split_at(at);
        let found = SIGNS
            .iter()
            .find_map(|(sign, comparison)| Some((rest.strip_prefix(sign)?, *comparison)));
        let (value, comparison) = found.ok_or(BadCondition)?;
        let column = column.trim();
        let test = match (comparison, value.trim()) {
            _ if column.is_empty() => return Err(BadCondition),
            (Comparison::Equal, "") => Test::IsNull(true),
            (Comparison::NotEqual, "") => Test::IsNull(false),
            (_, "") => return Err(BadCondition),
            (comparison, value) => Test::Compared(comparison, Literal::new(value)),
        };
        Ok(Self {
            column: column.to_owned(),
            test,
        })
    }
}

impl Condition {
    /// That a column of texts has one of some, or no value where `or_null` says so.
    pub fn one_of(column: &str, texts: BTreeSet<String>, or_null: bool) -> Self {
        Self {
            column: column.to_owned(),
            test: Test::OneOf { texts, or_null },
        }
    }

    /// That a column compares so with a value, as people write it.
    pub(super) fn compared(column: &str, comparison: Comparison, value: &str) -> Self {
        Self {
            column: column.to_owned(),
            test: Test::Compared(comparison, Literal::new(value)),
        }
    }

    /// That a column has no value, or one.
    pub(super) fn is_null(column: &str, is_null: bool) -> Self {
        Self {
            column: column.to_owned(),
            test: Test::IsNull(is_null),
        }
    }

    /// That a column of texts is like a pattern, or unlike it.
    pub(super) fn like(column: &str, pattern: Pattern, is_unlike: bool) -> Self {
        Self {
            column: column.to_owned(),
            test: Test::Like { pattern, is_unlike },
        }
    }

    /// The column.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Holds the condition against a layer's columns.
    ///
    /// # Errors
    /// When there is no such column, or the value is none of its type.
    pub fn check(&self, schema: &Schema) -> Result<(), SelectError> {
        let fields = schema.fields().iter();
        let kinds = fields.filter_map(|field| Some((field.name(), CellKind::of_type(field.data_type())?)));
        let Some((_, kind)) = kinds.clone().find(|(name, _)| **name == self.column) else {
            // Conditions of our own ask for columns that an older tile may lack: none of its rows has such a code.
            if matches!(self.test, Test::OneOf { .. }) {
                return Ok(());
            }
            return Err(unknown(
                "column",
                &self.column,
                kinds.map(|(name, _)| name.as_str()),
            ));
        };
        match &self.test {
            Test::Compared(comparison, value) => value.check(&self.column, kind, *comparison),
            _ => Ok(()),
        }
    }

    /// Whether a row group or a page may have a row of which it holds, by what is known of the column's values.
    pub(super) fn may_hold(&self, bounds: &ColumnBounds<'_>) -> bool {
        match &self.test {
            Test::IsNull(true) => bounds.may_be_null,
            Test::IsNull(false) | Test::Like { .. } => bounds.may_be_value,
            Test::OneOf { texts, or_null } => {
                let is_between = || match bounds.range {
                    Some(ValueRange::Texts(least, greatest)) => texts
                        .iter()
                        .any(|text| least <= text.as_bytes() && text.as_bytes() <= greatest),
                    _ => true,
                };
                (*or_null && bounds.may_be_null) || (bounds.may_be_value && is_between())
            }
            Test::Compared(comparison, value) => {
                bounds.may_be_value
                    && bounds
                        .range
                        .is_none_or(|range| value.may_be_met(*comparison, range))
            }
        }
    }

    /// Takes the marks from rows of which it doesn't hold.
    pub(super) fn unmark(&self, rows: &FacilityRows, marks: &mut [bool]) {
        let column = rows.column(&self.column);
        let cells = column.and_then(|column| Cells::of_array(column.as_ref()));
        for (row, mark) in marks.iter_mut().enumerate().filter(|(_, mark)| **mark) {
            *mark = self.holds(&cells.map_or(Cell::Null, |cells| cells.get(row)));
        }
    }

    fn holds(&self, cell: &Cell<'_>) -> bool {
        match &self.test {
            Test::IsNull(is_null) => *is_null == (*cell == Cell::Null),
            Test::OneOf { texts, or_null } => match cell {
                Cell::Null => *or_null,
                Cell::Text(text) => texts.contains(*text),
                _ => false,
            },
            Test::Compared(comparison, value) => value.is_met_by(*comparison, cell),
            Test::Like { pattern, is_unlike } => match cell {
                Cell::Text(text) => pattern.is_met_by(text) != *is_unlike,
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    };

    use super::*;

    fn rows() -> FacilityRows {
        let columns: Vec<(&str, ArrayRef)> = vec![
            (
                "status",
                Arc::new(StringArray::from(vec![Some("OPEN"), None, Some("CLOSED")])),
            ),
            (
                "beds",
                Arc::new(Int64Array::from(vec![Some(12), None, Some(120)])),
            ),
            (
                "capacity_mw",
                Arc::new(Float64Array::from(vec![Some(0.5), Some(f64::NAN), None])),
            ),
            (
                "is_county_mismatch",
                Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            ),
            (
                "licensed",
                Arc::new(Date32Array::from(vec![Some(0), None, Some(20_000)])),
            ),
        ];
        FacilityRows::try_new(
            RecordBatch::try_from_iter_with_nullable(
                columns.into_iter().map(|(name, column)| (name, column, true)),
            )
            .unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn a_row_is_held_against_a_value_of_its_columns_type() {
        let cases: [(&str, &[usize]); 14] = [
            ("status=OPEN", &[0]),
            ("status!=OPEN", &[2]),
            ("status=", &[1]),
            ("status!=", &[0, 2]),
            ("status<D", &[2]),
            ("beds>=12", &[0, 2]),
            ("beds > 12", &[2]),
            ("beds<120", &[0]),
            ("capacity_mw<=0.50", &[0]),
            ("capacity_mw!=3", &[0, 1]),
            ("is_county_mismatch=false", &[2]),
            ("licensed=1970-01-01", &[0]),
            ("licensed>2000-01-01", &[2]),
            ("licensed=2024-10-04", &[2]),
        ];
        let rows = rows();
        for (written, expected) in cases {
            let condition: Condition = written.parse().unwrap();
            condition.check(rows.as_batch().schema_ref()).unwrap();
            let mut marks = vec![true; 3];
            condition.unmark(&rows, &mut marks);
            let held: Vec<usize> = (0..3).filter(|row| marks[*row]).collect();
            assert_eq!(held, expected, "{written}");
        }
    }

    #[test]
    fn what_is_no_column_or_no_value_of_it_is_told() {
        let rows = rows();
        let told = |written: &str| {
            let condition: Condition = written.parse().unwrap();
            condition
                .check(rows.as_batch().schema_ref())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            told("statsu=OPEN"),
            "the release has no column `statsu`; did you mean `status`?"
        );
        assert_eq!(
            told("beds=many"),
            "`many` is no value of `beds`: it holds whole numbers"
        );
        assert_eq!(
            told("licensed>2026"),
            "`2026` is no value of `licensed`: it holds days such as 2026-11-30"
        );
        assert!(told("is_county_mismatch>false").contains("compared by = and !="));
        for bad in ["", "beds", "=4", "beds>", "beds!4"] {
            assert_eq!(bad.parse::<Condition>(), Err(BadCondition), "{bad}");
        }
    }

    #[test]
    fn a_range_rules_out_only_what_it_cannot_hold() {
        let bounds = |range| ColumnBounds {
            range: Some(range),
            may_be_null: false,
            may_be_value: true,
        };
        let may = |written: &str, range| written.parse::<Condition>().unwrap().may_hold(&bounds(range));
        let beds = ValueRange::Integers(10, 20);
        for (written, expected) in [
            ("beds=10", true),
            ("beds=21", false),
            ("beds!=10", true),
            ("beds<10", false),
            ("beds<=10", true),
            ("beds>20", false),
            ("beds>=20", true),
            ("beds=", false),
            ("beds!=", true),
        ] {
            assert_eq!(may(written, beds), expected, "{written}");
        }
        // Shortened: `HOSPITAL FOR …` is cut to its first letters, and the greatest raised.
        let names = ValueRange::Texts(b"CLI", b"HOT");
        assert!(may("name=CLINIC", names) && may("name=HOSPITAL", names) && !may("name=PLANT", names));
        let codes = Condition::one_of("state_code", ["TX".to_owned()].into(), true);
        let nulls = ColumnBounds {
            range: None,
            may_be_null: true,
            may_be_value: false,
        };
        assert!(codes.may_hold(&nulls), "outside every state");
        assert!(!codes.may_hold(&bounds(ValueRange::Texts(b"AL", b"GA"))));
    }
}
