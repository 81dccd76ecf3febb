//! Where the pieces of a body go: to the judge of its beginning, then to the download.

use super::{Stop, Transfer};
use crate::fetch::FetchError;
use crate::fetch::content::Head;
use crate::fetch::http::Mask;
use crate::store::Download;

/// Where the pieces of a body go.
pub(super) struct Sink<'s, 'a> {
    pub(super) transfer: &'s Transfer<'a>,
    pub(super) head: Head<'a>,
    /// What its server was asked with.
    pub(super) mask: Mask,
    pub(super) key: String,
    /// Length of the whole body, where it is the file as it is and the server tells it.
    pub(super) complete: Option<u64>,
    /// None until the head is judged to be the file's.
    pub(super) download: Option<Download<'a>>,
}

impl Sink<'_, '_> {
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), Stop> {
        if let Some(download) = &mut self.download {
            return download.append(piece).map_err(|error| self.transfer.store(error));
        }
        self.head.extend(piece);
        if self.head.is_full() {
            self.begin(false)
        } else {
            Ok(())
        }
    }

    /// A body that ends within its head is judged as a whole.
    pub(super) fn end(&mut self) -> Result<(), Stop> {
        if self.download.is_none() {
            self.begin(true)
        } else {
            Ok(())
        }
    }

    fn begin(&mut self, is_whole: bool) -> Result<(), Stop> {
        if let Some(verdict) = self.head.verdict(is_whole) {
            return Err(Stop::Verdict(verdict));
        }
        if let Some(names) = self.head.names().filter(|names| self.mask.is_surely_in(names)) {
            drop(names);
            return Err(Stop::Fetch(FetchError::Repeats {
                shown: self.transfer.shown.clone(),
            }));
        }
        let failed = |error| self.transfer.store(error);
        let mut download = self.transfer.download(&self.key)?;
        if download.len() > 0 {
            download.restart().map_err(failed)?;
        }
        download.expect_length(self.complete);
        download.append(self.head.bytes()).map_err(failed)?;
        self.download = Some(download);
        Ok(())
    }
}
