//! What is wanted of a draft.

use std::path::PathBuf;

/// What to draft from.
#[derive(Debug, Clone)]
pub struct Request {
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
