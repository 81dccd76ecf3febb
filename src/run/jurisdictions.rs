//! Polygon sets of a run: landed, indexed, and described.

use tracing::info;

use super::{Context, fetch};
use crate::engine::{self, BoundaryName};
use crate::error::{Error, chain};
use crate::feature::{JurisdictionReport, Landed, Outline};
use crate::kernel::locate::JoinContext;

/// The sets, ready to locate features.
pub(super) struct Joined {
    pub(super) context: JoinContext,
    pub(super) reports: Vec<JurisdictionReport>,
    /// Code and name of every polygon, by set, for `reference/jurisdictions.parquet`.
    pub(super) names: Vec<Vec<BoundaryName>>,
    /// Outlines of the states, for the report page.
    pub(super) outlines: Vec<Outline>,
}

/// Lands and indexes every polygon set of the plan.
///
/// # Errors
/// When one fails: without it no facility can be placed.
pub(super) fn join(context: &Context<'_>) -> Result<Joined, Error> {
    let plan = context.plan;
    let land = |set: &crate::plan::JurisdictionPlan| {
        let _task = context.progress.start("fetch", &set.id, None);
        // Sets and layers share the landing: a set's folder can't be taken for a layer's.
        let folder = format!("jurisdiction-{}", set.id);
        let landed = fetch::land(context, &folder, &set.source);
        landed.map_err(|source| {
            if !source.is_source() {
                return Error::Store { source };
            }
            Error::JurisdictionSource { id: set.id.clone(), what: set.source.as_shown(&chain(&source)) }
        })
    };
    let landed: Vec<Landed> = plan.jurisdictions.iter().map(land).collect::<Result<_, _>>()?;
    let task = context.progress.start("read", "jurisdictions", None);
    let sets = engine::join_context(plan, &landed).map_err(|source| Error::Jurisdiction { source })?;
    drop(task);
    let reports = plan.jurisdictions.iter().zip(&landed).zip(&sets.names).map(|((set, landed), names)| {
        info!(stage = "read", set = %set.id, polygons = names.len(), "jurisdictions indexed");
        JurisdictionReport {
            id: set.id.clone(),
            vintage: set.vintage.clone(),
            source: set.source.shown.to_string(),
            source_sha256: landed.sha256.clone(),
            agency: set.agency.clone(),
            licence: set.licence.clone(),
            polygons: names.len() as u64,
        }
    });
    Ok(Joined {
        reports: reports.collect(),
        context: sets.context,
        names: sets.names,
        outlines: sets.outlines,
    })
}
