//! A collection of facilities: a layer, or the inventory of all, as its `collection.json` tells it.
//!
//! Pure: JSON in.

use serde_json::Value;

use super::published::PublishedFiles;
use crate::feature::release::paths::{COLLECTION, FACILITIES, ITEMS, LAYERS};

/// A collection that has rows.
#[derive(Debug)]
pub(super) struct Collection {
    /// Folder within the release.
    folder: String,
    stac: Value,
}

/// A column of a collection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// What it means; empty where nobody says.
    pub(super) description: &'a str,
    /// Type as the catalog calls it, such as `int64`.
    pub(super) kind: &'a str,
}

impl Collection {
    /// Whether a file of a release tells of a collection.
    pub(super) fn is_told_by(path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        matches!(parts[..], [FACILITIES, COLLECTION] | [LAYERS, _, COLLECTION])
    }

    /// The collection that a file tells of; none where it has no tiles.
    pub(super) fn new(path: &str, stac: Value, files: &PublishedFiles) -> Option<Self> {
        let (folder, _) = path.rsplit_once('/')?;
        files.entry(&format!("{folder}/{ITEMS}"))?;
        stac["id"].as_str()?;
        Some(Self {
            folder: folder.to_owned(),
            stac,
        })
    }

    /// Id of the layer, or `facilities`.
    pub(super) fn id(&self) -> &str {
        self.text("id")
    }

    /// Title.
    pub(super) fn title(&self) -> &str {
        self.text("title")
    }

    /// What it is, in words.
    pub(super) fn description(&self) -> &str {
        self.text("description")
    }

    /// Licence, as STAC has it.
    pub(super) fn licence(&self) -> &str {
        self.text("license")
    }

    /// How its rows are marked; none of the inventory.
    pub(super) fn handling(&self) -> Option<&str> {
        self.stac["cikr:handling"].as_str()
    }

    /// Rows, each counted once.
    pub(super) fn rows(&self) -> u64 {
        self.stac["table:row_count"].as_u64().unwrap_or_default()
    }

    /// Folder within the release.
    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    /// As STAC tells it.
    pub(super) fn stac(&self) -> &Value {
        &self.stac
    }

    /// Its box `[west, south, east, north]`, degrees.
    pub(super) fn bounds(&self) -> Option<[f64; 4]> {
        let sides = self.stac["extent"]["spatial"]["bbox"][0].as_array()?;
        let sides: Vec<f64> = sides.iter().filter_map(Value::as_f64).collect();
        sides.try_into().ok()
    }

    /// Its columns but geometry and box.
    pub(super) fn columns(&self) -> impl Iterator<Item = Column<'_>> {
        let columns = self.stac["table:columns"].as_array().into_iter().flatten();
        columns.filter_map(|column| {
            let name = column["name"].as_str()?;
            (name != "geometry" && name != "bbox").then(|| Column {
                name,
                description: column["description"].as_str().unwrap_or_default(),
                kind: column["type"].as_str().unwrap_or("string"),
            })
        })
    }

    /// Whether it has a column.
    pub(super) fn has_column(&self, name: &str) -> bool {
        self.columns().any(|column| column.name == name)
    }

    fn text(&self, key: &str) -> &str {
        self.stac[key].as_str().unwrap_or_default()
    }
}
