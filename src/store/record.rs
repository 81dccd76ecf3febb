//! Files that programs write for programs: indented JSON with a `version`, unknown keys ignored.
//!
//! Reads files, writes none.

use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::regular::read_regular;

/// Version of every format this room writes.
pub(super) const VERSION: u32 = 1;

/// A record as it stands on disk.
pub(super) fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("records have text keys only, so they serialize");
    text.push(b'\n');
    text
}

/// Reads a record; none where there is no file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    match read_regular(path) {
        Ok(text) => parse(path, &text).map(Some),
        Err(source) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::reading(path, source)),
    }
}

/// Understands a record, or says that a later version wrote it.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, StoreError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let invalid = |source| StoreError::Record { path: path.to_owned(), source };
    let Versioned { version } = serde_json::from_slice(text).map_err(invalid)?;
    if version != VERSION {
        return Err(StoreError::Version { path: path.to_owned(), version });
    }
    serde_json::from_slice(text).map_err(invalid)
}
