//! `cikr sync`.

use std::env;
use std::path::PathBuf;

use clap::Args;
use tracing::warn;

use super::client::client_settings_hiding_proxies;
use super::output::Output;
use super::store::store_error;
use crate::error::{Error, exit};
use crate::fetch::StoreUrl;
use crate::fetch::http::Client;
use crate::mirror::{MirrorError, Synced};
use crate::plan::{Access, Credential, Secret};
use crate::report::{Logging, Reporter, human_size};
use crate::run::{self, SyncFrom};
use crate::store::{Keep, Store};

/// Seconds without a byte after which a request is given up.
const TIMEOUT_S: u32 = 60;

const EXAMPLES: &str = "\
Examples:
  cikr sync https://data.example.org/cikr/latest.json /srv/cikr    the latest release there, as the latest here
  cikr sync https://data.example.org/cikr/ /srv/cikr --keep 3      the folder of latest.json will do, too
  cikr verify /srv/cikr                                            every file against its digest

DIR becomes a store like the other one: query, export, verify and serve it, or publish its folder `public`. Files that the
latest release here has under the same path with the same digest are linked, all others fetched and compared with the manifest,
which `latest.json` vouches for. Archives of vector tiles are made of the rows, as they were there. Where the pipeline there says
`deltas = true`, tables are made of those here and of what differs: a night that changes 1 % sends about 1 %. A release appears
whole or not at all; after a failure nothing has changed, so start again.";

/// Take over the latest release of a store behind a web server, fetching only what differs
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Sync {
    /// Address of the other store's `latest.json`, or of the folder that it is in
    #[arg(value_name = "URL")]
    url: String,
    /// Store to fill; made where there is none
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Releases to keep here: the newest so many in which something has changed, pinned ones beside them
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    keep: u16,
    /// Variable of the environment that holds a bearer token for the server
    #[arg(long, value_name = "VARIABLE")]
    bearer_env: Option<String>,
}

impl Sync {
    pub(super) fn run(&self, logging: &Logging, quiet: bool, out: &mut Output<'_>) -> Result<u8, Error> {
        let source = StoreUrl::parse(&self.url).map_err(|source| {
            mirror_error(MirrorError::Latest {
                source: source.into(),
            })
        })?;
        let store = Store::open(&self.dir).map_err(store_error)?;
        let settings = client_settings_hiding_proxies(&out.veil);
        let client = Client::new(&settings).map_err(|source| mirror_error(MirrorError::Client { source }))?;
        let access = Access {
            credential: self.credential(out)?,
            timeout_s: TIMEOUT_S,
            is_insecure: false,
            hidden: vec![],
        };
        let from = SyncFrom {
            source: &source,
            access: &access,
            client: &client,
        };
        let keep = Keep {
            changed: usize::from(self.keep),
            days: None,
        };
        let progress = Reporter::new(logging.bars(), quiet);
        let synced = run::sync_store(&store, from, keep, &progress)?;
        for warning in &synced.warnings {
            warn!("{warning}");
        }
        out.print(&synced, || summary(&synced))?;
        Ok(exit::OK)
    }

    /// Who asks: the bearer of a token that the environment holds, and that is sent where nobody listens alone.
    #[expect(clippy::disallowed_methods, reason = "the environment is read in cli alone")]
    fn credential(&self, out: &Output<'_>) -> Result<Credential, Error> {
        let Some(variable) = &self.bearer_env else {
            return Ok(Credential::None);
        };
        let token = env::var(variable).ok().filter(|token| !token.is_empty());
        let Some(token) = token else {
            let what =
                format!("the variable `{variable}` of the environment is not set: --bearer-env names it");
            return Err(mirror_error(MirrorError::Credential { what }));
        };
        if !self.url.starts_with("https://") {
            let what = "a token is sent over https alone, http shows it to everyone on the way".to_owned();
            return Err(mirror_error(MirrorError::Credential { what }));
        }
        out.veil.hide(&token, variable);
        Ok(Credential::Bearer(Secret::new(token)))
    }
}

fn mirror_error(source: MirrorError) -> Error {
    Error::Mirror {
        source: Box::new(source),
    }
}

fn summary(synced: &Synced) -> String {
    let Synced { release, folder, .. } = synced;
    if synced.was_here {
        let frozen = synced.frozen.as_ref().map(|frozen| format!("\n{frozen}"));
        return format!(
            "{release} is here already, in {}{}",
            folder.display(),
            frozen.unwrap_or_default()
        );
    }
    let (fetched, all) = (human_size(synced.bytes_fetched), human_size(synced.bytes));
    let frozen = synced.frozen.as_ref().map(|frozen| format!("\n{frozen}"));
    let standing = if frozen.is_some() {
        "is here"
    } else {
        "is the latest now"
    };
    let made = match synced.files_made {
        0 => String::new(),
        made => format!(", {made} made"),
    };
    format!(
        "{release} {standing}: {} of {} files fetched{made}, {fetched} of {all}\n{}{}",
        synced.files_fetched,
        synced.files,
        folder.display(),
        frozen.unwrap_or_default()
    )
}
