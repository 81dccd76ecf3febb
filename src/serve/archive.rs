//! An archive of tiles of the release (PMTiles 3), read where it lies.
//!
//! The reader of the `pmtiles` crate is asynchronous; over an open file each of its steps is done at once, so that it is driven
//! here without a runtime. Directories are kept within a bound.

use std::fs::File;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use pmtiles::{
    AsyncBackend, AsyncPmTilesReader, BackendResponse, Compression, DirEntry, Directory, DirectoryCache,
    PmtError, PmtResult, TileCoord, TileId, TileType,
};
use quick_cache::sync::Cache;
use serde_json::Value;

use super::published::read_range;

/// Directories of an archive that are kept: of some thousand tiles each, a hundred kilobytes or so.
const KEPT_DIRECTORIES: usize = 64;
/// Longest tile or directory that is read, bytes: the writer's own ceiling is far below.
const MOST_BYTES: usize = 16 << 20;

/// An archive of vector tiles.
pub(super) struct Archive {
    reader: AsyncPmTilesReader<OpenFile, KeptDirectories>,
    metadata: Value,
    /// Digest of the file, by which tiles are marked.
    digest: String,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive")
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// What an archive holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct ArchiveHead {
    /// Least and deepest zoom.
    pub(super) zooms: [u8; 2],
    /// West, south, east, north.
    pub(super) bounds: [f64; 4],
}

impl Archive {
    /// The archive in a file of so many bytes.
    ///
    /// # Errors
    /// When it is none of vector tiles in gzip.
    pub(super) fn open(file: Arc<File>, length: u64, digest: &str) -> PmtResult<Self> {
        let backend = OpenFile { file, length };
        let directories = KeptDirectories(Cache::new(KEPT_DIRECTORIES));
        let reader = at_once(AsyncPmTilesReader::try_from_cached_source(backend, directories))?;
        let header = reader.get_header();
        if header.tile_type != TileType::Mvt || header.tile_compression != Compression::Gzip {
            return Err(PmtError::Reading(io::Error::other(
                "its tiles are no vector tiles in gzip",
            )));
        }
        let metadata = at_once(reader.get_metadata())?;
        let metadata = serde_json::from_str(&metadata).map_err(|error| PmtError::Reading(error.into()))?;
        Ok(Self {
            reader,
            metadata,
            digest: digest.to_owned(),
        })
    }

    /// A tile, in gzip; none where nothing is there.
    ///
    /// # Errors
    /// When the archive can't be read.
    pub(super) fn tile(&self, zoom: u8, x: u32, y: u32) -> PmtResult<Option<Bytes>> {
        let tile = TileCoord::new(zoom, x, y)?;
        at_once(self.reader.get_tile(tile))
    }

    /// What it holds.
    pub(super) fn head(&self) -> ArchiveHead {
        let header = self.reader.get_header();
        ArchiveHead {
            zooms: [header.min_zoom, header.max_zoom],
            bounds: [
                header.min_longitude,
                header.min_latitude,
                header.max_longitude,
                header.max_latitude,
            ],
        }
    }

    /// What it says of itself.
    pub(super) fn metadata(&self) -> &Value {
        &self.metadata
    }

    /// Digest of the file.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }
}

/// What is done once it is asked: nothing here waits for anything but the disk.
fn at_once<T>(step: impl Future<Output = PmtResult<T>>) -> PmtResult<T> {
    match pin!(step).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(PmtError::Reading(io::Error::other(
            "a step that should be done waits",
        ))),
    }
}

struct OpenFile {
    file: Arc<File>,
    length: u64,
}

impl AsyncBackend for OpenFile {
    async fn read(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        if length > MOST_BYTES {
            return Err(PmtError::Reading(io::Error::other("more than is read at once")));
        }
        let end = offset.saturating_add(length as u64).min(self.length);
        let bytes = read_range(&self.file, &(offset.min(end)..end)).map_err(PmtError::Reading)?;
        Ok(BackendResponse::new(bytes.into()))
    }
}

struct KeptDirectories(Cache<u64, Arc<Directory>>);

impl DirectoryCache for KeptDirectories {
    async fn get_dir_entry_or_insert(
        &self,
        offset: u64,
        tile_id: TileId,
        fetcher: impl Future<Output = PmtResult<Directory>> + Send,
    ) -> PmtResult<Option<DirEntry>> {
        if let Some(kept) = self.0.get(&offset) {
            return Ok(kept.find_tile_id(tile_id).copied());
        }
        let directory = Arc::new(fetcher.await?);
        self.0.insert(offset, Arc::clone(&directory));
        Ok(directory.find_tile_id(tile_id).copied())
    }
}
