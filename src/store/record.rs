//! Files that programs write for programs: indented JSON with a `version`, unknown keys ignored.
//!
//! Reads files, and moves those out of the way that can't be read.

use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::disk;
use super::error::StoreError;
use super::regular::read_regular;
use crate::feature::error_chain;

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

/// A record that is sound; none where there is none, or, with a warning, where it is damaged.
pub(super) fn read_sound<T: DeserializeOwned>(path: &Path) -> Option<T> {
    read(path).unwrap_or_else(|error| {
        warn!(reason = error_chain(&error), "a damaged record counts as none");
        None
    })
}

/// A record that is sound; one that is damaged is set aside. For those who hold the lock.
pub(super) fn read_sound_or_set_aside<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let error = match read(path) {
        Ok(record) => return Ok(record),
        Err(error) => error,
    };
    // Set aside and not removed: somebody may want to know what was in it.
    let aside = disk::move_aside(path)?;
    warn!(reason = error_chain(&error), aside = %aside.display(), "a damaged record counts as none: set aside");
    Ok(None)
}

/// Understands a record, or says that a later version wrote it.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, StoreError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    // The version alone first: a record of a later one may have any other members.
    let Versioned { version } = from_json(path, text)?;
    if version != VERSION {
        return Err(StoreError::Version {
            path: path.to_owned(),
            version,
        });
    }
    from_json(path, text)
}

fn from_json<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(text).map_err(|source| StoreError::Record {
        path: path.to_owned(),
        source,
    })
}
