//! The files that differ, several at a time: streamed to disk, bounded and compared on the way.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use url::Url;

use super::MirrorError;
use crate::feature::Task;
use crate::fetch::StoreUrl;
use crate::fetch::http::{Client, Deadline, HttpError, Open};
use crate::plan::Access;
use crate::store::{ManifestFile, Staging};

/// Files on their way at a time: as many as the client asks one host for.
const AT_ONCE: usize = 8;
/// Times that a file is asked for whose bytes are others than the manifest says.
const TRIES: u32 = 3;

/// Why a body isn't on the disk.
enum CopyError {
    Body(HttpError),
    Disk(io::Error),
}

impl From<HttpError> for CopyError {
    fn from(source: HttpError) -> Self {
        Self::Body(source)
    }
}

/// Who fetches, from where, to where.
pub(super) struct Fetching<'a> {
    pub(super) source: &'a StoreUrl,
    pub(super) client: &'a Client,
    pub(super) access: &'a Access,
    pub(super) staging: &'a Staging<'a>,
    pub(super) task: &'a dyn Task,
}

impl Fetching<'_> {
    /// Fetches files; the first failure ends it, and what is on its way then comes to nothing.
    pub(super) fn fetch_files(&self, files: &[&ManifestFile]) -> Result<(), MirrorError> {
        let next = AtomicUsize::new(0);
        let is_over = AtomicBool::new(false);
        let failure: Mutex<Option<MirrorError>> = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(files.len()) {
                scope.spawn(|| {
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if is_over.load(Ordering::Relaxed) {
                            return;
                        }
                        if let Err(error) = self.fetch_file(file) {
                            is_over.store(true, Ordering::Relaxed);
                            let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
                            first.get_or_insert(error);
                        }
                    }
                });
            }
        });
        let failure = failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        failure.map_or(Ok(()), Err)
    }

    /// Fetches a file until it is the one that the manifest lists, as often as the client asks.
    fn fetch_file(&self, file: &ManifestFile) -> Result<(), MirrorError> {
        let url = self.source.file(self.staging.release(), &file.path);
        let mut attempt = 1;
        loop {
            match self.fetch_once(file, &url) {
                // A body that ended early or came garbled may come whole the next time.
                Err(MirrorError::Content { .. }) if attempt < TRIES => {
                    self.client.wait_to_ask_again(None, attempt, Deadline::default());
                    attempt += 1;
                }
                fetched => return fetched,
            }
        }
    }

    fn fetch_once(&self, file: &ManifestFile, url: &Url) -> Result<(), MirrorError> {
        let open = Open {
            url,
            access: self.access,
            accept: "*/*",
            headers: &[],
            until: Deadline::default(),
        };
        let (mut body, _) = self.client.open(&open).map_err(|source| MirrorError::Http {
            url: url.clone(),
            source,
        })?;
        let content = |what: String| MirrorError::Content {
            url: url.clone(),
            what,
        };
        let relative = file.path.as_ref();
        let mut staged = self.staging.create(relative)?;
        let mut bytes = 0;
        let copied = body.for_each_piece(file.bytes, |piece| {
            bytes += piece.len() as u64;
            staged.write_all(piece).map_err(CopyError::Disk)
        });
        match copied {
            Ok(()) => {}
            Err(CopyError::Body(error)) => return Err(content(error.to_string())),
            Err(CopyError::Disk(source)) => return Err(MirrorError::Write { source }),
        }
        if bytes < file.bytes {
            return Err(content(format!(
                "it has {bytes} bytes, and the manifest says {}",
                file.bytes
            )));
        }
        let written = staged.commit()?;
        if written.sha256 != file.sha256 {
            self.staging.discard(relative)?;
            let what = format!(
                "its sha256 is {}, and the manifest says {}",
                written.sha256, file.sha256
            );
            return Err(content(what));
        }
        self.task.advance(bytes);
        Ok(())
    }
}
