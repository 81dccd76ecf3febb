//! From a layer to the landing: unless the held copy is still the layer, its pages are pulled and accepted.

use super::asker::Asker;
use super::error::ArcgisError;
use super::pull::{Pulled, Survey, survey};
use super::wire::{About, BoxError, Shelf, Spent, Wire};
use crate::feature::{FetchRecord, Landed, PageRecord, Progress};
use crate::fetch::FetchError;
use crate::fetch::http::{Client, Deadline};
use crate::plan::ArcgisPlan;
use crate::store::{Held, Pull, Store, StoreError};

/// Where a layer lands.
pub struct Landing<'a> {
    /// The store.
    pub store: &'a Store,
    /// Folder of the layer in the landing.
    pub id: &'a str,
    /// Told of the rows.
    pub progress: &'a dyn Progress,
    /// The clock, RFC 3339 UTC.
    pub now: &'a (dyn Fn() -> String + Sync),
    /// Until when the source may be asked.
    pub until: Deadline,
}

/// Name of the layer's info among the pages.
const INFO: &str = "info";

/// Lands a layer through the run's client; `shown` is the source as written.
///
/// # Errors
/// As `land`.
pub fn fetch(
    client: &Client,
    plan: &ArcgisPlan,
    shown: &str,
    landing: &Landing<'_>,
) -> Result<Landed, FetchError> {
    let shown = shown.to_owned();
    let asker = Asker::new(client, plan, landing.until);
    land(plan, &asker, landing).map_err(|error| match error.into_store() {
        Ok(source) => FetchError::Store { shown, source },
        Err(source) => failed(shown, source, &asker),
    })
}

/// Why a layer isn't pulled: nothing that the server says passes here as it is.
fn failed(shown: String, error: ArcgisError, asker: &Asker<'_>) -> FetchError {
    let Some(seconds) = error.late() else {
        return FetchError::Arcgis {
            shown,
            source: error.said(|text| asker.said(text)),
        };
    };
    let Spent {
        requests, wire_bytes, ..
    } = asker.spent();
    let far = format!("{wire_bytes} bytes by {requests} requests");
    FetchError::Late { shown, seconds, far }
}

/// Lands a layer. What an interrupted pull has landed is not asked for again; a layer whose count and date of last
/// edit are those of the held copy is not pulled at all.
///
/// # Errors
/// The service can't be pulled, or the store fails (`ArcgisError::into_store`); what was held stays.
pub fn land(plan: &ArcgisPlan, wire: &dyn Wire, landing: &Landing<'_>) -> Result<Landed, ArcgisError> {
    let survey = survey(wire, plan)?;
    let url = survey.shown();
    let failed = |source: StoreError| ArcgisError::Store {
        url: url.clone(),
        source,
    };
    if let Some(held) = landing
        .store
        .held(landing.id)
        .map_err(failed)?
        .filter(|held| is_same(held, &survey))
    {
        tracing::info!(
            rows = survey.count(),
            last_edit = survey.last_edit(),
            "unchanged since it was landed"
        );
        return Ok(held.landed);
    }
    let pull = landing.store.pull(landing.id, &survey.key()).map_err(failed)?;
    let shelf = Pages {
        pull: &pull,
        url: &url,
        now: landing.now,
    };
    let pulled = {
        let task = landing.progress.start("fetch", landing.id, survey.count());
        survey.pull(&shelf, &*task)?
    };
    shelf
        .put(INFO, &pulled.info, About::default())
        .map_err(|source| ArcgisError::Shelf {
            url: url.clone(),
            source,
        })?;
    let names: Vec<&str> = pulled.pages.iter().map(String::as_str).collect();
    let record = FetchRecord {
        insecure_tls: plan.access.is_insecure,
        ..record(&url, &pulled, wire, (landing.now)())
    };
    pull.accept(&names, INFO, record).map_err(failed)
}

/// Without a date of last edit nothing tells but the rows themselves.
fn is_same(held: &Held, survey: &Survey<'_>) -> bool {
    let record = &held.record;
    survey.last_edit().is_some()
        && survey.count().is_some()
        && (record.last_edit, record.rows) == (survey.last_edit(), survey.count())
        && record.url == survey.shown()
}

fn record(url: &str, pulled: &Pulled, wire: &dyn Wire, now: String) -> FetchRecord {
    let spent = wire.spent();
    FetchRecord {
        url: url.to_owned(),
        fetched_at: now,
        status: spent.status,
        rows: pulled.count,
        last_edit: pulled.last_edit,
        method: pulled.method.to_owned(),
        generalised: pulled.generalised.clone(),
        doubts: pulled.doubts.clone(),
        requests: spent.requests,
        retries: spent.retries,
        wire_bytes: spent.wire_bytes,
        ..FetchRecord::default()
    }
}

/// The store's pages as the puller wants them.
struct Pages<'a> {
    pull: &'a Pull<'a>,
    url: &'a str,
    now: &'a (dyn Fn() -> String + Sync),
}

impl Shelf for Pages<'_> {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BoxError> {
        Ok(self.pull.get(name)?)
    }

    fn put(&self, name: &str, page: &[u8], about: About) -> Result<(), BoxError> {
        let (url, fetched_at) = (self.url.to_owned(), (self.now)());
        let About { rows, status } = about;
        let record = PageRecord {
            url,
            fetched_at,
            status,
            rows,
            content_type: None,
        };
        Ok(self.pull.put(name, page, &record)?)
    }

    fn forget(&self, name: &str) -> Result<(), BoxError> {
        Ok(self.pull.forget(name)?)
    }
}
