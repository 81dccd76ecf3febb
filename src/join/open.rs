//! How a file is read: its format, its table, where its geometry is and in which CRS.
//!
//! Asks `source` to describe it. A CRS is never guessed: columns that are called longitude and latitude are degrees, all else
//! says it or has it declared.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::asked::{FileAsked, GeometryAsked};
use super::error::JoinError;
use crate::feature::{Crs, Landed};
use crate::plan::{CsvGeometry, Dialect, Format, Limits, SourcePlan};
use crate::source::{
    self, Description, GeometryScan, LayerDescription, Reader, SourceError, are_degrees_by_name,
};

/// Rows read at a time: a row group of the output.
const BATCH_ROWS: usize = 1 << 16;

/// Bounds while a file is read.
const LIMITS: Limits = Limits {
    record_bytes: 16 << 20,
    batch_rows: BATCH_ROWS,
    rows: None,
    archive_bytes: 16 << 30,
    // A reader that breaks ends one layer of a run, which is why a run reads apart. Here somebody waits for one file.
    isolate: false,
    read: Duration::MAX,
};

/// A file whose format is known.
#[derive(Debug, Clone)]
pub struct Opened {
    path: PathBuf,
    plan: SourcePlan,
    /// What declares a CRS, for messages.
    crs_flag: String,
}

impl Opened {
    /// Looks at a file; `crs_flag` is what declares its CRS on the command line.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use cikr::join::{FileAsked, Opened};
    ///
    /// let airports = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/airports.csv");
    /// let opened = Opened::look_at(&FileAsked::of_path(&airports), "--crs")?;
    /// assert!(opened.open_reader()?.fixed_columns().is_some_and(|columns| columns.contains(&"icao".to_owned())));
    /// # Ok::<(), cikr::join::JoinError>(())
    /// ```
    ///
    /// # Errors
    /// Where it can't be opened, is nothing that is read, or doesn't say where its geometry is.
    pub fn look_at(asked: &FileAsked, crs_flag: &str) -> Result<Self, JoinError> {
        let shown: Arc<str> = asked.shown().into();
        let mut format = match geojson_by_name(&asked.path) {
            // To describe GeoJSON is to read all of it.
            Some(format) => format,
            None => described_format(asked, &shown)?,
        };
        set_geometry(&mut format, asked, &shown)?;
        let crs = asked.crs.clone().or_else(|| crs_of_names(&format));
        let mut opened = Self {
            path: asked.path.clone(),
            plan: SourcePlan::for_file(asked.path.clone(), shown, format, crs),
            crs_flag: crs_flag.to_owned(),
        };
        // A file of lines may bear the collection's extension.
        if matches!(opened.plan.format, Format::Geojson)
            && let Err(JoinError::Source {
                source: SourceError::NoFeatures { found, .. },
            }) = opened.open_reader()
            && found.iter().any(|member| member == "geometry")
        {
            opened.plan.format = Format::Geojsonl;
        }
        Ok(opened)
    }

    /// What messages call it.
    pub fn shown(&self) -> &Arc<str> {
        &self.plan.shown
    }

    /// Reads its rows from the first.
    ///
    /// # Errors
    /// Where it can't be read, or doesn't say its CRS.
    pub fn open_reader(&self) -> Result<Reader, JoinError> {
        let landed = Landed::in_place(self.path.clone());
        source::open(&landed, &self.plan, &LIMITS, None).map_err(|source| self.source_error(source))
    }

    /// Its geometries alone, where its format can be read so.
    pub(super) fn scan_geometry(&self) -> Result<Option<GeometryScan>, JoinError> {
        source::scan_geometry(&self.path, &self.plan).map_err(|source| self.source_error(source))
    }

    /// What a failure of its reader is to people who have no pipeline.
    pub(super) fn source_error(&self, source: SourceError) -> JoinError {
        match source {
            SourceError::NoCrs { shown, unclear } => JoinError::NoCrs {
                shown,
                unclear,
                flag: self.crs_flag.clone(),
            },
            source => JoinError::Source { source },
        }
    }

    /// Columns of text that its geometry is made of.
    pub(super) fn text_geometry(&self) -> Option<&CsvGeometry> {
        self.plan.format.csv_geometry()
    }

    /// Whether the most rows that there can be are those that there are.
    pub(super) fn has_known_length(&self) -> bool {
        matches!(self.plan.format, Format::Parquet { .. })
    }

    /// Whether every batch has the columns of the first, each of its type.
    pub(super) fn has_fixed_types(&self) -> bool {
        matches!(
            self.plan.format,
            Format::Csv { .. } | Format::Xlsx { .. } | Format::Parquet { .. }
        )
    }
}

/// GeoJSON by the extension.
fn geojson_by_name(path: &Path) -> Option<Format> {
    if path.is_dir() {
        return None;
    }
    let extension = path.extension()?.to_string_lossy().to_ascii_lowercase();
    match extension.as_str() {
        "geojson" | "json" => Some(Format::Geojson),
        "geojsonl" | "geojsons" | "ndjson" | "jsonl" | "ndgeojson" => Some(Format::Geojsonl),
        _ => None,
    }
}

/// The format of a file that has to be looked at, and the table in it.
fn described_format(asked: &FileAsked, shown: &str) -> Result<Format, JoinError> {
    let description = source::describe(&asked.path).map_err(|source| JoinError::Source { source })?;
    let layer = description
        .choose_layer(asked.layer.as_deref(), shown)
        .map_err(|source| JoinError::Source { source })?;
    let is_one = description.layers.len() == 1;
    match &description.format {
        Some(Format::Ogr { .. }) => Ok(Format::Ogr {
            layer: (!is_one).then(|| layer.name.clone()),
            allow_views: false,
        }),
        Some(Format::Xlsx {
            header_row, geometry, ..
        }) => {
            let format = Format::Xlsx {
                sheet: (!is_one).then(|| layer.name.clone()),
                header_row: *header_row,
                geometry: geometry.clone(),
            };
            require_columns(format, layer, asked, shown)
        }
        Some(format) => Ok(format.clone()),
        None => described_text(&description, layer, asked, shown),
    }
}

/// Delimited text without columns that are coordinates by their names: somebody has to say which are.
fn described_text(
    description: &Description,
    layer: &LayerDescription,
    asked: &FileAsked,
    shown: &str,
) -> Result<Format, JoinError> {
    let format = Format::Csv {
        dialect: description.dialect.unwrap_or(Dialect::USUAL),
        geometry: CsvGeometry::of_columns("", ""),
    };
    require_columns(format, layer, asked, shown)
}

/// The format, unless the columns of its geometry are neither there nor told.
fn require_columns(
    format: Format,
    layer: &LayerDescription,
    asked: &FileAsked,
    shown: &str,
) -> Result<Format, JoinError> {
    let found: Vec<String> = layer.columns.iter().map(|column| column.name.clone()).collect();
    let is_there = match format.csv_geometry() {
        Some(CsvGeometry::Xy { x, y, .. }) => found.contains(x) && found.contains(y),
        Some(CsvGeometry::Wkt { column }) => found.contains(column),
        None => true,
    };
    if is_there || asked.geometry.is_some() {
        return Ok(format);
    }
    Err(JoinError::NoCoordinates {
        shown: shown.to_owned(),
        found,
    })
}

/// Has the geometry in the columns that somebody has named.
fn set_geometry(format: &mut Format, asked: &FileAsked, shown: &str) -> Result<(), JoinError> {
    let Some(geometry) = &asked.geometry else {
        return Ok(());
    };
    match (geometry, &mut *format) {
        (GeometryAsked::Column(column), Format::Parquet { geometry }) => {
            *geometry = Some(column.clone());
        }
        (GeometryAsked::Xy { x, y }, Format::Csv { .. } | Format::Xlsx { .. }) => {
            format.set_csv_geometry(CsvGeometry::of_columns(x, y));
        }
        (GeometryAsked::Column(column), Format::Csv { .. } | Format::Xlsx { .. }) => {
            format.set_csv_geometry(CsvGeometry::Wkt {
                column: column.clone(),
            });
        }
        (GeometryAsked::Xy { .. }, _) => {
            return Err(JoinError::NotText {
                shown: shown.to_owned(),
                flag: "--x",
            });
        }
        (GeometryAsked::Column(_), _) => {
            return Err(JoinError::NotText {
                shown: shown.to_owned(),
                flag: "--wkt",
            });
        }
    }
    Ok(())
}

/// Columns that are called longitude and latitude are just that.
fn crs_of_names(format: &Format) -> Option<Crs> {
    match format.csv_geometry() {
        Some(CsvGeometry::Xy { x, y, .. }) if are_degrees_by_name(x, y) => Some(Crs::Crs84),
        _ => None,
    }
}
