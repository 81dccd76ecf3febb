//! `cikr layers`.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::output::Output;
use super::pipeline::Pipeline;
use crate::error::{Error, exit};
use crate::feature::{LayerReport, RunReport, UNVERIFIED};
use crate::plan::LayerPlan;
use crate::store::Store;
use crate::verify;

/// List a pipeline's layers and what the last release holds of them.
#[derive(Debug, Args)]
pub(super) struct Layers {
    #[command(flatten)]
    pipeline: Pipeline,
}

/// A layer as listed.
#[derive(Debug, Serialize)]
struct ListedLayer<'a> {
    id: &'a str,
    title: String,
    sector: &'a str,
    geometry: String,
    schema: &'a str,
    unverified: bool,
    source: &'a str,
    agency: &'a str,
    licence: &'a str,
    last: Option<&'a LayerReport>,
}

impl Layers {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let plan = self.pipeline.load_plan(&out.veil)?;
        // Before the first run there is no store, and a list of layers all the same.
        let last = match Store::existing(&plan.store) {
            Ok(store) => verify::last_report(&store).unwrap_or_default(),
            Err(_no_store_yet) => None,
        };
        let entries: Vec<ListedLayer<'_>> = plan
            .layers
            .iter()
            .map(|layer| layer_entry(layer, last.as_ref()))
            .collect();
        out.print(&entries, || layers_table(&entries))?;
        Ok(exit::OK)
    }
}

fn layer_entry<'a>(layer: &'a LayerPlan, last: Option<&'a RunReport>) -> ListedLayer<'a> {
    let schema = &layer.schema;
    ListedLayer {
        id: layer.id.as_str(),
        title: schema.catalog_title(),
        sector: &schema.sector.code,
        geometry: format!("{:?}", schema.geometry).to_lowercase(),
        schema: &schema.id,
        unverified: schema.unverified,
        source: &layer.source.shown,
        agency: &schema.agency,
        licence: &schema.licence,
        last: last.and_then(|last| last.layers.iter().find(|report| report.id == layer.id)),
    }
}

fn layers_table(entries: &[ListedLayer<'_>]) -> String {
    let widest = entries.iter().map(|entry| entry.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for entry in entries {
        let last = entry.last.map_or_else(
            || "not in a release yet".to_owned(),
            |last| format!("{} rows, {}", last.rows_written, last.status().code()),
        );
        let doubt = if entry.unverified {
            format!("; {UNVERIFIED}")
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "{:widest$}  {}  {:7}  {}  ({last}{doubt})",
            entry.id, entry.sector, entry.geometry, entry.source
        );
    }
    text
}
