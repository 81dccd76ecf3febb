//! Columns of rows as cells, one at a time, for formats that are no columns.
//!
//! LEAF. What published columns may be, and nothing else: text, lists of it, numbers, yes and no, days.

use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray};
use arrow_schema::DataType;
use chrono::{NaiveDate, TimeDelta};

use super::texts::Texts;

/// What stands between the texts of a list where a format has no lists.
pub const LIST_SEPARATOR: &str = ";";

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// None.
    Null,
    /// Text.
    Text(&'a str),
    /// A list of texts.
    Texts(Vec<&'a str>),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A day.
    Day(NaiveDate),
}

impl fmt::Display for Cell<'_> {
    /// As text: nothing for null, `true` and `false`, numbers in the fewest digits, ISO 8601 days, lists with `;`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Texts(texts) => f.write_str(&texts.join(LIST_SEPARATOR)),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(is_so) => write!(f, "{is_so}"),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

/// Of which kind the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// Text.
    Text,
    /// A list of texts.
    Texts,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day.
    Day,
}

impl CellKind {
    /// Of a column's type; none where it can't be shown as cells, as geometry and covering can't.
    ///
    /// ```
    /// use arrow_schema::DataType;
    /// use cikr::feature::CellKind;
    ///
    /// assert_eq!(CellKind::of_type(&DataType::Date32), Some(CellKind::Day));
    /// assert_eq!(CellKind::of_type(&DataType::Binary), None);
    /// ```
    pub fn of_type(column: &DataType) -> Option<Self> {
        match column {
            DataType::Utf8 => Some(Self::Text),
            DataType::Dictionary(_, value) if **value == DataType::Utf8 => Some(Self::Text),
            DataType::List(item) if *item.data_type() == DataType::Utf8 => Some(Self::Texts),
            DataType::Int64 => Some(Self::Integer),
            DataType::Float64 => Some(Self::Number),
            DataType::Boolean => Some(Self::Boolean),
            DataType::Date32 => Some(Self::Day),
            _ => None,
        }
    }
}

/// A column whose cells can be asked for.
#[derive(Debug, Clone, Copy)]
pub enum Cells<'a> {
    /// Text.
    Text(Texts<'a>),
    /// Lists of texts.
    Texts(&'a ListArray),
    /// Whole numbers.
    Integers(&'a Int64Array),
    /// Numbers.
    Numbers(&'a Float64Array),
    /// Yes and no.
    Booleans(&'a BooleanArray),
    /// Days since 1970.
    Days(&'a Date32Array),
}

impl<'a> Cells<'a> {
    /// Of an array; none where it can't be shown as cells.
    ///
    /// ```
    /// use arrow_array::Int64Array;
    /// use cikr::feature::{Cell, Cells};
    ///
    /// let beds = Int64Array::from(vec![Some(12), None]);
    /// let cells = Cells::of_array(&beds).ok_or("no cells")?;
    /// assert_eq!((cells.get(0), cells.get(1)), (Cell::Integer(12), Cell::Null));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn of_array(column: &'a dyn Array) -> Option<Self> {
        let cells = match CellKind::of_type(column.data_type())? {
            CellKind::Text => Self::Text(Texts::from_array(column)?),
            CellKind::Texts => Self::Texts(column.as_list_opt()?),
            CellKind::Integer => Self::Integers(column.as_primitive_opt::<Int64Type>()?),
            CellKind::Number => Self::Numbers(column.as_primitive_opt::<Float64Type>()?),
            CellKind::Boolean => Self::Booleans(column.as_boolean_opt()?),
            CellKind::Day => Self::Days(column.as_primitive_opt::<Date32Type>()?),
        };
        Some(cells)
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Cell<'a> {
        match self {
            Self::Text(texts) => texts.value(row).map_or(Cell::Null, Cell::Text),
            Self::Texts(lists) => texts_of_list(lists, row).map_or(Cell::Null, Cell::Texts),
            Self::Integers(numbers) => value(*numbers, row, |row| Cell::Integer(numbers.value(row))),
            Self::Numbers(numbers) => value(*numbers, row, |row| Cell::Number(numbers.value(row))),
            Self::Booleans(marks) => value(*marks, row, |row| Cell::Boolean(marks.value(row))),
            Self::Days(days) => value(*days, row, |row| {
                day_of(days.value(row)).map_or(Cell::Null, Cell::Day)
            }),
        }
    }
}

fn value<'a>(column: &dyn Array, row: usize, cell: impl FnOnce(usize) -> Cell<'a>) -> Cell<'a> {
    if column.is_null(row) {
        Cell::Null
    } else {
        cell(row)
    }
}

fn texts_of_list(lists: &ListArray, row: usize) -> Option<Vec<&str>> {
    if lists.is_null(row) {
        return None;
    }
    let texts = lists.values().as_string_opt::<i32>()?;
    let start = usize::try_from(lists.value_offsets()[row]).ok()?;
    let length = usize::try_from(lists.value_length(row)).ok()?;
    Some(
        (start..start + length)
            .filter(|at| texts.is_valid(*at))
            .map(|at| texts.value(at))
            .collect(),
    )
}

/// A day of the calendar; none beyond it.
fn day_of(days: i32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::days(days.into()))
}
