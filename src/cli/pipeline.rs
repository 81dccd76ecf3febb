//! Pipeline files on the command line, and the plans they are.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::Diagnostic;
use crate::error::Error;
use crate::feature::Veil;
use crate::plan::{Overrides, Plan, Variables};

/// A pipeline file and what the command line changes of it.
#[derive(Debug, Args)]
pub(super) struct Pipeline {
    /// Pipeline file
    #[arg(value_name = "PIPELINE")]
    file: PathBuf,
    /// Only this layer (repeatable)
    #[arg(long, value_name = "ID")]
    layer: Vec<String>,
    /// Only the first N rows of each layer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Store folder instead of the pipeline's
    #[arg(long, value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
}

impl Pipeline {
    /// Whether only some layers or rows are wanted.
    pub(super) fn is_partial(&self) -> bool {
        !self.layer.is_empty() || self.limit.is_some()
    }

    /// The plan, with warnings shown.
    pub(super) fn load_plan(&self, veil: &Veil) -> Result<Plan, Error> {
        let (plan, warnings) = load_plan(&self.file, &self.layer, self.limit, self.store.as_deref(), veil)?;
        crate::report::show_mistakes(&warnings);
        Ok(plan)
    }
}

/// The plan of a pipeline file and its warnings; from now on `veil` covers what the plan took from the environment.
pub(super) fn load_plan(
    file: &Path,
    layers: &[String],
    limit: Option<u64>,
    store: Option<&Path>,
    veil: &Veil,
) -> Result<(Plan, Vec<Diagnostic>), Error> {
    #[expect(clippy::disallowed_methods, reason = "the environment is read in cli alone")]
    let variables = Variables(|name| std::env::var(name).ok());
    let overrides = Overrides {
        store: store.map(Path::to_owned),
        layers: layers.to_vec(),
        rows: limit,
        // What products there are, `derive` knows, which `plan` may not ask.
        products: crate::run::product_names(),
        variables,
    };
    let loaded = crate::plan::load(file, &overrides).map_err(|diagnostics| Error::Config { diagnostics })?;
    // Noted where they come in, before anything else is done with the plan: nothing from here on shows them.
    for (value, shown) in loaded.0.secrets() {
        veil.hide(value.reveal(), &shown);
    }
    Ok(loaded)
}
