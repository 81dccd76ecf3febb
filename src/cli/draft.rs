//! `cikr draft`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Output;
use crate::draft::{self, Wanted};
use crate::error::{Error, exit};
use crate::plan::{self, Reference};

/// Where the reference tables stand in a repository of schemas.
const REFERENCE: &str = "schemas/reference";

/// Print a first schema for a file, to be edited.
#[derive(Debug, Args)]
pub(super) struct Draft {
    /// CSV, GeoJSON, Shapefile, FileGDB or GeoPackage, plain or zipped
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Table within the file [default: the first with geometries]
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// Rows to look at
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// Folder of reference tables [default: schemas/reference, if there]
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
}

impl Draft {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let wanted = Wanted { path: self.file.clone(), table: self.layer.clone(), rows: self.rows };
        let schema = draft::draft(&wanted, &self.tables()?)?;
        out.print(&json!({ "schema": schema }), || schema.clone())?;
        Ok(exit::OK)
    }

    /// The tables that were named, else those at the usual place, else none.
    fn tables(&self) -> Result<Reference, Error> {
        let usual = PathBuf::from(REFERENCE);
        match &self.reference {
            None if !usual.is_dir() => Ok(Reference::default()),
            folder => plan::reference_tables(folder.as_ref().unwrap_or(&usual))
                .map_err(|diagnostics| Error::Spec { diagnostics }),
        }
    }
}
