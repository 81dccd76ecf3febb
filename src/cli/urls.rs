//! `cikr urls`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::store::{StoreAt, release_folder, store_error};
use crate::error::{Error, exit};
use crate::feature::release::paths::is_tile;
use crate::feature::release::tile_urls;
use crate::store;

const EXAMPLES: &str = "\
Examples:
  cikr urls latest --base https://data.example.gov/cikr
  cikr urls out/demo --base http://localhost:8000 | grep /layers/dams/";

/// Print where every tile of a release is, for a server of the store's `public` folder
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Urls {
    /// Folder of a release, a store (its latest release), or a release's id or name with --store
    release: PathBuf,
    /// Address under which the `public` folder of the store is served; without it, paths within the release
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    #[command(flatten)]
    store: StoreAt,
}

impl Urls {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let folder = release_folder(&self.release, &self.store)?;
        let manifest = store::read_manifest(&folder).map_err(store_error)?;
        let base = self.base.as_deref().map(|base| base.trim_end_matches('/'));
        let paths = manifest.files.iter().map(|file| file.path.as_str());
        let tiles = paths.filter(|path| is_tile(path.as_ref()));
        let urls = tile_urls(base, &manifest.release, tiles);
        out.print(&urls, || urls.join("\n"))?;
        Ok(exit::OK)
    }
}
