//! Where products write: tables go into the release to be, and what each of them is, is remembered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow_schema::SchemaRef;

use super::context::Context;
use super::tile::{write_feature_table, write_pieces, write_table};
use super::tile_error::TileError;
use crate::derive::product::{BoxError, Fill, TableStore};
use crate::derive::{DeriveError, FeatureTable, Table};
use crate::error::Error;
use crate::feature::FileRecord;
use crate::store::StoreError;

/// Takes the tables of products.
pub(super) struct ProductFiles<'a> {
    context: &'a Context<'a>,
    files: Mutex<BTreeMap<PathBuf, FileRecord>>,
}

impl<'a> ProductFiles<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            files: Mutex::default(),
        }
    }

    /// What was written, by its path in the release.
    pub(super) fn into_files(self) -> BTreeMap<PathBuf, FileRecord> {
        self.files.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_file(&self, file: FileRecord) {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(file.path.clone(), file);
    }
}

impl TableStore for ProductFiles<'_> {
    fn write_table(&self, table: &Table) -> Result<(), BoxError> {
        self.note_file(write_table(self.context, &table.path, &table.rows)?);
        Ok(())
    }

    fn write_pieces(&self, path: &Path, schema: SchemaRef, fill: &mut Fill<'_>) -> Result<(), BoxError> {
        let written = write_pieces(self.context, path, schema, |emit| {
            fill(emit).map_err(|source| TileError::from_parquet(path, source))
        })?;
        self.note_file(written);
        Ok(())
    }

    fn write_features(&self, table: &FeatureTable) -> Result<(), BoxError> {
        self.note_file(write_feature_table(self.context, table)?);
        Ok(())
    }
}

/// A store that can't take a table is the store's failure.
pub(super) fn derive_error(error: DeriveError) -> Error {
    // `derive` knows no store. What its tables and its scratch files fail with passes through it in a box;
    // this file has put it in, and is the one that takes it out.
    match error {
        DeriveError::Write { path, source } => match source.downcast::<TileError>() {
            Ok(error) => Error::from(*error),
            Err(source) => Error::Derive {
                source: DeriveError::Write { path, source },
            },
        },
        DeriveError::Scratch { source } => match source.downcast::<StoreError>() {
            Ok(source) => Error::Store { source },
            Err(source) => Error::Derive {
                source: DeriveError::Scratch { source },
            },
        },
        source => Error::Derive { source },
    }
}
