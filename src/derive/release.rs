//! The release to be, as products are shown it.
//!
//! Values that `run` puts together; touches no file.

use std::path::{Path, PathBuf};

use super::rows::Rows;
use crate::feature::{Jurisdiction, LayerReport, RunReport, TileRecord};
use crate::plan::{LayerPlan, Plan};

/// The release to be, as far as it is written: every layer's tiles, this run's or carried.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// Layers in pipeline order, absent ones included.
    pub layers: &'a [LayerTables<'a>],
    /// Reports of the releases the store still keeps, oldest first; this run's is not among them.
    pub history: &'a [RunReport],
    /// Folders of these releases, in the same order.
    pub history_folders: &'a [PathBuf],
    /// The jurisdictions of each polygon set, in pipeline order; empty where nothing is located, since all is linked.
    pub jurisdictions: &'a [Vec<Jurisdiction>],
}

/// A layer in the release to be.
#[derive(Debug, Clone)]
pub struct LayerTables<'a> {
    /// Its plan.
    pub plan: &'a LayerPlan,
    /// What became of it.
    pub report: &'a LayerReport,
    /// Its tiles below `data/`; empty where the layer is absent.
    pub tiles: &'a [TileRecord],
    /// The layer in the last release; none where that has no rows of it.
    pub before: Option<Before<'a>>,
    /// Its rows, where this run made them.
    pub rows: Option<&'a dyn Rows>,
}

/// A layer in the release before.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// Id of the release.
    pub release: &'a str,
    /// Its folder.
    pub folder: &'a Path,
    /// What became of the layer then.
    pub report: &'a LayerReport,
    /// Its tiles and their digests; none where the manifest can't be read.
    pub tiles: Option<&'a [(PathBuf, String)]>,
    /// Whether one of those that would be compared is not what was published.
    pub is_damaged: bool,
}
