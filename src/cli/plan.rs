//! `cikr check` and `cikr plan`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::{Output, Pipeline, load};
use crate::error::{Error, exit};
use crate::plan::{LayerPlan, Plan};
use crate::spec::{self, Diagnostic, Finding};

/// Report every mistake in pipelines and their schemas.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Pipeline files
    #[arg(required = true, value_name = "PIPELINE")]
    files: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let mut findings: Vec<Diagnostic> = Vec::new();
        let mut lines = Vec::new();
        for file in &self.files {
            match load(file, &[], None, None) {
                Ok((plan, warnings)) => {
                    findings.extend(warnings);
                    lines.push(good(&file.display().to_string(), &plan));
                }
                Err(Error::Spec { diagnostics }) => findings.extend(diagnostics),
                Err(error) => return Err(error),
            }
        }
        // Pipelines share schemas: a mistake there is told once.
        let mut told: Vec<Diagnostic> = Vec::new();
        findings.retain(|finding| {
            !told.contains(finding) && {
                told.push(finding.clone());
                true
            }
        });
        let bad = findings.iter().any(Diagnostic::is_error);
        if out.is_json() {
            let found: Vec<Finding> = spec::findings(&findings);
            out.print(&found, String::new)?;
        } else {
            for line in lines {
                out.line(&line)?;
            }
        }
        if bad && !out.is_json() {
            return Err(Error::Spec { diagnostics: findings });
        }
        if !out.is_json() {
            crate::report::problems(&findings);
        }
        Ok(if bad { exit::SPEC } else { exit::OK })
    }
}

fn good(file: &str, plan: &Plan) -> String {
    format!("{file}: ok, {} layers, {} jurisdiction sets", plan.layers.len(), plan.jurisdictions.len())
}

/// Show what a run would do, with every default applied.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    pipeline: Pipeline,
}

impl Show {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let plan = self.pipeline.plan()?;
        out.print(&plan, || describe(&plan))?;
        Ok(exit::OK)
    }
}

fn describe(plan: &Plan) -> String {
    let mut text = format!(
        "pipeline {}: {}\nstore {}, {} releases kept\n",
        plan.id,
        plan.title,
        plan.store.display(),
        plan.keep
    );
    for set in &plan.jurisdictions {
        let nearest =
            if set.nearest_m > 0.0 { format!(", nearest within {} m", set.nearest_m) } else { String::new() };
        let _ = writeln!(
            text,
            "jurisdiction {} ({:?}, {}) from {}{nearest}",
            set.id, set.kind, set.vintage, set.source.shown
        );
    }
    for layer in &plan.layers {
        let _ = writeln!(text, "{}", describe_layer(layer));
    }
    let output = plan.output;
    let _ = write!(
        text,
        "tiles of at most {} rows, row groups of {}, pages of {}, zstd {}",
        output.tile_rows, output.group_rows, output.page_rows, output.zstd_level
    );
    text
}

fn describe_layer(layer: &LayerPlan) -> String {
    let schema = &layer.schema;
    let inventory = if layer.inventory { "" } else { ", not in the inventory" };
    format!(
        "layer {}: {:?} of {} from {}, schema {}, key {}, {} fields{inventory}",
        layer.id,
        schema.geometry,
        schema.sector.code,
        layer.source.shown,
        schema.id,
        schema.key.join("/"),
        schema.fields.len()
    )
}
