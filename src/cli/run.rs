//! `cikr run`.

use std::path::PathBuf;

use clap::Args;

use super::client::client_settings_hiding_proxies;
use super::output::Output;
use super::pipeline::Pipeline;
use super::reader::reader_program;
use super::stop;
use super::store::store_error;
use crate::config::parse_size;
use crate::error::{Error, exit};
use crate::plan::LEAST_MEMORY;
use crate::report::{self, LOG_FILE, Logging, Reporter};
use crate::run;
use crate::store::Store;

/// Make a release and publish it.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pipeline: Pipeline,
    /// Fetch nothing: use what was landed last
    #[arg(long)]
    offline: bool,
    /// Make every layer again, also where neither its source nor the plan has changed
    #[arg(long)]
    rebuild: bool,
    /// Memory for the run, such as 1GiB: rows that don't fit wait in a scratch file [default: the pipeline's, else half of
    /// what the machine or its control group has, 2 GiB at most; polygon sets come on top]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<u64>,
    /// Folder for scratch files, which are gone with the run [default: in the store]
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

/// A size that a run can work with.
pub(super) fn parse_memory(text: &str) -> Result<u64, String> {
    let bytes = parse_size(text).ok_or("write a size with its unit, such as 512MiB or 2GB")?;
    if bytes < LEAST_MEMORY {
        return Err(format!(
            "the least that a run works with is {}MiB",
            LEAST_MEMORY >> 20
        ));
    }
    Ok(bytes)
}

impl Run {
    pub(super) fn run(&self, logging: &Logging, quiet: bool, out: &mut Output<'_>) -> Result<u8, Error> {
        stop::tell_of_signals(logging)?;
        let mut plan = self.pipeline.load_plan(&out.veil)?;
        if self.pipeline.is_partial() && self.pipeline.store.is_none() {
            // A part of the layers or rows must never become the latest release of the whole.
            plan.store.as_mut_os_string().push("-partial");
            tracing::warn!(store = %plan.store.display(), "a partial run has a store of its own; --store names another");
        }
        let store = Store::open(&plan.store).map_err(store_error)?;
        let id = run::release_id();
        logging.to_file(store.log_file(&id).map_err(store_error)?);
        if self.memory.is_some() {
            plan.memory_bytes = self.memory;
        }
        let reader = reader_program();
        let mode = run::Mode {
            offline: self.offline,
            rebuild: self.rebuild,
            scratch: self.scratch.as_deref(),
            reader: reader.as_ref(),
        };
        let outcome = run::run(
            &plan,
            &store,
            &id,
            mode,
            &client_settings_hiding_proxies(&out.veil),
            &Reporter::new(logging.bars(), quiet),
        )
        .inspect_err(|error| {
            tracing::error!(target: LOG_FILE, reason = crate::error::error_chain(error), "run failed");
        })?;
        // The release is published by now, and stays so: only that nobody could be told is the failure (exit
        // code 8).
        let printed = out.print(&outcome.report, || {
            report::run_summary(&outcome.report, &outcome.release)
        });
        printed.map_err(|error| match error {
            Error::Output { source, .. } => Error::Output {
                done: Some(format!("release {id} is published")),
                source,
            },
            other => other,
        })?;
        Ok(if outcome.is_complete() {
            exit::OK
        } else {
            exit::INCOMPLETE
        })
    }
}
