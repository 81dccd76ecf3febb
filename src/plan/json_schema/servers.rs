//! What the keys of sources behind a server mean: `source.http`, `source.arcgis` and their `auth`.

use super::super::access::TIMEOUT_S;
use super::super::address::ADDRESS;
use super::super::key::{Key, key};
use super::super::remote::{ALL_ROWS, AT_ONCE, MAX_BYTES, PAGES, PULL_ROWS};
use super::super::variables::VARIABLE;
use crate::config::file_keys;

/// Of `source.http` and `source.arcgis`.
pub(super) fn keys() -> Vec<Key> {
    [http_keys(), auth_keys(), arcgis_keys()].concat()
}

/// Of `source.http`, and what both kinds share.
fn http_keys() -> Vec<Key> {
    let files = file_keys().into_iter().map(|kind| [kind]);
    vec![
        key("source.http", "A file behind HTTP, read like a local one.").one_of(files),
        key(
            "source.*.url",
            "Address; `${NAME}` stands for a variable of the environment.",
        )
        .pattern(ADDRESS)
        .example("https://data.example.org/FeatureServer/0"),
        key(
            "source.http.sha256",
            "SHA-256 that the file must have; it is then fetched once.",
        )
        .pattern("^[0-9a-fA-F]{64}$")
        .example("0".repeat(64)),
        key(
            "source.http.extension",
            "Extension of the landed file, where neither the URL nor the kind tells it.",
        )
        .pattern("^[a-z0-9]+$")
        .example("zip"),
        key("source.*.max-bytes", "Size at which fetching is given up.").bounds(&MAX_BYTES),
        key(
            "source.*.timeout-s",
            "Seconds without a byte after which a request is given up.",
        )
        .bounds(&TIMEOUT_S),
        key(
            "source.*.insecure-tls",
            "Whether a certificate that doesn't verify is accepted; the log says so each time.",
        )
        .default_value(false),
    ]
}

/// Of `auth`: every way names variables of the environment, never values.
fn auth_keys() -> Vec<Key> {
    let auths = ["basic", "bearer", "login", "token"].map(|way| [way]);
    let variable = "a variable of the environment";
    vec![
        key(
            "source.*.auth",
            "Who asks. Every value is the name of a variable of the environment.",
        )
        .one_of(auths),
        key(
            "source.*.auth.token",
            &format!("Name of {variable} with a token of ArcGIS."),
        )
        .pattern(VARIABLE)
        .example("AGENCY_TOKEN"),
        key(
            "source.*.auth.bearer",
            &format!("Name of {variable} with a bearer token."),
        )
        .pattern(VARIABLE)
        .example("AGENCY_TOKEN"),
        key("source.*.auth.basic", "User and password."),
        key("source.*.auth.basic.user", &format!("Name of {variable}."))
            .pattern(VARIABLE)
            .example("AGENCY_USER"),
        key("source.*.auth.basic.password", &format!("Name of {variable}."))
            .pattern(VARIABLE)
            .example("AGENCY_PASSWORD"),
        key(
            "source.*.auth.login",
            "User and password of ArcGIS, for a token that is renewed when it expires.",
        ),
        key("source.*.auth.login.url", "Address of `generateToken`.")
            .pattern(ADDRESS)
            .example("https://data.example.org/portal/sharing/rest/generateToken"),
        key("source.*.auth.login.user", &format!("Name of {variable}."))
            .pattern(VARIABLE)
            .example("AGENCY_USER"),
        key("source.*.auth.login.password", &format!("Name of {variable}."))
            .pattern(VARIABLE)
            .example("AGENCY_PASSWORD"),
    ]
}

/// Of `source.arcgis`.
fn arcgis_keys() -> Vec<Key> {
    vec![
        key(
            "source.arcgis",
            "A layer of an ArcGIS FeatureServer or MapServer.",
        ),
        key(
            "source.arcgis.layer",
            "Id or name of the layer, where the URL is a service's.",
        )
        .example(0),
        key("source.arcgis.where", "Rows wanted, as SQL.").default_value(ALL_ROWS),
        key(
            "source.arcgis.page-rows",
            "Rows asked for at a time; the server's own limit counts too.",
        )
        .bounds(&PULL_ROWS),
        key("source.arcgis.at-once", "Requests at the same time.").bounds(&AT_ONCE),
        key(
            "source.arcgis.pages",
            "Wire format: Esri JSON, or protocol buffers where the layer offers them.",
        )
        .one_of_words(PAGES.map(|(word, _)| word))
        .default_value(PAGES[0].0),
    ]
}
