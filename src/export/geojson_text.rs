//! GeoJSON as RFC 7946 has it: WGS 84, rings counterclockwise outside and clockwise inside, a feature a line.
//!
//! Coordinates have seven decimals, about a centimetre: more says nothing of a facility, and is half of such a file. Its id
//! stands as the feature's, too, so that maps can name what they show.

use std::io::{self, Write};

use serde::Serialize;

use super::ExportError;
use super::formats::{LayerHead, LayerWriter, cells, wkb};
use crate::feature::{Cell, ExportFormat, FacilityRows};
use crate::kernel::geometry::{as_geojson, decode};

/// GeoJSON in the making.
pub(super) struct GeojsonText<'a> {
    out: Box<dyn Write + 'a>,
    /// Whether features stand by themselves, each on its line, and not in a collection.
    are_lines: bool,
    head: Option<LayerHead>,
    is_first: bool,
}

impl<'a> GeojsonText<'a> {
    pub(super) fn new(out: Box<dyn Write + 'a>) -> Self {
        Self {
            out,
            are_lines: false,
            head: None,
            is_first: true,
        }
    }

    /// Features by themselves, each on its line.
    pub(super) fn lines(out: Box<dyn Write + 'a>) -> Self {
        Self {
            are_lines: true,
            ..Self::new(out)
        }
    }

    fn begin(&mut self, layer: &LayerHead) -> io::Result<()> {
        if self.are_lines {
            return Ok(());
        }
        // Not of the standard, which allows further members: GDAL takes it for the layer's name.
        write!(self.out, "{{\"type\":\"FeatureCollection\"")?;
        self.write_member("name", &layer.id)?;
        self.out.write_all(b",\"features\":[")
    }

    fn write_feature(
        &mut self,
        id: Option<&str>,
        geometry: &geojson::Geometry,
        properties: &[(&str, Cell<'_>)],
    ) -> io::Result<()> {
        let between: &[u8] = match (self.are_lines, self.is_first) {
            (true, true) => b"",
            (_, true) | (true, false) => b"\n",
            (false, false) => b",\n",
        };
        self.out.write_all(between)?;
        self.is_first = false;
        self.out.write_all(b"{\"type\":\"Feature\"")?;
        if let Some(id) = id {
            self.write_member("id", id)?;
        }
        self.write_member("geometry", geometry)?;
        self.out.write_all(b",\"properties\":{")?;
        for (at, (name, cell)) in properties.iter().enumerate() {
            if at > 0 {
                self.out.write_all(b",")?;
            }
            serde_json::to_writer(&mut self.out, name)?;
            self.out.write_all(b":")?;
            write_cell(&mut self.out, cell)?;
        }
        self.out.write_all(b"}}")
    }

    fn write_member(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
        write!(self.out, ",\"{name}\":")?;
        Ok(serde_json::to_writer(&mut self.out, value)?)
    }
}

impl LayerWriter for GeojsonText<'_> {
    fn begin_layer(&mut self, layer: &LayerHead) -> Result<(), ExportError> {
        self.begin(layer).map_err(failure())?;
        self.head = Some(layer.clone());
        Ok(())
    }

    fn write_rows(&mut self, rows: &FacilityRows) -> Result<(), ExportError> {
        let Some(head) = self.head.clone() else {
            return Ok(());
        };
        let columns = cells(rows, &head);
        let shapes = rows.geometry();
        let ids = rows.ids();
        for row in 0..rows.num_rows() {
            let geometry = wkb(shapes, row).and_then(|wkb| decode(wkb).ok());
            let geometry = geometry.ok_or_else(|| ExportError::Geometry {
                layer: head.id.clone(),
            })?;
            let names = head.fields.iter().map(|(name, _)| name.as_str());
            let cells: Vec<(&str, Cell<'_>)> =
                names.zip(columns.iter().map(|column| column.get(row))).collect();
            let id = ids.as_ref().and_then(|ids| ids.value(row));
            self.write_feature(id, &as_geojson(&geometry), &cells)
                .map_err(failure())?;
        }
        Ok(())
    }

    fn end_layer(&mut self, _style: Option<&str>) -> Result<(), ExportError> {
        let end: &[u8] = match (self.are_lines, self.is_first) {
            (false, _) => b"\n]}\n",
            (true, true) => b"",
            (true, false) => b"\n",
        };
        self.out.write_all(end).map_err(failure())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<String>, ExportError> {
        self.out.flush().map_err(failure())?;
        Ok(vec![])
    }
}

fn failure() -> impl Fn(io::Error) -> ExportError {
    ExportError::writing(ExportFormat::Geojson)
}

pub(super) fn write_cell(out: &mut dyn Write, cell: &Cell<'_>) -> io::Result<()> {
    match cell {
        Cell::Null => out.write_all(b"null"),
        Cell::Text(text) => Ok(serde_json::to_writer(out, text)?),
        Cell::Texts(texts) => Ok(serde_json::to_writer(out, texts)?),
        Cell::Number(number) => Ok(serde_json::to_writer(out, number)?),
        Cell::Integer(_) | Cell::Boolean(_) => write!(out, "{cell}"),
        Cell::Day(day) => write!(out, "\"{day}\""),
    }
}
