//! The part of the release's `README.md` that tells how many jurisdictions there are.
//!
//! Pure: text out of the report.

use std::fmt::{self, Write};

use super::markdown::table_cell;
use super::number;
use crate::feature::RegistryReport;
use crate::feature::RunReport;
use crate::feature::release::product_names;

/// Governments and polygons by kind.
pub(super) fn write_registry(out: &mut String, report: &RunReport) -> fmt::Result {
    let told = report.product(product_names::REGISTRY).cloned();
    let Some(told) = told.and_then(|told| serde_json::from_value::<RegistryReport>(told).ok()) else {
        return Ok(());
    };
    out.write_str("## Jurisdictions\n\n")?;
    for sum in &told.governments {
        writeln!(
            out,
            "The Census of Governments of {} counted {} governments, {} of them local.",
            sum.vintage,
            number::count(sum.all),
            number::count(sum.local)
        )?;
    }
    out.write_str(
        "Governments and polygons are counted each for itself: an area may have no government of its own.\n\n\
         | kind | governments | polygons here |\n|---|---|---:|\n",
    )?;
    for kind in &told.kinds {
        let governments: Vec<String> = kind
            .governments
            .iter()
            .map(|(vintage, count)| format!("{} ({vintage})", number::count(*count)))
            .collect();
        let governments = if governments.is_empty() {
            "not counted".to_owned()
        } else {
            governments.join(", ")
        };
        let polygons = kind.polygons.map_or_else(|| "none".to_owned(), number::count);
        writeln!(
            out,
            "| {} | {governments} | {polygons} |",
            table_cell(&kind.title)
        )?;
    }
    writeln!(out)
}
