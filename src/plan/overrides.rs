//! What the command line says about a run, over what the pipeline says.

use std::path::PathBuf;

use super::products::ProductName;
use super::variables::Variables;

/// What the command line says about a run, over what the pipeline says.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Store folder, relative to the working directory.
    pub store: Option<PathBuf>,
    /// Layers to run; empty for all.
    pub layers: Vec<String>,
    /// Rows to read per layer.
    pub rows: Option<u64>,
    /// Products there are to choose from.
    pub products: Vec<ProductName>,
    /// The environment, for `${NAME}` in a source's path: values are used, names are shown.
    pub variables: Variables,
}
