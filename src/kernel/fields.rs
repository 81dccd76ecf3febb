//! One schema field as Polars expressions: from source text to a typed column.
//!
//! Pure. A field becomes three columns, so that counting nulls tells what was lost where:
//! `raw:<name>` (repaired text), `text:<name>` (sentinels gone), `<name>` (typed).

use polars::prelude::{DataFrame, LazyFrame, NamedFrom};
use polars::prelude::{
    DataType, Expr, IntoLazy, NULL, PlSmallStr, Series, StrptimeOptions, TimeUnit, coalesce, col, lit, when,
};

use crate::plan::{Field, FieldKind, State};

/// Column of the repaired source text of a field.
pub(super) fn raw_name(field: &Field) -> String {
    format!("raw:{}", field.name)
}

/// Column of a field's text after sentinels.
pub(super) fn text_name(field: &Field) -> String {
    format!("text:{}", field.name)
}

/// Adds the three columns of every field, and the decoded column of coded ones.
///
/// `sources` names, per field, the columns of `frame` that hold it, most trusted first.
pub(super) fn typed(
    frame: DataFrame,
    fields: &[Field],
    sources: &[Vec<String>],
    states: &[State],
) -> LazyFrame {
    let pairs = || fields.iter().zip(sources);
    let decoded = fields.iter().filter_map(|field| Some((field, field.decoded.as_ref()?)));
    frame
        .lazy()
        .with_columns(pairs().map(|(f, from)| raw(from).alias(raw_name(f))).collect::<Vec<_>>())
        .with_columns(pairs().map(|(f, from)| text(f, from).alias(text_name(f))).collect::<Vec<_>>())
        .with_columns(fields.iter().map(|f| value(f, states).alias(&*f.name)).collect::<Vec<_>>())
        .with_columns(decoded.map(|(f, name)| decode(f).alias(name)).collect::<Vec<_>>())
}

fn raw(from: &[String]) -> Expr {
    first_present(from.iter().map(|name| repaired(name)))
}

fn text(field: &Field, from: &[String]) -> Expr {
    let known = first_present(from.iter().map(|name| without_sentinels(repaired(name), &field.null)));
    match field.pad {
        Some(width) => padded(known, width),
        None => known,
    }
}

fn first_present(exprs: impl Iterator<Item = Expr>) -> Expr {
    let exprs: Vec<Expr> = exprs.collect();
    if exprs.is_empty() { lit(NULL).cast(DataType::String) } else { coalesce(&exprs) }
}

/// Source text with control characters as spaces, trimmed; empty is null.
fn repaired(column: &str) -> Expr {
    let text =
        col(column).str().replace_all(lit(r"[\x00-\x1f\x7f]+"), lit(" "), false).str().strip_chars(lit(NULL));
    when(text.clone().neq(lit(""))).then(text).otherwise(lit(NULL))
}

fn without_sentinels(text: Expr, sentinels: &[String]) -> Expr {
    if sentinels.is_empty() {
        return text;
    }
    when(text.clone().is_in(words(sentinels), false)).then(lit(NULL)).otherwise(text)
}

/// Leading zeros back on a run of digits that lost them.
fn padded(text: Expr, width: usize) -> Expr {
    let width = u64::try_from(width).unwrap_or(u64::MAX);
    when(text.clone().str().contains(lit(r"^\d+$"), true))
        .then(text.clone().str().zfill(lit(width)))
        .otherwise(text)
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

/// The day of a date: milliseconds since 1970, before it negative, or a pattern.
fn date(text: Expr, format: &str) -> Expr {
    if format == "epoch-ms" {
        return text
            .cast(DataType::Int64)
            .cast(DataType::Datetime(TimeUnit::Milliseconds, None))
            .cast(DataType::Date);
    }
    let format = Some(PlSmallStr::from(format));
    text.str().to_date(StrptimeOptions { format, strict: false, exact: true, cache: true })
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
