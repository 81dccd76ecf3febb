//! `schemas/include/<name>.toml` as written: fields that many schemas share.
//!
//! LEAF. Knows one block; what becomes of its fields in a schema is `plan`'s.

use std::path::Path;

use super::diagnostic::Diagnostic;
use super::pipeline::LARGEST;
use super::schema::{FieldConfig, read_field};
use super::shape::Shape;
use super::table::{self, Table};
use super::text::{Spanned, TextFile};

/// A block file.
#[derive(Debug, Clone)]
pub struct BlockConfig {
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// `[[field]]`, each with its header's place.
    pub fields: Vec<Spanned<FieldConfig>>,
}

impl BlockConfig {
    /// Reads a block file as far as possible; none if there is no text to read.
    pub fn read(path: &Path, found: &mut Vec<Diagnostic>) -> Option<Self> {
        let file = TextFile::open(path, LARGEST)
            .map_err(|diagnostic| found.push(diagnostic))
            .ok()?;
        Some(table::read_document(&file, "the block", found, read_block))
    }

    /// What a block file may hold.
    pub fn shape() -> Shape {
        table::shape_of(read_block)
    }
}

fn read_block(table: &mut Table<'_>) -> BlockConfig {
    BlockConfig {
        description: table.required_text("description"),
        fields: table.required_tables("field", read_field),
    }
}
