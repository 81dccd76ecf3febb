//! Opens a dataset and its layers.

use std::collections::BTreeSet;
use std::path::Path;

use gdal::vector::{LayerAccess, OGRwkbGeometryType, geometry_type_flatten, geometry_type_to_name};
use gdal::{DatasetOptions, GdalOpenFlags};

use super::encoding::ShapefileEncoding;
use super::messages::{drain_messages, init};
use super::proj::stated_crs;
use super::records::{LayerSource, OgrRecords};
use super::{geodatabase, geopackage};
use crate::source::archive::FoundDataset;
use crate::source::error::SourceError;
use crate::source::landing_path::LandingPath;
use crate::source::layer_info::LayerInfo;
use crate::source::shapefile::{self, WideNumbers};
use crate::source::stated_crs::StatedCrs;

/// What may be opened, whatever a file claims to be.
const DRIVERS: &[&str] = &["ESRI Shapefile", "OpenFileGDB", "GPKG", "FlatGeobuf"];

/// Bytes that the name of a field of a `.dbf` may have.
const NAME_WIDTH: usize = 10;

/// An open dataset.
pub(in crate::source) struct Dataset {
    inner: gdal::Dataset,
    landing: LandingPath,
    encoding: Option<ShapefileEncoding>,
    wide_numbers: Option<WideNumbers>,
    is_geopackage: bool,
}

impl Dataset {
    /// Opens a dataset found in the landed file or folder at `path`, which is shown as `shown`.
    pub(in crate::source) fn open(
        found: &FoundDataset,
        path: &Path,
        shown: &str,
    ) -> Result<Self, SourceError> {
        init();
        let landing = LandingPath::new(path, shown);
        let is_shapefile = found.has_extension("shp");
        let is_geopackage = found.has_extension("gpkg");
        // Landed bytes don't change, so SQLite needs no lock and leaves no file beside them.
        let mut opened = open_read_only(&found.name, is_geopackage.then_some(&["IMMUTABLE=YES"]));
        let encoding = opened.as_ref().ok().and_then(ShapefileEncoding::declared_in);
        if encoding.is_some() {
            // Bytes come through as Latin-1 characters, one for one, and are decoded later.
            opened = open_read_only(&found.name, Some(&["ENCODING=ISO-8859-1"]));
        }
        let failure = drain_messages(Some(&landing));
        let Ok(inner) = opened else {
            // Where a file is missing GDAL says that it can't open another, which sends people the wrong way.
            let missing = if is_shapefile {
                shapefile::missing_file(found).ok().flatten()
            } else {
                None
            };
            return Err(SourceError::Dataset {
                shown: found.shown.clone(),
                reason: missing
                    .or(failure)
                    .unwrap_or_else(|| "GDAL doesn't recognise it".to_owned()),
            });
        };
        let wide_numbers = if is_shapefile {
            shapefile_numbers(found)?
        } else {
            None
        };
        Ok(Self {
            inner,
            landing,
            encoding,
            wide_numbers,
            is_geopackage,
        })
    }

    /// Describes every layer.
    pub(in crate::source) fn layers(&self) -> Vec<LayerInfo> {
        let views = if self.is_geopackage {
            geopackage::view_names(&self.inner)
        } else {
            BTreeSet::new()
        };
        let layers = self.inner.layers().map(|layer| LayerInfo {
            is_view: views.contains(&layer.name()),
            name: layer.name(),
            geometry: geometry_name(layer.defn().geometry_type()),
            stated: layer
                .spatial_ref()
                .map_or(StatedCrs::Silent, |srs| stated_crs(&srs)),
            // A view that asks itself would be counted for ever.
            features: if views.contains(&layer.name()) {
                0
            } else {
                layer.feature_count()
            },
            columns: layer
                .defn()
                .fields()
                .map(|field| (self.field_name(&field), type_name(&field)))
                .collect(),
        });
        let layers = layers.collect();
        drain_messages(Some(&self.landing));
        layers
    }

    /// The name of a field.
    fn field_name(&self, field: &gdal::vector::Field<'_>) -> String {
        let mut name = field.name();
        if let Some(encoding) = self.encoding {
            encoding.decode(&mut name, NAME_WIDTH);
        }
        name
    }

    /// Streams the layer at `position`, described by `info`, under the name `shown`.
    pub(in crate::source) fn read(
        self,
        position: usize,
        info: LayerInfo,
        shown: String,
        limit: usize,
    ) -> Result<OgrRecords, SourceError> {
        let landing = self.landing;
        // A question that reads all rows, which of a view may have no end.
        if self.is_geopackage
            && !info.is_view
            && let Some(reason) = geopackage::srs_contradiction(&self.inner, position)
        {
            return Err(SourceError::Dataset { shown, reason });
        }
        let domains = if self.is_geopackage {
            geopackage::coded_domains(&self.inner, &info.name)
        } else {
            geodatabase::coded_domains(&self.inner, &info.name)
        };
        // Questions that a view can't answer are no failure of its rows.
        drain_messages(Some(&landing));
        let layer = self.inner.into_layer(position).map_err(|error| {
            let reason = drain_messages(Some(&landing)).unwrap_or_else(|| error.to_string());
            SourceError::Dataset {
                shown: shown.clone(),
                reason,
            }
        })?;
        let source = LayerSource {
            landing,
            shown,
            encoding: self.encoding,
            wide_numbers: self.wide_numbers,
            domains,
            limit,
        };
        Ok(OgrRecords::new(layer, info, source))
    }
}

fn open_read_only(name: &Path, options: Option<&[&str]>) -> gdal::errors::Result<gdal::Dataset> {
    let flags = GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_READONLY;
    let options = DatasetOptions {
        open_flags: flags | GdalOpenFlags::GDAL_OF_VERBOSE_ERROR,
        // Other drivers reach further than the file at hand: a VRT has others opened, and some ask the network.
        allowed_drivers: Some(DRIVERS),
        open_options: options,
        ..DatasetOptions::default()
    };
    gdal::Dataset::open_ex(name, options)
}

/// The numbers of a shapefile whose files fit together.
fn shapefile_numbers(found: &FoundDataset) -> Result<Option<WideNumbers>, SourceError> {
    let reason = match shapefile::row_mismatch(found) {
        Ok(None) => match WideNumbers::open(found) {
            Ok(numbers) => return Ok(numbers),
            Err(error) => format!("its .dbf can't be read: {error}"),
        },
        Ok(Some(reason)) => reason,
        Err(error) => format!("its .dbf or .shx can't be read: {error}"),
    };
    Err(SourceError::Dataset {
        shown: found.shown.clone(),
        reason,
    })
}

fn geometry_name(kind: OGRwkbGeometryType::Type) -> Option<String> {
    (kind != OGRwkbGeometryType::wkbNone)
        .then(|| geometry_type_to_name(geometry_type_flatten(kind)).replace(' ', ""))
}

fn type_name(field: &gdal::vector::Field<'_>) -> String {
    let name = gdal::vector::field_type_to_name(field.field_type());
    match (field.width(), field.precision()) {
        (0, _) => name,
        (width, 0) => format!("{name}({width})"),
        (width, precision) => format!("{name}({width},{precision})"),
    }
}
