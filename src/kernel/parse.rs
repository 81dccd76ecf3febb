//! Typed values out of text, through Polars: numbers, words, dates by patterns.
//!
//! Pure. Polars' eager functions, one column on one thread: the engine that runs batches has the threads, and the lazy
//! engine's pool would only get in its way. Every function goes value by value, so that texts that repeat go once (`frame`).

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use polars::prelude::{
    BooleanChunked, ChunkApply, ChunkCast, DataType, DateChunked, Float64Chunked, Int32Chunked, Int64Chunked,
    IntoSeries, NewChunkedArray, PolarsResult, Series, StringChunked, StringMethods, StringNameSpaceImpl,
    TimeUnit,
};

use super::days::{DAY_ZERO, FIRST_SERIAL, is_believed};
use super::sentinels::without_zeros;
use super::{KernelError, dates, frame, states};
use crate::plan::{EPOCH_MS, EXCEL_SERIAL, FieldKind, State};

/// The values of a field's text; null where a text is none.
pub(super) fn parse_texts(
    texts: &StringArray,
    kind: &FieldKind,
    known: &[State],
) -> Result<ArrayRef, KernelError> {
    if *kind == FieldKind::State {
        return Ok(Arc::new(states::usps_codes(texts, known)));
    }
    frame::map_texts(texts, |texts| match kind {
        FieldKind::Text | FieldKind::State => Ok(texts.clone().into_series()),
        FieldKind::Integer => parse_integers(texts),
        FieldKind::Number => Ok(parse_finite(texts)?.into_series()),
        FieldKind::Boolean { truth, falsity } => Ok(parse_booleans(&texts.to_uppercase(), truth, falsity)),
        FieldKind::Date { formats } => parse_days(texts, formats),
    })
}

/// Whole numbers, `12.0` included.
fn parse_integers(texts: &StringChunked) -> PolarsResult<Series> {
    let exact = texts.cast(&DataType::Int64)?;
    let float = parse_finite(texts)?;
    let cut = float.cast(&DataType::Int64)?;
    // Exact first: a double has no room for the last digits of a whole number beyond 2^53.
    let whole = cut
        .i64()?
        .iter()
        .zip(float.iter())
        .map(|(cut, float)| cut.filter(|whole| float == Some(*whole as f64)));
    let numbers = exact
        .i64()?
        .iter()
        .zip(whole)
        .map(|(exact, whole)| exact.or(whole));
    Ok(Int64Chunked::from_iter_options("".into(), numbers).into_series())
}

fn parse_finite(texts: &StringChunked) -> PolarsResult<Float64Chunked> {
    let numbers = texts.cast(&DataType::Float64)?;
    let finite = numbers
        .f64()?
        .iter()
        .map(|number| number.filter(|number| number.is_finite()));
    Ok(Float64Chunked::from_iter_options("".into(), finite))
}

fn parse_booleans(upper: &StringChunked, truth: &[String], falsity: &[String]) -> Series {
    let values = upper.iter().map(|text| parse_truth(text?, truth, falsity));
    BooleanChunked::from_iter_options("".into(), values).into_series()
}

/// What a word in capitals says, by a field's words.
pub(super) fn parse_truth(word: &str, truth: &[String], falsity: &[String]) -> Option<bool> {
    if has_word(truth, word) {
        Some(true)
    } else if has_word(falsity, word) {
        Some(false)
    } else {
        None
    }
}

fn has_word(words: &[String], upper: &str) -> bool {
    words.iter().any(|word| word.to_uppercase() == upper)
}

/// The days of dates by the first pattern that gives one that is believed; ISO 8601, which means one thing alone, is always
/// among them.
fn parse_days(texts: &StringChunked, formats: &[String]) -> PolarsResult<Series> {
    let mut days: Vec<Option<i32>> = vec![None; texts.len()];
    // A day that isn't believed leaves its text to the next pattern: month and day in turns, or a year of two digits, are read
    // by a wrong one without complaint.
    for format in formats {
        let left = texts
            .iter()
            .zip(&days)
            .map(|(text, day)| text.filter(|_| day.is_none()));
        let left = StringChunked::from_iter_options("".into(), left);
        if left.null_count() == left.len() {
            break;
        }
        let read = parse_by_format(&left, format)?;
        for (day, read) in days.iter_mut().zip(read.phys.iter()) {
            *day = day.or(read.filter(|day| is_believed(*day)));
        }
    }
    for (text, day) in texts.iter().zip(&mut days).filter(|(_, day)| day.is_none()) {
        *day = text.and_then(dates::parse_iso).filter(|day| is_believed(*day));
    }
    Ok(Int32Chunked::from_iter_options("".into(), days.into_iter())
        .into_date()
        .into_series())
}

/// The days that a pattern reads, by what it is called in a schema.
fn parse_by_format(texts: &StringChunked, format: &str) -> PolarsResult<DateChunked> {
    match format {
        EPOCH_MS => parse_epoch_ms(texts)?.date().cloned(),
        EXCEL_SERIAL => parse_excel_serial(texts),
        pattern => {
            // `%y` and `%D`, which has one within, read years of two digits as chrono has them.
            let days = texts.as_date(Some(pattern), true)?;
            Ok(if pattern.contains("%y") || pattern.contains("%D") {
                days.phys.apply_values(dates::with_century).into_date()
            } else {
                days
            })
        }
    }
}

/// Milliseconds since 1970.
fn parse_epoch_ms(texts: &StringChunked) -> PolarsResult<Series> {
    // Moments of a column that was taken for real numbers: `1255392000000.0`.
    let numbers = texts.iter().map(|text| text.map(without_zeros));
    let numbers = StringChunked::from_iter_options("".into(), numbers).cast(&DataType::Int64)?;
    let moments = numbers
        .i64()?
        .iter()
        .map(|number| number.filter(|number| dates::is_moment(*number)));
    Int64Chunked::from_iter_options("".into(), moments)
        .into_series()
        .cast(&DataType::Datetime(TimeUnit::Milliseconds, None))?
        .cast(&DataType::Date)
}

/// Days since day zero of spreadsheets, from the first of March 1900 on; the fraction is the time of day.
/// Scientific notation has lost digits and is none.
fn parse_excel_serial(texts: &StringChunked) -> PolarsResult<DateChunked> {
    let serials = texts.cast(&DataType::Float64)?.cast(&DataType::Int32)?;
    let days = serials.i32()?.iter().zip(texts.iter()).map(|(serial, text)| {
        let is_mangled = text?.contains(['e', 'E']);
        let serial = serial.filter(|serial| *serial >= FIRST_SERIAL && !is_mangled);
        Some(serial? + DAY_ZERO)
    });
    Ok(Int32Chunked::from_iter_options("".into(), days).into_date())
}
