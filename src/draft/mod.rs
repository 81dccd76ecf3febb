//! A first schema from a file: what a person would otherwise type from the header line.
//!
//! Reads through `source` and writes nothing; everything it says is a proposal to edit, marked so
//! where it is a guess. A CRS is never guessed: where the file is silent, the draft asks.

mod column;
mod dates;
mod geometry;
mod key;
mod kind;
mod layer;
mod names;
mod sector;
mod sentinel;
mod survey;
mod toml_text;
mod write;

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::plan::Reference;

/// What to draft from.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// File or folder, as a pipeline would name it.
    pub path: PathBuf,
    /// Table within the file; the first with geometries where none is named.
    pub table: Option<String>,
    /// Rows to look at.
    pub rows: u64,
}

/// The text of a schema for a file, with the lines of a pipeline that would read it as comments on top.
///
/// States are recognised by the spellings that `reference` has, and the sector guessed from its
/// NAICS rules; an empty reference leaves both to names.
///
/// # Errors
/// When the file can't be opened or read, or has no such table.
pub fn draft(wanted: &Wanted, reference: &Reference) -> Result<String, Error> {
    let survey = survey::survey(wanted, reference).map_err(|source| describe(&wanted.path, source))?;
    Ok(write::schema(&survey, reference))
}

fn describe(path: &Path, source: crate::source::SourceError) -> Error {
    Error::Describe { path: path.to_owned(), source }
}
