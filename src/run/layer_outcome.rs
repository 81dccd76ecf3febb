//! What has become of a layer in the release to be: made, linked, carried or absent.

use arrow_schema::SchemaRef;

use crate::engine::rows::LocalRows;
use crate::feature::{ExportFormat, FileRecord, LayerReport, TileRecord};
use crate::page::RejectSample;

/// A layer in the release to be.
pub(super) struct LayerOutcome {
    pub(super) report: LayerReport,
    pub(super) tiles: Vec<TileRecord>,
    /// Its rows in further regions, a tile each.
    pub(super) crossing: Vec<TileRecord>,
    /// Columns of its tiles; none where it has no tile.
    pub(super) schema: Option<SchemaRef>,
    /// The file of all its rows, where the pipeline wants one.
    pub(super) national: Option<FileRecord>,
    /// Its files in formats of other tools.
    pub(super) formats: Vec<(ExportFormat, FileRecord)>,
    /// What differs from the release before, where it could be compared.
    pub(super) changes: Option<FileRecord>,
    /// Its first rejects, where this run found them.
    pub(super) rejects: Option<Vec<RejectSample>>,
    /// Its rows, where this run made them and something else is to be made of them.
    pub(super) rows: Option<LocalRows>,
}

impl LayerOutcome {
    /// A layer with its tiles alone: neither are its rows at hand, nor is anything made of them yet.
    pub(super) fn of_tiles(report: LayerReport, tiles: Vec<TileRecord>, schema: Option<SchemaRef>) -> Self {
        Self {
            report,
            tiles,
            crossing: vec![],
            schema,
            national: None,
            formats: vec![],
            changes: None,
            rejects: None,
            rows: None,
        }
    }
}
