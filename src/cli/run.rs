//! `cikr run`.

use clap::Args;

use super::{Output, Pipeline};
use crate::error::{Error, exit};
use crate::report::{self, Logging, Reporter};
use crate::run;
use crate::store::Store;

/// Make a release and publish it.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pipeline: Pipeline,
}

impl Run {
    pub(super) fn run(&self, logging: &Logging, quiet: bool, out: &mut Output<'_>) -> Result<u8, Error> {
        let plan = self.pipeline.plan()?;
        let store_error = |source| Error::Store { source };
        let store = Store::open(&plan.store).map_err(store_error)?;
        let id = run::release_id();
        logging.to_file(store.log_file(&id).map_err(store_error)?);
        let outcome =
            run::run(&plan, &store, &id, &Reporter::new(logging.bars(), quiet)).inspect_err(|error| {
                tracing::error!(reason = crate::error::chain(error), "run failed");
            })?;
        out.print(&outcome.report, || report::summary(&outcome.report, &outcome.release))?;
        Ok(if outcome.is_complete() { exit::OK } else { exit::INCOMPLETE })
    }
}
