//! What a release holds that can be selected from: its layers and their tiles, its codes.
//!
//! Opens reference tables; what the release says of itself is handed in.

use std::path::{Path, PathBuf};

use super::layers::known_layers;
use super::{Codes, SelectError};
use crate::feature::release::paths::{FACILITIES, tile_folder};
use crate::feature::{LayerReport, RunReport};

/// A release, as far as rows can be selected from it.
#[derive(Debug)]
pub struct Held {
    folder: PathBuf,
    report: RunReport,
    /// Paths of its tiles within it, in order.
    tiles: Vec<PathBuf>,
    codes: Codes,
}

impl Held {
    /// The release in a folder, with its report and the paths of its files by its manifest.
    ///
    /// # Errors
    /// When a reference table can't be read.
    pub fn new<'a>(
        folder: &Path,
        report: RunReport,
        files: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, SelectError> {
        let mut tiles: Vec<PathBuf> = files
            .into_iter()
            .filter(|path| path.ends_with(".parquet"))
            .map(PathBuf::from)
            .collect();
        // The order of rows in whatever is made of them is that of the paths.
        tiles.sort();
        Ok(Self {
            folder: folder.to_owned(),
            codes: Codes::read(folder)?,
            report,
            tiles,
        })
    }

    /// What became of the run that made it.
    pub fn report(&self) -> &RunReport {
        &self.report
    }

    /// What became of a layer; none of the inventory.
    pub fn layer(&self, id: &str) -> Option<&LayerReport> {
        self.report.layers.iter().find(|layer| layer.id.as_str() == id)
    }

    /// Its codes.
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// Paths of the tiles of a layer, or of the inventory `facilities`, in order.
    pub fn tiles_of(&self, layer: &str) -> Vec<PathBuf> {
        let data = tile_folder(layer);
        let tiles = self.tiles.iter().filter(|path| path.starts_with(&data));
        tiles.map(|path| self.folder.join(path)).collect()
    }

    /// Whether it has the inventory of all layers.
    pub(super) fn has_inventory(&self) -> bool {
        !self.tiles_of(FACILITIES).is_empty()
    }

    /// Ids of the layers with rows, and `facilities` where there is an inventory.
    pub(super) fn layers(&self) -> impl Iterator<Item = &str> {
        known_layers(&self.report, self.has_inventory())
    }
}
