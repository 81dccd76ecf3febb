//! A store filled from another one: the clock for what `mirror` does.

use super::clock;
use super::feed::write_feed;
use super::mirrored_maps::MirroredMaps;
use crate::error::Error;
use crate::feature::Progress;
use crate::fetch::StoreUrl;
use crate::fetch::http::Client;
use crate::mirror::{SyncRequest, Synced, sync_release};
use crate::plan::Access;
use crate::store::{Keep, Store};

/// Who asks which server, and how.
#[derive(Debug, Clone, Copy)]
pub struct SyncFrom<'a> {
    /// The other store.
    pub source: &'a StoreUrl,
    /// How its server is asked.
    pub access: &'a Access,
    /// Who asks.
    pub client: &'a Client,
}

/// Takes over the latest release of another store, file by file, only what differs; see [`sync_release`].
///
/// # Errors
/// The other store can't be read or isn't whole, or the store here can't be written to.
pub fn sync_store(
    store: &Store,
    from: SyncFrom<'_>,
    keep: Keep,
    progress: &dyn Progress,
) -> Result<Synced, Error> {
    let request = SyncRequest {
        source: from.source,
        access: from.access,
        client: from.client,
        store,
        derived: &MirroredMaps { progress },
        keep,
        now: &clock::now(),
        progress,
    };
    let synced = sync_release(&request).map_err(|source| Error::Mirror {
        source: Box::new(source),
    })?;
    write_feed(store, &store.lock()?);
    Ok(synced)
}
