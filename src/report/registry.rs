//! Jurisdictions in the summary of a run: polygons of the release, governments of the Census.
//!
//! Pure.

use crate::feature::release::product_names;
use crate::feature::{RegistryReport, RunReport};

/// One line: how many polygons of which sets, how many local governments, and which kinds of these have no polygons.
pub(super) fn registry_line(report: &RunReport) -> Option<String> {
    let told = report.product(product_names::REGISTRY)?.clone();
    let told: RegistryReport = serde_json::from_value(told).ok()?;
    let sets: Vec<String> = told
        .sets
        .iter()
        .map(|set| format!("{} {} ({})", set.with_polygon, set.set, set.vintage))
        .collect();
    let local: Vec<String> = told
        .governments
        .iter()
        .map(|sum| format!("{} in {}", sum.local, sum.vintage))
        .collect();
    let without: Vec<&str> = told
        .kinds_without_polygons()
        .map(|kind| kind.kind.as_str())
        .collect();
    let polygons = if sets.is_empty() {
        "none".to_owned()
    } else {
        sets.join(", ")
    };
    let mut parts = vec![format!("jurisdictions with polygons: {polygons}")];
    if !local.is_empty() {
        parts.push(format!("local governments by the Census: {}", local.join(", ")));
    }
    if !without.is_empty() {
        parts.push(format!("no polygons of {}", without.join(", ")));
    }
    Some(parts.join("; "))
}
