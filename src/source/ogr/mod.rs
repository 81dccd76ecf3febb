//! Shapefile, FileGDB, GeoPackage and FlatGeobuf through GDAL, and CRSs through PROJ.
//!
//! Numbers, dates and instants come typed; an instant in a zone other than UTC is text, which says the zone.
//! The only folder of the project that names `gdal`. Opens what `archive` found with an allow-list of
//! drivers, read-only. GDAL's own messages go to the log, with the landing path replaced by the
//! source's name.

mod field;
#[cfg(test)]
pub(super) mod fixture;
mod geopackage;
mod proj;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::mem;
use std::path::Path;
use std::sync::Once;

use gdal::errors::CplErrType;
use gdal::vector::{
    Geometry, LayerAccess, OGRFieldType, OGRwkbGeometryType, OwnedFeatureIterator, geometry_type_flatten,
    geometry_type_has_m, geometry_type_has_z, geometry_type_to_name,
};
use gdal::version::VersionInfo;
use gdal::{DatasetOptions, GdalOpenFlags, Metadata};

use crate::feature::RejectReason;

use proj::identify;
pub use proj::reprojection;
pub(super) use proj::{identify_projjson, identify_wkt, is_same};

use super::Records;
use super::archive::Found;
use super::batch::BatchBuilder;
use super::column::Value;
use super::crs::Stated;
use super::error::SourceError;
use super::layers::{LayerInfo, Tally};
use super::names::Names;
use super::shape::Dimensions;
use super::text::native;
use field::{Content, content, from_latin1};

/// What may be opened, whatever a file claims to be.
const DRIVERS: &[&str] = &["ESRI Shapefile", "OpenFileGDB", "GPKG", "FlatGeobuf"];

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
        let proj = build.get("PROJ_RUNTIME_VERSION").map_or("unknown", String::as_str);
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

/// An open dataset.
pub(super) struct Dataset {
    inner: gdal::Dataset,
    names: Names,
    undeclared: bool,
    is_geopackage: bool,
}

impl Dataset {
    /// Opens a dataset found in the landed file or folder at `path`, which is shown as `shown`.
    pub(super) fn open(found: &Found, path: &Path, shown: &str) -> Result<Self, SourceError> {
        init();
        let names = Names::new(path, shown);
        // Landed bytes don't change, so SQLite needs no lock and leaves no file beside them.
        let is_geopackage =
            found.name.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gpkg"));
        let mut opened = open(&found.name, is_geopackage.then_some(&["IMMUTABLE=YES"]));
        let undeclared = matches!(&opened, Ok(dataset) if has_undeclared_encoding(dataset));
        if undeclared {
            // Bytes come through as Latin-1 characters, one for one, and are decoded later.
            opened = open(&found.name, Some(&["ENCODING=ISO-8859-1"]));
        }
        let said = heed(Some(&names));
        let Ok(inner) = opened else {
            let reason = said.unwrap_or_else(|| "GDAL doesn't recognise it".to_owned());
            return Err(SourceError::Dataset { shown: found.shown.clone(), reason });
        };
        Ok(Self { inner, names, undeclared, is_geopackage })
    }

    /// Describes every layer.
    pub(super) fn layers(&self) -> Vec<LayerInfo> {
        let views = if self.is_geopackage { geopackage::views(&self.inner) } else { BTreeSet::new() };
        let layers = self.inner.layers().map(|layer| LayerInfo {
            is_view: views.contains(&layer.name()),
            name: layer.name(),
            geometry: geometry_name(layer.defn().geometry_type()),
            stated: layer.spatial_ref().map_or(Stated::Silent, |srs| Stated::Named(identify(&srs))),
            // A view that asks itself would be counted for ever.
            features: if views.contains(&layer.name()) { 0 } else { layer.feature_count() },
            columns: layer.defn().fields().map(|field| (field.name(), type_name(&field))).collect(),
        });
        let layers = layers.collect();
        heed(Some(&self.names));
        layers
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
        // Questions that a view can't answer are no failure of its rows.
        heed(Some(&names));
        let layer = self.inner.into_layer(position).map_err(|error| {
            let reason = heed(Some(&names)).unwrap_or_else(|| error.to_string());
            SourceError::Dataset { shown: shown.clone(), reason }
        })?;
        let kinds = layer.defn().fields().map(|field| field.field_type()).collect();
        let columns = info.columns.into_iter().map(|(column, _)| column).collect();
        let (features, stated) = (layer.owned_features(), info.stated);
        Ok(OgrRecords {
            features,
            names,
            shown,
            stated,
            columns,
            kinds,
            undeclared: self.undeclared,
            limit,
            tally: Tally { stated: info.features, read: 0, skipped: None },
            last: 0,
            text: String::new(),
        })
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

/// Whether a shapefile has neither a `.cpg` nor a code page in its `.dbf`.
fn has_undeclared_encoding(dataset: &gdal::Dataset) -> bool {
    let encoding = |layer: gdal::vector::Layer<'_>| layer.metadata_item("SOURCE_ENCODING", "SHAPEFILE");
    dataset.layer(0).ok().and_then(encoding).is_some_and(|encoding| encoding.is_empty())
}

/// Reads the features of one layer; the FID is the row.
pub(super) struct OgrRecords {
    features: OwnedFeatureIterator,
    names: Names,
    shown: String,
    stated: Stated,
    columns: Vec<String>,
    kinds: Vec<OGRFieldType::Type>,
    undeclared: bool,
    limit: usize,
    tally: Tally,
    last: u64,
    text: String,
}

impl OgrRecords {
    /// The layer's name in origins.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Column names, in layer order.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What the layer says about its CRS.
    pub(super) fn stated(&self) -> Stated {
        self.stated.clone()
    }
}

impl Records for OgrRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        let feature = (&mut self.features).next();
        let failure = heed(Some(&self.names));
        let Some(feature) = feature else {
            return self.tally.end(failure, &self.shown, self.last);
        };
        self.tally.read += 1;
        self.last = feature.fid().unwrap_or(self.last + 1);
        let wkb = match (feature.geometry_by_index(0), failure) {
            (Ok(geometry), failure) => {
                // The feature is whole, so it was an earlier one that GDAL passed over.
                self.tally.skipped = self.tally.skipped.take().or(failure);
                batch.dimensions(dimensions(geometry));
                encode(geometry).map(Some)
            }
            (Err(_), failure) => failure.map_or(Ok(None), Err),
        };
        // Asking for a geometry that isn't there counts as a failure with GDAL.
        heed(Some(&self.names));
        let size = wkb.as_ref().map_or(0, |wkb| wkb.as_ref().map_or(0, Vec::len));
        let mut left = self.limit.saturating_sub(size);
        let mut recoded = false;
        for (column, kind) in self.kinds.iter().enumerate() {
            self.text.clear();
            let content =
                if size <= self.limit { content(&feature, column, *kind, &mut self.text) } else { None };
            let Some(content) = content else { continue };
            recoded |= content == Content::Text
                && self.undeclared
                && !self.text.is_ascii()
                && from_latin1(&mut self.text);
            let (value, size) = match content {
                Content::Number(number) => (number, number.text().len()),
                Content::Date => (native(&self.text), self.text.len()),
                Content::Text => (Value::Text(&self.text), self.text.len()),
            };
            left = left.saturating_sub(size);
            batch.put(column, value);
        }
        if recoded {
            batch.recoded();
        }
        let wkb = match wkb {
            _ if left == 0 => {
                batch.defect("record", &format!("over {} bytes", self.limit), RejectReason::RecordTooLong);
                None
            }
            Ok(wkb) => wkb,
            Err(why) => {
                batch.defect("geometry", &why, RejectReason::ImpossibleGeometry);
                None
            }
        };
        batch.end_row(self.last, wkb.as_deref());
        Ok(true)
    }
}

fn dimensions(geometry: &Geometry) -> Dimensions {
    let kind = geometry.geometry_type();
    Dimensions { z: geometry_type_has_z(kind), m: geometry_type_has_m(kind) }
}

/// Little-endian 2-D WKB; the error is why there can be none.
fn encode(geometry: &Geometry) -> Result<Vec<u8>, String> {
    let kind = geometry.geometry_type();
    let flat = geometry_type_flatten(kind);
    let failed = |error: gdal::errors::GdalError| error.to_string();
    match flat {
        OGRwkbGeometryType::wkbPoint..=OGRwkbGeometryType::wkbGeometryCollection => {
            if !geometry_type_has_z(kind) && !geometry_type_has_m(kind) {
                return geometry.iso_wkb().map_err(failed);
            }
            let mut plane = geometry.clone();
            plane.flatten_to_2d();
            plane.iso_wkb().map_err(failed)
        }
        // The safe bindings have no call to linearise an arc.
        _ => Err(format!("{} is a geometry of curves or faces", geometry_type_to_name(kind))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_go_and_curves_are_refused() {
        init();
        let wkb = |wkt| encode(&Geometry::from_wkt(wkt).unwrap());
        assert_eq!(wkb("POINT ZM (1 2 3 4)").unwrap().len(), 21);
        assert!(wkb("CIRCULARSTRING (0 0, 1 1, 2 0)").unwrap_err().contains("Circular String"));
        assert!(wkb("TIN (((0 0,0 1,1 0,0 0)))").unwrap_err().contains("TIN"));
    }
}
