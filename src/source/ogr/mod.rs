//! Shapefile, FileGDB, GeoPackage and FlatGeobuf through GDAL, and CRSs through PROJ.
//!
//! Numbers, dates and instants come typed; an instant in a zone other than UTC is text, which says the zone.
//! The only folder of the project that names `gdal`. Opens what `archive` found with an allow-list of
//! drivers, read-only. GDAL's own messages go to the log, with the landing path replaced by the
//! source's name.

mod domains;
mod encoding;
mod field;
#[cfg(test)]
pub(super) mod fixture;
mod geopackage;
mod proj;
mod records;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::mem;
use std::path::Path;
use std::sync::Once;

use gdal::errors::CplErrType;
use gdal::vector::{LayerAccess, OGRwkbGeometryType, geometry_type_flatten, geometry_type_to_name};
use gdal::version::VersionInfo;
use gdal::{DatasetOptions, GdalOpenFlags};

pub use proj::reprojection;
pub(super) use proj::{identify_projjson, identify_wkt, is_same};
pub(super) use records::OgrRecords;

use super::archive::Found;
use super::crs::Stated;
use super::error::SourceError;
use super::layers::LayerInfo;
use super::names::Names;
use super::shape::Dimensions;
use super::shapefile::{self, WideNumbers};
use encoding::TextBytes;
use records::Opened;

/// What may be opened, whatever a file claims to be.
const DRIVERS: &[&str] = &["ESRI Shapefile", "OpenFileGDB", "GPKG", "FlatGeobuf"];

/// Bytes that the name of a field of a `.dbf` may have.
const NAME_WIDTH: usize = 10;

thread_local! {
    /// What GDAL had to say in this thread since somebody asked.
    static SAID: RefCell<Vec<(CplErrType, String)>> = const { RefCell::new(Vec::new()) };
}

/// Sets GDAL up, once: its messages go to the log, and its version too.
///
/// PROJ's network is off unless the environment's `PROJ_NETWORK` or a `proj.ini` turns it on; safe
/// code can't overrule these, so `reprojection` asks for no change of datum where none is needed.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gdal::config::set_error_handler(|kind, _, text| {
            const KEPT: usize = 100;
            SAID.with_borrow_mut(|said| {
                if said.len() < KEPT && !matches!(kind, CplErrType::None | CplErrType::Debug) {
                    said.push((kind, text.to_owned()));
                }
            });
        });
        let build = VersionInfo::build_info();
        let proj = build
            .get("PROJ_RUNTIME_VERSION")
            .map_or("unknown", String::as_str);
        tracing::debug!(gdal = %VersionInfo::release_name(), proj, "geospatial libraries");
    });
}

/// Passes on what GDAL said in this thread; the text of its last failure, if there was one.
fn heed(names: Option<&Names>) -> Option<String> {
    let said = SAID.with_borrow_mut(mem::take);
    let mut failure = None;
    for (kind, text) in said {
        let text = names.map_or_else(|| text.clone(), |names| names.translate(&text));
        tracing::debug!("GDAL: {text}");
        if matches!(kind, CplErrType::Failure | CplErrType::Fatal) {
            failure = Some(text);
        }
    }
    failure
}

/// Well-known text as WKB, curves among it, which whoever decodes makes straight; none where GDAL can't read it.
pub(super) fn wkb_of_text(text: &str) -> Option<(Vec<u8>, Dimensions)> {
    init();
    let geometry = gdal::vector::Geometry::from_wkt(text);
    heed(None);
    let geometry = geometry.ok()?;
    records::encode(&geometry)
        .ok()
        .map(|wkb| (wkb, records::dimensions(&geometry)))
}

/// An open dataset.
pub(super) struct Dataset {
    inner: gdal::Dataset,
    names: Names,
    texts: Option<TextBytes>,
    numbers: Option<WideNumbers>,
    is_geopackage: bool,
}

impl Dataset {
    /// Opens a dataset found in the landed file or folder at `path`, which is shown as `shown`.
    pub(super) fn open(found: &Found, path: &Path, shown: &str) -> Result<Self, SourceError> {
        init();
        let names = Names::new(path, shown);
        // Landed bytes don't change, so SQLite needs no lock and leaves no file beside them.
        let is_geopackage = found
            .name
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("gpkg"));
        let mut opened = open(&found.name, is_geopackage.then_some(&["IMMUTABLE=YES"]));
        let texts = opened.as_ref().ok().and_then(TextBytes::of);
        if texts.is_some() {
            // Bytes come through as Latin-1 characters, one for one, and are decoded later.
            opened = open(&found.name, Some(&["ENCODING=ISO-8859-1"]));
        }
        let said = heed(Some(&names));
        let Ok(inner) = opened else {
            let missing = is_shapefile(found)
                .then(|| shapefile::missing(found).ok())
                .flatten()
                .flatten();
            let reason = missing
                .or(said)
                .unwrap_or_else(|| "GDAL doesn't recognise it".to_owned());
            return Err(SourceError::Dataset {
                shown: found.shown.clone(),
                reason,
            });
        };
        let numbers = is_shapefile(found)
            .then(|| shapefile_numbers(found))
            .transpose()?
            .flatten();
        Ok(Self {
            inner,
            names,
            texts,
            numbers,
            is_geopackage,
        })
    }

    /// Describes every layer.
    pub(super) fn layers(&self) -> Vec<LayerInfo> {
        let views = if self.is_geopackage {
            geopackage::views(&self.inner)
        } else {
            BTreeSet::new()
        };
        let layers = self.inner.layers().map(|layer| LayerInfo {
            is_view: views.contains(&layer.name()),
            name: layer.name(),
            geometry: geometry_name(layer.defn().geometry_type()),
            stated: layer
                .spatial_ref()
                .map_or(Stated::Silent, |srs| proj::stated(&srs)),
            // A view that asks itself would be counted for ever.
            features: if views.contains(&layer.name()) {
                0
            } else {
                layer.feature_count()
            },
            columns: layer
                .defn()
                .fields()
                .map(|field| (self.named(&field), type_name(&field)))
                .collect(),
        });
        let layers = layers.collect();
        heed(Some(&self.names));
        layers
    }

    /// The name of a field.
    fn named(&self, field: &gdal::vector::Field<'_>) -> String {
        let mut name = field.name();
        if let Some(texts) = self.texts {
            texts.decode(&mut name, NAME_WIDTH);
        }
        name
    }

    /// Streams the layer at `position`, described by `info`, under the name `shown`.
    pub(super) fn read(
        self,
        position: usize,
        info: LayerInfo,
        shown: String,
        limit: usize,
    ) -> Result<OgrRecords, SourceError> {
        let names = self.names;
        if self.is_geopackage
            && !info.is_view
            && let Some(reason) = geopackage::contradiction(&self.inner, position)
        {
            return Err(SourceError::Dataset { shown, reason });
        }
        let domains = domains::of(&self.inner, &info.name, self.is_geopackage);
        // Questions that a view can't answer are no failure of its rows.
        heed(Some(&names));
        let layer = self.inner.into_layer(position).map_err(|error| {
            let reason = heed(Some(&names)).unwrap_or_else(|| error.to_string());
            SourceError::Dataset {
                shown: shown.clone(),
                reason,
            }
        })?;
        let opened = Opened {
            names,
            shown,
            texts: self.texts,
            numbers: self.numbers,
            domains,
            limit,
        };
        Ok(OgrRecords::new(layer, info, opened))
    }
}

fn open(name: &Path, options: Option<&[&str]>) -> gdal::errors::Result<gdal::Dataset> {
    let flags = GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_READONLY;
    let options = DatasetOptions {
        open_flags: flags | GdalOpenFlags::GDAL_OF_VERBOSE_ERROR,
        allowed_drivers: Some(DRIVERS),
        open_options: options,
        ..DatasetOptions::default()
    };
    gdal::Dataset::open_ex(name, options)
}

fn is_shapefile(found: &Found) -> bool {
    let extension = found.name.extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("shp"))
}

/// The numbers of a shapefile whose files fit together.
fn shapefile_numbers(found: &Found) -> Result<Option<WideNumbers>, SourceError> {
    let reason = match shapefile::mismatch(found) {
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
