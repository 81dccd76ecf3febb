//! The part of the release's `README.md` that tells what differs from the release before.
//!
//! Pure: text out of the report.

use std::fmt::{self, Write};

use super::markdown::plain_prose;
use crate::feature::{LayerChanges, LayerReport, RunReport};

/// Counts of every compared layer, and why others could not be compared.
pub(super) fn write_changes(out: &mut String, report: &RunReport) -> fmt::Result {
    let compared: Vec<(&LayerReport, &LayerChanges)> = report
        .layers
        .iter()
        .filter_map(|layer| Some((layer, layer.changes.as_ref()?)))
        .collect();
    // All layers are compared with one release: that which `latest` named when the run began.
    let Some((_, first)) = compared.first() else {
        return Ok(());
    };
    writeln!(
        out,
        "## Changes\n\nAgainst release `{}`, by `facility_id`. `changes/<layer>.parquet` has every value before and after.\n\n\
         | layer | added | removed | changed | recomputed | unchanged |\n|---|---:|---:|---:|---:|---:|",
        first.against
    )?;
    for (layer, changes) in &compared {
        let LayerChanges {
            added,
            removed,
            changed,
            recomputed,
            unchanged,
            ..
        } = changes;
        writeln!(
            out,
            "| `{}` | {added} | {removed} | {changed} | {recomputed} | {unchanged} |",
            layer.id
        )?;
    }
    out.write_str(
        "\n*Recomputed* are facilities of which only what cikr computes differs: place, region, sector, lead agency.\n\n",
    )?;
    compared
        .iter()
        .try_for_each(|(layer, changes)| write_details(out, layer, changes))?;
    for layer in &report.layers {
        if let Some(reason) = &layer.not_compared {
            writeln!(out, "- `{}` is not compared: {}", layer.id, plain_prose(reason))?;
        }
    }
    writeln!(out)
}

fn write_details(out: &mut String, layer: &LayerReport, changes: &LayerChanges) -> fmt::Result {
    if !changes.fields.is_empty() {
        let fields: Vec<String> = fields_by_rows(changes)
            .iter()
            .map(|(field, rows)| format!("{field} {rows}"))
            .collect();
        writeln!(out, "- `{}`: {}", layer.id, fields.join(", "))?;
    }
    changes
        .remarks()
        .iter()
        .try_for_each(|remark| writeln!(out, "- `{}`: {}", layer.id, plain_prose(remark)))
}

/// Columns that differ, those with the most facilities first.
pub fn fields_by_rows(changes: &LayerChanges) -> Vec<(&str, u64)> {
    let mut fields: Vec<(&str, u64)> = changes
        .fields
        .iter()
        .map(|(field, rows)| (field.as_str(), *rows))
        .collect();
    // The sort is stable: equals stay in the order of their names.
    fields.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    fields
}
