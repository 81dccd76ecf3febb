//! What is told of a layer: its report, by what its stages counted. Writes nothing.

use crate::engine::LayerRows;
use crate::feature::{Flags, Landed, LayerReport, Origin, Standing, TileRecord};
use crate::plan::LayerPlan;

/// What is to be told of a layer that was made.
pub(super) fn published_report(
    layer: &LayerPlan,
    landed: &Landed,
    rows: &LayerRows,
    tiles: &[TileRecord],
) -> LayerReport {
    let tally = &rows.tally;
    let mut report = report_of_plan(layer, Standing::made());
    report.source_sha256 = Some(landed.sha256.clone());
    report.landed_at = Some(landed.landed_at.clone());
    report.bytes_in = landed.bytes;
    report.rows_read = tally.read;
    report.rows_written = tiles.iter().map(|tile| tile.rows).sum();
    report.rows_rejected = rows.rejects.count();
    report.rejects_by_reason = rows.rejects.by_reason();
    report.bytes_out = tiles.iter().map(|tile| tile.bytes).sum();
    report.tiles = tiles.len() as u64;
    report.slivers = tally.slivers;
    report.ties = tally.ties;
    report.located = tally.rows.located;
    report.rows_by_state.clone_from(&tally.rows.states);
    report.flags = rows.flags.counts();
    report.flags_truncated = truncated_flags(&report);
    let told = tally.fields.iter().filter(|(_, counts)| counts.has_losses());
    report.fields = told.map(|(field, counts)| (field.clone(), *counts)).collect();
    let empty = tally
        .fields
        .iter()
        .filter(|(field, counts)| counts.values == 0 && !rows.missing.contains(field));
    report.fields_empty = empty.map(|(field, _)| field.clone()).collect();
    report.fields_missing.clone_from(&rows.missing);
    report.repairs = tally.repairs;
    report.doubts.clone_from(&landed.doubts);
    report.profile = Some(rows.profile.clone());
    report
}

/// A report of a layer of which nothing is known yet but its plan and how it stands.
pub(super) fn report_of_plan(layer: &LayerPlan, standing: Standing) -> LayerReport {
    LayerReport {
        unverified: layer.schema.unverified,
        source: layer.source.shown.to_string(),
        insecure_tls: layer.source.is_insecure(),
        ..LayerReport::new(layer.id.clone(), standing)
    }
}

/// Codes that were flagged more often than their flags are kept.
fn truncated_flags(report: &LayerReport) -> Vec<String> {
    let many = report
        .flags
        .iter()
        .filter(|(_, fields)| fields.values().sum::<u64>() > Flags::KEPT);
    many.map(|(code, _)| code.clone()).collect()
}

/// An origin as tables of a release show it.
pub(super) fn origin_as_written(layer: &LayerPlan, origin: &Origin) -> Origin {
    Origin {
        source: layer.source.as_written(&origin.source),
        row: origin.row,
    }
}
