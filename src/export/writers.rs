//! The writer of a format that is asked for.

use chrono::{DateTime, Utc};

use super::csv_text::CsvText;
use super::formats::LayerWriter;
use super::geojson_text::GeojsonText;
use super::shapefile::Shapefile;
use super::vector_file::ThroughGdal;
use super::{ExportError, Sink};
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
