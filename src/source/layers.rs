//! Which layer of which dataset is meant.
//!
//! A pipeline that names none gets the only one with geometries; two of them are an error, never
//! a guess. A single file is landed under its digest, so a shapefile's layer goes by the name shown.

use std::path::{Path, PathBuf};

use super::archive::Found;
use super::crs::Stated;
use super::error::{SourceError, closest};
use super::ogr::{Dataset, OgrRecords};

/// Datasets of one archive or folder that are looked into.
const MAX_DATASETS: usize = 256;

/// A layer of a dataset, as its header describes it.
#[derive(Debug, Clone)]
pub(super) struct LayerInfo {
    /// Name in the dataset.
    pub(super) name: String,
    /// Type of its geometries; `None` for a plain table.
    pub(super) geometry: Option<String>,
    /// What the dataset says about its CRS.
    pub(super) stated: Stated,
    /// Number of features, deleted ones perhaps counted in.
    pub(super) features: u64,
    /// Columns with their declared types.
    pub(super) columns: Vec<(String, String)>,
    /// Whether it is a view: a question to the database, whose rows nobody has counted.
    pub(super) is_view: bool,
}

/// Rows read of a layer, against what its header and GDAL's messages say.
pub(super) struct Tally {
    /// Features of the header, deleted ones perhaps counted in.
    pub(super) stated: u64,
    /// Features read.
    pub(super) read: u64,
    /// What GDAL said of a feature it passed over.
    pub(super) skipped: Option<String>,
}

impl Tally {
    /// Ends the layer, unless GDAL failed on the way: then rows are missing.
    pub(super) fn end(
        &mut self,
        failure: Option<String>,
        shown: &str,
        last: u64,
    ) -> Result<bool, SourceError> {
        if let Some(reason) = failure.or(self.skipped.take()) {
            return Err(SourceError::Damaged {
                shown: shown.to_owned(),
                row: last,
                reason,
            });
        }
        if self.read < self.stated {
            let (rows, stated) = (self.read, self.stated);
            tracing::warn!(
                source = shown,
                rows,
                stated,
                "fewer rows than the layer's header states"
            );
        }
        Ok(false)
    }
}

/// A layer that can be read.
pub(super) struct Choice {
    place: Found,
    path: PathBuf,
    source: String,
    position: usize,
    info: LayerInfo,
    shown: String,
}

impl Choice {
    /// Streams the layer, which may be a view where those are allowed.
    pub(super) fn read(self, limit: usize, allow_views: bool) -> Result<OgrRecords, SourceError> {
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
pub(super) fn choose(
    found: &[Found],
    path: &Path,
    shown: &str,
    wanted: Option<&str>,
) -> Result<Choice, SourceError> {
    let mut layers = all(found, path, shown)?;
    let names = |layers: &[Choice]| {
        layers
            .iter()
            .map(|layer| layer.info.name.clone())
            .collect::<Vec<_>>()
    };
    let Some(wanted) = wanted else {
        let listed = names(&layers);
        let mut spatial = layers.into_iter().filter(|layer| layer.info.geometry.is_some());
        return match (spatial.next(), spatial.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(SourceError::NoLayer {
                shown: shown.to_owned(),
            }),
            _ => Err(SourceError::LayerNeeded {
                shown: shown.to_owned(),
                layers: listed,
            }),
        };
    };
    let exact = layers.iter().position(|layer| layer.info.name == wanted);
    let folded = || {
        layers
            .iter()
            .position(|layer| layer.info.name.eq_ignore_ascii_case(wanted))
    };
    match exact.or_else(folded) {
        Some(position) => Ok(layers.swap_remove(position)),
        None => Err(SourceError::NoSuchLayer {
            shown: shown.to_owned(),
            layer: wanted.to_owned(),
            suggestion: closest(wanted, &names(&layers)),
            layers: names(&layers),
        }),
    }
}

/// Every layer of every dataset; a name that two datasets share is told apart by the dataset's.
pub(super) fn all(found: &[Found], path: &Path, shown: &str) -> Result<Vec<Choice>, SourceError> {
    if found.len() > MAX_DATASETS {
        let (entries, limit) = (found.len(), MAX_DATASETS);
        return Err(SourceError::TooManyEntries {
            shown: shown.to_owned(),
            entries,
            limit,
        });
    }
    let mut choices: Vec<Choice> = Vec::new();
    for place in found {
        let infos = Dataset::open(place, path, shown)?.layers();
        for (position, mut info) in infos.into_iter().enumerate() {
            let extension = place.name.extension().unwrap_or_default();
            let is_shapefile = extension.eq_ignore_ascii_case("shp");
            if let (true, Some(stem)) = (is_shapefile, Path::new(&place.shown).file_stem()) {
                info.name = stem.to_string_lossy().into_owned();
            }
            let origin = if is_shapefile {
                place.shown.clone()
            } else {
                format!("{} (layer {})", place.shown, info.name)
            };
            if choices.iter().any(|choice| choice.info.name == info.name) {
                let inner = place
                    .shown
                    .strip_prefix(shown)
                    .unwrap_or(&place.shown)
                    .trim_start_matches('/');
                info.name = format!("{inner}/{}", info.name);
            }
            let (place, path, source) = (place.clone(), path.to_owned(), shown.to_owned());
            choices.push(Choice {
                place,
                path,
                source,
                position,
                info,
                shown: origin,
            });
        }
    }
    Ok(choices)
}
