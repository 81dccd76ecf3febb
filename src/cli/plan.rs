//! `cikr check` and `cikr plan`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::pipeline::{Pipeline, load_plan};
use crate::config::{self, Diagnostic};
use crate::error::{Error, exit};
use crate::plan::{LayerPlan, Plan};

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
        for file in &self.files {
            let told = match load_plan(file, &[], None, None, &out.veil) {
                Ok((plan, warnings)) => {
                    if !out.is_json() {
                        out.print_text(&ok_line(&file.display().to_string(), &plan))?;
                    }
                    warnings
                }
                Err(Error::Config { diagnostics }) => diagnostics,
                Err(error) => return Err(error),
            };
            // Pipelines share schemas: a mistake there is told once.
            let fresh: Vec<Diagnostic> = told.into_iter().filter(|one| !findings.contains(one)).collect();
            findings.extend(fresh);
        }
        let is_bad = findings.iter().any(Diagnostic::is_error);
        // For programs the findings are the result itself, not a failure beside it.
        if out.is_json() {
            out.print(&config::findings(&findings), String::new)?;
            return Ok(if is_bad { exit::SPEC } else { exit::OK });
        }
        if is_bad {
            return Err(Error::Config {
                diagnostics: findings,
            });
        }
        crate::report::show_mistakes(&findings);
        Ok(exit::OK)
    }
}

fn ok_line(file: &str, plan: &Plan) -> String {
    format!(
        "{file}: ok, {} layers, {} jurisdiction sets",
        plan.layers.len(),
        plan.jurisdictions.len()
    )
}

/// Show what a run would do, with every default applied.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    pipeline: Pipeline,
}

impl Show {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let plan = self.pipeline.load_plan(&out.veil)?;
        out.print(&plan, || describe_plan(&plan))?;
        Ok(exit::OK)
    }
}

fn describe_plan(plan: &Plan) -> String {
    let mut text = format!(
        "pipeline {}: {}\nstore {}, {} releases kept\n",
        plan.id,
        plan.title,
        plan.store.display(),
        plan.keep
    );
    for set in &plan.jurisdictions {
        let nearest = if set.nearest_m > 0.0 {
            format!(", nearest within {} m", set.nearest_m)
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "jurisdiction {} ({}, {}) from {}{nearest}",
            set.id, set.kind.id, set.vintage, set.source.shown
        );
    }
    for layer in &plan.layers {
        let _ = writeln!(text, "{}", describe_layer(layer));
    }
    let output = &plan.output;
    let _ = write!(
        text,
        "tiles of at most {} rows, row groups of {}, pages of {}, zstd {}",
        output.tile_rows, output.group_rows, output.page_rows, output.zstd_level
    );
    let products = if plan.products.is_empty() {
        "none".to_owned()
    } else {
        plan.products.join(", ")
    };
    let _ = write!(text, "\nproducts: {products}");
    if let Some(url) = &output.base_url {
        let _ = write!(text, "\nurls.txt below {url}");
    }
    text
}

fn describe_layer(layer: &LayerPlan) -> String {
    let schema = &layer.schema;
    let doubt = if schema.unverified { " (unverified)" } else { "" };
    let inventory = if layer.inventory {
        ""
    } else {
        ", not in the inventory"
    };
    format!(
        "layer {}: {:?} of {} from {}, schema {}{doubt}, key {}, {} fields{inventory}",
        layer.id,
        schema.geometry,
        schema.sector.code,
        layer.source.shown,
        schema.id,
        schema.key.join("/"),
        schema.fields.len()
    )
}
