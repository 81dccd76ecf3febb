//! The pages of one layer's pull: what fails in their store is told with the layer's URL.

use super::error::ArcgisError;
use super::wire::{BoxError, PageFacts, PageStore};

/// The store of pages, and whose they are.
#[derive(Clone, Copy)]
pub(super) struct LayerPages<'a> {
    store: &'a dyn PageStore,
    /// The layer, without secrets.
    url: &'a str,
}

impl<'a> LayerPages<'a> {
    pub(super) fn new(store: &'a dyn PageStore, url: &'a str) -> Self {
        Self { store, url }
    }

    /// The page called `name`; none where it isn't there or is damaged.
    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, ArcgisError> {
        self.store.get(name).map_err(|source| self.error(source))
    }

    /// Keeps a page, whole or not at all.
    pub(super) fn put(&self, name: &str, page: &[u8], facts: PageFacts) -> Result<(), ArcgisError> {
        self.store
            .put(name, page, facts)
            .map_err(|source| self.error(source))
    }

    /// Drops a page, if it is there.
    pub(super) fn forget(&self, name: &str) -> Result<(), ArcgisError> {
        self.store.forget(name).map_err(|source| self.error(source))
    }

    /// A failure to keep or to find a page.
    pub(super) fn error(&self, source: BoxError) -> ArcgisError {
        ArcgisError::PageStore {
            url: self.url.to_owned(),
            source,
        }
    }
}
