//! The gate in a run: what it compares, what it holds back, and what an analyst has let through.

use chrono::DateTime;
use tracing::{info, warn};

use super::context::Context;
use super::layer_error::LayerFailure;
use super::layer_outcome::LayerOutcome;
use super::{clock, kept};
use crate::engine::{EngineError, LayerRows};
use crate::error::Error;
use crate::feature::release::ReleaseId;
use crate::feature::{Acceptance, GateReport, Landed, LayerId, LayerReport, RunReport, Withheld};
use crate::gate::{self, LastGood, Measures};
use crate::plan::LayerPlan;
use crate::store::{GateRecord, Lock, Store, StoreError};

/// The layer as the last release holds it, of whatever run; none where that has no rows of it.
pub(super) fn last_good<'a>(
    context: &'a Context<'_>,
    layer: &LayerId,
) -> Option<(&'a RunReport, &'a LayerReport)> {
    let last = context.last?;
    let before = last.layers.iter().find(|before| before.id == *layer)?;
    (!before.is_absent()).then_some((last, before))
}

/// Release that a layer's rows were made for.
pub(super) fn release_made_for<'a>(last: &'a RunReport, before: &'a LayerReport) -> &'a ReleaseId {
    before.carried_from().unwrap_or(&last.release)
}

/// Whole days from a release to the start of this run, as the release's id tells.
pub(super) fn days_since(context: &Context<'_>, release: &ReleaseId) -> Option<i64> {
    let begun = release.begun()?;
    let started = DateTime::parse_from_rfc3339(context.started).ok()?;
    Some((started.to_utc() - begun).num_days())
}

/// Judges what was read; the report says in `held` whether it may not be published. None under `--limit`.
///
/// # Errors
/// When the store's record of the layer can't be read.
pub(super) fn judge_layer(
    context: &Context<'_>,
    layer: &LayerPlan,
    landed: &Landed,
    rows: &mut LayerRows,
) -> Result<Option<GateReport>, LayerFailure> {
    rows.profile.reading = gate::reading_digest(layer);
    rows.profile.key.clone_from(&layer.schema.key);
    rows.profile.limit = context.plan.limits.rows;
    // `--limit` reads a part of a source, which would look like one that has lost most of its rows.
    if context.plan.limits.rows.is_some() {
        return Ok(None);
    }
    let last = last_good(context, &layer.id);
    let continuity = match last {
        Some((last, _)) => kept::measure_continuity(context, layer, rows, last)
            .map_err(|source| EngineError::Rows { source })?,
        None => None,
    };
    let last = last.map(|(last, report)| LastGood {
        release: release_made_for(last, report),
        report,
    });
    let rejects = rows.rejects.by_reason();
    let measures = Measures {
        rows_read: rows.tally.read,
        rows_good: rows.tally.good,
        rejects: &rejects,
        states: &rows.tally.rows.states,
        fields: &rows.tally.fields,
        profile: &rows.profile,
        continuity: continuity.as_ref(),
    };
    let mut report = gate::judge(layer, last, &measures);
    for warning in report.warnings() {
        warn!(check = warning.check.code(), "{}", warning.what);
    }
    if !report.red_findings().is_empty() {
        accept_or_hold(context, layer, landed, rows.tally.read, &mut report)?;
    }
    Ok(Some(report))
}

/// Lets a change through that an analyst has accepted, and holds back any other.
fn accept_or_hold(
    context: &Context<'_>,
    layer: &LayerPlan,
    landed: &Landed,
    rows_read: u64,
    report: &mut GateReport,
) -> Result<(), StoreError> {
    let reason = report.red_findings();
    let record = context.store.gate_record(layer.id.as_str())?;
    // An acceptance is of the bytes that were held back, so that what is let through is what somebody has
    // looked at; one that was given in advance is of any. The last word counts.
    report.accepted = record
        .acceptances
        .into_iter()
        .rev()
        .find(|accepted| accepted.covers(&landed.sha256));
    if let Some(accepted) = &mut report.accepted {
        info!(
            by = accepted.by,
            why = accepted.reason,
            "let through the gate: {reason}"
        );
        accepted.used_by = Some(context.release.clone());
        return Ok(());
    }
    report.held = Some(Withheld {
        release: context.release.clone(),
        at: context.started.to_owned(),
        sha256: landed.sha256.clone(),
        rows_read,
        reason,
    });
    Ok(())
}

/// What the gate says of a layer whose source is that of last good: there is nothing to find.
pub(super) fn report_of_same(
    context: &Context<'_>,
    last: &RunReport,
    before: &LayerReport,
) -> Option<GateReport> {
    let against = Some(release_made_for(last, before).clone());
    context.plan.limits.rows.is_none().then(|| GateReport {
        against,
        ..GateReport::default()
    })
}

/// Notes what this run holds back, so that it can be accepted; whether or not anything is published.
///
/// # Errors
/// When the store can't be written.
pub(super) fn record_held_back(
    context: &Context<'_>,
    lock: &Lock,
    layers: &[LayerOutcome],
) -> Result<(), Error> {
    for layer in layers {
        let held = layer.report.gate.as_ref().and_then(|gate| gate.held.clone());
        if held.is_some() {
            edit_record(context.store, lock, layer.report.id.as_str(), |record| {
                record.held = held;
            })?;
        }
    }
    Ok(())
}

/// Notes which acceptances the published release has made use of, and that its layers are held back no more.
///
/// # Errors
/// When the store can't be written.
pub(super) fn note_used_acceptances(store: &Store, lock: &Lock, report: &RunReport) -> Result<(), Error> {
    // A part of a layer says nothing of the whole.
    let judged = report.layers.iter().filter(|layer| layer.gate.is_some());
    for layer in judged.filter(|layer| layer.is_published()) {
        let digest = layer.source_sha256.as_deref();
        let used = layer.gate.as_ref().and_then(|gate| gate.accepted.as_ref());
        edit_record(store, lock, layer.id.as_str(), |record| {
            record.held = None;
            for accepted in record
                .acceptances
                .iter_mut()
                .filter(|accepted| accepted.used_by.is_none())
            {
                let is_used =
                    used.is_some_and(|used| used.at == accepted.at && used.sha256 == accepted.sha256);
                // What a run that died after publishing made use of.
                let is_published = accepted.sha256.is_some() && accepted.sha256.as_deref() == digest;
                if is_used || is_published {
                    accepted.used_by = Some(report.release.clone());
                }
            }
        })?;
    }
    Ok(())
}

/// Edits what is recorded of a layer's gate, and writes it where that has changed anything.
fn edit_record(
    store: &Store,
    lock: &Lock,
    layer: &str,
    edit: impl FnOnce(&mut GateRecord),
) -> Result<(), Error> {
    let before = store.gate_record(layer)?;
    let mut record = before.clone();
    edit(&mut record);
    if record != before {
        store.put_gate_record(lock, layer, &record)?;
    }
    Ok(())
}

/// What an analyst wants to accept.
#[derive(Debug, Clone, Copy)]
pub struct AcceptRequest<'a> {
    /// Layer id.
    pub layer: &'a str,
    /// Who accepts.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Whether the next change is meant, whatever it is, rather than the one held back.
    pub next: bool,
}

/// Records that a change is meant: the next run that meets it publishes the layer.
///
/// # Errors
/// When nothing of the layer is held back, another run is at work, or the store can't be written.
///
/// ```
/// use cikr::run::{AcceptRequest, accept_change};
///
/// # let folder = tempfile::tempdir()?;
/// let store = cikr::store::Store::open(&folder.path().join("store"))?;
/// let wish = AcceptRequest { layer: "hospitals", by: "an analyst", reason: "a new list", next: false };
/// assert!(accept_change(&store, &wish).is_err(), "nothing is held back yet");
/// let accepted = accept_change(&store, &AcceptRequest { next: true, ..wish })?;
/// assert_eq!(accepted.reason, "a new list");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn accept_change(store: &Store, wish: &AcceptRequest<'_>) -> Result<Acceptance, Error> {
    let lock = store.lock()?;
    let held = store.gate_record(wish.layer)?.held;
    if held.is_none() && !wish.next {
        return Err(Error::NothingToAccept {
            layer: wish.layer.to_owned(),
            store: store.root().to_owned(),
        });
    }
    let sha256 = held
        .as_ref()
        .filter(|_| !wish.next)
        .map(|held| held.sha256.clone());
    let accepted = Acceptance {
        sha256,
        by: wish.by.to_owned(),
        at: clock::now(),
        reason: wish.reason.to_owned(),
        held,
        used_by: None,
    };
    edit_record(store, &lock, wish.layer, |record| {
        // The last word on a change counts.
        record
            .acceptances
            .retain(|before| before.used_by.is_some() || before.sha256 != accepted.sha256);
        record.acceptances.push(accepted.clone());
    })?;
    Ok(accepted)
}
