//! `cikr accept`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::output::Output;
use super::pipeline::load_plan;
use super::store::store_error;
use crate::config::known_names_hint;
use crate::error::{Error, exit};
use crate::feature::{Acceptance, Withheld};
use crate::run::{self, AcceptRequest};
use crate::store::Store;

const EXAMPLES: &str = "\
Examples:
  cikr accept pipelines/demo.toml --list
      what is held back, and what was accepted
  cikr accept pipelines/demo.toml dams --reason \"the agency split off the levees\"
      the next run publishes what the gate held back, if the source still is what it was then
  cikr accept pipelines/demo.toml dams --next --reason \"the new inventory is due this week\"
      the next change that the gate would hold back is published, whatever it is; once";

/// Accept a change of a source that the gate held back
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Accept {
    /// Pipeline file
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// Layer whose change is meant
    #[arg(required_unless_present = "list")]
    layer: Option<String>,
    /// Why the change is meant; kept in the store and shown in the report
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    reason: Option<String>,
    /// Who accepts it [default: the user's name, from the environment]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Accept the next change, whatever it is, rather than the one held back
    #[arg(long)]
    next: bool,
    /// List what is held back and what was accepted
    #[arg(long, conflicts_with_all = ["reason", "by", "next"])]
    list: bool,
    /// Store folder instead of the pipeline's
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

/// A layer as listed.
#[derive(Debug, Serialize)]
struct LayerRecord {
    layer: String,
    held: Option<Withheld>,
    acceptances: Vec<Acceptance>,
}

impl Accept {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let (plan, warnings) = load_plan(&self.pipeline, &[], None, self.store.as_deref(), &out.veil)?;
        crate::report::show_mistakes(&warnings);
        // Against the plan: what is misspelt would wait in the store for a layer that never comes.
        let ids: Vec<&str> = plan.layers.iter().map(|layer| layer.id.as_str()).collect();
        if let Some(layer) = self.layer.as_deref().filter(|layer| !ids.contains(layer)) {
            let hint = known_names_hint(layer, ids.iter().copied()).map(|hint| format!("; {hint}"));
            return Err(Error::NoSuchLayer {
                layer: layer.to_owned(),
                hint: hint.unwrap_or_default(),
            });
        }
        let store = Store::existing(&plan.store).map_err(store_error)?;
        match (&self.layer, &self.reason) {
            (Some(layer), Some(reason)) => self.accept_change(&store, layer, reason, out),
            (layer, _) => {
                let wanted: Vec<&str> = layer.as_deref().map_or(ids, |layer| vec![layer]);
                list_records(&store, &wanted, out)
            }
        }
    }

    fn accept_change(
        &self,
        store: &Store,
        layer: &str,
        reason: &str,
        out: &mut Output<'_>,
    ) -> Result<u8, Error> {
        if reason.trim().is_empty() {
            return Err(Error::NoReason);
        }
        let by = self.by.clone().unwrap_or_else(user_name);
        let wish = AcceptRequest {
            layer,
            by: &by,
            reason: reason.trim(),
            next: self.next,
        };
        let accepted = run::accept_change(store, &wish)?;
        out.print(&accepted, || match (&accepted.sha256, &accepted.held) {
            (Some(digest), Some(held)) => format!(
                "accepted of {layer}: {}\nthe next run publishes it if the source still has SHA-256 {digest}",
                held.reason
            ),
            _ => format!("accepted: the next change of {layer} that the gate would hold back, once"),
        })?;
        Ok(exit::OK)
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is read in cli alone")]
pub(super) fn user_name() -> String {
    let named = ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    named
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// What is held back of some layers, and what was accepted of them.
fn list_records(store: &Store, layers: &[&str], out: &mut Output<'_>) -> Result<u8, Error> {
    let mut entries = Vec::new();
    for layer in layers {
        let record = store.gate_record(layer).map_err(store_error)?;
        if record.held.is_some() || !record.acceptances.is_empty() {
            entries.push(LayerRecord {
                layer: (*layer).to_owned(),
                held: record.held,
                acceptances: record.acceptances,
            });
        }
    }
    out.print(&entries, || entries_text(&entries))?;
    Ok(exit::OK)
}

fn entries_text(entries: &[LayerRecord]) -> String {
    let mut text = String::new();
    for LayerRecord {
        layer,
        held,
        acceptances,
    } in entries
    {
        if let Some(held) = held {
            let _ = writeln!(text, "{layer}  held back since {}: {}", held.at, held.reason);
        }
        for accepted in acceptances {
            let Acceptance {
                by,
                at,
                reason,
                sha256,
                used_by,
                ..
            } = accepted;
            let what = sha256
                .as_ref()
                .map_or("the next change", |_| "what was held back");
            let used = used_by.as_ref().map_or_else(
                || "waits for the next run".to_owned(),
                |release| format!("published in release {release}"),
            );
            let _ = writeln!(
                text,
                "{layer}  accepted {what} at {at} by {by}: {reason} ({used})"
            );
        }
    }
    if text.is_empty() {
        "nothing is held back, and nothing was accepted".to_owned()
    } else {
        text
    }
}
