//! Shapefile, FileGDB and GeoPackage through GDAL, and CRSs through PROJ.
//!
//! The only file of the project that names `gdal`. Opens what `archive` found with an allow-list of
//! drivers, read-only. GDAL's own messages go to the log, with the landing path replaced by the
//! source's name.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::mem;
use std::path::Path;
use std::sync::Once;

use gdal::errors::CplErrType;
use gdal::spatial_ref::{AxisMappingStrategy, CoordTransform, CoordTransformOptions, SpatialRef};
use gdal::vector::{
    Feature, Geometry, LayerAccess, OGRFieldType, OGRwkbGeometryType, OwnedFeatureIterator,
    geometry_type_flatten, geometry_type_has_m, geometry_type_has_z, geometry_type_to_name,
};
use gdal::version::VersionInfo;
use gdal::{DatasetOptions, GdalOpenFlags, Metadata};
use serde_json::Value;

use crate::feature::{Crs, RejectReason, Reproject};

use super::Records;
use super::archive::Found;
use super::batch::BatchBuilder;
use super::crs::{self, Stated};
use super::error::SourceError;
use super::layers::{LayerInfo, Tally};
use super::names::Names;
use super::projjson;
use super::sniff::decode;
use super::text::iso;

/// What may be opened, whatever a file claims to be.
const DRIVERS: &[&str] = &["ESRI Shapefile", "OpenFileGDB", "GPKG"];

/// Geographic CRSs whose longitudes and latitudes count as OGC:CRS84: WGS 84 itself, and NAD83 with its
/// realisations, for which EPSG lists a null transformation (1188, 1580, 15931, 9774). Declared,
/// so that a machine with PROJ's grids gives the same bytes as one without.
const IDENTITY: &[&str] = &["EPSG:4326", "EPSG:4269", "EPSG:4152", "EPSG:4759", "EPSG:6318"];

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
        Ok(Self { inner, names, undeclared })
    }

    /// Describes every layer.
    pub(super) fn layers(&self) -> Vec<LayerInfo> {
        let layers = self.inner.layers().map(|layer| LayerInfo {
            name: layer.name(),
            geometry: geometry_name(layer.defn().geometry_type()),
            stated: layer.spatial_ref().map_or(Stated::Silent, |srs| Stated::Named(identify(&srs))),
            features: layer.feature_count(),
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
                encode(geometry).map(Some)
            }
            (Err(_), failure) => failure.map_or(Ok(None), Err),
        };
        // Asking for a geometry that isn't there counts as a failure with GDAL.
        heed(Some(&self.names));
        let size = wkb.as_ref().map_or(0, |wkb| wkb.as_ref().map_or(0, Vec::len));
        let mut left = self.limit.saturating_sub(size);
        for (column, kind) in self.kinds.iter().enumerate() {
            self.text.clear();
            if size <= self.limit && value(&feature, column, *kind, &mut self.text) {
                if self.undeclared && !self.text.is_ascii() {
                    self.text = from_latin1(&self.text);
                }
                left = left.saturating_sub(self.text.len());
                batch.text(column, &self.text);
            }
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

/// Writes a field as text; false where it is null.
fn value(feature: &Feature<'_>, column: usize, kind: OGRFieldType::Type, text: &mut String) -> bool {
    match kind {
        OGRFieldType::OFTInteger | OGRFieldType::OFTInteger64 => {
            let number = feature.field_as_integer64(column).ok().flatten();
            number.is_some_and(|number| write!(text, "{number}").is_ok())
        }
        OGRFieldType::OFTReal => {
            let number = feature.field_as_double(column).ok().flatten();
            number.is_some_and(|number| write!(text, "{number}").is_ok())
        }
        OGRFieldType::OFTDate | OGRFieldType::OFTDateTime => {
            let date = feature.field_as_string(column).ok().flatten();
            date.is_some_and(|date| {
                text.push_str(&iso(&date));
                true
            })
        }
        _ => {
            let words = feature.field_as_string(column).ok().flatten();
            words.is_some_and(|words| {
                text.push_str(&words);
                true
            })
        }
    }
}

/// The text of bytes that came as Latin-1 characters.
fn from_latin1(text: &str) -> String {
    let bytes: Vec<u8> = text.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect();
    decode(&bytes).into_owned()
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

/// The authority's code of a definition, if it has one.
fn identify(srs: &SpatialRef) -> Crs {
    let mut guess = srs.clone();
    let found = srs.authority().ok().or_else(|| {
        guess.auto_identify_epsg().ok()?;
        guess.authority().ok()
    });
    let found = found.or_else(|| projjson::horizontal_code(&describe(srs)));
    heed(None);
    match found.as_deref().and_then(crs::named) {
        Some(crs) => crs,
        None => Crs::Wkt(srs.to_wkt().unwrap_or_default()),
    }
}

/// The authority's code of a WKT definition; `None` where it has none or can't be read.
pub(super) fn identify_wkt(wkt: &str) -> Option<Crs> {
    init();
    let srs = SpatialRef::from_wkt(wkt);
    heed(None);
    srs.ok().map(|srs| identify(&srs))
}

/// Whether two CRSs are the same under different names.
pub(super) fn is_same(a: &Crs, b: &Crs) -> bool {
    init();
    let (a, b) = (reference(a), reference(b));
    let same = matches!((a, b), (Ok(a), Ok(b)) if a == b);
    heed(None);
    same
}

/// The way from a CRS to OGC:CRS84; `None` where coordinates already are longitude and latitude
/// on WGS 84, or on NAD83, which is declared to be the same.
///
/// Projections on these are undone without a change of datum; any other datum needs a
/// transformation that PROJ knows the accuracy of (no "ballpark" ones).
///
/// # Errors
/// For a CRS that PROJ doesn't know or can't transform.
pub fn reprojection(crs: &Crs) -> Result<Option<Box<dyn Reproject>>, SourceError> {
    init();
    let crs = crs::normalise(crs);
    if is_identity(&crs) {
        return Ok(None);
    }
    let transform = transform(&crs);
    let said = heed(None);
    match transform {
        Ok(transform) => Ok(Some(Box::new(Transform(transform)))),
        Err(error) => Err(SourceError::UnknownCrs {
            crs: crs.to_string(),
            reason: said.unwrap_or_else(|| error.to_string()),
        }),
    }
}

fn is_identity(crs: &Crs) -> bool {
    *crs == Crs::Crs84 || matches!(crs, Crs::Code(code) if IDENTITY.contains(&code.as_str()))
}

fn transform(crs: &Crs) -> gdal::errors::Result<CoordTransform> {
    let source = reference(crs)?;
    let base = projjson::base_code(&describe(&source));
    let base = base.filter(|code| IDENTITY.contains(&code.as_str()));
    let target = reference(&base.map_or(Crs::Crs84, Crs::Code))?;
    let mut options = CoordTransformOptions::new()?;
    options.set_ballpark_allowed(false)?;
    CoordTransform::new_with_options(&source, &target, &options)
}

/// The definition of a CRS, with x before y.
fn reference(crs: &Crs) -> gdal::errors::Result<SpatialRef> {
    let mut srs = match crs {
        Crs::Crs84 => SpatialRef::from_definition("OGC:CRS84")?,
        // Other text could name a file or a URL to GDAL.
        Crs::Code(code) if crs::named(code).is_some() => SpatialRef::from_definition(code)?,
        Crs::Code(code) => {
            return Err(gdal::errors::GdalError::BadArgument(format!("`{code}` is no authority code")));
        }
        Crs::Wkt(wkt) => SpatialRef::from_wkt(wkt)?,
    };
    srs.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
    Ok(srs)
}

fn describe(srs: &SpatialRef) -> Value {
    srs.to_projjson().ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// PROJ's transformation behind the kernel's trait.
struct Transform(CoordTransform);

impl Reproject for Transform {
    fn to_crs84(&self, x: &mut [f64], y: &mut [f64]) -> Result<(), String> {
        let done = self.0.transform_coords(x, y, &mut []);
        let said = heed(None);
        done.map_err(|error| said.unwrap_or_else(|| error.to_string()))
    }
}

#[cfg(test)]
pub(super) mod fixture {
    use super::*;
    use gdal::DriverManager;
    use gdal::vector::LayerOptions;

    /// Writes a dataset whose layers all have these geometries, in WKT, the fields `name`, `beds`,
    /// `area`, `opened`, `seen`, and nulls in every row but the first.
    pub(in crate::source) fn write(
        path: &Path,
        driver: &str,
        layers: &[&str],
        crs: Option<&str>,
        wkt: &[&str],
    ) {
        init();
        let driver = DriverManager::get_driver_by_name(driver).unwrap();
        let mut dataset = driver.create_vector_only(path).unwrap();
        let srs = crs.map(|crs| SpatialRef::from_definition(crs).unwrap());
        let kind = Geometry::from_wkt(wkt[0]).unwrap().geometry_type();
        for name in layers {
            let options = LayerOptions { name, srs: srs.as_ref(), ty: kind, options: None };
            let layer = dataset.create_layer(options).unwrap();
            let fields = [
                ("name", OGRFieldType::OFTString),
                ("beds", OGRFieldType::OFTInteger64),
                ("area", OGRFieldType::OFTReal),
                ("opened", OGRFieldType::OFTDate),
            ];
            layer.create_defn_fields(&fields).unwrap();
            for (row, wkt) in wkt.iter().enumerate() {
                let mut feature = Feature::new(layer.defn()).unwrap();
                if row == 0 {
                    feature.set_field_string(0, "Señor").unwrap();
                    feature.set_field_integer64(1, 12).unwrap();
                    feature.set_field_double(2, 0.1).unwrap();
                    let opened = gdal_date(2020, 2, 29);
                    feature.set_field_datetime(3, opened).unwrap();
                }
                if !wkt.is_empty() {
                    feature.set_geometry(Geometry::from_wkt(wkt).unwrap()).unwrap();
                }
                feature.create(&layer).unwrap();
            }
        }
        dataset.close().unwrap();
        SAID.with_borrow_mut(Vec::clear);
    }

    fn gdal_date(year: i32, month: u32, day: u32) -> chrono::DateTime<chrono::FixedOffset> {
        let date = chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap().and_hms_opt(0, 0, 0).unwrap();
        date.and_utc().fixed_offset()
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

    #[test]
    fn definitions_get_their_code() {
        let wkt = reference(&Crs::Code("EPSG:4269".into())).unwrap().to_wkt().unwrap();
        assert_eq!(identify_wkt(&wkt), Some(Crs::Code("EPSG:4269".into())));
        let compound = SpatialRef::from_definition("EPSG:4326+5773").unwrap().to_wkt().unwrap();
        assert_eq!(identify_wkt(&compound), Some(Crs::Crs84));
        assert_eq!(identify_wkt("GEOGCS["), None);
    }
}
