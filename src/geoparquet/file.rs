//! Opens the files that are read.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use parquet::arrow::arrow_reader::ArrowReaderOptions;

use super::GeoparquetError;

/// How files are decoded: by their own columns. No schema of Arrow's stands in what we write, and in what others say is a release it
/// is not to be trusted.
pub(super) fn reader_options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

/// Opens a file, and nothing but a file.
pub(super) fn open_regular_file(path: &Path) -> Result<File, GeoparquetError> {
    // Before it is opened: a pipe would wait for somebody to write.
    let found = fs::metadata(path).and_then(|found| {
        if found.is_file() {
            File::open(path)
        } else {
            Err(io::Error::other("not a regular file"))
        }
    });
    found.map_err(|source| GeoparquetError::Open {
        path: path.to_owned(),
        source,
    })
}
