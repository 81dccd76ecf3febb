//! Where the pieces of a body go: to the judge of its beginning, then to the download.

use super::transfer::{Stop, Transfer};
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
    /// Keeps a piece: in the head until that is full and judged, then in the download.
    pub(super) fn write_piece(&mut self, piece: &[u8]) -> Result<(), Stop> {
        if let Some(download) = &mut self.download {
            return Ok(download.append(piece)?);
        }
        self.head.extend(piece);
        if self.head.is_full() {
            self.begin_download(false)
        } else {
            Ok(())
        }
    }

    /// A body that ends within its head is judged as a whole.
    pub(super) fn finish_body(&mut self) -> Result<(), Stop> {
        if self.download.is_none() {
            self.begin_download(true)
        } else {
            Ok(())
        }
    }

    /// Judges the head, and puts it into the download if it is the file's; `is_whole` where the body ends with it.
    fn begin_download(&mut self, is_whole: bool) -> Result<(), Stop> {
        if let Some(verdict) = self.head.verdict(is_whole) {
            return Err(Stop::Verdict(verdict));
        }
        let repeats = self
            .head
            .column_names()
            .is_some_and(|names| self.mask.is_surely_in(&names));
        if repeats {
            return Err(Stop::Fetch(FetchError::Repeats {
                shown: self.transfer.shown.clone(),
            }));
        }
        let mut download = self.transfer.open_download(&self.key)?;
        // Bytes of the same version that couldn't be gone on with: this body begins at nought.
        if download.len() > 0 {
            download.restart()?;
        }
        download.expect_length(self.complete);
        download.append(self.head.bytes())?;
        self.download = Some(download);
        Ok(())
    }
}
