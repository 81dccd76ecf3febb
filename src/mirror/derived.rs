//! Files of a release that follow from others of it.

use crate::store::{Manifest, ManifestFile, Staging, StoreError};

/// Who makes files that needn't be fetched, since everything that they say stands in others of their release.
///
/// What is made counts only with the digest that the manifest has.
pub trait DerivedFiles: Sync {
    /// Whether a file may be such.
    fn may_make(&self, path: &str) -> bool;

    /// Stages a file, once those that it follows from are staged; whether it is what the manifest says. Else it isn't staged.
    ///
    /// # Errors
    /// When the disk fails.
    fn make(
        &self,
        staging: &Staging<'_>,
        manifest: &Manifest,
        file: &ManifestFile,
    ) -> Result<bool, StoreError>;
}
