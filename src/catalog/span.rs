//! The time that the facilities of a collection are of, which is another than that of the run.
//!
//! Pure: report in.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};

use super::collection::Collection;
use super::error::CatalogError;
use crate::feature::{LayerReport, RunReport, SourceDates};

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DataSpan {
    /// The oldest date that the source gives for a record; none where it gives none.
    pub(super) start: Option<DateTime<Utc>>,
    /// The newest such date; else when the rows were landed, for they are no newer.
    pub(super) end: DateTime<Utc>,
}

impl DataSpan {
    /// That of a collection: of its layer, or of all layers that take part in the inventory.
    ///
    /// # Errors
    /// If the report's start is no time.
    pub(super) fn of(report: &RunReport, collection: &Collection<'_>) -> Result<Self, CatalogError> {
        let started = parse_time(&report.started).map_err(|source| CatalogError::Started {
            started: report.started.clone(),
            source,
        })?;
        let layers: Vec<&LayerReport> = report
            .layers
            .iter()
            .filter(|layer| collection.has_rows_of(layer))
            .collect();
        let dates = layers.iter().filter_map(|layer| dates_of(report, layer));
        let dates: Vec<&SourceDates> = dates.collect();
        let start = dates.iter().filter_map(|dates| parse_day(&dates.oldest)).min();
        let newest = dates.iter().filter_map(|dates| parse_day(&dates.newest)).max();
        let landed = layers.iter().filter_map(|layer| layer.landed_at.as_deref());
        let landed = landed.filter_map(|time| parse_time(time).ok()).max();
        // A date after the run is no evidence of anything: the rows are what they were when they came.
        let start = start
            .map(|day| day.and_time(NaiveTime::MIN).and_utc())
            .filter(|start| *start <= started);
        let newest = newest
            .map(|day| day.and_time(NaiveTime::MIN).and_utc())
            .filter(|newest| *newest <= started);
        let end = newest.or(landed).unwrap_or(started);
        Ok(Self {
            start,
            end: start.map_or(end, |start| end.max(start)),
        })
    }

    /// The start, as STAC writes it.
    pub(super) fn start_text(&self) -> Option<String> {
        self.start.map(rfc3339)
    }

    /// The end, as STAC writes it.
    pub(super) fn end_text(&self) -> String {
        rfc3339(self.end)
    }
}

fn dates_of<'a>(report: &'a RunReport, layer: &LayerReport) -> Option<&'a SourceDates> {
    let layers = &report.quality.as_ref()?.layers;
    layers.iter().find(|found| found.id == layer.id)?.dates.as_ref()
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, chrono::ParseError> {
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc())
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
