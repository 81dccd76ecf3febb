//! Changes: a layer's rows in this release against those in the one before, facility by facility.
//!
//! While a tile is in memory, a record is taken of each of its rows; tiles of the release before are read once and held
//! against those. Rows are matched by `facility_id`. What differs is handed on in pieces: new and gone facilities first, then
//! the columns in the order of the tiles, each by id. Tiles that are the same byte for byte aren't compared.

mod compare;
mod differences;
mod digest;
mod matched;
mod observed;
mod rows;
mod shapes;
mod since;
mod tables;
mod values;
mod verify;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use rayon::prelude::*;
use serde_json::{Value, json};
use tracing::{info, warn};

use self::compare::{ComparedLayer, Sides, compare_sides};
use self::differences::After;
use self::observed::{BYTES, ComparedRecords, ObservedLayer, Watch};
pub use self::rows::table_schema;
pub use self::since::{PublishedTile, TwoReleases, compare_on_disk};
pub use self::tables::TABLE;
use super::product::{
    About, Carried, Night, Observer, Problem, Product, ProductWork, ReleaseReadBack, Rows, Scope, TableStore,
    Tables,
};
use super::{Before, DeriveError, LayerTables, Release};
use crate::feature::records::{RecordBudget, Sorted};
use crate::feature::release::paths::changes_path;
use crate::feature::release::product_names;
use crate::feature::{LayerChanges, LayerReport, ProductDoc, RunReport, TileRecord, error_chain};
use crate::geoparquet::GeoparquetError;

/// The product.
pub(super) struct Changes;

impl Product for Changes {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::CHANGES,
                places: &[(
                    TABLE.path,
                    "what differs from the release before: facility, column, old and new value; none in the first release",
                )],
                tables: &[TABLE],
            },
            is_default: true,
            scope: Scope::Layer,
            reads: &[],
            // Of the last release: what it told of another is told no more.
            carried: Carried::Never,
        }
    }

    fn begin<'a>(&self, night: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        Ok(ProductWork::Tables(Box::new(Watch::new(night))))
    }

    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        verify::find_problems(held)
    }
}

impl Tables for Watch<'_> {
    fn observer(&self) -> Option<&dyn Observer> {
        Some(self)
    }

    fn make_tables(
        &self,
        release: &Release<'_>,
        out: &dyn TableStore,
        report: &mut RunReport,
    ) -> Result<Value, DeriveError> {
        let records = self
            .sort_records()
            .map_err(|source| DeriveError::Scratch { source })?;
        let compared = release
            .layers
            .par_iter()
            .map(|layer| compare_layer(self, &records, layer, out));
        let compared = compared.collect::<Result<Vec<_>, DeriveError>>()?;
        let tables = compared.iter().filter(|compared| compared.is_ok()).count();
        for (layer, compared) in report.layers.iter_mut().zip(compared) {
            match compared {
                Ok(changes) => {
                    log_changes(layer.id.as_str(), &changes);
                    layer.changes = Some(changes);
                }
                Err(reason) => layer.not_compared = Some(reason),
            }
        }
        Ok(json!({ "tables": tables }))
    }
}

/// What differs in a layer; or why nothing can be compared.
fn compare_layer(
    watch: &Watch<'_>,
    records: &Sorted<BYTES>,
    layer: &LayerTables<'_>,
    out: &dyn TableStore,
) -> Result<Result<LayerChanges, String>, DeriveError> {
    let (before, tiles) = match comparable_tiles(layer) {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    let observed = watch.take_layer(layer.report.id.as_str());
    let pair = ComparedTiles::of_layer(layer, tiles, observed.as_deref(), records);
    let Some(pair) = pair.map_err(|source| DeriveError::Scratch { source })? else {
        return Ok(Err(
            "its rows were not seen on their way into the release".to_owned()
        ));
    };
    // Two failures that must not be mixed up: an old release that can't be read leaves this one without a comparison;
    // a new table that can't be written leaves it without a product.
    let mut unreadable = None;
    match write_changes(layer, &pair, watch.night.room, before, out, &mut unreadable) {
        Ok(mut changes) => {
            before.release.clone_into(&mut changes.against);
            changes.is_read_otherwise = is_read_otherwise(before.report, layer.report);
            Ok(Ok(changes))
        }
        Err(error) => match unreadable {
            Some(reason) => {
                warn!(
                    layer = layer.report.id.as_str(),
                    reason, "not compared with the last release"
                );
                Ok(Err(reason))
            }
            None => Err(error),
        },
    }
}

/// The tiles of the release before that can be compared with; or why none can.
fn comparable_tiles<'l>(layer: &'l LayerTables<'_>) -> Result<(&'l Before<'l>, &'l [PublishedTile]), String> {
    let Some(before) = &layer.before else {
        return Err("no release before has rows of it".to_owned());
    };
    if layer.report.is_absent() {
        return Err("the release has no rows of it".to_owned());
    }
    // A part of the rows against all of them would tell the rest as removed.
    if is_limited(layer.report) || is_limited(before.report) {
        return Err("only a part of the source was read (`--limit`), here or before".to_owned());
    }
    let Some(tiles) = before.tiles else {
        return Err(format!(
            "the manifest of release {} can't be read",
            before.release
        ));
    };
    if before.is_damaged {
        let reason = format!("tiles of release {} are damaged", before.release);
        warn!(
            layer = layer.report.id.as_str(),
            reason, "not compared with the last release"
        );
        return Err(reason);
    }
    Ok((before, tiles))
}

fn is_limited(layer: &LayerReport) -> bool {
    layer
        .profile
        .as_ref()
        .is_some_and(|profile| profile.limit.is_some())
}

/// Whether the plan reads the layer in another way than it did for the release before.
fn is_read_otherwise(before: &LayerReport, now: &LayerReport) -> bool {
    let [before, now] = [before, now].map(|layer| layer.profile.as_ref().map(|profile| &profile.reading));
    before != now
}

/// What is to be compared of a layer: on both sides, tiles that the other doesn't have.
struct ComparedTiles<'a> {
    before: Vec<PathBuf>,
    after: Option<(&'a ObservedLayer, ComparedRecords<'a>, &'a dyn Rows)>,
    same_rows: u64,
}

impl<'a> ComparedTiles<'a> {
    /// None where rows of this release were not seen.
    fn of_layer(
        layer: &LayerTables<'a>,
        before: &[(PathBuf, String)],
        observed: Option<&'a ObservedLayer>,
        records: &'a Sorted<BYTES>,
    ) -> io::Result<Option<Self>> {
        // An id stands once in a release: the same bytes are the same facilities, wherever they lie.
        let old: BTreeSet<&str> = before.iter().map(|(_, sha256)| sha256.as_str()).collect();
        let new: BTreeSet<&str> = layer.tiles.iter().map(|tile| tile.sha256.as_str()).collect();
        let (same, own): (Vec<&TileRecord>, Vec<&TileRecord>) = layer
            .tiles
            .iter()
            .partition(|tile| old.contains(tile.sha256.as_str()));
        let before = before.iter().filter(|(_, sha256)| !new.contains(sha256.as_str()));
        let after = if own.is_empty() {
            None
        } else {
            let Some((observed, rows)) = observed.zip(layer.rows) else {
                return Ok(None);
            };
            let Some(records) = observed.of_tiles(records, own.into_iter())? else {
                return Ok(None);
            };
            Some((observed, records, rows))
        };
        Ok(Some(Self {
            before: before.map(|(path, _)| path.clone()).collect(),
            after,
            same_rows: same.iter().map(|tile| tile.rows).sum(),
        }))
    }

    fn as_sides(&self) -> Sides<'_> {
        let after = self.after.as_ref().map(|(observed, records, rows)| After {
            schema: &observed.schema,
            columns: &observed.columns,
            records,
            rows: *rows,
        });
        Sides {
            before: &self.before,
            after,
            same_rows: self.same_rows,
        }
    }
}

/// Compares a layer and writes its table; `unreadable` says whether the release before was what failed.
fn write_changes(
    layer: &LayerTables<'_>,
    pair: &ComparedTiles<'_>,
    room: &RecordBudget,
    earlier: &Before<'_>,
    out: &dyn TableStore,
    unreadable: &mut Option<String>,
) -> Result<LayerChanges, DeriveError> {
    let path = changes_path(layer.report.id.as_str());
    let mut changes = LayerChanges::default();
    let done = out.write_pieces(&path, table_schema(), &mut |emit| {
        changes = compare_sides(&ComparedLayer::Planned(layer.plan), pair.as_sides(), room, emit)
            .inspect_err(|error: &GeoparquetError| {
                let is_theirs = error.path().is_some_and(|path| path.starts_with(earlier.folder));
                *unreadable = is_theirs.then(|| {
                    format!(
                        "release {} can't be read: {}",
                        earlier.release,
                        error_chain(error)
                    )
                });
            })?;
        Ok(())
    });
    done.map(|()| changes)
        .map_err(|source| DeriveError::write_error(&path, source))
}

fn log_changes(layer: &str, changes: &LayerChanges) {
    if changes.is_some() {
        info!(
            stage = "derive",
            layer,
            against = changes.against,
            "{}",
            changes.counts_in_words()
        );
    }
    for remark in changes.remarks() {
        info!(stage = "derive", layer, "{remark}");
    }
}
