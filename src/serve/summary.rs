//! What is known of every item: where it is and of when, so that a search opens those alone that it finds.
//!
//! Read once for a release, at the first search.

use chrono::NaiveDate;
use serde_json::Value;

use super::collection::Collection;
use super::published::PublishedFiles;
use super::shown::Shown;
use crate::feature::{ReleaseFiles, error_chain};

/// Longest item, bytes.
const MOST_ITEM_BYTES: u64 = 1 << 20;

/// An item in short.
#[derive(Debug)]
pub(super) struct Summary {
    /// Path within the release.
    pub(super) path: String,
    pub(super) id: String,
    pub(super) collection: String,
    /// West, south, east, north.
    pub(super) bounds: [f64; 4],
    /// First and last day of its data.
    pub(super) days: [Option<NaiveDate>; 2],
}

/// The items of a release, collection by collection, in the order of their paths.
#[derive(Debug)]
pub(super) struct Summaries(pub(super) Vec<Summary>);

impl Summaries {
    /// Those of some collections, as far as they are shown.
    ///
    /// # Errors
    /// When an item can't be read, in words for the log.
    pub(super) fn read(
        files: &PublishedFiles,
        shown: &Shown,
        collections: &[Collection],
    ) -> Result<Self, String> {
        let mut found = Vec::new();
        for collection in collections {
            if shown
                .reason_against(&format!("{}/data", collection.folder()))
                .is_some()
            {
                continue;
            }
            let folder = format!("{}/stac/", collection.folder());
            for path in files.paths().filter(|path| path.starts_with(&folder)) {
                found.extend(summary(path, &item_at(files, path)?));
            }
        }
        Ok(Self(found))
    }
}

/// An item as its file has it.
///
/// # Errors
/// When it can't be read, in words for the log.
pub(super) fn item_at(files: &PublishedFiles, path: &str) -> Result<Value, String> {
    let bytes = files
        .read_whole(path, MOST_ITEM_BYTES)
        .map_err(|error| error_chain(&error))?;
    let bytes = bytes.ok_or_else(|| format!("{path} is gone"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{path}: {error}"))
}

fn summary(path: &str, item: &Value) -> Option<Summary> {
    let sides: Vec<f64> = item["bbox"]
        .as_array()?
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    let properties = &item["properties"];
    let day = |key: &str| {
        let time = properties[key]
            .as_str()
            .or_else(|| properties["datetime"].as_str())?;
        NaiveDate::parse_from_str(time.get(..10)?, "%Y-%m-%d").ok()
    };
    Some(Summary {
        path: path.to_owned(),
        id: item["id"].as_str()?.to_owned(),
        collection: item["collection"].as_str()?.to_owned(),
        bounds: sides.try_into().ok()?,
        days: [day("start_datetime"), day("end_datetime")],
    })
}
