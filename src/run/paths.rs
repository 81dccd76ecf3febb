//! Where the files of a collection lie within a release.

use std::path::{Path, PathBuf};

use crate::derive::inventory::FACILITIES;

/// Folder of a layer, or of the inventory.
pub(super) fn collection_folder(collection: &str) -> PathBuf {
    if collection == FACILITIES {
        PathBuf::from(collection)
    } else {
        Path::new("layers").join(collection)
    }
}

/// Folder of a collection's tiles.
pub(super) fn tile_folder(collection: &str) -> PathBuf {
    collection_folder(collection).join("data")
}

/// A layer's rejects.
pub(super) fn rejects_path(layer: &str) -> PathBuf {
    Path::new("rejects").join(format!("{layer}.parquet"))
}

/// A layer's flags.
pub(super) fn flags_path(layer: &str) -> PathBuf {
    Path::new("quality")
        .join("flags")
        .join(format!("{layer}.parquet"))
}
