//! One schema field as Polars expressions: from source text to a typed column.
//!
//! Pure. A field becomes up to four columns, so that counting nulls and comparing columns tells what was
//! lost where: `raw:<name>` (the source's text), `bare:<name>` (of a padded field: sentinels gone),
//! `text:<name>` (sentinels gone, padded), `<name>` (typed). Source text comes repaired (`repair`).

use polars::prelude::{ChunkApply, Column, DataFrame, IntoColumn, LazyFrame, NamedFrom, PolarsResult};
use polars::prelude::{
    DataType, Expr, IntoLazy, NULL, PlSmallStr, Series, StrptimeOptions, TimeUnit, coalesce, col, lit, when,
};

use super::{dates, repair};
use crate::plan::{EPOCH_MS, EXCEL_SERIAL, Field, FieldKind, State};

/// Column of the repaired source text of a field.
pub(super) fn raw_name(field: &Field) -> String {
    format!("raw:{}", field.name)
}

/// Column of a field's text after sentinels.
pub(super) fn text_name(field: &Field) -> String {
    format!("text:{}", field.name)
}

/// Column of a padded field's text after sentinels, before padding.
pub(super) fn bare_name(field: &Field) -> String {
    format!("bare:{}", field.name)
}

/// Adds the columns of every field, and the decoded column of coded ones.
///
/// `sources` names, per field, the columns of `frame` that hold it, most trusted first.
pub(super) fn typed(
    frame: DataFrame,
    fields: &[Field],
    sources: &[Vec<String>],
    states: &[State],
) -> LazyFrame {
    let pairs = || fields.iter().zip(sources);
    let padded = fields.iter().filter_map(|field| Some((field, field.pad?)));
    let decoded = fields.iter().filter_map(|field| Some((field, field.decoded.as_ref()?)));
    frame
        .lazy()
        .with_columns(pairs().map(|(f, from)| raw(from).alias(raw_name(f))).collect::<Vec<_>>())
        .with_columns(pairs().map(|(f, from)| known(f, from)).collect::<Vec<_>>())
        .with_columns(padded.map(|(f, width)| self::padded(f, width).alias(text_name(f))).collect::<Vec<_>>())
        .with_columns(fields.iter().map(|f| value(f, states).alias(&*f.name)).collect::<Vec<_>>())
        .with_columns(decoded.map(|(f, name)| decode(f).alias(name)).collect::<Vec<_>>())
}

fn raw(from: &[String]) -> Expr {
    first_present(from.iter().map(col))
}

/// The field's text without sentinels, under the name of its next step.
fn known(field: &Field, from: &[String]) -> Expr {
    let name = if field.pad.is_some() { bare_name(field) } else { text_name(field) };
    first_present(from.iter().map(|name| without_sentinels(col(name), field))).alias(name)
}

fn first_present(exprs: impl Iterator<Item = Expr>) -> Expr {
    let exprs: Vec<Expr> = exprs.collect();
    if exprs.is_empty() { lit(NULL).cast(DataType::String) } else { coalesce(&exprs) }
}

/// Null where the text is one of the field's sentinels. Of numbers, and codes that are padded, a spelling
/// that only adds zeros after the point is the same sentinel: `-999.00000` is `-999`.
fn without_sentinels(text: Expr, field: &Field) -> Expr {
    if field.null.is_empty() {
        return text;
    }
    let is_number = matches!(field.kind, FieldKind::Integer | FieldKind::Number) || field.pad.is_some();
    let is_sentinel = if is_number {
        let sentinels: Vec<String> = field.null.iter().map(|sentinel| without_zeros(sentinel)).collect();
        whole(text.clone()).is_in(words(&sentinels), false)
    } else {
        text.clone().is_in(words(&field.null), false)
    };
    when(is_sentinel).then(lit(NULL)).otherwise(text)
}

/// A number's text without the zeros that end its decimals.
fn whole(text: Expr) -> Expr {
    let short = text.clone().str().strip_chars_end(lit("0")).str().strip_chars_end(lit("."));
    when(text.clone().str().contains_literal(lit("."))).then(short).otherwise(text)
}

fn without_zeros(text: &str) -> String {
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if text.contains('.') { short.to_owned() } else { text.to_owned() }
}

/// What a code of so many digits lost, put back.
fn padded(field: &Field, width: usize) -> Expr {
    let pad = move |column: Column| -> PolarsResult<Column> {
        let texts = column.as_materialized_series().str()?;
        Ok(texts.apply_values(|text| repair::code(text, width)).into_column())
    };
    col(bare_name(field)).map(pad, |_, field| Ok(field.clone()))
}

fn value(field: &Field, states: &[State]) -> Expr {
    let text = col(text_name(field));
    match &field.kind {
        FieldKind::Text => text,
        FieldKind::Integer => integer(text),
        FieldKind::Number => finite(text.cast(DataType::Float64)),
        FieldKind::Boolean { truth, falsity } => boolean(&text.str().to_uppercase(), truth, falsity),
        FieldKind::Date { formats } => {
            coalesce(&formats.iter().map(|format| date(text.clone(), format)).collect::<Vec<_>>())
        }
        FieldKind::State => state(text, states),
    }
}

/// Whole numbers, `12.0` included.
fn integer(text: Expr) -> Expr {
    let float = finite(text.clone().cast(DataType::Float64));
    let whole = when(float.clone().eq(float.clone().cast(DataType::Int64).cast(DataType::Float64)))
        .then(float.cast(DataType::Int64))
        .otherwise(lit(NULL));
    coalesce(&[text.cast(DataType::Int64), whole])
}

fn finite(number: Expr) -> Expr {
    when(number.clone().is_finite()).then(number).otherwise(lit(NULL))
}

fn boolean(upper: &Expr, truth: &[String], falsity: &[String]) -> Expr {
    let among = |list: &[String]| {
        upper.clone().is_in(words(&list.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>()), false)
    };
    when(among(truth)).then(lit(true)).when(among(falsity)).then(lit(false)).otherwise(lit(NULL))
}

/// The day of a date by one pattern, null where it isn't believed, so that the next pattern is tried.
fn date(text: Expr, format: &str) -> Expr {
    let days = match format {
        EPOCH_MS => epoch_ms(text),
        EXCEL_SERIAL => excel_serial(text),
        pattern => {
            let format = Some(PlSmallStr::from(pattern));
            text.str().to_date(StrptimeOptions { format, strict: false, exact: true, cache: true })
        }
    };
    let believed = |column: Column| -> PolarsResult<Column> {
        let days = column.as_materialized_series().date()?.physical();
        let days = days.apply(|day| day.filter(|day| dates::is_believed(*day)));
        days.into_column().cast(&DataType::Date)
    };
    days.map(believed, |_, field| Ok(field.clone()))
}

/// Milliseconds since 1970. At most five digits are none: a year, a day count or a sentinel stands there.
fn epoch_ms(text: Expr) -> Expr {
    let text = whole(text);
    let is_moment = text.clone().str().len_bytes().gt(lit(5)).or(text.clone().eq(lit("0")));
    when(is_moment)
        .then(text.cast(DataType::Int64))
        .otherwise(lit(NULL))
        .cast(DataType::Datetime(TimeUnit::Milliseconds, None))
        .cast(DataType::Date)
}

/// Days since day zero of spreadsheets, from the first of March 1900 on; the fraction is the time of day.
/// Scientific notation has lost digits and is none.
fn excel_serial(text: Expr) -> Expr {
    let is_mangled = text.clone().str().to_lowercase().str().contains_literal(lit("e"));
    let days = text.cast(DataType::Float64).cast(DataType::Int32);
    when(is_mangled.or(days.clone().lt(lit(dates::FIRST_SERIAL))))
        .then(lit(NULL))
        .otherwise(days + lit(dates::DAY_ZERO))
        .cast(DataType::Date)
}

/// USPS code from a USPS code, a name or a 2-digit FIPS code.
fn state(text: Expr, states: &[State]) -> Expr {
    let spellings = |s: &State| [s.usps.clone(), s.name.to_uppercase(), s.fips.clone()];
    let old: Vec<String> = states.iter().flat_map(spellings).collect();
    let new: Vec<String> =
        states.iter().flat_map(|s| [s.usps.clone(), s.usps.clone(), s.usps.clone()]).collect();
    mapped(text.str().to_uppercase(), &old, &new)
}

/// Meaning of a coded value; null for a code outside the list.
fn decode(field: &Field) -> Expr {
    let (codes, meanings): (Vec<String>, Vec<String>) = field.codes.iter().cloned().unzip();
    mapped(col(&*field.name).cast(DataType::String), &codes, &meanings)
}

fn mapped(text: Expr, old: &[String], new: &[String]) -> Expr {
    text.replace_strict(series(old), series(new), Some(lit(NULL)), Some(DataType::String))
}

fn words(list: &[String]) -> Expr {
    series(list).implode(true)
}

fn series(list: &[String]) -> Expr {
    lit(Series::new("words".into(), list))
}
