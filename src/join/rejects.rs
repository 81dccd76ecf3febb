//! Rows that can't be placed, as a table of text: source, row, field, value, reason.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csv::{Terminator, Writer, WriterBuilder};

use super::error::JoinError;
use super::target::NewFile;
use crate::feature::{Defect, Origin, Reject};

/// The file of rejects in the making.
pub struct RejectsFile {
    file: NewFile,
    out: Writer<BufWriter<File>>,
}

impl RejectsFile {
    /// Begins the file with its header; `is_forced` replaces one that is there.
    ///
    /// # Errors
    /// Where the name is taken, or nothing can be written.
    pub fn begin(path: &Path, is_forced: bool) -> Result<Self, JoinError> {
        let file = NewFile::begin(path, is_forced)?;
        let mut out = WriterBuilder::new()
            .terminator(Terminator::Any(b'\n'))
            .from_writer(BufWriter::new(file.create_file()?));
        out.write_record(["source", "row", "field", "value", "reason"])
            .map_err(|error| write_error(path, error))?;
        Ok(Self { file, out })
    }

    /// Adds rows.
    pub(super) fn write_rows(&mut self, rejects: &[Reject]) -> Result<(), JoinError> {
        for reject in rejects {
            let row = reject.origin.row.to_string();
            let record = [
                &*reject.origin.source,
                &row,
                &reject.field,
                &reject.value,
                reject.reason.code(),
            ];
            self.out
                .write_record(record)
                .map_err(|error| write_error(self.file.path(), error))?;
        }
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn commit(self) -> Result<(), JoinError> {
        let Self { file, mut out } = self;
        out.flush().map_err(|source| JoinError::Write {
            path: file.path().to_owned(),
            source,
        })?;
        drop(out);
        file.commit()
    }
}

/// Defects of a batch as rejects; `row_of` gives the row in the file.
pub(super) fn rejects_of(
    source: &Arc<str>,
    defects: &[Defect],
    row_of: impl Fn(usize) -> u64,
) -> Vec<Reject> {
    let rejects = defects.iter().map(|defect| Reject {
        origin: Origin {
            source: Arc::clone(source),
            row: row_of(defect.index),
        },
        field: defect.field.clone(),
        value: defect.value.clone(),
        reason: defect.reason,
    });
    rejects.collect()
}

fn write_error(path: &Path, error: csv::Error) -> JoinError {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => io::Error::other(format!("{other:?}")),
    };
    JoinError::Write {
        path: PathBuf::from(path),
        source,
    }
}
