//! What an answer has read, of how much.
//!
//! Counts are kept by whoever reads, on any thread; an [`Account`] is what they were at a moment.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// So many.
    pub read: u64,
    /// Of so many.
    pub of: u64,
}

/// What was read for an answer. Each level is told of what the level above has left: tiles of the layer's, row groups of these
/// tiles', pages of these row groups'.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Tiles that were opened, of the layer's.
    pub tiles: Share,
    /// Row groups that may have such rows, of those of the opened tiles.
    pub row_groups: Share,
    /// Pages of the covering whose rows were looked at, of those of these row groups.
    pub pages: Share,
    /// Rows that were looked at, of the layer's.
    pub rows: Share,
    /// Bytes that were read, of those of the layer's tiles. Catalog, footers and page indexes are among those read; what was in
    /// the cache isn't.
    pub bytes: Share,
    /// Requests that this took; of files on a disk, reads.
    pub requests: u64,
    /// Rows of the answer that were handed out.
    pub answered: u64,
}

/// The counts of an answer in the making.
#[derive(Debug, Default)]
pub(super) struct Meter {
    tiles: Counted,
    row_groups: Counted,
    pages: Counted,
    rows: Counted,
    bytes: Counted,
    requests: AtomicU64,
    answered: AtomicU64,
}

/// So many of so many, counted.
#[derive(Debug, Default)]
struct Counted {
    read: AtomicU64,
    of: AtomicU64,
}

impl Counted {
    fn add(&self, read: u64, of: u64) {
        self.read.fetch_add(read, Ordering::Relaxed);
        self.of.fetch_add(of, Ordering::Relaxed);
    }

    fn share(&self) -> Share {
        Share {
            read: self.read.load(Ordering::Relaxed),
            of: self.of.load(Ordering::Relaxed),
        }
    }
}

impl Meter {
    pub(super) fn layer(&self, tiles: u64, rows: u64, bytes: u64) {
        self.tiles.add(0, tiles);
        self.rows.add(0, rows);
        self.bytes.add(0, bytes);
    }

    /// A tile is opened.
    pub(super) fn tile(&self, groups: usize) {
        self.tiles.add(1, 0);
        self.row_groups.add(0, groups as u64);
    }

    /// A row group may have such rows; it has so many pages.
    pub(super) fn group(&self, pages: usize) {
        self.row_groups.add(1, 0);
        self.pages.add(0, pages as u64);
    }

    /// Rows of a row group are looked at.
    pub(super) fn pages(&self, pages: usize, rows: usize) {
        self.pages.add(pages as u64, 0);
        self.rows.add(rows as u64, 0);
    }

    pub(super) fn request(&self, bytes: u64) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes.add(bytes, 0);
    }

    pub(super) fn answered(&self, rows: usize) {
        self.answered.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(super) fn requests(&self) -> usize {
        usize::try_from(self.requests.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes.share().read
    }

    pub(super) fn account(&self) -> Account {
        Account {
            tiles: self.tiles.share(),
            row_groups: self.row_groups.share(),
            pages: self.pages.share(),
            rows: self.rows.share(),
            bytes: self.bytes.share(),
            requests: self.requests.load(Ordering::Relaxed),
            answered: self.answered.load(Ordering::Relaxed),
        }
    }
}
