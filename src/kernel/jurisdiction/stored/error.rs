//! What can be wrong with a stored index.

use std::io;

/// Why an index can't be read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoredIndexError {
    /// The source fails, or ends before the index does.
    #[error("the stored index ends too early or can't be read")]
    Read(#[source] io::Error),
    /// It begins with something else.
    #[error("this is no stored index of polygons")]
    Foreign,
    /// It was written by another version of the program: build it anew.
    #[error("the stored index has format {found}, and this program reads {known}")]
    Version {
        /// That of the file.
        found: u64,
        /// The one that can be read.
        known: u64,
    },
    /// It is whole, and of something else than what is asked for.
    #[error("what is stored was made of something else")]
    OtherKey,
    /// Bytes have changed since it was written.
    #[error("the stored index is damaged: {what}")]
    Damaged {
        /// What was found out of order.
        what: &'static str,
    },
}

impl StoredIndexError {
    /// Whether what is stored is sound, and merely of no use any more.
    ///
    /// ```
    /// use cikr::kernel::jurisdiction::{JurisdictionIndex, StoredIndexError};
    ///
    /// assert!(StoredIndexError::OtherKey.is_outdated());
    /// assert!(!JurisdictionIndex::read_from(&mut &b"short"[..]).unwrap_err().is_outdated());
    /// ```
    pub fn is_outdated(&self) -> bool {
        matches!(self, Self::OtherKey | Self::Version { .. })
    }

    /// An error if something isn't as it must be.
    pub(in super::super) fn unless(is_sound: bool, what: &'static str) -> Result<(), Self> {
        if is_sound {
            Ok(())
        } else {
            Err(Self::Damaged { what })
        }
    }
}
