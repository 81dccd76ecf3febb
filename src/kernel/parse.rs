//! Typed values out of text, through Polars: numbers, words, dates by patterns, states.
//!
//! Pure. Polars' eager functions, one column on one thread: the engine that runs batches has the threads, and the lazy
//! engine's pool would only get in its way. Every function goes value by value, so that texts that repeat go once (`frame`).

use arrow_array::{ArrayRef, StringArray};
use polars::prelude::{
    BooleanChunked, ChunkCast, DataType, DateChunked, Float64Chunked, Int32Chunked, Int64Chunked, IntoSeries,
    NamedFrom, NewChunkedArray, PolarsResult, Series, StringChunked, StringMethods, StringNameSpaceImpl,
    TimeUnit, replace_or_default,
};

use super::sentinels::without_zeros;
use super::{KernelError, dates, frame};
use crate::plan::{EPOCH_MS, EXCEL_SERIAL, FieldKind, State};

/// The values of a field's text; null where a text is none.
pub(super) fn typed(
    texts: &StringArray,
    kind: &FieldKind,
    states: &[State],
) -> Result<ArrayRef, KernelError> {
    frame::through(texts, |texts| match kind {
        FieldKind::Text => Ok(texts.clone().into_series()),
        FieldKind::Integer => integers(texts),
        FieldKind::Number => Ok(finite(texts)?.into_series()),
        FieldKind::Boolean { truth, falsity } => Ok(booleans(&texts.to_uppercase(), truth, falsity)),
        FieldKind::Date { formats } => days(texts, formats),
        FieldKind::State => state_codes(&texts.to_uppercase(), states),
    })
}

/// Whole numbers, `12.0` included.
fn integers(texts: &StringChunked) -> PolarsResult<Series> {
    let exact = texts.cast(&DataType::Int64)?;
    let float = finite(texts)?;
    let cut = float.cast(&DataType::Int64)?;
    let whole = |(cut, float): (Option<i64>, Option<f64>)| cut.filter(|whole| float == Some(*whole as f64));
    let whole = cut.i64()?.iter().zip(float.iter()).map(whole);
    let numbers = exact.i64()?.iter().zip(whole).map(|(exact, whole)| exact.or(whole));
    Ok(Int64Chunked::from_iter_options("".into(), numbers).into_series())
}

fn finite(texts: &StringChunked) -> PolarsResult<Float64Chunked> {
    let numbers = texts.cast(&DataType::Float64)?;
    let finite = numbers.f64()?.iter().map(|number| number.filter(|number| number.is_finite()));
    Ok(Float64Chunked::from_iter_options("".into(), finite))
}

fn booleans(upper: &StringChunked, truth: &[String], falsity: &[String]) -> Series {
    let values = upper.iter().map(|text| self::truth(text?, truth, falsity));
    BooleanChunked::from_iter_options("".into(), values).into_series()
}

/// What a word in capitals says, by a field's words.
pub(super) fn truth(word: &str, truth: &[String], falsity: &[String]) -> Option<bool> {
    let is_among = |words: &[String]| words.iter().any(|other| other.to_uppercase() == word);
    is_among(truth).then_some(true).or_else(|| is_among(falsity).then_some(false))
}

/// The days of dates by the first pattern that gives one that is believed; ISO 8601, which means one thing alone, is always
/// among them.
fn days(texts: &StringChunked, formats: &[String]) -> PolarsResult<Series> {
    let mut days: Vec<Option<i32>> = vec![None; texts.len()];
    for format in formats {
        let left = texts.iter().zip(&days).map(|(text, day)| text.filter(|_| day.is_none()));
        let left = StringChunked::from_iter_options("".into(), left);
        if left.null_count() == left.len() {
            break;
        }
        let read = by_pattern(&left, format)?;
        for (day, read) in days.iter_mut().zip(read.phys.iter()) {
            *day = day.or(read.filter(|day| dates::is_believed(*day)));
        }
    }
    for (text, day) in texts.iter().zip(&mut days).filter(|(_, day)| day.is_none()) {
        *day = text.and_then(dates::iso).filter(|day| dates::is_believed(*day));
    }
    Ok(Int32Chunked::from_iter_options("".into(), days.into_iter()).into_date().into_series())
}

fn by_pattern(texts: &StringChunked, format: &str) -> PolarsResult<DateChunked> {
    match format {
        EPOCH_MS => epoch_ms(texts)?.date().cloned(),
        EXCEL_SERIAL => excel_serial(texts),
        pattern => texts.as_date(Some(pattern), true),
    }
}

/// Milliseconds since 1970. At most five digits are none: a year, a day count or a sentinel stands there.
fn epoch_ms(texts: &StringChunked) -> PolarsResult<Series> {
    let is_moment = |text: &&str| text.len() > 5 || *text == "0";
    let moments = texts.iter().map(|text| text.map(without_zeros).filter(is_moment));
    StringChunked::from_iter_options("".into(), moments)
        .cast(&DataType::Int64)?
        .cast(&DataType::Datetime(TimeUnit::Milliseconds, None))?
        .cast(&DataType::Date)
}

/// Days since day zero of spreadsheets, from the first of March 1900 on; the fraction is the time of day.
/// Scientific notation has lost digits and is none.
fn excel_serial(texts: &StringChunked) -> PolarsResult<DateChunked> {
    let serials = texts.cast(&DataType::Float64)?.cast(&DataType::Int32)?;
    let is_mangled = |text: Option<&str>| text.is_some_and(|text| text.contains(['e', 'E']));
    let day = |(serial, text): (Option<i32>, Option<&str>)| {
        let serial = serial.filter(|serial| *serial >= dates::FIRST_SERIAL && !is_mangled(text));
        serial.map(|serial| serial + dates::DAY_ZERO)
    };
    let days = serials.i32()?.iter().zip(texts.iter()).map(day);
    Ok(Int32Chunked::from_iter_options("".into(), days).into_date())
}

/// USPS code from a USPS code, a name or a 2-digit FIPS code.
fn state_codes(upper: &StringChunked, states: &[State]) -> PolarsResult<Series> {
    let names: Vec<String> = states.iter().map(|state| state.name.to_uppercase()).collect();
    let spellings = states.iter().zip(&names).flat_map(|(state, name)| [&*state.usps, name, &state.fips]);
    let codes = states.iter().flat_map(|state| [&*state.usps; 3]);
    mapped(upper, &spellings.collect::<Vec<_>>(), &codes.collect::<Vec<_>>())
}

fn mapped(texts: &StringChunked, old: &[&str], new: &[&str]) -> PolarsResult<Series> {
    let list = |words: &[&str]| Series::new("".into(), words).implode();
    let null = Series::full_null("".into(), 1, &DataType::String);
    let texts = texts.clone().into_series();
    replace_or_default(&texts, &list(old)?, &list(new)?, &null, Some(DataType::String))
}
