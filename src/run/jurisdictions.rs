//! Polygon sets of a run: landed, indexed, and described.

use std::panic::resume_unwind;

use tracing::info;

use super::Context;
use super::fetch::Tried;
use crate::engine::{self, BoundaryName};
use crate::error::{Error, chain};
use crate::feature::{JurisdictionReport, Landed, Outline, RunReport};
use crate::kernel::locate::JoinContext;
use crate::plan::JurisdictionPlan;

/// The sets, ready to locate features.
pub(super) struct Joined {
    pub(super) context: JoinContext,
    pub(super) reports: Vec<JurisdictionReport>,
    /// Code and name of every polygon, by set, for `reference/jurisdictions.parquet`.
    pub(super) names: Vec<Vec<BoundaryName>>,
    /// Outlines of the states, for the report page.
    pub(super) outlines: Vec<Outline>,
}

/// What has landed of every polygon set of the plan.
///
/// # Errors
/// When one fails: without it no facility can be placed.
pub(super) fn landed(context: &Context<'_>, sets: Vec<Tried>) -> Result<Vec<Landed>, Error> {
    let land = |(set, tried): (&JurisdictionPlan, Tried)| {
        tried.unwrap_or_else(|panic| resume_unwind(panic)).map_err(|source| {
            if !source.is_source() {
                return Error::Store { source };
            }
            Error::JurisdictionSource { id: set.id.clone(), what: set.source.as_shown(&chain(&source)) }
        })
    };
    context.plan.jurisdictions.iter().zip(sets).map(land).collect()
}

/// The sets where nothing is located: as the last release tells of them, not indexed.
///
/// # Errors
/// When the outlines of the states can't be read.
pub(super) fn known(context: &Context<'_>, landed: &[Landed], last: &RunReport) -> Result<Joined, Error> {
    let plan = context.plan;
    let task = context.progress.start("read", "jurisdictions", None);
    let outlines = engine::state_outlines(plan, landed).map_err(|source| Error::Jurisdiction { source })?;
    drop(task);
    Ok(Joined {
        context: engine::join_nothing(plan),
        reports: last.jurisdictions.clone(),
        names: vec![],
        outlines,
    })
}

/// Indexes every polygon set of the plan.
///
/// # Errors
/// When one fails: without it no facility can be placed.
pub(super) fn join(context: &Context<'_>, landed: &[Landed]) -> Result<Joined, Error> {
    let plan = context.plan;
    let task = context.progress.start("read", "jurisdictions", None);
    let sets = engine::join_context(plan, landed).map_err(|source| Error::Jurisdiction { source })?;
    drop(task);
    let reports = plan.jurisdictions.iter().zip(landed).zip(&sets.names).map(|((set, landed), names)| {
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
