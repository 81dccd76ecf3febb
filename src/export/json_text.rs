//! Rows as one JSON object for programs: `{"release": …, "layer": …, "rows": [{…}, …]}`, a row a line.
//!
//! Columns have the types that they have in the tiles: numbers, lists, null. A geometry is GeoJSON's.

use std::io::{self, Write};

use super::ExportError;
use super::formats::{LayerHead, LayerWriter, cells, wkb};
use super::geojson_text::write_cell;
use crate::feature::FacilityRows;
use crate::kernel::geometry::{as_geojson, decode};

/// JSON in the making.
pub(super) struct JsonText<'a> {
    out: Box<dyn Write + 'a>,
    release: String,
    head: Option<LayerHead>,
    is_first: bool,
}

impl<'a> JsonText<'a> {
    pub(super) fn new(out: Box<dyn Write + 'a>, release: &str) -> Self {
        Self {
            out,
            release: release.to_owned(),
            head: None,
            is_first: true,
        }
    }

    fn begin(&mut self, layer: &str) -> io::Result<()> {
        self.out.write_all(b"{\"release\":")?;
        serde_json::to_writer(&mut self.out, &self.release)?;
        self.out.write_all(b",\"layer\":")?;
        serde_json::to_writer(&mut self.out, layer)?;
        self.out.write_all(b",\"rows\":[")
    }

    fn write_all_rows(&mut self, rows: &FacilityRows, head: &LayerHead) -> io::Result<()> {
        let columns = cells(rows, head);
        let shapes = rows.geometry();
        for row in 0..rows.num_rows() {
            self.out.write_all(if self.is_first { b"\n{" } else { b",\n{" })?;
            self.is_first = false;
            let mut comma: &[u8] = b"";
            for ((name, _), column) in head.fields.iter().zip(&columns) {
                self.out.write_all(comma)?;
                serde_json::to_writer(&mut self.out, name)?;
                self.out.write_all(b":")?;
                write_cell(&mut self.out, &column.get(row))?;
                comma = b",";
            }
            if head.has_geometry {
                let geometry = wkb(shapes, row).and_then(|wkb| decode(wkb).ok());
                let geometry = geometry.map(|geometry| as_geojson(&geometry));
                self.out.write_all(comma)?;
                self.out.write_all(b"\"geometry\":")?;
                serde_json::to_writer(&mut self.out, &geometry)?;
            }
            self.out.write_all(b"}")?;
        }
        Ok(())
    }
}

impl LayerWriter for JsonText<'_> {
    fn begin_layer(&mut self, layer: &LayerHead) -> Result<(), ExportError> {
        self.begin(&layer.id).map_err(failure)?;
        self.head = Some(layer.clone());
        Ok(())
    }

    fn write_rows(&mut self, rows: &FacilityRows) -> Result<(), ExportError> {
        let Some(head) = self.head.clone() else {
            return Ok(());
        };
        self.write_all_rows(rows, &head).map_err(failure)
    }

    fn end_layer(&mut self, _style: Option<&str>) -> Result<(), ExportError> {
        self.out.write_all(b"\n]}\n").map_err(failure)
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<String>, ExportError> {
        self.out.flush().map_err(failure)?;
        Ok(vec![])
    }
}

fn failure(source: io::Error) -> ExportError {
    ExportError::Rows { what: "JSON", source }
}
