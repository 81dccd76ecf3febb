//! The plan as a whole: what a run of one pipeline will do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::expected::Expectations;
use super::jurisdiction::JurisdictionPlan;
use super::layer::LayerPlan;
use super::limits::Limits;
use super::output::Output;
use super::reference::Reference;
use super::source::SourcePlan;
use super::variables::Secret;
use crate::feature::ExportFormat;

/// Everything a run needs to know.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Pipeline id.
    pub id: String,
    /// Title for the catalog.
    pub title: String,
    /// Description for the catalog.
    pub description: String,
    /// Store folder, absolute or relative to the working directory.
    pub store: PathBuf,
    /// Releases kept in which something has changed; older ones are removed after a publish.
    pub keep: usize,
    /// Days for which releases are kept beside those.
    pub keep_days: Option<u32>,
    /// Bounds on what comes from outside.
    pub limits: Limits,
    /// Memory for a run, bytes; none where nobody says.
    pub memory_bytes: Option<u64>,
    /// Seconds in which a source behind a server has to be there.
    pub fetch_s: u64,
    /// How tiles are cut and written.
    pub output: Output,
    /// Names of the products to be made.
    pub products: Vec<String>,
    /// Formats of other tools by layer, of those that stand in any: no part of a layer, of which they change nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub formats: BTreeMap<String, Vec<ExportFormat>>,
    /// Sectors, states, regions, NAICS rules, lifelines.
    #[serde(skip)]
    pub reference: Arc<Reference>,
    /// Polygon sets to join, in pipeline order.
    pub jurisdictions: Vec<JurisdictionPlan>,
    /// Layers, in pipeline order.
    pub layers: Vec<LayerPlan>,
    /// What a reviewer expects to find; none where the pipeline names no such file.
    pub expected: Option<Expectations>,
}

impl Plan {
    /// Values of the environment that servers are asked with, and what stands for them.
    pub fn secrets(&self) -> Vec<(&Secret, String)> {
        let sets = self.jurisdictions.iter().map(|set| &set.source);
        sets.chain(self.layers.iter().map(|layer| &layer.source))
            .flat_map(SourcePlan::secrets)
            .collect()
    }

    /// Whether a product is to be made.
    ///
    /// ```
    /// use cikr::plan::{Overrides, ProductName, load};
    ///
    /// let inventory = ProductName {
    ///     name: "inventory",
    ///     is_default: true,
    /// };
    /// let overrides = Overrides {
    ///     products: vec![inventory],
    ///     ..Overrides::default()
    /// };
    /// let (plan, _) = load("pipelines/demo.toml".as_ref(), &overrides).unwrap();
    /// assert!(plan.makes_product("inventory") && !plan.makes_product("ages"));
    /// ```
    pub fn makes_product(&self, product: &str) -> bool {
        self.products.iter().any(|wanted| wanted == product)
    }
}
