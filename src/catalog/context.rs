//! What a release is described from.
//!
//! Pure.

use arrow_schema::SchemaRef;

use super::citation::Citation;
use super::collection::Collection;
use crate::feature::{ProductDoc, RunReport, TableDoc};
use crate::plan::Plan;

/// What a release holds, as its descriptions tell it.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// Its collections.
    pub collections: &'a [Collection<'a>],
    /// The products that it was asked for.
    pub products: &'a [ProductDoc],
    /// Its tables, but for tiles, national files and lists of items.
    pub tables: &'a [TableFile],
    /// Digest of its data, by which it is cited.
    pub data_sha256: &'a str,
}

/// A table of the release as it stands.
#[derive(Debug, Clone)]
pub struct TableFile {
    /// Path within the release, with `/`.
    pub path: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Its columns.
    pub schema: SchemaRef,
    /// What it and they mean; none for a table of an earlier version.
    pub doc: Option<TableDoc>,
}

/// What every description of a release refers to.
pub(super) struct ReleaseContext<'a> {
    pub(super) plan: &'a Plan,
    pub(super) report: &'a RunReport,
    pub(super) citation: Citation,
}
