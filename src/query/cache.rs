//! Footers and page indexes that were read, kept for the next question within a bound of memory.
//!
//! A release doesn't change, so that nothing in here goes stale.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::geoparquet::{GroupIndex, TileIndex};

/// Bytes that are kept, about, where nobody says otherwise.
pub(super) const KEPT_BYTES: u64 = 128 << 20;
/// Bytes of an entry, about, by which the cache judges how many there will be.
const ENTRY_BYTES: u64 = 64 << 10;
/// Parts of the cache, each with a lock and an equal share of the bytes: the footer of a large tile must fit into one, however
/// many cores there are.
const SHARDS: usize = 4;

/// A tile by its path, or a row group of it.
type Key = (String, Option<usize>);

#[derive(Debug, Clone)]
enum Entry {
    Tile(Arc<TileIndex>),
    Group(Arc<GroupIndex>),
}

#[derive(Debug, Clone)]
struct ByMemory;

impl Weighter<Key, Entry> for ByMemory {
    fn weight(&self, key: &Key, entry: &Entry) -> u64 {
        let held = match entry {
            Entry::Tile(tile) => tile.memory_bytes(),
            Entry::Group(group) => group.memory_bytes(),
        };
        // Nothing weighs nothing: it would never go.
        held + key.0.len() as u64 + 1
    }
}

/// What is known of tiles.
#[derive(Debug)]
pub(super) struct IndexCache {
    entries: Cache<Key, Entry, ByMemory>,
}

impl IndexCache {
    pub(super) fn new(kept_bytes: u64) -> Self {
        let count = usize::try_from(kept_bytes / ENTRY_BYTES).unwrap_or(usize::MAX);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(count)
            .weight_capacity(kept_bytes)
            .shards(SHARDS)
            .build();
        let options = options.expect("both capacities are given");
        let hasher = DefaultHashBuilder::default();
        Self {
            entries: Cache::with_options(options, ByMemory, hasher, DefaultLifecycle::default()),
        }
    }

    pub(super) fn tile(&self, path: &str) -> Option<Arc<TileIndex>> {
        match self.entries.get(&(path.to_owned(), None))? {
            Entry::Tile(tile) => Some(tile),
            Entry::Group(_) => None,
        }
    }

    pub(super) fn keep_tile(&self, path: &str, tile: &Arc<TileIndex>) {
        self.entries
            .insert((path.to_owned(), None), Entry::Tile(Arc::clone(tile)));
    }

    pub(super) fn group(&self, path: &str, group: usize) -> Option<Arc<GroupIndex>> {
        match self.entries.get(&(path.to_owned(), Some(group)))? {
            Entry::Group(group) => Some(group),
            Entry::Tile(_) => None,
        }
    }

    pub(super) fn keep_group(&self, path: &str, group: &Arc<GroupIndex>) {
        let key = (path.to_owned(), Some(group.group()));
        self.entries.insert(key, Entry::Group(Arc::clone(group)));
    }
}
