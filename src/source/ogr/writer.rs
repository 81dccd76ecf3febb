//! Writes GeoPackage, FlatGeobuf and Shapefile.
//!
//! In this room since GDAL's state is the process's: one error handler, one queue of messages, one list of drivers, whoever
//! reads or writes. The same rows give the same bytes: the one time that is written is told (`made`), and who makes the
//! file is the caller, who hands in a path that nobody else knows of.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, NaiveTime, Utc};
use gdal::config::{clear_thread_local_config_option, set_thread_local_config_option};
use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal::vector::{
    Feature, FieldDefn, Geometry, Layer, LayerAccess, LayerOptions, OGRFieldType, OGRwkbGeometryType,
};
use gdal::{Dataset, DriverManager};

use super::messages::{drain_messages, init};
use crate::feature::{Cell, CellKind, Cells, LIST_SEPARATOR, Shape};

/// GDAL's setting for the time that it writes into files.
const CURRENT_DATE: &str = "OGR_CURRENT_DATE";
/// GDAL's setting for whether `SQLite` waits for the disk: whoever gives the file its name does so once.
const SYNCHRONOUS: &str = "OGR_SQLITE_SYNCHRONOUS";

/// A format that is written through GDAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorFormat {
    /// `.gpkg`, with a spatial index.
    Geopackage,
    /// `.fgb`, with its packed index; rows come in that index's order.
    Flatgeobuf,
    /// `.shp` and what lies beside it.
    Shapefile,
}

impl VectorFormat {
    const fn driver(self) -> &'static str {
        match self {
            Self::Geopackage => "GPKG",
            Self::Flatgeobuf => "FlatGeobuf",
            Self::Shapefile => "ESRI Shapefile",
        }
    }
}

/// Why a file can't be written.
#[derive(Debug, thiserror::Error)]
#[error("GDAL can't write {what}: {reason}")]
pub struct VectorError {
    /// What was being written.
    what: String,
    /// What GDAL says.
    reason: String,
}

/// A layer to be written.
#[derive(Debug, Clone, Copy)]
pub struct VectorLayer<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its kind of geometry; none of a table.
    pub shape: Option<Shape>,
    /// Names and kinds of its fields.
    pub fields: &'a [(String, CellKind)],
    /// Bytes of the longest text of each field, where they are known: a Shapefile gives every row as many.
    pub widths: &'a [usize],
}

/// Rows of a layer.
#[derive(Debug)]
pub struct VectorRows<'a> {
    /// Number of rows.
    pub count: usize,
    /// A column for each field.
    pub columns: &'a [Cells<'a>],
    /// Most bytes of a text, where the format has such; longer ones are cut between characters.
    pub longest_text: Option<usize>,
}

/// A file in the making. Stays on its thread, whose settings of GDAL it has changed.
pub struct VectorFile {
    dataset: Dataset,
    format: VectorFormat,
    path: PathBuf,
    /// When the rows were made, as GDAL wants it.
    made: DateTime<Utc>,
    layer: String,
    shape: Option<Shape>,
    _settings: Settings,
}

/// GDAL's settings of this thread, until they are dropped.
struct Settings(PhantomData<*const ()>);

impl Settings {
    fn new(made: DateTime<Utc>) -> Result<Self, gdal::errors::GdalError> {
        let settings = Self(PhantomData);
        let made = made.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        set_thread_local_config_option(CURRENT_DATE, &made)?;
        set_thread_local_config_option(SYNCHRONOUS, "OFF")?;
        Ok(settings)
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        for setting in [CURRENT_DATE, SYNCHRONOUS] {
            // Left as it is, it would date files of this thread alone, which are dated by their own.
            drop(clear_thread_local_config_option(setting));
        }
    }
}

impl VectorFile {
    /// Begins a file at a path where none is. `made` is the time that it tells of itself.
    ///
    /// # Errors
    /// When GDAL has no such driver, or the file can't be made.
    pub fn begin(path: &Path, format: VectorFormat, made: DateTime<Utc>) -> Result<Self, VectorError> {
        init();
        drain_messages(None);
        let begun = Settings::new(made).and_then(|settings| {
            let driver = DriverManager::get_driver_by_name(format.driver())?;
            Ok((settings, driver.create_vector_only(path)?))
        });
        let (settings, dataset) = begun.map_err(|error| failure(path.display().to_string(), &error))?;
        Ok(Self {
            dataset,
            format,
            path: path.to_owned(),
            made,
            layer: String::new(),
            shape: None,
            _settings: settings,
        })
    }

    /// Begins a layer, to which rows go from now on.
    ///
    /// # Errors
    /// When GDAL can't make it so.
    pub fn begin_layer(&mut self, layer: &VectorLayer<'_>) -> Result<(), VectorError> {
        layer.name.clone_into(&mut self.layer);
        self.shape = layer.shape;
        let options = self.layer_options(layer);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let made = begin_layer(&mut self.dataset, layer, &options);
        made.map_err(|error| failure(format!("the layer `{}`", layer.name), &error))
    }

    fn layer_options(&self, layer: &VectorLayer<'_>) -> Vec<String> {
        match self.format {
            VectorFormat::Geopackage => {
                let names: Vec<&str> = layer.fields.iter().map(|(name, _)| name.as_str()).collect();
                let mut options = vec![format!("FID={}", free_name("fid", &names))];
                if layer.shape.is_some() {
                    // A column that no attribute can have the name of: tiles have it.
                    options.push("GEOMETRY_NAME=geometry".to_owned());
                }
                options
            }
            VectorFormat::Flatgeobuf => vec!["SPATIAL_INDEX=YES".to_owned()],
            VectorFormat::Shapefile => vec![
                "ENCODING=UTF-8".to_owned(),
                format!("DBF_DATE_LAST_UPDATE={}", self.made.format("%Y-%m-%d")),
            ],
        }
    }

    /// Adds rows to the layer, each with the geometry that `wkb` gives it. Returns how many texts were cut.
    ///
    /// # Errors
    /// When GDAL can't take them, as when the disk is full.
    pub fn write_rows<'w>(
        &mut self,
        rows: &VectorRows<'_>,
        wkb: &dyn Fn(usize) -> Option<&'w [u8]>,
    ) -> Result<u64, VectorError> {
        let written = if self.format == VectorFormat::Geopackage {
            // Each row by itself would be a transaction of SQLite's.
            self.dataset.start_transaction().and_then(|transaction| {
                let layer = transaction.layer_by_name(&self.layer)?;
                let cut = write_rows(&layer, rows, self.shape, wkb)?;
                transaction.commit()?;
                Ok(cut)
            })
        } else {
            self.dataset
                .layer(0)
                .and_then(|layer| write_rows(&layer, rows, self.shape, wkb))
        };
        let cut = written.map_err(|error| failure(format!("rows of `{}`", self.layer), &error))?;
        self.refuse_failures()?;
        Ok(cut)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When GDAL can't write what it still holds.
    pub fn close(mut self) -> Result<(), VectorError> {
        let closed = self.dataset.flush_cache();
        closed.map_err(|error| failure(self.path.display().to_string(), &error))?;
        let Self {
            dataset,
            path,
            _settings,
            ..
        } = self;
        let closed = dataset.close();
        closed.map_err(|error| failure(path.display().to_string(), &error))?;
        // Before GDAL 3.7 closing tells of no failure but by its messages.
        match drain_messages(None) {
            Some(reason) => Err(VectorError {
                what: path.display().to_string(),
                reason,
            }),
            None => Ok(()),
        }
    }

    /// What GDAL has failed with and returned nothing of.
    fn refuse_failures(&self) -> Result<(), VectorError> {
        match drain_messages(None) {
            Some(reason) => Err(VectorError {
                what: format!("rows of `{}`", self.layer),
                reason,
            }),
            None => Ok(()),
        }
    }
}

/// A name that is none of those, upper and lower case alike: itself, or with a number.
fn free_name(name: &str, taken: &[&str]) -> String {
    let is_free = |name: &String| !taken.iter().any(|other| other.eq_ignore_ascii_case(name));
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(is_free)
        .expect("numbers don't end, and names do")
}

fn failure(what: String, error: &gdal::errors::GdalError) -> VectorError {
    let reason = drain_messages(None).unwrap_or_else(|| error.to_string());
    VectorError { what, reason }
}

fn begin_layer(dataset: &mut Dataset, layer: &VectorLayer<'_>, options: &[&str]) -> gdal::errors::Result<()> {
    let mut srs = SpatialRef::from_epsg(4326)?;
    // Longitude first, as in tiles: EPSG has it the other way round.
    srs.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
    let made = dataset.create_layer(LayerOptions {
        name: layer.name,
        srs: layer.shape.is_some().then_some(&srs),
        ty: layer.shape.map_or(OGRwkbGeometryType::wkbNone, geometry_type),
        options: Some(options),
    })?;
    for (at, (name, kind)) in layer.fields.iter().enumerate() {
        let field = FieldDefn::new(name, field_type(*kind))?;
        if let (CellKind::Text | CellKind::Texts, Some(width)) = (kind, layer.widths.get(at)) {
            field.set_width(i32::try_from(*width).unwrap_or(i32::MAX));
        }
        field.add_to_layer(&made)?;
    }
    Ok(())
}

const fn geometry_type(shape: Shape) -> OGRwkbGeometryType::Type {
    match shape {
        Shape::Point => OGRwkbGeometryType::wkbPoint,
        Shape::MultiPoint => OGRwkbGeometryType::wkbMultiPoint,
        Shape::MultiLineString => OGRwkbGeometryType::wkbMultiLineString,
        Shape::MultiPolygon => OGRwkbGeometryType::wkbMultiPolygon,
        Shape::Mixed => OGRwkbGeometryType::wkbUnknown,
    }
}

// Yes and no are 1 and 0: the bindings can't tell GDAL that an integer is a boolean, and no shapefile has any.
const fn field_type(kind: CellKind) -> OGRFieldType::Type {
    match kind {
        CellKind::Text | CellKind::Texts => OGRFieldType::OFTString,
        CellKind::Integer => OGRFieldType::OFTInteger64,
        CellKind::Number => OGRFieldType::OFTReal,
        CellKind::Boolean => OGRFieldType::OFTInteger,
        CellKind::Day => OGRFieldType::OFTDate,
    }
}

fn write_rows<'w>(
    layer: &Layer<'_>,
    rows: &VectorRows<'_>,
    shape: Option<Shape>,
    wkb: &dyn Fn(usize) -> Option<&'w [u8]>,
) -> gdal::errors::Result<u64> {
    let mut cut = 0;
    for row in 0..rows.count {
        let mut feature = Feature::new(layer.defn())?;
        for (field, column) in rows.columns.iter().enumerate() {
            cut += u64::from(set_field(
                &mut feature,
                field,
                &column.get(row),
                rows.longest_text,
            )?);
        }
        if let Some((shape, wkb)) = shape.zip(wkb(row)) {
            feature.set_geometry(Geometry::from_wkb(&shape.fit(wkb))?)?;
        }
        feature.create(layer)?;
    }
    Ok(cut)
}

/// Gives a field its value; tells whether it had to be cut.
fn set_field(
    feature: &mut Feature<'_>,
    field: usize,
    cell: &Cell<'_>,
    longest: Option<usize>,
) -> gdal::errors::Result<bool> {
    match cell {
        Cell::Null => {}
        Cell::Text(text) => return set_text(feature, field, text, longest),
        Cell::Texts(texts) => return set_text(feature, field, &texts.join(LIST_SEPARATOR), longest),
        Cell::Integer(number) => feature.set_field_integer64(field, *number)?,
        Cell::Number(number) => feature.set_field_double(field, *number)?,
        Cell::Boolean(is_so) => feature.set_field_integer(field, i32::from(*is_so))?,
        Cell::Day(day) => {
            let midnight: DateTime<FixedOffset> = day.and_time(NaiveTime::MIN).and_utc().fixed_offset();
            feature.set_field_datetime(field, midnight)?;
        }
    }
    Ok(false)
}

fn set_text(
    feature: &mut Feature<'_>,
    field: usize,
    text: &str,
    longest: Option<usize>,
) -> gdal::errors::Result<bool> {
    let end = longest.map_or(text.len(), |longest| text.floor_char_boundary(longest));
    let kept = &text[..end];
    if kept.contains('\0') {
        // It ends a text of C's.
        feature.set_field_string(field, &kept.replace('\0', ""))?;
    } else {
        feature.set_field_string(field, kept)?;
    }
    Ok(end < text.len())
}
