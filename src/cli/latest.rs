//! `cikr latest`, `cikr rollback`, `cikr pin` and `cikr unpin`: which release is the latest, and which stay.

use clap::Args;
use serde_json::json;

use super::accept::user_name;
use super::output::Output;
use super::store::{StoreAt, store_error};
use crate::error::{Error, exit};
use crate::run::{self, RollbackRequest};
use crate::store::{Latest, StoreError};

/// What is written where nobody says why.
const NO_REASON: &str = "no reason given";

const ROLLBACK_EXAMPLES: &str = "\
Nights go on being made, kept, compared and gated, and none becomes the latest until `cikr latest --follow`.

Examples:
  cikr rollback 20261129T021500123Z --reason \"the new dams are mirrored\"
  cikr rollback v2026.11                         a release that `cikr pin` has named";

/// Make an earlier release the latest, and have it stay so
#[derive(Debug, Args)]
#[command(after_help = ROLLBACK_EXAMPLES)]
pub(super) struct Rollback {
    /// Release to go back to: an id as `cikr releases` lists it, or the name of a pin
    release: String,
    /// Why; each summary of a run tells it until `cikr latest --follow`
    #[arg(long, value_name = "TEXT", default_value = NO_REASON)]
    reason: String,
    /// Who goes back [default: the user's name, from the environment]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    store: StoreAt,
}

impl Rollback {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let by = self.by.clone().unwrap_or_else(user_name);
        let request = RollbackRequest {
            release: &self.release,
            by: &by,
            reason: self.reason.trim(),
        };
        let frozen = run::roll_back(&self.store.open()?, &request)?;
        out.print(&frozen, || format!("latest is now {}\n{frozen}", frozen.release))?;
        Ok(exit::OK)
    }
}

/// Show which release is the latest, or have it follow the nights again
#[derive(Debug, Args)]
pub(super) struct ShowLatest {
    /// End what `cikr rollback` has begun: the newest release becomes the latest, and nights after it
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    store: StoreAt,
}

impl ShowLatest {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let store = self.store.open()?;
        let latest: Latest = if self.follow {
            run::follow_nights(&store)?
        } else {
            let latest = store.latest().map_err(store_error)?;
            latest.ok_or_else(|| {
                store_error(StoreError::Empty {
                    store: store.root().to_owned(),
                })
            })?
        };
        let frozen = store.frozen();
        let folder = store.release_dir(&latest.release);
        let value = json!({ "latest": latest, "folder": folder, "frozen": frozen });
        out.print(&value, || {
            let frozen = frozen.as_ref().map(|frozen| format!("\n{frozen}"));
            format!(
                "latest is {} in {}{}",
                latest.release,
                folder.display(),
                frozen.unwrap_or_default()
            )
        })?;
        Ok(exit::OK)
    }
}

const PIN_EXAMPLES: &str = "\
Examples:
  cikr pin latest --name v2026.11                the latest release, for good, as v2026.11
  cikr pin 20261129T021500123Z                   a release, under its id alone
  cikr verify v2026.11                           names stand wherever an id is taken";

/// Keep a release for good, under a name where one is given
#[derive(Debug, Args)]
#[command(after_help = PIN_EXAMPLES)]
pub(super) struct Pin {
    /// Release to keep: an id as `cikr releases` lists it, a name, or `latest`
    release: String,
    /// What to call it: letters, digits, `.`, `_` and `-`
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    store: StoreAt,
}

impl Pin {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let pin = run::pin_release(&self.store.open()?, &self.release, self.name.as_deref())?;
        out.print(&pin, || {
            let name = pin.name.as_ref().map(|name| format!(" as {name}"));
            format!("{} is kept for good{}", pin.release, name.unwrap_or_default())
        })?;
        Ok(exit::OK)
    }
}

/// Let a pinned release go with the others of its age
#[derive(Debug, Args)]
pub(super) struct Unpin {
    /// Its id or its name
    release: String,
    #[command(flatten)]
    store: StoreAt,
}

impl Unpin {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let pin = run::unpin_release(&self.store.open()?, &self.release)?;
        out.print(&pin, || format!("{} is no longer kept for good", pin.release))?;
        Ok(exit::OK)
    }
}
