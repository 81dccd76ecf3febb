//! `quality/layers.parquet`, and rejects and flags by kind: what a run tells of every layer.
//!
//! Pure.

use arrow_array::ArrayRef;
use chrono::{DateTime, NaiveDate};

use super::assessed::Assessed;
use super::currency::{date_span, rows_dated_after};
use crate::derive::column::{count_column, date_column, days_column, share_column, share_of, text_column};
use crate::derive::day::days_since_1970;
use crate::derive::{DeriveError, Table};
use crate::feature::release::ReleaseId;
use crate::feature::release::paths;
use crate::feature::{ClaimKind, RejectReason};

/// The table, in pipeline order.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn layers_table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let mut columns = source_columns(assessed);
    columns.extend(row_columns(assessed));
    columns.extend(date_columns(assessed));
    Table::new(paths::QUALITY_LAYERS, columns)
}

/// A column and its name.
type Named = (&'static str, ArrayRef);

/// Whose rows stand in the release, and since when.
fn source_columns(assessed: &[Assessed<'_>]) -> Vec<Named> {
    vec![
        (
            "layer",
            text_column(assessed, |of| Some(of.layer.plan.id.as_str())),
        ),
        (
            "status",
            text_column(assessed, |of| Some(of.layer.report.status().code())),
        ),
        (
            "carried_from",
            text_column(assessed, |of| {
                of.layer.report.carried_from().map(ReleaseId::as_str)
            }),
        ),
        (
            "carried_age_days",
            days_column(assessed, |of| {
                let begun = of.layer.report.carried_from()?.begun()?;
                Some(of.age_in_days(days_since_1970(begun.date_naive())))
            }),
        ),
        (
            "landed_at",
            text_column(assessed, |of| of.layer.report.landed_at.as_deref()),
        ),
        (
            "landed_age_days",
            days_column(assessed, |of| {
                let day = parse_day(of.layer.report.landed_at.as_deref()?)?;
                Some(of.age_in_days(days_since_1970(day)))
            }),
        ),
    ]
}

/// How many rows there are, how many of them are doubtful, and how many claims hold.
fn row_columns(assessed: &[Assessed<'_>]) -> Vec<Named> {
    let [state_claimed, state_agreeing] = claim_columns(assessed, ClaimKind::State);
    let [county_claimed, county_agreeing] = claim_columns(assessed, ClaimKind::County);
    vec![
        (
            "rows_read",
            count_column(assessed, |of| Some(of.layer.report.rows_read)),
        ),
        (
            "rows_written",
            count_column(assessed, |of| Some(of.layer.report.rows_written)),
        ),
        (
            "rows_rejected",
            count_column(assessed, |of| Some(of.layer.report.rows_rejected)),
        ),
        (
            "duplicate_keys",
            count_column(assessed, |of| Some(duplicate_keys(of))),
        ),
        (
            "suspected_duplicates",
            count_column(assessed, |of| Some(of.scan.suspected_duplicates)),
        ),
        ("state_claimed", state_claimed),
        ("state_agreeing", state_agreeing),
        ("county_claimed", county_claimed),
        ("county_agreeing", county_agreeing),
        (
            "county_by_succession",
            count_column(assessed, |of| Some(of.scan.succeeded)),
        ),
    ]
}

/// What the source's dates say.
fn date_columns(assessed: &[Assessed<'_>]) -> Vec<Named> {
    // Dates and ages stand side by side: a table that is read next year still says how old the rows were that night.
    vec![
        ("dated", count_column(assessed, |of| Some(of.scan.dated()))),
        (
            "share_dated",
            share_column(assessed, |of| share_of(of.scan.dated(), of.scan.rows)),
        ),
        (
            "dated_after_run",
            count_column(assessed, |of| Some(rows_dated_after(&of.scan, of.today))),
        ),
        (
            "source_date_oldest",
            date_column(assessed, |of| Some(date_span(&of.scan)?[0])),
        ),
        (
            "source_date_median",
            date_column(assessed, |of| Some(date_span(&of.scan)?[1])),
        ),
        (
            "source_date_newest",
            date_column(assessed, |of| Some(date_span(&of.scan)?[2])),
        ),
        (
            "oldest_age_days",
            days_column(assessed, |of| Some(of.age_in_days(date_span(&of.scan)?[0]))),
        ),
        (
            "median_age_days",
            days_column(assessed, |of| Some(of.age_in_days(date_span(&of.scan)?[1]))),
        ),
        (
            "newest_age_days",
            days_column(assessed, |of| Some(of.age_in_days(date_span(&of.scan)?[2]))),
        ),
        (
            "current_days",
            count_column(assessed, |of| Some(of.layer.plan.current_days.into())),
        ),
    ]
}

/// Rows whose claim could be checked, and those of which it holds.
fn claim_columns(assessed: &[Assessed<'_>], kind: ClaimKind) -> [ArrayRef; 2] {
    [
        count_column(assessed, |of| Some(of.scan.claims_of(kind).0)),
        count_column(assessed, |of| Some(of.scan.claims_of(kind).1)),
    ]
}

/// Rejected rows by reason.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn rejects_table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let rows: Vec<(&str, &str, u64)> = assessed
        .iter()
        .flat_map(|of| {
            let layer = of.layer.plan.id.as_str();
            of.layer
                .report
                .rejects_by_reason
                .iter()
                .map(move |(reason, rows)| (layer, reason.as_str(), *rows))
        })
        .collect();
    Table::new(
        paths::QUALITY_REJECTS,
        vec![
            ("layer", text_column(&rows, |(layer, ..)| Some(layer))),
            ("reason", text_column(&rows, |(_, reason, _)| Some(reason))),
            ("rows", count_column(&rows, |(.., rows)| Some(*rows))),
        ],
    )
}

/// Flags by kind and field: those that `quality/flags/<layer>.parquet` leaves out are counted too.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn flags_table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let mut rows: Vec<(&str, &str, &str, u64)> = Vec::new();
    for of in assessed {
        for (flag, fields) in &of.layer.report.flags {
            let layer = of.layer.plan.id.as_str();
            rows.extend(
                fields
                    .iter()
                    .map(|(field, rows)| (layer, flag.as_str(), field.as_str(), *rows)),
            );
        }
    }
    Table::new(
        paths::QUALITY_FLAGS,
        vec![
            ("layer", text_column(&rows, |(layer, ..)| Some(layer))),
            ("flag", text_column(&rows, |(_, flag, ..)| Some(flag))),
            ("field", text_column(&rows, |(_, _, field, _)| Some(field))),
            ("rows", count_column(&rows, |(.., rows)| Some(*rows))),
        ],
    )
}

fn duplicate_keys(of: &Assessed<'_>) -> u64 {
    of.layer
        .report
        .rejects_by_reason
        .get(RejectReason::DuplicateKey.code())
        .copied()
        .unwrap_or(0)
}

/// The day of an RFC 3339 time, in UTC.
fn parse_day(time: &str) -> Option<NaiveDate> {
    DateTime::parse_from_rfc3339(time)
        .ok()
        .map(|time| time.to_utc().date_naive())
}
