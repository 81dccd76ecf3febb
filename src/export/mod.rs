//! Rows of a release in the formats of other tools: GeoPackage, FlatGeobuf, GeoJSON, CSV, zipped Shapefile; and of answers to
//! questions: JSON, GeoJSON lines, GeoParquet.
//!
//! One file per format, behind one trait ([`formats::LayerWriter`]). Rows come from `select` some thousand at a time and go
//! on as they come; the same rows give the same bytes. May use: `select`, `geoparquet`, `feature`, `store` (where files are made), `source`
//! (what GDAL writes). Gives no file its name, reads no clock, no network, no environment.

mod csv_text;
mod error;
pub mod formats;
mod geojson_text;
mod json_text;
mod parquet_file;
mod rows_format;
mod shapefile;
mod short_names;
mod sink;
mod style;
mod vector_file;
mod work;
mod writers;

pub use error::ExportError;
pub use rows_format::RowsFormat;
pub use sink::Sink;
pub use work::{Export, Exported, ExportedLayer, LayerToExport, export, made_at};
pub use writers::rows_writer;
