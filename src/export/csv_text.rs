//! CSV: RFC 4180 in UTF-8, a header, nothing for null.
//!
//! Points stand in two columns, `longitude` and `latitude`, which spreadsheets and QGIS take as they are; all else as
//! well-known text in `wkt`, which GDAL and QGIS know by its name. Degrees are WGS 84, in the fewest digits.

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};

use super::ExportError;
use super::formats::{LayerHead, LayerWriter, cells, wkb};
use crate::feature::{ExportFormat, FacilityRows, Shape};
use crate::kernel::geometry::decode;

/// CSV in the making.
pub(super) struct CsvText<'a> {
    out: Writer<Box<dyn Write + 'a>>,
    head: Option<LayerHead>,
}

impl<'a> CsvText<'a> {
    pub(super) fn new(out: Box<dyn Write + 'a>) -> Self {
        // A line ends as in files of this system: RFC 4180's CR is one more character to whoever reads line by line.
        let terminator = Terminator::Any(b'\n');
        Self {
            out: WriterBuilder::new().terminator(terminator).from_writer(out),
            head: None,
        }
    }
}

impl LayerWriter for CsvText<'_> {
    fn begin_layer(&mut self, layer: &LayerHead) -> Result<(), ExportError> {
        let mut names: Vec<String> = layer.fields.iter().map(|(name, _)| name.clone()).collect();
        for name in geometry_columns(layer) {
            // An attribute of the layer's own may have the name.
            names.push(free_name(name, &names));
        }
        self.out.write_record(&names).map_err(failure)?;
        self.head = Some(layer.clone());
        Ok(())
    }

    fn write_rows(&mut self, rows: &FacilityRows) -> Result<(), ExportError> {
        let Some(head) = &self.head else { return Ok(()) };
        let columns = cells(rows, head);
        let shapes = rows.geometry();
        for row in 0..rows.num_rows() {
            for column in &columns {
                let text = column.get(row).to_string();
                self.out.write_field(text).map_err(failure)?;
            }
            for text in geometry_cells(head, wkb(shapes, row))? {
                self.out.write_field(text).map_err(failure)?;
            }
            self.out.write_record(None::<&[u8]>).map_err(failure)?;
        }
        Ok(())
    }

    fn end_layer(&mut self, _style: Option<&str>) -> Result<(), ExportError> {
        self.out.flush().map_err(ExportError::writing(ExportFormat::Csv))
    }

    fn finish(self: Box<Self>) -> Result<Vec<String>, ExportError> {
        Ok(vec![])
    }
}

const fn geometry_columns(layer: &LayerHead) -> &'static [&'static str] {
    match layer.shape {
        _ if !layer.has_geometry => &[],
        Shape::Point => &["longitude", "latitude"],
        _ => &["wkt"],
    }
}

fn geometry_cells(head: &LayerHead, wkb: Option<&[u8]>) -> Result<Vec<String>, ExportError> {
    if !head.has_geometry {
        return Ok(vec![]);
    }
    let unclear = || ExportError::Geometry {
        layer: head.id.clone(),
    };
    let geometry = decode(wkb.ok_or_else(unclear)?).map_err(|_reason| unclear())?;
    if let (Shape::Point, geo::Geometry::Point(point)) = (head.shape, &geometry) {
        return Ok(vec![point.x().to_string(), point.y().to_string()]);
    }
    let mut text = String::new();
    wkt::to_wkt::write_geometry(&mut text, &geometry).map_err(|_error| unclear())?;
    Ok(vec![text])
}

/// A name that no column has: itself, or with a number.
fn free_name(name: &str, taken: &[String]) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while taken.contains(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    free
}

fn failure(error: csv::Error) -> ExportError {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => io::Error::other(format!("{other:?}")),
    };
    ExportError::Write {
        format: ExportFormat::Csv,
        source,
    }
}
