//! Polygon sets of a run: landed, indexed, and described.

use std::panic::resume_unwind;

use tracing::{info, warn};

use super::Context;
use super::fetch::{self, Tried};
use crate::engine::{self, BoundaryName, SetRead};
use crate::error::Error;
use crate::feature::{JurisdictionReport, Landed, Outline, RunReport};
use crate::kernel::locate::JoinContext;
use crate::plan::JurisdictionPlan;

/// Polygons that can't be used of which a run tells, by set.
const MAX_UNUSABLE_LISTED: usize = 20;

/// The sets, ready to locate features.
pub(super) struct Joined {
    pub(super) context: JoinContext,
    pub(super) reports: Vec<JurisdictionReport>,
    /// Codes and their names, by set, for `reference/jurisdictions.parquet`.
    pub(super) names: Vec<Vec<BoundaryName>>,
    /// Outlines of the states, for the report page.
    pub(super) outlines: Vec<Outline>,
}

/// What a polygon set is read from.
pub(super) struct Ground {
    pub(super) landed: Landed,
    /// Why it isn't what the source has now.
    stale: Option<String>,
}

/// What every polygon set of the plan is read from: what has landed, else the copy the last release was made with.
///
/// # Errors
/// When there is neither: without boundaries no facility can be placed.
pub(super) fn ground(context: &Context<'_>, sets: Vec<Tried>) -> Result<Vec<Ground>, Error> {
    let sets = context.plan.jurisdictions.iter().zip(sets);
    sets.map(|(set, tried)| landed_or_last_used(context, set, tried))
        .collect()
}

fn landed_or_last_used(context: &Context<'_>, set: &JurisdictionPlan, tried: Tried) -> Result<Ground, Error> {
    let error = match tried.unwrap_or_else(|panic| resume_unwind(panic)) {
        Ok(landed) => return Ok(Ground { landed, stale: None }),
        Err(error) => error,
    };
    let what = error.told().map_err(|source| Error::Store { source })?;
    let what = set.source.as_shown(&what);
    // Boundaries of a vintage hardly ever change: last night's place facilities as well as tonight's would have. A release
    // without any would place none of them.
    let Some(landed) = last_used(context, set)? else {
        return Err(Error::JurisdictionSource {
            id: set.id.clone(),
            what,
        });
    };
    warn!(set = %set.id, landed_at = landed.landed_at, reason = what, "the last boundaries stand in");
    let stale = Some(format!("as landed {}: {what}", landed.landed_at));
    Ok(Ground { landed, stale })
}

/// The landed copy of a set that the last release was made with, if the plan still wants that set.
fn last_used(context: &Context<'_>, set: &JurisdictionPlan) -> Result<Option<Landed>, Error> {
    let Some(before) = reported_before(context, set) else {
        return Ok(None);
    };
    let held = context
        .store
        .held(&fetch::set_folder(&set.id))
        .map_err(|source| Error::Store { source })?;
    let landed = held.map(|held| held.landed);
    // The folder may hold a later copy than the release was made with, or another source's under the same id.
    Ok(landed.filter(|landed| {
        landed.sha256 == before.source_sha256 && before.source == set.source.shown.to_string()
    }))
}

/// What the last release tells of a set of this vintage.
fn reported_before<'a>(context: &'a Context<'_>, set: &JurisdictionPlan) -> Option<&'a JurisdictionReport> {
    let sets = context.last.iter().flat_map(|last| &last.jurisdictions);
    sets.filter(|before| before.vintage == set.vintage)
        .find(|before| before.id == set.id)
}

/// The sets where nothing is located: as the last release tells of them, not indexed.
///
/// # Errors
/// When the outlines of the states can't be read.
pub(super) fn known(context: &Context<'_>, ground: &[Ground], last: &RunReport) -> Result<Joined, Error> {
    let plan = context.plan;
    let task = context.progress.start("read", "jurisdictions", None);
    let outlines = engine::state_outlines(plan, &landed_files(ground))
        .map_err(|source| Error::Jurisdiction { source })?;
    drop(task);
    let mut reports = last.jurisdictions.clone();
    for (report, ground) in reports.iter_mut().zip(ground) {
        report.stale.clone_from(&ground.stale);
    }
    Ok(Joined {
        context: engine::join_nothing(plan),
        reports,
        names: vec![],
        outlines,
    })
}

/// Indexes every polygon set of the plan.
///
/// # Errors
/// When one fails, or has lost many of its polygons: without it no facility can be placed.
pub(super) fn join(context: &Context<'_>, ground: &[Ground]) -> Result<Joined, Error> {
    let plan = context.plan;
    let task = context.progress.start("read", "jurisdictions", None);
    let sets = engine::join_context(plan, &landed_files(ground), &context.readers)
        .map_err(|source| Error::Jurisdiction { source })?;
    drop(task);
    for (set, read) in plan.jurisdictions.iter().zip(&sets.read) {
        refuse_lost(context, set, read.polygons)?;
        for polygon in read.unusable.iter().take(MAX_UNUSABLE_LISTED) {
            warn!(set = %set.id, polygon, "a polygon can't be used: what lies there gets no code of this set");
        }
        if read.restored_codes > 0 {
            warn!(set = %set.id, codes = read.restored_codes, "codes of jurisdictions were restored to their digits");
        }
    }
    let mut reports = Vec::with_capacity(sets.read.len());
    for ((set, ground), read) in plan.jurisdictions.iter().zip(ground).zip(&sets.read) {
        info!(stage = "read", set = %set.id, polygons = read.polygons, "jurisdictions indexed");
        reports.push(set_report(set, ground, read));
    }
    Ok(Joined {
        reports,
        context: sets.context,
        names: sets.read.into_iter().map(|read| read.names).collect(),
        outlines: sets.outlines,
    })
}

fn set_report(set: &JurisdictionPlan, ground: &Ground, read: &SetRead) -> JurisdictionReport {
    JurisdictionReport {
        id: set.id.clone(),
        vintage: set.vintage.clone(),
        source: set.source.shown.to_string(),
        source_sha256: ground.landed.sha256.clone(),
        agency: set.agency.clone(),
        licence: set.licence.clone(),
        polygons: read.polygons,
        unusable: read.unusable.iter().take(MAX_UNUSABLE_LISTED).cloned().collect(),
        unusable_polygons: read.unusable.len() as u64,
        restored_codes: read.restored_codes,
        stale: ground.stale.clone(),
    }
}

fn landed_files(ground: &[Ground]) -> Vec<Landed> {
    ground.iter().map(|ground| ground.landed.clone()).collect()
}

/// Refuses a set that has far fewer polygons than one of the same vintage had in the last release: the facilities in
/// those that are gone would be placed nowhere.
fn refuse_lost(context: &Context<'_>, set: &JurisdictionPlan, polygons: u64) -> Result<(), Error> {
    // Not by the gate of layers: every layer is placed by these polygons, so that the run stops, and the last release stays.
    match reported_before(context, set).map(|before| before.polygons) {
        Some(before) if polygons * 10 < before * 9 => Err(Error::JurisdictionLost {
            id: set.id.clone(),
            source_name: set.source.shown.to_string(),
            polygons,
            before,
        }),
        _ => Ok(()),
    }
}
