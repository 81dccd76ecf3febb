//! Quality: is the release complete, current and accurate? Counted from every row of every tile.
//!
//! One file per table. May use: `plan`, `feature`. No clock: the ages are those at the start of the run. No score
//! without evidence: numerator, denominator, definition.

mod claims;
mod column;
mod coverage;
mod currency;
mod expected;
mod fields;
mod layers;
mod scan;
mod scores;
mod tables;
mod twins;
mod verify;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate};
use rayon::prelude::*;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use self::currency::days;
use self::expected::Expected;
use self::scan::Scan;
pub use self::tables::TABLES;
use self::twins::Twins;
use super::product::{
    About, Carried, Held, Night, Observer, Out, Problem, Product, Scope, Seen, Tables, Work,
};
use super::{DeriveError, LayerTables, Release, Table};
use crate::feature::{LayerQuality, LayerReport, ProductDoc, QualityReport, RunReport};

/// Pairs and fields that a report names; the tables hold all.
const NAMED: usize = 10;

/// The product.
pub(super) struct Quality;

impl Product for Quality {
    fn about(&self) -> About {
        About {
            doc: ProductDoc {
                name: "quality",
                places: &[(
                    "quality/*.parquet",
                    "how complete, current and accurate every layer is",
                )],
                tables: TABLES,
            },
            is_default: true,
            scope: Scope::Tile,
            reads: &scan::READS,
            // Ages are of the day.
            carried: Carried::Never,
        }
    }

    fn begin<'a>(&self, night: Night<'a>) -> Result<Work<'a>, DeriveError> {
        let today = days(day(night.started)?);
        Ok(Work::Tables(Box::new(Making {
            night,
            today,
            scans: Mutex::default(),
            twins: Twins::new(night.room),
        })))
    }

    fn verify(&self, held: &Held<'_>) -> Vec<Problem> {
        verify::problems(held)
    }
}

/// The counts of a night.
struct Making<'a> {
    night: Night<'a>,
    /// Days since 1970 when the run began.
    today: i32,
    /// By layer.
    scans: Mutex<BTreeMap<String, Scan>>,
    twins: Twins<'a>,
}

impl Making<'_> {
    /// Duplicates that an earlier release found in the same tiles: what a fingerprint stands for is the same, byte for
    /// byte.
    fn known_duplicates(&self, layer: &LayerReport) -> Option<u64> {
        layer.unchanged_since.as_ref()?;
        let is_same = |before: &LayerReport| before.id == layer.id && before.fingerprint == layer.fingerprint;
        let earlier = self.night.history.iter().rev();
        let mut same = earlier.filter(|before| before.layers.iter().any(is_same));
        let quality = same.find_map(|before| {
            before
                .quality
                .as_ref()?
                .layers
                .iter()
                .find(|quality| quality.id == layer.id)
        });
        Some(quality?.suspected_duplicates)
    }
}

impl Observer for Making<'_> {
    fn columns(&self, layer: &LayerReport) -> Vec<&'static str> {
        let are_known = self.known_duplicates(layer).is_some();
        scan::READS[..if are_known {
            scan::BUT_TWINS
        } else {
            scan::READS.len()
        }]
            .to_vec()
    }

    fn see(&self, seen: &Seen<'_>) {
        let scan = scan::rows(seen);
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        scans.entry(seen.layer.to_owned()).or_default().absorb(scan);
        drop(scans);
        self.twins.see(seen.layer, seen.rows);
    }

    fn forget(&self, layer: &str) {
        self.scans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(layer);
        self.twins.forget(layer);
    }

    fn tally(&self, layer: &str) -> Option<Box<RawValue>> {
        let scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        to_raw_value(scans.get(layer)?).ok()
    }

    fn recall(&self, layer: &LayerReport, told: &RawValue) -> bool {
        // Twins are found in the rows alone.
        let is_known = self.known_duplicates(layer).is_some();
        let scan = serde_json::from_str::<Scan>(told.get()).ok();
        let Some(scan) = scan.filter(|_| is_known) else {
            return false;
        };
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        scans.insert(layer.id.clone(), scan);
        true
    }
}

impl Tables for Making<'_> {
    fn observer(&self) -> Option<&dyn Observer> {
        Some(self)
    }

    fn make(
        &self,
        release: &Release<'_>,
        out: &dyn Out,
        report: &mut RunReport,
    ) -> Result<Value, DeriveError> {
        let mut scans = std::mem::take(&mut *self.scans.lock().unwrap_or_else(PoisonError::into_inner));
        let scans: Vec<_> = release
            .layers
            .iter()
            .map(|layer| (layer, scans.remove(layer.plan.id.as_str()).unwrap_or_default()))
            .collect();
        let twins = self
            .twins
            .counted()
            .map_err(|source| DeriveError::Scratch { source })?;
        let assessed: Vec<Assessed<'_>> = scans
            .into_par_iter()
            .map(|(layer, mut scan)| {
                let counted = || twins.get(layer.plan.id.as_str()).copied();
                scan.suspected_duplicates = self
                    .known_duplicates(layer.report)
                    .or_else(counted)
                    .unwrap_or_default();
                scan.settle((
                    self.today.saturating_sub_unsigned(layer.plan.current_days),
                    self.today,
                ));
                let expected = Expected::of(release.plan, layer, &scan);
                Assessed {
                    layer,
                    scan,
                    expected,
                    today: self.today,
                }
            })
            .collect();
        let (tables, quality) = assess(release, &assessed)?;
        tables.par_iter().try_for_each(|table| {
            out.table(table)
                .map_err(|source| DeriveError::write(&table.path, source))
        })?;
        report.quality = Some(quality);
        Ok(json!({ "tables": tables.len() }))
    }
}

/// A layer, what its rows count, and what was expected of it.
struct Assessed<'a> {
    layer: &'a LayerTables<'a>,
    scan: Scan,
    expected: Expected<'a>,
    /// Days since 1970 when the run began.
    today: i32,
}

/// The quality tables of a release, and what its report says of them.
fn assess(
    release: &Release<'_>,
    assessed: &[Assessed<'_>],
) -> Result<(Vec<Table>, QualityReport), DeriveError> {
    let report = report(release, assessed);
    let tables = vec![
        coverage::table(assessed)?,
        fields::table(assessed)?,
        claims::table(assessed)?,
        expected::table(assessed)?,
        layers::table(assessed)?,
        layers::rejects(assessed)?,
        layers::flags(assessed)?,
        scores::table(&report)?,
    ];
    Ok((tables, report))
}

fn day(started: &str) -> Result<NaiveDate, DeriveError> {
    match DateTime::parse_from_rfc3339(started) {
        Ok(time) => Ok(time.to_utc().date_naive()),
        Err(source) => Err(DeriveError::Started {
            started: started.to_owned(),
            source,
        }),
    }
}

fn report(release: &Release<'_>, assessed: &[Assessed<'_>]) -> QualityReport {
    let layers: Vec<LayerQuality> = assessed.iter().map(|layer| of_layer(release, layer)).collect();
    let mut verdicts = BTreeMap::new();
    for (verdict, rows) in layers.iter().flat_map(|layer| &layer.verdicts) {
        *verdicts.entry(*verdict).or_default() += rows;
    }
    QualityReport {
        worst_claims: claims::pairs(assessed).into_iter().take(NAMED).collect(),
        verdicts,
        expected_from: release
            .plan
            .expected
            .as_ref()
            .map(|expected| expected.shown.clone()),
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
        worst_claims: claims::pairs(std::slice::from_ref(assessed))
            .into_iter()
            .take(NAMED)
            .collect(),
        nulls: fields::emptiest(scan),
        suspected_duplicates: scan.suspected_duplicates,
        dates: currency::dates(scan, assessed.today),
    }
}
