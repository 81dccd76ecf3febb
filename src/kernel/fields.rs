//! One schema field, step by step: from source columns to a typed one.
//!
//! Pure. A field becomes up to four columns beside its decoded one, so that counting nulls and comparing columns tells
//! what was lost where. Source text comes repaired (`repair`). A column that has the field's type already is shared or
//! cast; text that has to be understood goes through Polars (`parse`).

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, StringArray, new_null_array};
use arrow_schema::{ArrowError, DataType};
use arrow_select::interleave::interleave;
use arrow_select::nullif::nullif;

use super::days::is_believed;
use super::{KernelError, codes, mangled, parse, repair, sentinels};
use crate::feature::spelling;
use crate::plan::{Field, FieldKind, State};

/// Beyond this a whole number in floating point may be spelled as another one.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// The first number beyond those of 64 bits.
const BEYOND_64_BITS: f64 = 9_223_372_036_854_775_808.0;

/// A field's values after every step.
#[derive(Debug)]
pub(super) struct Steps {
    /// As the source has them, text repaired.
    pub(super) raw: ArrayRef,
    /// Of a padded field: without sentinels.
    pub(super) bare: Option<StringArray>,
    /// Without sentinels, padded.
    pub(super) known: ArrayRef,
    /// Typed.
    pub(super) value: ArrayRef,
    /// Of a coded field: what the codes mean.
    pub(super) decoded: Option<ArrayRef>,
}

/// Takes a field through its steps; `sources` are its repaired source columns of `rows` rows, most trusted first.
pub(super) fn take_steps(
    field: &Field,
    sources: Vec<ArrayRef>,
    rows: usize,
    states: &[State],
    recovered: Option<usize>,
) -> Result<Steps, KernelError> {
    let sources = with_one_type(sources, matches!(field.kind, FieldKind::Date { .. }));
    // Before the columns are put together: a sentinel in a trusted column is no value, and the next one may have some.
    let without = sources
        .iter()
        .map(|source| sentinels::without_sentinels(source, field))
        .collect::<Result<Vec<_>, _>>();
    let bare = without
        .and_then(|columns| first_present(&columns, rows))
        .map_err(arrow_error)?;
    let raw = first_present(&sources, rows).map_err(arrow_error)?;
    // Sentinels are gone by now: they are compared as the source writes them, and `0` for an unknown ZIP is no `00000`.
    let (bare, known) = match field.pad {
        None => (None, bare),
        Some(width) => {
            let bare = spelling::spell_column(&bare);
            // No state's code has two zeros in front: three digits are a county's within its state.
            let most = if field.name == "county_fips_claimed" {
                1
            } else {
                width
            };
            let padded: StringArray = bare
                .iter()
                .map(|text| text.map(|text| repair::restore_zeros(text, width, most)))
                .collect();
            (Some(bare), Arc::new(padded) as ArrayRef)
        }
    };
    let value = typed_values(field, &known, states)?;
    let value = match recovered {
        Some(decimals) => mangled::with_recovered_dates(&known, &value, decimals),
        None => value,
    };
    let decoded = field.decoded.as_ref().map(|_| {
        let texts = spelling::spell_column(&value);
        Arc::new(codes::decode(&texts, &field.codes, field.is_concatenated)) as ArrayRef
    });
    Ok(Steps {
        raw,
        bare,
        known,
        value,
        decoded,
    })
}

fn arrow_error(source: ArrowError) -> KernelError {
    KernelError::Arrow { source }
}

/// A source column with its text repaired, and without numbers that are none.
pub(super) fn repair_column(column: &ArrayRef) -> ArrayRef {
    if not_numbers(column) > 0 {
        return match column.as_primitive_opt::<Float32Type>() {
            Some(numbers) => {
                let finite = numbers.unary_opt::<_, Float32Type>(|n| Some(n).filter(|n| n.is_finite()));
                Arc::new(finite)
            }
            None => Arc::new(finite_numbers(column.as_primitive())),
        };
    }
    let Some(texts) = spelling::as_text(column) else {
        return Arc::clone(column);
    };
    let repaired = repair::repair_texts(texts);
    match column.data_type() {
        DataType::Struct(_) => spelling::mixed_column(repaired, days_or_nulls(column)),
        _ => Arc::new(repaired),
    }
}

/// How many numbers of a column are none: NaN, or infinite.
pub(super) fn not_numbers(column: &ArrayRef) -> usize {
    match column.data_type() {
        DataType::Float64 => {
            let numbers = column.as_primitive::<Float64Type>();
            numbers
                .iter()
                .flatten()
                .filter(|number| !number.is_finite())
                .count()
        }
        DataType::Float32 => {
            let numbers = column.as_primitive::<Float32Type>();
            numbers
                .iter()
                .flatten()
                .filter(|number| !number.is_finite())
                .count()
        }
        _ => 0,
    }
}

/// Columns of several types as text, their dates with them where the field is one.
fn with_one_type(columns: Vec<ArrayRef>, is_date: bool) -> Vec<ArrayRef> {
    if columns
        .windows(2)
        .all(|pair| pair[0].data_type() == pair[1].data_type())
    {
        return columns;
    }
    columns
        .iter()
        .map(|column| -> ArrayRef {
            let texts = spelling::spell_column(column);
            // A date by its source's own word stays one beside text: the patterns might read its spelling otherwise.
            if is_date {
                spelling::mixed_column(texts, days_or_nulls(column))
            } else {
                Arc::new(texts)
            }
        })
        .collect()
}

/// The days of a column of dates, or nulls for all of its rows.
fn days_or_nulls(column: &ArrayRef) -> Date32Array {
    spelling::date_column(column).unwrap_or_else(|| Date32Array::new_null(column.len()))
}

/// Of every row the first value that there is.
fn first_present(columns: &[ArrayRef], rows: usize) -> Result<ArrayRef, ArrowError> {
    match columns {
        [] => return Ok(new_null_array(&DataType::Utf8, rows)),
        [only] => return Ok(Arc::clone(only)),
        [first, ..] if first.null_count() == 0 => return Ok(Arc::clone(first)),
        _ => {}
    }
    let places: Vec<(usize, usize)> = (0..rows)
        .map(|row| {
            let first = columns.iter().position(|column| column.is_valid(row));
            (first.unwrap_or(0), row)
        })
        .collect();
    let columns: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
    interleave(&columns, &places)
}

/// The values in the field's type; null where they don't fit it.
fn typed_values(field: &Field, known: &ArrayRef, states: &[State]) -> Result<ArrayRef, KernelError> {
    Ok(match (&field.kind, known.data_type()) {
        (FieldKind::Text, DataType::Utf8) | (FieldKind::Integer, DataType::Int64) => Arc::clone(known),
        (FieldKind::Text, _) => Arc::new(spelling::spell_column(known)),
        (FieldKind::Integer, DataType::Float64) => Arc::new(
            known
                .as_primitive::<Float64Type>()
                .unary_opt::<_, Int64Type>(to_whole_number),
        ) as ArrayRef,
        (FieldKind::Number, DataType::Int64) => Arc::new(
            known
                .as_primitive::<Int64Type>()
                .unary::<_, Float64Type>(|number| number as f64),
        ),
        (FieldKind::Number, DataType::Float64) => Arc::new(finite_numbers(known.as_primitive())),
        (FieldKind::Boolean { truth, falsity }, DataType::Boolean) => {
            Arc::new(truth_values(known.as_boolean(), truth, falsity))
        }
        (FieldKind::Date { .. }, _) => return dates_of(&field.kind, known),
        (kind, _) => return parse::parse_texts(&spelling::spell_column(known), kind, states),
    })
}

/// A number that is whole, as its digits are read.
fn to_whole_number(number: f64) -> Option<i64> {
    let is_within = (-BEYOND_64_BITS..BEYOND_64_BITS).contains(&number) && number.fract() == 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 64 bits")]
    let whole = is_within.then_some(number as i64);
    if number.abs() <= MOST_EXACT {
        return whole;
    }
    // The fewest digits that give a large number back end in zeros that its bits don't. Such a number is read as its digits,
    // so that a column gives the same integers whether its source has it typed or as text.
    number.to_string().parse().ok().or(whole)
}

fn finite_numbers(numbers: &Float64Array) -> Float64Array {
    if numbers.values().iter().all(|number| number.is_finite()) {
        return numbers.clone();
    }
    numbers.unary_opt(|number| Some(number).filter(|number| number.is_finite()))
}

/// What the words of the field make of `true` and `false`.
fn truth_values(values: &BooleanArray, truth: &[String], falsity: &[String]) -> BooleanArray {
    let yes = parse::parse_truth("TRUE", truth, falsity);
    let no = parse::parse_truth("FALSE", truth, falsity);
    if (yes, no) == (Some(true), Some(false)) {
        return values.clone();
    }
    values.iter().map(|value| if value? { yes } else { no }).collect()
}

/// Days: of a date by the source's own word its own, of any other text what the patterns make of it.
fn dates_of(kind: &FieldKind, known: &ArrayRef) -> Result<ArrayRef, KernelError> {
    let Some(days) = spelling::date_column(known) else {
        return parse::parse_texts(&spelling::spell_column(known), kind, &[]);
    };
    let believed: Date32Array =
        days.unary_opt::<_, Date32Type>(|day| Some(day).filter(|day| is_believed(*day)));
    if days.null_count() == known.null_count() {
        return Ok(Arc::new(believed));
    }
    let is_day: BooleanArray = (0..days.len()).map(|row| Some(days.is_valid(row))).collect();
    let others = nullif(&spelling::spell_column(known), &is_day).map_err(arrow_error)?;
    let read = parse::parse_texts(others.as_string(), kind, &[])?;
    let read = read.as_primitive::<Date32Type>();
    // A native day that isn't believed stays null: its spelling must not get a second chance by the patterns.
    let both: Date32Array = believed
        .iter()
        .zip(read)
        .enumerate()
        .map(|(row, (day, read))| if days.is_valid(row) { day } else { read })
        .collect();
    Ok(Arc::new(both))
}
