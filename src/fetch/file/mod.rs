//! A file behind HTTP, brought into the landing: whole, resumed where it broke off, or known to be unchanged.
//!
//! Nothing is landed that can't be what was asked for: see `content`.

mod parts;
mod receive;
mod sink;
mod transfer;
mod wal;

use tracing::info;
use url::Url;

use super::error::FetchError;
use super::http::{Client, HttpError};
use super::landing::Landing;
use transfer::Transfer;

use crate::feature::{FetchRecord, Landed};
use crate::plan::{HttpPlan, SourcePlan};

/// Lands a file, unless the held copy is still the server's.
///
/// # Errors
/// The server gives no usable answer, or something else than the file; or the store fails. What was held stays.
pub fn land_file(
    source: &SourcePlan,
    plan: &HttpPlan,
    client: &Client,
    landing: &Landing<'_>,
) -> Result<Landed, FetchError> {
    let shown = source.shown.to_string();
    let held = landing
        .store
        .held_copy(landing.id)
        .map_err(|source| FetchError::Store {
            shown: shown.clone(),
            source,
        })?;
    let held = held.filter(|held| held.record.url == shown);
    // The server need not even be asked: whatever it has now, these are the bytes that are declared.
    if let Some(held) = held
        .as_ref()
        .filter(|held| plan.sha256.as_ref() == Some(&held.landed.sha256))
    {
        info!("the declared SHA-256 is that of the held copy");
        return Ok(held.landed.clone());
    }
    // The plan has checked the URL; its text may be a secret, so the cause isn't told.
    let url = Url::parse(plan.url.reveal()).map_err(|_invalid| FetchError::Http {
        shown: shown.clone(),
        source: HttpError::Setup {
            what: "the URL cannot be understood".to_owned(),
        },
    })?;
    let record = FetchRecord {
        url: shown.clone(),
        method: "download".to_owned(),
        insecure_tls: plan.access.is_insecure,
        ..FetchRecord::default()
    };
    Transfer {
        source,
        plan,
        client,
        landing,
        held: held.as_ref(),
        shown,
        url,
        access: plan.access.clone(),
        record,
        hops: 0,
        is_renewed: false,
        reached: 0,
        copy: None,
        doubts: vec![],
    }
    .run()
}
