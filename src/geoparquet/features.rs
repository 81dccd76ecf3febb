//! Writes tiles row group by row group: GeoParquet 1.1, the `compat` profile.
//!
//! Writes into what it is handed; creates no file and reads no clock. How columns are encoded, `writer` says.

use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use geo::Rect;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::writer::{append_entries, arrow_writer, base_properties, with_spatial_encodings};
use super::{FooterEntry, GeoparquetError, WriteOptions, geo_metadata};

/// Rows with a `geometry` column (WKB in OGC:CRS84) and a `bbox` struct, and what the footer says of them.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    /// What is written, for messages.
    pub what: &'a str,
    /// The rows.
    pub rows: &'a RecordBatch,
    /// Row-group lengths; they add up to the rows.
    pub row_groups: &'a [usize],
    /// Exact extent, degrees; none where there is no row.
    pub extent: Option<Rect<f64>>,
    /// Geometry types present.
    pub geometry_types: &'a [String],
    /// Further keys of the footer, such as `stac-geoparquet`.
    pub footer: &'a [FooterEntry],
}

/// Writes rows with geometry that are all in memory, such as an index of items. Returns the rows written.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, BinaryArray, RecordBatch};
/// use cikr::geoparquet::{Features, WriteOptions, read_footer, write_features};
///
/// // A point at 31° N, 98° W: byte order, type, longitude, latitude.
/// let wkb = [&[1, 1, 0, 0, 0][..], &(-98.0_f64).to_le_bytes(), &31.0_f64.to_le_bytes()].concat();
/// let geometry: ArrayRef = Arc::new(BinaryArray::from_vec(vec![&wkb]));
/// let features = Features {
///     what: "part-000.parquet",
///     rows: &RecordBatch::try_from_iter([("geometry", geometry)])?,
///     row_groups: &[1],
///     extent: None,
///     geometry_types: &["Point".to_owned()],
///     footer: &[],
/// };
/// let mut file = tempfile::NamedTempFile::new()?;
/// assert_eq!(write_features(&features, &WriteOptions::default(), &mut file)?, 1);
/// assert_eq!(read_footer(file.path())?.geo.map(|geo| geo.version), Some("1.1.0".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the row groups don't add up, or encoding or `out` fails.
pub fn write_features<W: Write + Send>(
    features: &Features<'_>,
    options: &WriteOptions,
    out: W,
) -> Result<u64, GeoparquetError> {
    let grouped: usize = features.row_groups.iter().sum();
    let rows = features.rows.num_rows();
    if grouped != rows {
        return Err(GeoparquetError::RowGroups {
            what: features.what.to_owned(),
            grouped,
            rows,
        });
    }
    let mut writer = FeatureWriter::new(features.what, features.rows.schema(), options, out);
    let mut start = 0;
    for length in features.row_groups {
        writer.write_row_group(&features.rows.slice(start, *length))?;
        start += length;
    }
    writer.close(features.extent, features.geometry_types, features.footer)
}

/// Writes a compat file row group by row group: GeoParquet 1.1, plain WKB, a FLOAT covering, page index, zstd, no
/// `ARROW:schema` key.
pub struct FeatureWriter<W: Write + Send> {
    state: State<W>,
    what: String,
    rows: u64,
}

/// What the encodings of columns follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encodings {
    /// Rows with a geometry and its covering: tiles, national files, tables of products with outlines.
    Spatial,
    /// A plain table.
    Plain,
}

/// How columns are encoded is settled by the first rows.
///
/// Parquet fixes the properties of a file when its writer is made, so that one can't be made before there are rows to
/// judge by (`repeats`). A file without rows gets its writer at the end.
enum State<W: Write + Send> {
    Waiting {
        out: W,
        schema: SchemaRef,
        options: WriteOptions,
        encodings: Encodings,
    },
    Writing(Box<ArrowWriter<W>>),
    /// It couldn't be begun.
    Failed,
}

impl<W: Write + Send> State<W> {
    /// The writer, begun by these rows if it isn't yet.
    fn begin_with(&mut self, first: &RecordBatch) -> Result<&mut ArrowWriter<W>, ParquetError> {
        // The guard comes first: replacing the state of a writer at work would throw that writer away.
        if let Self::Waiting { .. } = self
            && let Self::Waiting {
                out,
                schema,
                options,
                encodings,
            } = std::mem::replace(self, Self::Failed)
        {
            let base = base_properties(&options)?;
            let builder = match encodings {
                Encodings::Spatial => with_spatial_encodings(base, first),
                Encodings::Plain => base,
            };
            *self = Self::Writing(Box::new(arrow_writer(builder.build(), schema, out)?));
        }
        match self {
            Self::Writing(writer) => Ok(writer),
            Self::Waiting { .. } | Self::Failed => {
                Err(ParquetError::General("it has failed before".to_owned()))
            }
        }
    }
}

impl<W: Write + Send> FeatureWriter<W> {
    /// Of a file of these columns; `what` names it in messages. Text columns may come as dictionaries.
    pub fn new(what: &str, schema: SchemaRef, options: &WriteOptions, out: W) -> Self {
        Self::with_encodings(what, schema, options, Encodings::Spatial, out)
    }

    /// Of a file of any columns, such as one that is made again as it was.
    pub fn with_encodings(
        what: &str,
        schema: SchemaRef,
        options: &WriteOptions,
        encodings: Encodings,
        out: W,
    ) -> Self {
        let state = State::Waiting {
            out,
            schema,
            options: *options,
            encodings,
        };
        Self {
            state,
            what: what.to_owned(),
            rows: 0,
        }
    }

    /// Writes the next row group.
    ///
    /// # Errors
    /// If encoding or the file fails.
    pub fn write_row_group(&mut self, rows: &RecordBatch) -> Result<(), GeoparquetError> {
        self.rows += rows.num_rows() as u64;
        let writer = self.state.begin_with(rows);
        // The flush ends the row group: it is a run of the leaves of the packed R-tree, and no other rows may join it.
        let written = writer.and_then(|writer| writer.write(rows).and_then(|()| writer.flush()));
        written.map_err(|source| GeoparquetError::write_error(&self.what, source))
    }

    /// Ends the file with what its footer says of the rows. Returns the rows written.
    ///
    /// # Errors
    /// If the file fails.
    pub fn close(
        self,
        extent: Option<Rect<f64>>,
        geometry_types: &[String],
        footer: &[FooterEntry],
    ) -> Result<u64, GeoparquetError> {
        let geo = serde_json::to_string(&geo_metadata(geometry_types, extent)).map_err(|source| {
            GeoparquetError::write_error(&self.what, ParquetError::External(Box::new(source)))
        })?;
        let mut entries = vec![("geo".to_owned(), geo)];
        entries.extend_from_slice(footer);
        self.close_with(&entries)
    }

    /// Ends the file with these keys in its footer, and no others. Returns the rows written.
    ///
    /// # Errors
    /// If the file fails.
    pub fn close_with(mut self, footer: &[FooterEntry]) -> Result<u64, GeoparquetError> {
        let nothing = RecordBatch::new_empty(Arc::new(Schema::empty()));
        let closed = self.state.begin_with(&nothing).and_then(|writer| {
            append_entries(writer, footer);
            writer.finish()
        });
        match closed {
            Ok(_) => Ok(self.rows),
            Err(source) => Err(GeoparquetError::write_error(&self.what, source)),
        }
    }
}
