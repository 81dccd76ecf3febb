//! A file that stands in a release: where, how large, and with which digest.

use std::path::{Component, Path, PathBuf};

use super::error::StoreError;

/// A file that stands in a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseFile {
    /// Path relative to the release.
    pub path: PathBuf,
    /// Size.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// A path within a release as the manifest has it: plain names between `/`.
pub(super) fn path_in_manifest(relative: &Path) -> Result<String, StoreError> {
    let names: Option<Vec<&str>> = relative
        .components()
        .map(|component| match component {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    match names {
        Some(names) if !names.is_empty() => Ok(names.join("/")),
        _ => Err(StoreError::BadPath {
            path: relative.to_owned(),
        }),
    }
}
