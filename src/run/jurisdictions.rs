//! Polygon sets of a run: landed, indexed, and described.

use std::collections::BTreeSet;
use std::panic::resume_unwind;

use tracing::{info, warn};

use super::arrival::{Arrival, LandFault};
use super::context::Context;
use super::fetch;
use crate::engine::{self, KeptSets};
use crate::error::{Error, error_chain};
use crate::feature::{Jurisdiction, JurisdictionReport, Landed, Outline, RunReport};
use crate::kernel::locate::JoinContext;
use crate::plan::JurisdictionPlan;
use crate::store::{KeptFolder, Lock};

/// Polygons that can't be used of which a run tells, by set.
const MOST_TOLD: usize = 20;

/// The sets, ready to locate features.
pub(super) struct JoinedSets {
    pub(super) context: JoinContext,
    pub(super) reports: Vec<JurisdictionReport>,
    /// The jurisdictions of each set; empty where nothing is located.
    pub(super) jurisdictions: Vec<Vec<Jurisdiction>>,
    /// Outlines of the states, for the report page.
    pub(super) outlines: Vec<Outline>,
}

/// What a polygon set is read from.
pub(super) struct SetSource {
    pub(super) landed: Landed,
    /// Why it isn't what the source has now.
    stale: Option<String>,
}

/// What every polygon set of the plan is read from: what has landed, else the copy the
/// last release was made with.
///
/// # Errors
/// When there is neither: without boundaries no facility can be placed.
pub(super) fn sources_of_sets(
    context: &Context<'_>,
    arrivals: Vec<Arrival>,
) -> Result<Vec<SetSource>, Error> {
    let sets = context.plan.jurisdictions.iter();
    sets.zip(arrivals)
        .map(|(set, arrival)| landed_or_last(context, set, arrival))
        .collect()
}

fn landed_or_last(
    context: &Context<'_>,
    set: &JurisdictionPlan,
    arrival: Arrival,
) -> Result<SetSource, Error> {
    let error = match arrival {
        Arrival::Landed(landed) => return Ok(SetSource { landed, stale: None }),
        Arrival::Failed(error) => error,
        // Without its boundaries there is no run that could go on.
        Arrival::Panicked(panic) => resume_unwind(panic),
    };
    let what = match error.into_fault() {
        LandFault::Store { source } => return Err(source.into()),
        LandFault::Source { reason } => set.source.as_shown(&reason),
    };
    let Some(landed) = last_used(context, set)? else {
        return Err(Error::JurisdictionSource {
            id: set.id.clone(),
            what,
        });
    };
    warn!(set = %set.id, landed_at = landed.landed_at, reason = what, "the last boundaries stand in");
    let stale = Some(format!("as landed {}: {what}", landed.landed_at));
    Ok(SetSource { landed, stale })
}

/// The landed copy of a set that the last release was made with, if the plan still wants that set.
fn last_used(context: &Context<'_>, set: &JurisdictionPlan) -> Result<Option<Landed>, Error> {
    let Some(before) = report_before(context, set) else {
        return Ok(None);
    };
    // Only the very bytes of the last release, of the same vintage and source: what stands
    // in must move no facility.
    let held = context.store.held_copy(&fetch::set_folder(&set.id))?;
    let landed = held.map(|held| held.landed);
    Ok(landed.filter(|landed| {
        landed.sha256 == before.source_sha256 && before.source == set.source.shown.to_string()
    }))
}

/// What the last release tells of a set of this vintage.
fn report_before<'a>(context: &'a Context<'_>, set: &JurisdictionPlan) -> Option<&'a JurisdictionReport> {
    let sets = context.last.iter().flat_map(|last| &last.jurisdictions);
    sets.filter(|before| before.vintage == set.vintage)
        .find(|before| before.id == set.id)
}

/// The sets where nothing is located: as the last release tells of them, not indexed.
///
/// # Errors
/// When the outlines of the states can't be read.
pub(super) fn describe_as_before(
    context: &Context<'_>,
    sources: &[SetSource],
    last: &RunReport,
) -> Result<JoinedSets, Error> {
    let plan = context.plan;
    let task = context.progress.start("read", "jurisdictions", None);
    let folder = context.store.kept_sets();
    let outlines = engine::state_outlines(plan, &landed_files(sources), kept_sets(context, &folder))
        .map_err(|source| Error::Jurisdiction { source })?;
    drop(task);
    // Where no layer is made no row is located, so that nothing needs an index of the polygons.
    let mut reports = last.jurisdictions.clone();
    for (report, source) in reports.iter_mut().zip(sources) {
        report.stale.clone_from(&source.stale);
    }
    Ok(JoinedSets {
        context: engine::context_without_polygons(plan),
        reports,
        jurisdictions: vec![],
        outlines,
    })
}

/// Indexes every polygon set of the plan.
///
/// # Errors
/// When one fails, or has lost many of its polygons: without it no facility can be placed.
pub(super) fn index_and_check_sets(
    context: &Context<'_>,
    sources: &[SetSource],
) -> Result<JoinedSets, Error> {
    let plan = context.plan;
    let task = context.progress.start("read", "jurisdictions", None);
    let folder = context.store.kept_sets();
    let kept = kept_sets(context, &folder);
    let sets = engine::join_context(plan, &landed_files(sources), &context.readers, kept)
        .map_err(|source| Error::Jurisdiction { source })?;
    drop(task);
    for (set, read) in plan.jurisdictions.iter().zip(&sets.read) {
        refuse_lost(context, set, read.polygons)?;
        for polygon in read.unusable.iter().take(MOST_TOLD) {
            warn!(set = %set.id, polygon, "a polygon can't be used: what lies there gets no code of this set");
        }
        if read.restored_codes > 0 {
            warn!(set = %set.id, codes = read.restored_codes, "codes of jurisdictions were restored to their digits");
        }
    }
    let reports = plan
        .jurisdictions
        .iter()
        .zip(sources)
        .zip(&sets.read)
        .map(|((set, source), read)| {
            let how = if read.is_kept {
                "jurisdictions read back"
            } else {
                "jurisdictions indexed"
            };
            info!(stage = "read", set = %set.id, polygons = read.polygons, "{how}");
            JurisdictionReport {
                id: set.id.clone(),
                vintage: set.vintage.clone(),
                source: set.source.shown.to_string(),
                source_sha256: source.landed.sha256.clone(),
                agency: set.agency.clone(),
                licence: set.licence.clone(),
                polygons: read.polygons,
                unusable: read.unusable.iter().take(MOST_TOLD).cloned().collect(),
                unusable_polygons: read.unusable.len() as u64,
                restored_codes: read.restored_codes,
                stale: source.stale.clone(),
            }
        });
    Ok(JoinedSets {
        reports: reports.collect(),
        context: sets.context,
        jurisdictions: sets.read.into_iter().map(|read| read.jurisdictions).collect(),
        outlines: sets.outlines,
    })
}

/// How the store's kept sets are used: `--rebuild` believes none of them.
fn kept_sets<'a>(context: &Context<'_>, folder: &'a KeptFolder) -> KeptSets<'a> {
    if context.mode.rebuild {
        KeptSets::MadeAgain(folder)
    } else {
        KeptSets::ReadBack(folder)
    }
}

/// Removes the kept sets that the plan no longer has; the night needs none of them, so that a failure is only told.
pub(super) fn drop_unplanned_sets(context: &Context<'_>, lock: &Lock) {
    let names: BTreeSet<&str> = context
        .plan
        .jurisdictions
        .iter()
        .map(|set| set.id.as_str())
        .collect();
    if let Err(error) = context.store.keep_only_sets(lock, &names) {
        warn!(
            reason = error_chain(&error),
            "polygon sets that are no longer wanted can't be removed"
        );
    }
}

fn landed_files(sources: &[SetSource]) -> Vec<Landed> {
    sources.iter().map(|source| source.landed.clone()).collect()
}

/// Refuses a set that has far fewer polygons than one of the same vintage had in the last release: the
/// facilities in those that are gone would be placed nowhere.
fn refuse_lost(context: &Context<'_>, set: &JurisdictionPlan, polygons: u64) -> Result<(), Error> {
    match report_before(context, set).map(|before| before.polygons) {
        Some(before) if polygons * 10 < before * 9 => Err(Error::JurisdictionLost {
            id: set.id.clone(),
            source_name: set.source.shown.to_string(),
            polygons,
            before,
        }),
        _ => Ok(()),
    }
}
