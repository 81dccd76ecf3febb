//! From a layer to the landing: unless the held copy is still the layer, its pages are pulled and accepted.

use super::asker::Asker;
use super::error::ArcgisError;
use super::layer_pages::LayerPages;
use super::pull::{Pulled, Survey, survey_layer};
use super::wire::{BoxError, PageFacts, PageStore, RequestTotals, Wire};
use crate::feature::{FetchRecord, Landed, PageRecord};
use crate::fetch::http::Client;
use crate::fetch::{FetchError, Landing};
use crate::plan::ArcgisPlan;
use crate::store::{HeldCopy, Pull, StoreError};

/// Name of the layer's info among the pages.
const INFO: &str = "info";

/// Lands a layer through the run's client; `shown` is the source as written.
///
/// # Errors
/// As `land`.
pub fn land_layer(
    client: &Client,
    plan: &ArcgisPlan,
    shown: &str,
    landing: &Landing<'_>,
) -> Result<Landed, FetchError> {
    let shown = shown.to_owned();
    let asker = Asker::new(client, plan, landing.until);
    land(plan, &asker, landing).map_err(|error| match error.into_store() {
        Ok(source) => FetchError::Store { shown, source },
        Err(source) => pull_failure(shown, source, &asker),
    })
}

/// Why a layer isn't pulled: nothing that the server says passes here as it is.
fn pull_failure(shown: String, error: ArcgisError, asker: &Asker<'_>) -> FetchError {
    let Some(seconds) = error.expired_limit_s() else {
        return FetchError::Arcgis {
            shown,
            source: error.hide_server_text(|text| asker.server_text(text)),
        };
    };
    let RequestTotals {
        requests, wire_bytes, ..
    } = asker.request_totals();
    let far = format!("{wire_bytes} bytes by {requests} requests");
    FetchError::Late { shown, seconds, far }
}

/// Lands a layer. What an interrupted pull has landed is not asked for again; a layer whose count and date of last
/// edit are those of the held copy is not pulled at all.
///
/// # Errors
/// The service can't be pulled, or the store fails (`ArcgisError::into_store`); what was held stays.
pub fn land(plan: &ArcgisPlan, wire: &dyn Wire, landing: &Landing<'_>) -> Result<Landed, ArcgisError> {
    let survey = survey_layer(wire, plan)?;
    let url = survey.display_url();
    land_surveyed(survey, &url, plan, wire, landing).map_err(|failure| match failure {
        LandFailure::Arcgis(error) => error,
        LandFailure::Store(source) => ArcgisError::Store { url, source },
    })
}

/// Why a layer that could be asked has not landed.
enum LandFailure {
    Arcgis(ArcgisError),
    Store(StoreError),
}

impl From<ArcgisError> for LandFailure {
    fn from(error: ArcgisError) -> Self {
        Self::Arcgis(error)
    }
}

impl From<StoreError> for LandFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn land_surveyed(
    survey: Survey<'_>,
    url: &str,
    plan: &ArcgisPlan,
    wire: &dyn Wire,
    landing: &Landing<'_>,
) -> Result<Landed, LandFailure> {
    let held = landing.store.held_copy(landing.id)?;
    if let Some(held) = held.filter(|held| is_same(held, &survey)) {
        tracing::info!(
            rows = survey.claimed_rows(),
            last_edit = survey.last_edit(),
            "unchanged since it was landed"
        );
        return Ok(held.landed);
    }
    let pull = landing.store.pull(landing.id, &survey.resume_key())?;
    let store = StoredPages {
        pull: &pull,
        url,
        now: landing.now,
    };
    let pulled = {
        let task = landing.progress.start("fetch", landing.id, survey.claimed_rows());
        survey.pull_pages(&store, &*task)?
    };
    LayerPages::new(&store, url).put(INFO, &pulled.info, PageFacts::default())?;
    let names: Vec<&str> = pulled.pages.iter().map(String::as_str).collect();
    let record = FetchRecord {
        insecure_tls: plan.access.is_insecure,
        ..fetch_record(url, &pulled, wire, (landing.now)())
    };
    Ok(pull.accept(&names, INFO, record)?)
}

/// Without a date of last edit nothing tells but the rows themselves.
fn is_same(held: &HeldCopy, survey: &Survey<'_>) -> bool {
    let record = &held.record;
    // The count alone tells nothing: rows are corrected in place without becoming more.
    survey.last_edit().is_some()
        && survey.claimed_rows().is_some()
        && (record.last_edit, record.rows) == (survey.last_edit(), survey.claimed_rows())
        && record.url == survey.display_url()
}

fn fetch_record(url: &str, pulled: &Pulled, wire: &dyn Wire, now: String) -> FetchRecord {
    let totals = wire.request_totals();
    FetchRecord {
        url: url.to_owned(),
        fetched_at: now,
        status: totals.status,
        rows: pulled.count,
        last_edit: pulled.last_edit,
        method: pulled.method.to_owned(),
        generalised: pulled.generalised.clone(),
        doubts: pulled.doubts.clone(),
        requests: totals.requests,
        retries: totals.retries,
        wire_bytes: totals.wire_bytes,
        ..FetchRecord::default()
    }
}

/// The store's pages as the puller wants them.
struct StoredPages<'a> {
    pull: &'a Pull<'a>,
    url: &'a str,
    now: &'a (dyn Fn() -> String + Sync),
}

impl PageStore for StoredPages<'_> {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BoxError> {
        Ok(self.pull.get(name)?)
    }

    fn put(&self, name: &str, page: &[u8], facts: PageFacts) -> Result<(), BoxError> {
        let record = PageRecord {
            url: self.url.to_owned(),
            fetched_at: (self.now)(),
            status: facts.status,
            rows: facts.rows,
            content_type: None,
        };
        Ok(self.pull.put(name, page, &record)?)
    }

    fn forget(&self, name: &str) -> Result<(), BoxError> {
        Ok(self.pull.forget(name)?)
    }
}
