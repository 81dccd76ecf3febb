//! Joined rows as CSV: RFC 4180 in UTF-8, a header, nothing for null.
//!
//! A table of text keeps its columns as they are, coordinates and all. Rows of any other file get `longitude` and `latitude` of
//! the point by which they were placed: of lines and surfaces the representative one.

use arrow_array::{Array, ArrayRef, StringArray};
use csv::{Terminator, Writer, WriterBuilder};

use super::asked::Detail;
use super::open::Opened;
use super::polygons::PolygonSet;
use super::schema::{added_names, free_name};
use super::table::JoinedBatch;
use crate::feature::{Texts, spelling};

/// Columns of the point by which a row was placed.
const PLACE: [&str; 2] = ["longitude", "latitude"];

/// The columns of a CSV.
pub(super) struct CsvLayout {
    own: Vec<String>,
    header: Vec<String>,
    has_place: bool,
}

impl CsvLayout {
    pub(super) fn new(opened: &Opened, own: Vec<String>, sets: &[PolygonSet], detail: Detail) -> Self {
        let has_place = opened.text_geometry().is_none();
        let mut header = own.clone();
        header.extend(added_names(sets, detail));
        if has_place {
            for name in PLACE {
                header.push(free_name(name, &header));
            }
        }
        Self {
            own,
            header,
            has_place,
        }
    }

    /// The line of the names.
    pub(super) fn header_text(&self) -> Vec<u8> {
        let mut out = text_writer();
        // Writing to memory can't fail.
        let _ = out.write_record(&self.header);
        out.into_inner().unwrap_or_default()
    }

    /// The lines of a batch.
    pub(super) fn encode_batch(&self, joined: &JoinedBatch, sets: &[PolygonSet]) -> Vec<u8> {
        let own: Vec<Option<StringArray>> = self
            .own
            .iter()
            .map(|name| {
                let mut columns = joined.batch.columns.iter();
                columns
                    .find(|(column, _)| column == name)
                    .map(|(_, values)| spelling::spell_column(values))
            })
            .collect();
        let added: Vec<ArrayRef> = joined.added_columns(sets);
        let mut out = text_writer();
        for (row, is_kept) in joined.kept_rows().into_iter().enumerate() {
            if !is_kept {
                continue;
            }
            for column in &own {
                let text = column.as_ref().filter(|column| column.is_valid(row));
                let _ = out.write_field(text.map_or("", |column| column.value(row)));
            }
            for column in &added {
                let _ = match Texts::from_array(column) {
                    Some(texts) => out.write_field(texts.value(row).unwrap_or_default()),
                    None => out.write_field(spelling::spell_value(column, row).unwrap_or_default()),
                };
            }
            if self.has_place {
                let point = joined.positions.points[row];
                for degrees in [point.x(), point.y()] {
                    let text = (!degrees.is_nan()).then(|| degrees.to_string());
                    let _ = out.write_field(text.unwrap_or_default());
                }
            }
            let _ = out.write_record(None::<&[u8]>);
        }
        out.into_inner().unwrap_or_default()
    }
}

/// A line ends as in files of this system: RFC 4180's CR is one more character to whoever reads line by line.
fn text_writer() -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Vec::new())
}
