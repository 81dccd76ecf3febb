//! Reference tables for the subcommands that have no pipeline to name them.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::plan::{self, Reference};

/// Where the tables stand in a repository of schemas.
pub(super) const REFERENCE: &str = "schemas/reference";

/// The folder that was named, else the usual one below the first of `roots` that has it.
pub(super) fn usual_folder(named: Option<&Path>, roots: &[&Path]) -> Option<PathBuf> {
    let mut usual = roots.iter().map(|root| root.join(REFERENCE));
    named
        .map(Path::to_owned)
        .or_else(|| usual.find(|folder| folder.is_dir()))
}

/// The tables in `folder`; none without one.
pub(super) fn load_tables(folder: Option<&Path>) -> Result<Reference, Error> {
    let Some(folder) = folder else {
        return Ok(Reference::default());
    };
    plan::reference_tables(folder).map_err(|diagnostics| Error::Config { diagnostics })
}
