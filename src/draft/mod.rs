//! A first schema from a file: what a person would otherwise type from the header line.
//!
//! Reads through `source` and writes nothing; everything it says is a proposal to edit, marked so
//! where it is a guess. A CRS is never guessed: where the file is silent, the draft asks.

mod claims;
mod codes;
mod column;
mod crs;
mod dates;
mod distinct;
mod field;
mod geometry;
mod identity;
mod key;
mod kind;
mod layer;
mod names;
mod parts;
mod pipeline;
mod places;
mod proof;
mod rejected;
mod rejects;
mod sector;
mod sentinel;
mod several;
mod survey;
mod toml_text;
mod whose;
mod words;
mod write;

use std::path::{Path, PathBuf};

use claims::Claims;
use kind::Kind;

use crate::error::Error;
use crate::plan::Reference;

/// What to draft from.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// File or folder to read.
    pub path: PathBuf,
    /// The same as the pipeline is to name it.
    pub shown: String,
    /// Table within the file; the first with geometries where none is named.
    pub table: Option<String>,
    /// Rows to look at; all where no number is given.
    pub rows: Option<u64>,
    /// Id of the layer; made of the table's or the file's name where none is given.
    pub id: Option<String>,
    /// Agency that owns the rows, where somebody says.
    pub agency: Option<String>,
    /// Their licence, where somebody says.
    pub licence: Option<String>,
    /// Whether the pipeline is saved too; otherwise its lines stand as comments on top of the schema.
    pub is_saved: bool,
}

/// A schema and the pipeline that would run it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Id of the layer, the schema and the pipeline.
    pub id: String,
    /// Text of the schema.
    pub schema: String,
    /// Text of the pipeline: it names the schema by its id, and a store two folders up.
    pub pipeline: String,
    /// Rows looked at.
    pub rows: u64,
    /// Fields of the key.
    pub key: Vec<String>,
    /// Rows that a run would reject: unreadable, without a position, or without a key of their own.
    pub lost: u64,
    /// CRS of the coordinates; none where it must be asked for.
    pub crs: Option<String>,
    /// Sector; none where nothing tells.
    pub sector: Option<String>,
    /// Other tables of the file with geometries.
    pub others: Vec<String>,
    /// Columns of the source that hold no geometry, in its order.
    pub columns: Vec<String>,
    /// Lines that want a decision before a run is possible, `EDIT` in the place of a value.
    pub questions: Vec<String>,
}

/// The draft of a schema for a file.
///
/// States are recognised by the spellings that `reference` has, and the sector guessed from its
/// NAICS rules; an empty reference leaves both to names. `folder` is what the pipeline calls the
/// reference tables, where they stand elsewhere than beside the schemas.
///
/// # Errors
/// When the file can't be opened or read, or has no such table.
pub fn draft(wanted: &Wanted, reference: &Reference, folder: Option<&str>) -> Result<Draft, Error> {
    let inner = survey::landable(&wanted.path, wanted.table.as_deref());
    let name = inner.as_deref().and_then(Path::file_name);
    let wanted = &match (&inner, name) {
        (Some(path), Some(name)) => Wanted {
            path: path.clone(),
            shown: Path::new(&wanted.shown).join(name).display().to_string(),
            // What was the name of the file among others is no table within it.
            table: None,
            ..wanted.clone()
        },
        _ => wanted.clone(),
    };
    let describe = |source| Error::Describe {
        path: wanted.path.clone(),
        source,
    };
    let mut survey = survey::survey(wanted, reference).map_err(describe)?;
    let kinds: Vec<Kind> = survey.columns.iter().map(kind::infer).collect();
    let key = key::choose(&survey, &kinds, wanted).map_err(describe)?;
    if survey.has_coordinates && key.is_some() {
        let mut claims = Claims::new(&survey, &kinds, &reference.states);
        let fields = field::of(&survey, &kinds, key.as_ref());
        let of_key = field::of_key(&fields, key.as_ref());
        let rejected = rejected::count(&survey, wanted, &of_key, &reference.states, &mut claims);
        let outside = claims.question();
        survey.rejected = rejected.map_err(describe)?;
        survey.outside = outside;
    }
    let fields = field::of(&survey, &kinds, key.as_ref());
    Ok(write::draft(
        wanted,
        &survey,
        &fields,
        key.as_ref(),
        reference,
        folder,
    ))
}
