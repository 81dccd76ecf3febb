//! What a format does.

use arrow_array::BinaryArray;

use super::ExportError;
use crate::feature::{CellKind, Cells, FacilityRows, Shape};

/// A layer as every format is told of it.
#[derive(Debug, Clone)]
pub struct LayerHead {
    /// Its id.
    pub id: String,
    /// The kind of its geometries.
    pub shape: Shape,
    /// Its columns but geometry and covering, which formats have ways of their own for.
    pub fields: Vec<(String, CellKind)>,
    /// Bytes of the longest text of each field; empty but for formats that have to know before the first row.
    pub widths: Vec<usize>,
    /// Whether its rows have their geometry: of an answer some columns may be asked for alone.
    pub has_geometry: bool,
}

/// Writes layers, one after the other, in one format.
pub trait LayerWriter {
    /// Begins a layer.
    ///
    /// # Errors
    /// When the format can't hold it, or the file fails.
    fn begin_layer(&mut self, layer: &LayerHead) -> Result<(), ExportError>;

    /// Adds rows to the layer begun last.
    ///
    /// # Errors
    /// When a geometry can't be understood, or the file fails.
    fn write_rows(&mut self, rows: &FacilityRows) -> Result<(), ExportError>;

    /// Ends the layer. `style` is how QGIS should draw it, for formats that carry such a thing within them.
    ///
    /// # Errors
    /// When the file fails.
    fn end_layer(&mut self, style: Option<&str>) -> Result<(), ExportError>;

    /// Ends the file. Tells what the format couldn't hold, for people.
    ///
    /// # Errors
    /// When the file fails.
    fn finish(self: Box<Self>) -> Result<Vec<String>, ExportError>;
}

/// The cells of rows, a column for each field. A column that an older tile lacks is none, which no layer of a release has.
pub(super) fn cells<'a>(rows: &'a FacilityRows, head: &LayerHead) -> Vec<Cells<'a>> {
    let columns = head.fields.iter().filter_map(|(name, _)| rows.column(name));
    columns
        .filter_map(|column| Cells::of_array(column.as_ref()))
        .collect()
}

/// The geometry of a row, WKB. Its column is looked up once, not for every row.
pub(super) fn wkb(geometry: Option<&BinaryArray>, row: usize) -> Option<&[u8]> {
    geometry.map(|geometry| geometry.value(row))
}
