//! A zipped Shapefile: what GDAL writes, and a text that says what the format couldn't hold.
//!
//! The zip holds the same bytes on every repeat: its files come in one order and tell one time.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use chrono::{DateTime, Utc};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::formats::{LayerHead, LayerWriter, cells, wkb};
use super::short_names::short_names;
use super::vector_file::create_file;
use super::{ExportError, Sink};
use crate::feature::{CellKind, ExportFormat, FacilityRows};
use crate::source::{VectorFile, VectorFormat, VectorLayer, VectorRows};
use crate::store::NewFiles;

const FORMAT: ExportFormat = ExportFormat::Shapefile;
/// Most bytes of a text.
const LONGEST_TEXT: usize = 254;
/// Most bytes of a part that every program reads.
const LONGEST_PART: u64 = (1 << 31) - 1;
/// What a shapefile is made of, in the order of the zip.
const PARTS: [&str; 5] = ["shp", "shx", "dbf", "prj", "cpg"];

/// A zipped Shapefile in the making.
pub(super) struct Shapefile<'a> {
    files: &'a NewFiles,
    name: &'a str,
    made: DateTime<Utc>,
    layer: Option<Layer>,
    /// Texts that were cut.
    cut: u64,
}

/// Its layer.
struct Layer {
    file: VectorFile,
    head: LayerHead,
    short_names: Vec<String>,
}

impl<'a> Shapefile<'a> {
    /// Begins one.
    ///
    /// # Errors
    /// When it is to go to a stream.
    pub(super) fn begin(sink: &Sink<'a>, made: DateTime<Utc>) -> Result<Self, ExportError> {
        let Sink::File { files, name } = *sink else {
            return Err(ExportError::Write {
                format: FORMAT,
                source: io::Error::other("it can't be written to a stream: name a file"),
            });
        };
        Ok(Self {
            files,
            name,
            made,
            layer: None,
            cut: 0,
        })
    }

    /// What there is to tell of parts that are longer than most programs read.
    fn note_of_length(&self, layer: &str) -> Option<String> {
        let parts = ["shp", "dbf"].map(|part| self.files.path_of(&format!("{layer}.{part}")));
        let lengths = parts.iter().filter_map(|path| std::fs::metadata(path).ok());
        let is_long = lengths.map(|found| found.len()).any(|bytes| bytes > LONGEST_PART);
        is_long.then(|| "a part is larger than 2 GiB, which many programs can't read".to_owned())
    }

    /// Packs the parts, and what there is to tell of them.
    fn pack(&self, layer: &str, told: &str) -> io::Result<()> {
        let out = self.files.create(self.name).map_err(io::Error::other)?;
        let mut zip = ZipWriter::new(BufWriter::new(out));
        for part in PARTS {
            let name = format!("{layer}.{part}");
            let mut file = File::open(self.files.path_of(&name))?;
            zip.start_file(name, options(file.metadata()?.len()))?;
            io::copy(&mut file, &mut zip)?;
        }
        zip.start_file(format!("{layer}.txt"), options(0))?;
        zip.write_all(told.as_bytes())?;
        zip.finish()?.flush()
    }
}

/// Of a file in the zip: the time is the first that a zip can tell, and rights are those that most files have.
fn options(bytes: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644)
        .large_file(bytes > u64::from(u32::MAX))
}

impl LayerWriter for Shapefile<'_> {
    fn begin_layer(&mut self, layer: &LayerHead) -> Result<(), ExportError> {
        ExportError::unless_mixed(&layer.id, layer.shape)?;
        let name = format!("{}.shp", layer.id);
        let sink = Sink::File {
            files: self.files,
            name: &name,
        };
        let mut file = create_file(FORMAT, &sink, VectorFormat::Shapefile, self.made)?;
        let short_names = short_names(layer.fields.iter().map(|(name, _)| name.as_str()));
        let kinds = layer.fields.iter().map(|(_, kind)| *kind);
        let fields: Vec<(String, CellKind)> = short_names.iter().cloned().zip(kinds).collect();
        // A column has a byte at least.
        let widths = layer.widths.iter().map(|width| (*width).clamp(1, LONGEST_TEXT));
        let widths: Vec<usize> = widths.collect();
        let begun = file.begin_layer(&VectorLayer {
            name: &layer.id,
            shape: Some(layer.shape),
            fields: &fields,
            widths: &widths,
        });
        begun.map_err(|source| ExportError::Gdal {
            format: FORMAT,
            source,
        })?;
        self.layer = Some(Layer {
            file,
            head: layer.clone(),
            short_names,
        });
        Ok(())
    }

    fn write_rows(&mut self, rows: &FacilityRows) -> Result<(), ExportError> {
        let Some(layer) = &mut self.layer else {
            return Ok(());
        };
        let rows_of_gdal = VectorRows {
            count: rows.num_rows(),
            columns: &cells(rows, &layer.head),
            longest_text: Some(LONGEST_TEXT),
        };
        let shapes = rows.geometry();
        let written = layer.file.write_rows(&rows_of_gdal, &|row| wkb(shapes, row));
        self.cut += written.map_err(|source| ExportError::Gdal {
            format: FORMAT,
            source,
        })?;
        Ok(())
    }

    fn end_layer(&mut self, _style: Option<&str>) -> Result<(), ExportError> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<String>, ExportError> {
        let Some(layer) = self.layer.take() else {
            return Ok(vec![]);
        };
        layer.file.close().map_err(|source| ExportError::Gdal {
            format: FORMAT,
            source,
        })?;
        let mut notes = notes(&layer.head, &layer.short_names, self.cut);
        notes.extend(self.note_of_length(&layer.head.id));
        let told = text(&layer.head, &layer.short_names, &notes);
        self.pack(&layer.head.id, &told)
            .map_err(ExportError::writing(FORMAT))?;
        Ok(notes)
    }
}

/// What the format couldn't hold.
fn notes(head: &LayerHead, short_names: &[String], cut: u64) -> Vec<String> {
    let renamed = head
        .fields
        .iter()
        .zip(short_names)
        .filter(|((name, _), short)| name != *short)
        .count();
    let mut notes = Vec::new();
    if renamed > 0 {
        notes.push(format!(
            "{renamed} columns have names of ten characters: {}.txt in the zip says which is which",
            head.id
        ));
    }
    if cut > 0 {
        notes.push(format!("{cut} texts were cut at {LONGEST_TEXT} bytes"));
    }
    notes
}

fn text(head: &LayerHead, short_names: &[String], notes: &[String]) -> String {
    let mut text = format!("{}: what a Shapefile can't hold as the release does\n\n", head.id);
    for note in notes {
        let _ = writeln!(text, "- {note}");
    }
    text.push_str(
        "- yes and no are 1 and 0; lists are texts with `;` between\n\
         - text without a value and empty text are the same; numbers and days without one are null\n\
         - whole numbers beyond 18 digits and fractions beyond 15 are rounded by who reads them\n\n\
         column here  column of the release\n",
    );
    for ((name, _), short) in head.fields.iter().zip(short_names) {
        let _ = writeln!(text, "{short:11}  {name}");
    }
    text
}
