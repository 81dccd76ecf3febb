//! `quality/layers.parquet`, and rejects and flags by kind: what a run tells of every layer.
//!
//! Pure.

use chrono::{DateTime, NaiveDate};

use super::column::{age, count, date, part, share, text};
use super::currency::{days, future, span};
use super::{Assessed, DeriveError, Table};
use crate::feature::{ClaimKind, LayerStatus, RejectReason};

/// The table, in pipeline order.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let spans: Vec<Option<[i32; 3]>> = assessed.iter().map(|of| span(&of.scan)).collect();
    let zipped: Vec<(&Assessed<'_>, &Option<[i32; 3]>)> = assessed.iter().zip(&spans).collect();
    let day = |which: usize| date(&zipped, move |(_, span)| span.map(|days| days[which]));
    let old = |which: usize| {
        age(&zipped, move |(of, span)| {
            span.map(|days| i64::from(of.today) - i64::from(days[which]))
        })
    };
    let claims = |kind: ClaimKind, agreeing: bool| {
        count(assessed, move |of| {
            let (claimed, agrees) = of.scan.claims.get(&kind).copied().unwrap_or_default();
            Some(if agreeing { agrees } else { claimed })
        })
    };
    let dated = |of: &Assessed<'_>| of.scan.days.values().sum::<u64>();
    let landed = |of: &Assessed<'_>| of.layer.report.landed_at.as_deref().and_then(instant);
    let carried = |of: &Assessed<'_>| of.layer.report.carried_from.as_deref().and_then(begun);
    Table::new(
        "quality/layers.parquet",
        vec![
            ("layer", text(assessed, |of| Some(of.layer.plan.id.as_str()))),
            (
                "status",
                text(assessed, |of| Some(status(of.layer.report.status))),
            ),
            (
                "carried_from",
                text(assessed, |of| of.layer.report.carried_from.as_deref()),
            ),
            ("carried_age_days", age(assessed, |of| since(of, carried(of)))),
            (
                "landed_at",
                text(assessed, |of| of.layer.report.landed_at.as_deref()),
            ),
            ("landed_age_days", age(assessed, |of| since(of, landed(of)))),
            ("rows_read", count(assessed, |of| Some(of.layer.report.rows_read))),
            (
                "rows_written",
                count(assessed, |of| Some(of.layer.report.rows_written)),
            ),
            (
                "rows_rejected",
                count(assessed, |of| Some(of.layer.report.rows_rejected)),
            ),
            ("duplicate_keys", count(assessed, |of| Some(duplicate_keys(of)))),
            (
                "suspected_duplicates",
                count(assessed, |of| Some(of.scan.suspected_duplicates)),
            ),
            ("state_claimed", claims(ClaimKind::State, false)),
            ("state_agreeing", claims(ClaimKind::State, true)),
            ("county_claimed", claims(ClaimKind::County, false)),
            ("county_agreeing", claims(ClaimKind::County, true)),
            ("dated", count(assessed, |of| Some(dated(of)))),
            ("share_dated", share(assessed, |of| part(dated(of), of.scan.rows))),
            (
                "dated_after_run",
                count(assessed, |of| Some(future(&of.scan, of.today))),
            ),
            ("source_date_oldest", day(0)),
            ("source_date_median", day(1)),
            ("source_date_newest", day(2)),
            ("oldest_age_days", old(0)),
            ("median_age_days", old(1)),
            ("newest_age_days", old(2)),
            (
                "current_days",
                count(assessed, |of| Some(of.layer.plan.current_days.into())),
            ),
        ],
    )
}

/// Rejected rows by reason.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn rejects(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
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
        "quality/rejects.parquet",
        vec![
            ("layer", text(&rows, |(layer, ..)| Some(layer))),
            ("reason", text(&rows, |(_, reason, _)| Some(reason))),
            ("rows", count(&rows, |(.., rows)| Some(*rows))),
        ],
    )
}

/// Flags by kind and field: those that `quality/flags/<layer>.parquet` leaves out are counted too.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn flags(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
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
        "quality/flags.parquet",
        vec![
            ("layer", text(&rows, |(layer, ..)| Some(layer))),
            ("flag", text(&rows, |(_, flag, ..)| Some(flag))),
            ("field", text(&rows, |(_, _, field, _)| Some(field))),
            ("rows", count(&rows, |(.., rows)| Some(*rows))),
        ],
    )
}

fn status(status: LayerStatus) -> &'static str {
    match status {
        LayerStatus::Published => "published",
        LayerStatus::Carried => "carried",
        LayerStatus::Absent => "absent",
    }
}

fn duplicate_keys(of: &Assessed<'_>) -> u64 {
    of.layer
        .report
        .rejects_by_reason
        .get(RejectReason::DuplicateKey.code())
        .copied()
        .unwrap_or(0)
}

/// Whole days from a day to the day on which the run began.
fn since(of: &Assessed<'_>, day: Option<NaiveDate>) -> Option<i64> {
    Some(i64::from(of.today) - i64::from(days(day?)))
}

fn instant(time: &str) -> Option<NaiveDate> {
    DateTime::parse_from_rfc3339(time)
        .ok()
        .map(|time| time.to_utc().date_naive())
}

/// The day on which a release was begun: its id starts with it.
fn begun(release: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(release.split_once('T')?.0, "%Y%m%d").ok()
}
