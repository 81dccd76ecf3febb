//! The writer of a format that is asked for.

use std::io;

use arrow_schema::SchemaRef;
use chrono::{DateTime, Utc};

use super::csv_text::CsvText;
use super::formats::LayerWriter;
use super::geojson_text::GeojsonText;
use super::json_text::JsonText;
use super::parquet_file::ParquetFile;
use super::shapefile::Shapefile;
use super::vector_file::ThroughGdal;
use super::{ExportError, RowsFormat, Sink};
use crate::feature::ExportFormat;

/// A writer of a format. `made` is the time that files tell of themselves.
///
/// # Errors
/// When the file can't be made.
pub(super) fn writer_of<'a>(
    format: ExportFormat,
    sink: Sink<'a>,
    made: DateTime<Utc>,
) -> Result<Box<dyn LayerWriter + 'a>, ExportError> {
    Ok(match format {
        ExportFormat::Csv => Box::new(CsvText::new(sink.into_writer()?)),
        ExportFormat::Geojson => Box::new(GeojsonText::new(sink.into_writer()?)),
        ExportFormat::Geopackage | ExportFormat::Flatgeobuf => {
            Box::new(ThroughGdal::begin(format, &sink, made)?)
        }
        ExportFormat::Shapefile => Box::new(Shapefile::begin(&sink, made)?),
    })
}

/// A writer of the rows of an answer: of these columns, of a release of this id. Parquet goes to a file alone.
///
/// # Errors
/// When the file can't be made, or a stream is to be one.
pub fn rows_writer<'a>(
    format: RowsFormat,
    sink: Sink<'a>,
    schema: &SchemaRef,
    release: &str,
) -> Result<Box<dyn LayerWriter + 'a>, ExportError> {
    Ok(match format {
        RowsFormat::Json => Box::new(JsonText::new(sink.into_writer()?, release)),
        RowsFormat::Geojson => Box::new(GeojsonText::new(sink.into_writer()?)),
        RowsFormat::Geojsonl => Box::new(GeojsonText::lines(sink.into_writer()?)),
        RowsFormat::Csv => Box::new(CsvText::new(sink.into_writer()?)),
        RowsFormat::Parquet => match sink.into_file()? {
            Some(file) => Box::new(ParquetFile::new(file, SchemaRef::clone(schema))),
            None => {
                return Err(ExportError::Rows {
                    what: "GeoParquet",
                    source: io::Error::other("it goes to a file, not to a stream"),
                });
            }
        },
    })
}
