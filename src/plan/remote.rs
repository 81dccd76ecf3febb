//! Sources behind a server: `source.http` and `source.arcgis` → plan.
//!
//! Opens nothing.

use serde::Serialize;

use super::access::{self, Access};
use super::address::resolve_url;
use super::check::{Bounds, Check, optional_text};
use super::format::Format;
use super::variables::{Secret, Variables};
use crate::config::{ArcgisConfig, HttpConfig, Spanned};

/// A file behind HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HttpPlan {
    /// URL with the values of the environment in it.
    #[serde(skip)]
    pub url: Secret,
    /// Extension the landed file gets, lower case, such as `zip` or `csv`.
    pub extension: String,
    /// SHA-256 that the bytes must have, lower-case hex.
    pub sha256: Option<String>,
    /// Size at which a download is given up, bytes.
    pub max_bytes: u64,
    /// How the server is asked.
    pub access: Access,
}

/// A layer of an ArcGIS service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArcgisPlan {
    /// URL of the layer, or of the service with `layer` beside it, with the values of the environment in it.
    #[serde(skip)]
    pub url: Secret,
    /// Id or name of the layer, where the URL is a service's.
    pub layer: Option<String>,
    /// Rows wanted, as SQL that every server takes; `1=1` for all.
    pub filter: String,
    /// Rows asked for at a time at most; the server's own limit counts too.
    pub page_rows: u32,
    /// Requests at the same time.
    pub at_once: u32,
    /// Wire format of the pages.
    pub pages: PageFormat,
    /// Size at which a pull is given up, bytes of all pages before compression.
    pub max_bytes: u64,
    /// How the server is asked.
    pub access: Access,
}

/// Wire format of an ArcGIS layer's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PageFormat {
    /// Esri JSON, which every server speaks.
    Json,
    /// Protocol buffers, where the layer offers them; else Esri JSON.
    Pbf,
}

/// Size at which fetching is given up.
pub(super) const MAX_BYTES: Bounds<u64> = Bounds {
    key: "max-bytes",
    range: 1 << 10..=1 << 50,
    default: 16 << 30,
};
/// Rows of a page; servers commonly send 1,000 or 2,000.
pub(super) const PULL_ROWS: Bounds<i64> = Bounds {
    key: "page-rows",
    range: 1..=100_000,
    default: 2_000,
};
/// Requests at the same time.
pub(super) const AT_ONCE: Bounds<i64> = Bounds {
    key: "at-once",
    range: 1..=64,
    default: 4,
};
/// Wire formats.
pub(super) const PAGES: [(&str, PageFormat); 2] = [("json", PageFormat::Json), ("pbf", PageFormat::Pbf)];
/// All rows, as SQL that every server takes.
pub(super) const ALL_ROWS: &str = "1=1";

/// `source.http` of the pipeline.
pub(super) fn resolve_http(
    check: &mut Check<'_>,
    config: &HttpConfig,
    format: &Format,
    variables: Variables,
) -> HttpPlan {
    let (url, hidden) = resolve_url(check, config.url.as_ref(), variables);
    HttpPlan {
        extension: file_extension(check, config, format, &url),
        sha256: config.sha256.as_ref().map(|sha256| checked_sha256(check, sha256)),
        max_bytes: check.in_range_or_default(config.max_bytes.as_ref(), &MAX_BYTES),
        access: access::resolve(
            check,
            &config.access,
            config.url.as_ref(),
            &url,
            hidden,
            variables,
        ),
        url: Secret::new(url),
    }
}

/// `source.arcgis` of the pipeline.
pub(super) fn resolve_arcgis(
    check: &mut Check<'_>,
    config: &ArcgisConfig,
    variables: Variables,
) -> ArcgisPlan {
    let (url, hidden) = resolve_url(check, config.url.as_ref(), variables);
    check_layer_url(check, config, &url);
    let page_rows = check.in_range_or_default(config.page_rows.as_ref(), &PULL_ROWS);
    let at_once = check.in_range_or_default(config.at_once.as_ref(), &AT_ONCE);
    ArcgisPlan {
        layer: optional_text(config.layer.as_ref()),
        filter: config
            .filter
            .as_ref()
            .map_or(ALL_ROWS, |filter| &filter.value)
            .to_owned(),
        page_rows: u32::try_from(page_rows).unwrap_or(u32::MAX),
        at_once: u32::try_from(at_once).unwrap_or(1),
        pages: check
            .choice("a wire format", config.pages.as_ref(), &PAGES)
            .unwrap_or(PageFormat::Json),
        max_bytes: check.in_range_or_default(config.max_bytes.as_ref(), &MAX_BYTES),
        access: access::resolve(
            check,
            &config.access,
            config.url.as_ref(),
            &url,
            hidden,
            variables,
        ),
        url: Secret::new(url),
    }
}

/// The URL of a layer, or of a service and the layer beside it.
fn check_layer_url(check: &mut Check<'_>, config: &ArcgisConfig, url: &str) {
    let Some(written) = &config.url else { return };
    let path = url
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    // `…/FeatureServer/0` is a layer, `…/FeatureServer` a service of several.
    let is_layer = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(layer) = config.layer.as_ref().filter(|_| is_layer) {
        check.error(
            &layer.span,
            format!("the URL ends with a layer already, `{last}`"),
        );
    }
    if url.contains(['?', '#']) {
        let help = "the puller adds its own parameters; rows are chosen by `where`, a token by `auth`";
        check.error(&written.span, "the URL of a layer has no query").help = Some(help.to_owned());
    }
}

/// The extension that is written, or what the format makes of the URL.
fn file_extension(check: &mut Check<'_>, config: &HttpConfig, format: &Format, url: &str) -> String {
    let Some(written) = &config.extension else {
        return format.landed_extension(url);
    };
    let extension = &written.value;
    let is_plain = extension
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !is_plain || !(1..=16).contains(&extension.len()) {
        let message = format!("`{extension}` cannot be an extension");
        check.error(&written.span, message).help = Some("write it as `zip`, without a dot".to_owned());
    }
    extension.clone()
}

fn checked_sha256(check: &mut Check<'_>, written: &Spanned<String>) -> String {
    // Lower case, as digests of landed bytes are written.
    let digest = written.value.to_ascii_lowercase();
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let help = "write the 64 hexadecimal digits that `sha256sum` prints";
        check.error(&written.span, "this is no SHA-256").help = Some(help.to_owned());
    }
    digest
}
