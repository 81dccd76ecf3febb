//! `cikr run`.

use clap::Args;

use super::{Output, Pipeline};
use crate::error::{Error, exit};
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
}

impl Run {
    pub(super) fn run(&self, logging: &Logging, quiet: bool, out: &mut Output<'_>) -> Result<u8, Error> {
        super::stop::listen(logging)?;
        let mut plan = self.pipeline.plan()?;
        if self.pipeline.is_partial() && self.pipeline.store.is_none() {
            // A part of the layers or rows must never become the latest release of the whole.
            plan.store.as_mut_os_string().push("-partial");
            tracing::warn!(store = %plan.store.display(), "a partial run has a store of its own; --store names another");
        }
        let store_error = |source| Error::Store { source };
        let store = Store::open(&plan.store).map_err(store_error)?;
        let id = run::release_id();
        logging.to_file(store.log_file(&id).map_err(store_error)?);
        let mode = run::Mode { offline: self.offline, rebuild: self.rebuild };
        let outcome = run::run(
            &plan,
            &store,
            &id,
            mode,
            &super::client_settings(),
            &Reporter::new(logging.bars(), quiet),
        )
        .inspect_err(|error| {
            tracing::error!(target: LOG_FILE, reason = crate::error::chain(error), "run failed");
        })?;
        out.print(&outcome.report, || report::summary(&outcome.report, &outcome.release))?;
        Ok(if outcome.is_complete() { exit::OK } else { exit::INCOMPLETE })
    }
}
