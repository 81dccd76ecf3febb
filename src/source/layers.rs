//! Which layer of which dataset is meant.
//!
//! A pipeline that names none gets the only one with geometries; two of them are an error, never
//! a guess. A single file is landed under its digest, so a shapefile's layer goes by the name shown.

use std::path::{Path, PathBuf};

use super::archive::FoundDataset;
use super::error::{SourceError, closest_name};
use super::layer_info::LayerInfo;
use super::ogr::{Dataset, OgrRecords};

/// Datasets of one archive or folder that are looked into.
const MAX_DATASETS: usize = 256;

/// A layer that can be read.
pub(super) struct LayerChoice {
    place: FoundDataset,
    path: PathBuf,
    source: String,
    position: usize,
    info: LayerInfo,
    shown: String,
}

impl LayerChoice {
    /// Streams the layer, which may be a view where those are allowed.
    pub(super) fn open(self, limit: usize, allow_views: bool) -> Result<OgrRecords, SourceError> {
        if self.info.is_view && !allow_views {
            let reason = "it is a view, a question that may never end: read the table that it is made of, or say \
                          `allow-views = true`";
            return Err(SourceError::Dataset {
                shown: self.shown,
                reason: reason.to_owned(),
            });
        }
        Dataset::open(&self.place, &self.path, &self.source)?.read(
            self.position,
            self.info,
            self.shown,
            limit,
        )
    }

    /// What the layer's header says, under the name a pipeline would use.
    pub(super) fn info(&self) -> &LayerInfo {
        &self.info
    }
}

/// Chooses the layer `wanted`, or the only one there is, among the datasets `found` in the landed
/// file or folder at `path`, which is shown as `shown`.
pub(super) fn choose_layer(
    found: &[FoundDataset],
    path: &Path,
    shown: &str,
    wanted: Option<&str>,
) -> Result<LayerChoice, SourceError> {
    let mut layers = list_layers(found, path, shown)?;
    let Some(wanted) = wanted else {
        return only_spatial_layer(layers, shown);
    };
    let exact = layers.iter().position(|layer| layer.info.name == wanted);
    // GDAL takes a layer's name in any case, and so does whoever copies it from elsewhere.
    let position = exact.or_else(|| {
        layers
            .iter()
            .position(|layer| layer.info.name.eq_ignore_ascii_case(wanted))
    });
    match position {
        Some(position) => Ok(layers.swap_remove(position)),
        None => Err(SourceError::NoSuchLayer {
            shown: shown.to_owned(),
            layer: wanted.to_owned(),
            suggestion: closest_name(wanted, &layer_names(&layers)),
            layers: layer_names(&layers),
        }),
    }
}

/// The only layer with geometries, plain tables beside it notwithstanding.
fn only_spatial_layer(layers: Vec<LayerChoice>, shown: &str) -> Result<LayerChoice, SourceError> {
    let names = layer_names(&layers);
    let mut spatial = layers.into_iter().filter(|layer| layer.info.geometry.is_some());
    match (spatial.next(), spatial.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(SourceError::NoLayer {
            shown: shown.to_owned(),
        }),
        _ => Err(SourceError::LayerNeeded {
            shown: shown.to_owned(),
            layers: names,
        }),
    }
}

fn layer_names(layers: &[LayerChoice]) -> Vec<String> {
    layers.iter().map(|layer| layer.info.name.clone()).collect()
}

/// Every layer of every dataset; a name that two datasets share is told apart by the dataset's.
pub(super) fn list_layers(
    found: &[FoundDataset],
    path: &Path,
    shown: &str,
) -> Result<Vec<LayerChoice>, SourceError> {
    if found.len() > MAX_DATASETS {
        return Err(SourceError::TooManyEntries {
            shown: shown.to_owned(),
            entries: found.len(),
            limit: MAX_DATASETS,
        });
    }
    let mut choices: Vec<LayerChoice> = Vec::new();
    for place in found {
        let infos = Dataset::open(place, path, shown)?.layers();
        for (position, mut info) in infos.into_iter().enumerate() {
            let is_shapefile = place.has_extension("shp");
            // Landed under its digest, a shapefile's layer would be called by that.
            if let (true, Some(stem)) = (is_shapefile, Path::new(&place.shown).file_stem()) {
                info.name = stem.to_string_lossy().into_owned();
            }
            let origin = if is_shapefile {
                place.shown.clone()
            } else {
                format!("{} (layer {})", place.shown, info.name)
            };
            // Two datasets of one archive may have a layer of the same name, and a pipeline must be able to name
            // either.
            if choices.iter().any(|choice| choice.info.name == info.name) {
                let inner = place
                    .shown
                    .strip_prefix(shown)
                    .unwrap_or(&place.shown)
                    .trim_start_matches('/');
                info.name = format!("{inner}/{}", info.name);
            }
            choices.push(LayerChoice {
                place: place.clone(),
                path: path.to_owned(),
                source: shown.to_owned(),
                position,
                info,
                shown: origin,
            });
        }
    }
    Ok(choices)
}
