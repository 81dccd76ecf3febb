//! Quality: is the release complete, current and accurate? Counted from every row of every tile.
//!
//! One file per table. May use: `plan`, `feature`, and the tiles through `derive`. No clock: the ages
//! are those at the start of the run. No score without evidence: numerator, denominator, definition.

mod claims;
mod column;
mod coverage;
mod currency;
mod expected;
mod fields;
mod layers;
mod scan;
mod scores;

use chrono::{DateTime, NaiveDate};
use rayon::prelude::*;

use self::currency::days;
use self::expected::Expected;
use self::scan::{Against, Scan};
use super::{DeriveError, LayerTables, Release, Table, read_present};
use crate::feature::{LayerQuality, LayerReport, QualityReport};
use crate::plan::JurisdictionKind;

/// Pairs and fields that a report names; the tables hold all.
const NAMED: usize = 10;

/// A layer, what its rows count, and what was expected of it.
struct Assessed<'a> {
    layer: &'a LayerTables<'a>,
    scan: Scan,
    expected: Expected<'a>,
    /// Days since 1970 when the run began.
    today: i32,
}

/// The quality tables of a release, and what its report says of them.
///
/// # Errors
/// When a tile can't be read or a table can't be put together.
pub(super) fn assess(release: &Release<'_>) -> Result<(Vec<Table>, QualityReport), DeriveError> {
    let today = days(day(release.started)?);
    let scans = scan_all(release, today)?;
    let assessed = release.layers.iter().zip(scans).map(|(layer, scan)| {
        let expected = Expected::of(release.plan, layer, &scan);
        Assessed { layer, scan, expected, today }
    });
    let assessed: Vec<Assessed<'_>> = assessed.collect();
    let report = report(release, &assessed);
    let tables = vec![
        coverage::table(&assessed)?,
        fields::table(&assessed)?,
        claims::table(&assessed)?,
        expected::table(&assessed)?,
        layers::table(&assessed)?,
        layers::rejects(&assessed)?,
        layers::flags(&assessed)?,
        scores::table(&report)?,
    ];
    Ok((tables, report))
}

fn day(started: &str) -> Result<NaiveDate, DeriveError> {
    match DateTime::parse_from_rfc3339(started) {
        Ok(time) => Ok(time.to_utc().date_naive()),
        Err(source) => Err(DeriveError::Started { started: started.to_owned(), source }),
    }
}

/// Every tile of every layer, in parallel; the counts of a layer's tiles together.
fn scan_all(release: &Release<'_>, today: i32) -> Result<Vec<Scan>, DeriveError> {
    let states = release
        .plan
        .jurisdictions
        .iter()
        .any(|set| matches!(set.kind, JurisdictionKind::State | JurisdictionKind::County));
    let known: Vec<Option<u64>> =
        release.layers.iter().map(|layer| known_duplicates(release, layer)).collect();
    let tiles = release.layers.iter().enumerate();
    let tiles: Vec<_> =
        tiles.flat_map(|(at, layer)| layer.tiles.iter().map(move |tile| (at, layer, tile))).collect();
    let read = tiles.into_par_iter().map(|(at, layer, tile)| {
        let oldest = today.saturating_sub_unsigned(layer.plan.current_days);
        let against = Against { states, current: (oldest, today), twins: known[at].is_none() };
        Ok((at, scan::tile(tile, against)?))
    });
    let mut scans = vec![Scan::default(); release.layers.len()];
    for (at, scan) in read.collect::<Result<Vec<_>, DeriveError>>()? {
        scans[at].absorb(scan);
    }
    scans.par_iter_mut().zip(&known).for_each(|(scan, known)| scan.settle(*known));
    Ok(scans)
}

/// Duplicates that an earlier release found in the same tiles: what a fingerprint stands for is the same, byte for byte.
fn known_duplicates(release: &Release<'_>, layer: &LayerTables<'_>) -> Option<u64> {
    layer.report.unchanged_since.as_ref()?;
    let id = &layer.report.id;
    let is_same = |before: &LayerReport| before.id == *id && before.fingerprint == layer.report.fingerprint;
    let same = release.history.iter().rev().find(|before| before.layers.iter().any(is_same))?;
    let quality = same.quality.as_ref()?.layers.iter().find(|quality| quality.id == *id)?;
    Some(quality.suspected_duplicates)
}

fn report(release: &Release<'_>, assessed: &[Assessed<'_>]) -> QualityReport {
    let layers: Vec<LayerQuality> = assessed.iter().map(|layer| of_layer(release, layer)).collect();
    let mut verdicts = std::collections::BTreeMap::new();
    for (verdict, rows) in layers.iter().flat_map(|layer| &layer.verdicts) {
        *verdicts.entry(*verdict).or_default() += rows;
    }
    QualityReport {
        worst_claims: claims::pairs(assessed).into_iter().take(NAMED).collect(),
        verdicts,
        expected_from: release.plan.expected.as_ref().map(|expected| expected.shown.clone()),
        layers,
    }
}

fn of_layer(release: &Release<'_>, assessed: &Assessed<'_>) -> LayerQuality {
    let (layer, scan) = (assessed.layer, &assessed.scan);
    LayerQuality {
        id: layer.plan.id.to_string(),
        completeness: assessed.expected.score(release.plan),
        currency: currency::score(layer, scan),
        accuracy: claims::score(release.plan, scan),
        filled: fields::filled(scan),
        verdicts: assessed.expected.verdicts(),
        unmet: assessed.expected.unmet(),
        worst_claims: claims::pairs(std::slice::from_ref(assessed)).into_iter().take(NAMED).collect(),
        nulls: fields::emptiest(scan),
        suspected_duplicates: scan.suspected_duplicates,
        dates: currency::dates(scan, assessed.today),
    }
}
