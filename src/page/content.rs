//! What the page is made of, and what its sections ask of that.
//!
//! Pure values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cells::Cells;
use super::reject_sample::RejectSample;
use crate::catalog::Collection;
use crate::feature::release::product_names;
use crate::feature::{LayerId, LayerReport, Outline, ProductDoc, ReleaseCounts, RunReport};
use crate::plan::{LayerPlan, Plan};

/// What the page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// What became of it.
    pub report: &'a RunReport,
    /// Report of the release before; none for the first.
    pub last: Option<&'a RunReport>,
    /// Reports of the releases the store still keeps, oldest first; this run's is not among them.
    pub history: &'a [RunReport],
    /// Counts of every release that is remembered, oldest first; this run's are not among them.
    pub counts: &'a [ReleaseCounts],
    /// The inventory, counted.
    pub facilities: &'a Facilities,
    /// States' outlines; empty where the pipeline joins none.
    pub outlines: &'a [Outline],
    /// First rows of each layer's rejects, by layer id.
    pub rejects: &'a BTreeMap<LayerId, Vec<RejectSample>>,
    /// Collections of the release, for the query shown.
    pub collections: &'a [Collection<'a>],
    /// Products asked for.
    pub products: &'a [ProductDoc],
}

/// The inventory's facilities, counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Facilities {
    /// By small cell of the globe.
    pub cells: Cells,
    /// By region, then by sector; `unassigned` and an empty sector where there is none.
    pub by_region: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Facilities {
    /// These and others together.
    ///
    /// ```
    /// use cikr::page::Facilities;
    ///
    /// let mut texas = Facilities::default();
    /// texas.by_region.entry("R06".to_owned()).or_default().insert("DAMS".to_owned(), 2);
    /// let both = texas.clone().merged_with(texas);
    /// assert_eq!(both.by_region["R06"]["DAMS"], 4);
    /// ```
    #[must_use]
    pub fn merged_with(mut self, more: Self) -> Self {
        self.cells.add_cells(more.cells);
        for (region, sectors) in more.by_region {
            let all = self.by_region.entry(region).or_default();
            for (sector, n) in sectors {
                *all.entry(sector).or_default() += n;
            }
        }
        self
    }
}

/// A layer in all that is known of it.
pub(super) struct Layer<'a> {
    pub(super) plan: Option<&'a LayerPlan>,
    pub(super) state: &'a LayerReport,
    /// As the release before has it.
    pub(super) before: Option<&'a LayerReport>,
    /// Rows per release, oldest first, this one last.
    pub(super) trail: Vec<Option<u64>>,
}

impl<'a> Page<'a> {
    /// The release's map for browsers; none where it has none, as after a build without its bundle.
    pub(super) fn map_page(&self) -> Option<&'a str> {
        let told = self.report.product(product_names::MAP)?;
        told.get("page")?.get("file")?.as_str()
    }

    pub(super) fn known_layers(&self) -> Vec<Layer<'a>> {
        let states = self.report.layers.iter();
        states.map(|state| self.known_layer(state)).collect()
    }

    fn known_layer(&self, state: &'a LayerReport) -> Layer<'a> {
        let mut plans = self.plan.layers.iter();
        // A store may have served another pipeline, whose numbers are no past of this one's.
        let past = self
            .counts
            .iter()
            .filter(|counts| counts.pipeline == self.report.pipeline);
        Layer {
            plan: plans.find(|layer| layer.id == state.id),
            state,
            before: self.last.and_then(|last| find_layer(last, &state.id)),
            // A release in which the layer was absent is a gap of the trend, not a zero.
            trail: past
                .map(|counts| counts.layers.get(state.id.as_str())?.rows)
                .chain([published_rows(state)])
                .collect(),
        }
    }
}

fn find_layer<'r>(report: &'r RunReport, id: &LayerId) -> Option<&'r LayerReport> {
    report.layers.iter().find(|layer| layer.id == *id)
}

impl Layer<'_> {
    pub(super) fn title(&self) -> String {
        self.plan
            .map_or_else(|| self.state.id.to_string(), |plan| plan.schema.catalog_title())
    }

    pub(super) fn is_synthetic(&self) -> bool {
        self.plan.is_some_and(|plan| plan.schema.synthetic)
    }
}

/// Rows of a layer in a release; none where it is absent.
pub(super) fn published_rows(layer: &LayerReport) -> Option<u64> {
    (!layer.is_absent()).then_some(layer.rows_written)
}
