//! Tiles that were made of a release's rows, and what those of a collection have in common, kept for the next who asks.
//!
//! Holds, and makes nothing. A release doesn't change, so that nothing in here goes stale.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::vector_tiles::{TileId, TileLayer};

/// Bytes of a tile in gzip, about, by which the cache judges how many there will be.
const TILE_BYTES: u64 = 8 << 10;

/// A tile of a collection: zoom, column and row.
type Key = (String, [u32; 3]);

/// The tiles that were made of a release.
#[derive(Debug)]
pub(super) struct MadeTiles {
    layers: Mutex<BTreeMap<String, Arc<TileLayer>>>,
    tiles: Cache<Key, Bytes, ByBytes>,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Key, Bytes> for ByBytes {
    fn weight(&self, key: &Key, tile: &Bytes) -> u64 {
        (tile.len() + key.0.len() + size_of::<Key>()) as u64
    }
}

impl MadeTiles {
    /// With room for so many bytes of tiles.
    pub(super) fn new(kept_bytes: u64) -> Self {
        let count = usize::try_from(kept_bytes / TILE_BYTES).unwrap_or(usize::MAX);
        Self {
            layers: Mutex::default(),
            tiles: Cache::with_weighter(count, kept_bytes, ByBytes),
        }
    }

    /// A tile as it was kept, or as it is made now; one in which nothing is has no bytes. Of several who ask for a tile at a
    /// time one makes it, and the others wait.
    ///
    /// # Errors
    /// That of making it; nothing is kept then.
    pub(super) fn tile_or_made<E>(
        &self,
        collection: &str,
        tile: TileId,
        make: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let key = (collection.to_owned(), [tile.zoom().into(), tile.x(), tile.y()]);
        self.tiles.get_or_insert_with(&key, make)
    }

    /// What tiles of a collection have in common.
    pub(super) fn layer(&self, collection: &str) -> Option<Arc<TileLayer>> {
        self.locked().get(collection).cloned()
    }

    pub(super) fn keep_layer(&self, collection: &str, layer: &Arc<TileLayer>) {
        self.locked().insert(collection.to_owned(), Arc::clone(layer));
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Arc<TileLayer>>> {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
