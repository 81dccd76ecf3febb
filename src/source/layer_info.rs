//! What the header of a layer says, before its features are read.

use super::stated_crs::StatedCrs;

/// A layer of a dataset, as its header describes it.
#[derive(Debug, Clone)]
pub(super) struct LayerInfo {
    /// Name in the dataset.
    pub(super) name: String,
    /// Type of its geometries; `None` for a plain table.
    pub(super) geometry: Option<String>,
    /// What the dataset says about its CRS.
    pub(super) stated: StatedCrs,
    /// Number of features, deleted ones perhaps counted in.
    pub(super) features: u64,
    /// Columns with their declared types.
    pub(super) columns: Vec<(String, String)>,
    /// Whether it is a view: a question to the database, whose rows nobody has counted.
    pub(super) is_view: bool,
}
