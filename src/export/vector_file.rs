//! GeoPackage and FlatGeobuf, which GDAL writes.
//!
//! A GeoPackage carries the styles of its layers in `layer_styles`, the table that QGIS looks into: whoever opens the file
//! needs no other.

use arrow_array::{BooleanArray, StringArray};
use chrono::{DateTime, Utc};

use super::formats::{LayerHead, LayerWriter, cells, wkb};
use super::{ExportError, Sink};
use crate::feature::{CellKind, Cells, ExportFormat, FacilityRows, Texts};
use crate::source::{VectorError, VectorFile, VectorFormat, VectorLayer, VectorRows};

/// QGIS's table of styles.
const STYLES: &str = "layer_styles";

/// A file that GDAL writes.
pub(super) struct ThroughGdal {
    format: ExportFormat,
    file: VectorFile,
    head: Option<LayerHead>,
    /// Layers and their styles, for the end: the table of styles is a layer itself.
    styles: Vec<(String, String)>,
    made: DateTime<Utc>,
}

impl ThroughGdal {
    /// Begins a file.
    ///
    /// # Errors
    /// When GDAL can't make it.
    pub(super) fn begin(
        format: ExportFormat,
        sink: &Sink<'_>,
        made: DateTime<Utc>,
    ) -> Result<Self, ExportError> {
        let vector = if format == ExportFormat::Geopackage {
            VectorFormat::Geopackage
        } else {
            VectorFormat::Flatgeobuf
        };
        let file = create_file(format, sink, vector, made)?;
        Ok(Self {
            format,
            file,
            head: None,
            styles: Vec::new(),
            made,
        })
    }

    fn write_styles(&mut self) -> Result<(), VectorError> {
        if self.styles.is_empty() {
            return Ok(());
        }
        // The columns, and their order, are those of QGIS's own table.
        let fields = [
            ("f_table_catalog", CellKind::Text),
            ("f_table_schema", CellKind::Text),
            ("f_table_name", CellKind::Text),
            ("f_geometry_column", CellKind::Text),
            ("styleName", CellKind::Text),
            ("styleQML", CellKind::Text),
            ("styleSLD", CellKind::Text),
            ("useAsDefault", CellKind::Boolean),
            ("description", CellKind::Text),
            ("owner", CellKind::Text),
            ("ui", CellKind::Text),
            ("update_time", CellKind::Text),
        ];
        let fields = fields.map(|(name, kind)| (name.to_owned(), kind));
        self.file.begin_layer(&VectorLayer {
            name: STYLES,
            shape: None,
            fields: &fields,
            widths: &[],
        })?;
        let made = self.made.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        for (layer, style) in &self.styles {
            // Empty where QGIS leaves them empty: it asks for a schema of no letters, and null is another.
            let before = ["", "", layer, "geometry", layer, style, ""].map(one_text);
            let is_default = BooleanArray::from(vec![true]);
            let behind = ["by sector or status", "", "", &made].map(one_text);
            let columns = before.iter().map(plain_cells);
            let columns = columns
                .chain([Cells::Booleans(&is_default)])
                .chain(behind.iter().map(plain_cells));
            let row = VectorRows {
                count: 1,
                columns: &columns.collect::<Vec<_>>(),
                longest_text: None,
            };
            self.file.write_rows(&row, &|_| None)?;
        }
        Ok(())
    }
}

fn one_text(text: &str) -> StringArray {
    StringArray::from(vec![text])
}

fn plain_cells(texts: &StringArray) -> Cells<'_> {
    Cells::Text(Texts::Plain(texts))
}

impl LayerWriter for ThroughGdal {
    fn begin_layer(&mut self, layer: &LayerHead) -> Result<(), ExportError> {
        let begun = self.file.begin_layer(&VectorLayer {
            name: &layer.id,
            shape: Some(layer.shape),
            fields: &layer.fields,
            widths: &[],
        });
        begun.map_err(failure(self.format))?;
        self.head = Some(layer.clone());
        Ok(())
    }

    fn write_rows(&mut self, rows: &FacilityRows) -> Result<(), ExportError> {
        let Some(head) = &self.head else { return Ok(()) };
        let rows_of_gdal = VectorRows {
            count: rows.num_rows(),
            columns: &cells(rows, head),
            longest_text: None,
        };
        let shapes = rows.geometry();
        let written = self.file.write_rows(&rows_of_gdal, &|row| wkb(shapes, row));
        written.map_err(failure(self.format))?;
        Ok(())
    }

    fn end_layer(&mut self, style: Option<&str>) -> Result<(), ExportError> {
        if let (Some(head), Some(style), ExportFormat::Geopackage) = (&self.head, style, self.format) {
            self.styles.push((head.id.clone(), style.to_owned()));
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<String>, ExportError> {
        let format = self.format;
        self.write_styles().map_err(failure(format))?;
        self.file.close().map_err(failure(format))?;
        Ok(vec![])
    }
}

/// A file that GDAL is to write.
///
/// # Errors
/// When it can't be made, and where the sink is a stream.
pub(super) fn create_file(
    format: ExportFormat,
    sink: &Sink<'_>,
    vector: VectorFormat,
    made: DateTime<Utc>,
) -> Result<VectorFile, ExportError> {
    let path = sink.path().ok_or_else(|| ExportError::Write {
        format,
        source: std::io::Error::other("it can't be written to a stream: name a file"),
    })?;
    VectorFile::begin(&path, vector, made).map_err(failure(format))
}

fn failure(format: ExportFormat) -> impl Fn(VectorError) -> ExportError {
    move |source| ExportError::Gdal { format, source }
}
