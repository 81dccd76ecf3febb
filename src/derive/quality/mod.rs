//! Quality: is the release complete, current and accurate? Counted from every row of every tile.
//!
//! One file per table. May use: `plan`, `feature`. No clock: the ages are those at the start of the run. No score
//! without evidence: numerator, denominator, definition.

mod assessed;
mod claims;
mod coverage;
mod currency;
mod expected;
mod expected_table;
mod fields;
mod layers;
mod scan;
mod scores;
mod tables;
mod twins;
mod verify;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use self::assessed::Assessed;
use self::expected::Expected;
use self::scan::Scan;
pub use self::tables::TABLES;
use self::twins::TwinRecords;
use super::day::day_of_start;
use super::product::{
    About, Carried, Night, Observer, Problem, Product, ProductWork, ReleaseReadBack, Scope, Seen, TableStore,
    Tables,
};
use super::{DeriveError, Release, Table};
use crate::feature::release::product_names;
use crate::feature::{LayerId, LayerQuality, LayerReport, ProductDoc, QualityReport, RunReport};

// A report is loaded whole, and by each night that looks back.

/// Pairs and fields that a report names; the tables hold all.
const NAMED: usize = 10;

/// The product.
pub(super) struct Quality;

impl Product for Quality {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::QUALITY,
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

    fn begin<'a>(&self, night: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        let today = day_of_start(night.started)?;
        Ok(ProductWork::Tables(Box::new(Making {
            night,
            today,
            scans: Mutex::default(),
            twins: TwinRecords::new(night.room),
        })))
    }

    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        verify::find_problems(held)
    }
}

/// The counts of a night.
struct Making<'a> {
    night: Night<'a>,
    /// Days since 1970 when the run began.
    today: i32,
    /// By layer.
    scans: Mutex<BTreeMap<LayerId, Scan>>,
    twins: TwinRecords<'a>,
}

impl Making<'_> {
    /// Duplicates that an earlier release found in the same tiles: what a fingerprint stands for is the same, byte for
    /// byte.
    fn known_duplicates(&self, layer: &LayerReport) -> Option<u64> {
        layer.unchanged_since()?;
        self.night
            .history
            .iter()
            .rev()
            .filter(|release| {
                release
                    .layers
                    .iter()
                    .any(|before| before.id == layer.id && before.fingerprint == layer.fingerprint)
            })
            .find_map(|release| {
                let mut layers = release.quality.as_ref()?.layers.iter();
                layers.find(|quality| quality.id == layer.id)
            })
            .map(|quality| quality.suspected_duplicates)
    }
}

impl Observer for Making<'_> {
    fn columns_to_read(&self, layer: &LayerReport) -> Vec<&'static str> {
        // Names and boxes are most of what there is to read; they are read only to find twins.
        let count = match self.known_duplicates(layer) {
            Some(_) => scan::BUT_TWINS,
            None => scan::READS.len(),
        };
        scan::READS[..count].to_vec()
    }

    fn see_rows(&self, seen: &Seen<'_>) {
        let scan = scan::scan_rows(seen);
        // The rows were counted before: under the lock two counts are added up, however many rows they are of.
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        scans.entry(LayerId::new(seen.layer)).or_default().add_scan(scan);
        drop(scans);
        self.twins.see_rows(seen.layer, seen.rows);
    }

    fn forget_layer(&self, layer: &str) {
        self.scans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(layer);
        self.twins.forget_layer(layer);
    }

    fn tally_layer(&self, layer: &str) -> Option<Box<RawValue>> {
        let scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        to_raw_value(scans.get(layer)?).ok()
    }

    fn recall_layer(&self, layer: &LayerReport, told: &RawValue) -> bool {
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

    fn make_tables(
        &self,
        release: &Release<'_>,
        out: &dyn TableStore,
        report: &mut RunReport,
    ) -> Result<Value, DeriveError> {
        let mut scans = std::mem::take(&mut *self.scans.lock().unwrap_or_else(PoisonError::into_inner));
        let scans: Vec<_> = release
            .layers
            .iter()
            .map(|layer| (layer, scans.remove(&layer.plan.id).unwrap_or_default()))
            .collect();
        let twins = self
            .twins
            .count_repeats()
            .map_err(|source| DeriveError::Scratch { source })?;
        let assessed: Vec<Assessed<'_>> = scans
            .into_par_iter()
            .map(|(layer, mut scan)| {
                // What is known of the same bytes comes first: their twins weren't read again, and the count of them
                // is zero.
                scan.suspected_duplicates = self
                    .known_duplicates(layer.report)
                    .or_else(|| twins.get(layer.plan.id.as_str()).copied())
                    .unwrap_or_default();
                let first_current = self.today.saturating_sub_unsigned(layer.plan.current_days);
                scan.finish_counting((first_current, self.today));
                let expected = Expected::of_layer(release.plan, layer, &scan);
                Assessed {
                    layer,
                    scan,
                    expected,
                    today: self.today,
                }
            })
            .collect();
        let (tables, quality) = assess_release(release, &assessed)?;
        tables.par_iter().try_for_each(|table| {
            out.write_table(table)
                .map_err(|source| DeriveError::write_error(&table.path, source))
        })?;
        report.quality = Some(quality);
        Ok(json!({ "tables": tables.len() }))
    }
}

/// The quality tables of a release, and what its report says of them.
fn assess_release(
    release: &Release<'_>,
    assessed: &[Assessed<'_>],
) -> Result<(Vec<Table>, QualityReport), DeriveError> {
    let report = quality_report(release, assessed);
    let tables = vec![
        coverage::coverage_table(assessed)?,
        fields::fields_table(assessed)?,
        claims::claims_table(assessed)?,
        expected_table::expected_table(assessed)?,
        layers::layers_table(assessed)?,
        layers::rejects_table(assessed)?,
        layers::flags_table(assessed)?,
        scores::scores_table(&report)?,
    ];
    Ok((tables, report))
}

fn quality_report(release: &Release<'_>, assessed: &[Assessed<'_>]) -> QualityReport {
    let layers: Vec<LayerQuality> = assessed
        .iter()
        .map(|layer| layer_quality(release, layer))
        .collect();
    let mut verdicts = BTreeMap::new();
    for (verdict, rows) in layers.iter().flat_map(|layer| &layer.verdicts) {
        *verdicts.entry(*verdict).or_default() += rows;
    }
    QualityReport {
        worst_claims: claims::disagreeing_pairs(assessed)
            .into_iter()
            .take(NAMED)
            .collect(),
        verdicts,
        expected_from: release
            .plan
            .expected
            .as_ref()
            .map(|expected| expected.shown.clone()),
        layers,
    }
}

fn layer_quality(release: &Release<'_>, assessed: &Assessed<'_>) -> LayerQuality {
    let layer = assessed.layer;
    let scan = &assessed.scan;
    LayerQuality {
        id: layer.plan.id.clone(),
        completeness: assessed.expected.completeness_score(release.plan),
        currency: currency::currency_score(layer, scan),
        accuracy: claims::accuracy_score(release.plan, scan),
        filled: fields::filled_score(scan),
        verdicts: assessed.expected.count_verdicts(),
        unmet: assessed.expected.unmet_states(),
        worst_claims: claims::disagreeing_pairs(std::slice::from_ref(assessed))
            .into_iter()
            .take(NAMED)
            .collect(),
        nulls: fields::emptiest_fields(scan),
        suspected_duplicates: scan.suspected_duplicates,
        dates: currency::source_dates(scan, assessed.today),
    }
}
