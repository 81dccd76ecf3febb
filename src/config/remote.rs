//! `source.http` and `source.arcgis`: what a server is asked for, and by whom.
//!
//! LEAF.

use super::format::{FormatConfig, file_keys, read_files};
use super::table::Table;
use super::text::Spanned;

/// `source.http`.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// `url`.
    pub url: Option<Spanned<String>>,
    /// `sha256`.
    pub sha256: Option<Spanned<String>>,
    /// `max-bytes`.
    pub max_bytes: Option<Spanned<u64>>,
    /// `extension`.
    pub extension: Option<Spanned<String>>,
    /// How the server is asked.
    pub access: AccessConfig,
}

/// `source.arcgis`.
#[derive(Debug, Clone)]
pub struct ArcgisConfig {
    /// `url`.
    pub url: Option<Spanned<String>>,
    /// `layer`.
    pub layer: Option<Spanned<String>>,
    /// `where`.
    pub filter: Option<Spanned<String>>,
    /// `page-rows`.
    pub page_rows: Option<Spanned<i64>>,
    /// `at-once`.
    pub at_once: Option<Spanned<i64>>,
    /// `pages`.
    pub pages: Option<Spanned<String>>,
    /// `max-bytes`.
    pub max_bytes: Option<Spanned<u64>>,
    /// How the server is asked.
    pub access: AccessConfig,
}

/// How a server is asked.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// `timeout-s`.
    pub timeout_s: Option<Spanned<i64>>,
    /// `insecure-tls`.
    pub insecure_tls: Option<Spanned<bool>>,
    /// `auth`.
    pub auth: Option<Spanned<AuthConfig>>,
}

/// Who asks: names of variables of the environment.
#[derive(Debug, Clone)]
pub enum AuthConfig {
    /// `token`.
    Token(Spanned<String>),
    /// `bearer`.
    Bearer(Spanned<String>),
    /// `basic`.
    Basic {
        /// `user`.
        user: Option<Spanned<String>>,
        /// `password`.
        password: Option<Spanned<String>>,
    },
    /// `login`.
    Login {
        /// `url`.
        url: Option<Spanned<String>>,
        /// `user`.
        user: Option<Spanned<String>>,
        /// `password`.
        password: Option<Spanned<String>>,
    },
    /// Nothing that can be understood; it was reported.
    Unknown,
}

const AUTHS: [&str; 4] = ["basic", "bearer", "login", "token"];

/// Reads `source.http`: the request, the CRS, and how to read the file, where something says so.
///
/// The keys are asked for in the order in which editors list them.
pub(super) fn read_http(
    table: &mut Table<'_>,
) -> (HttpConfig, Option<Spanned<String>>, Option<FormatConfig>) {
    let url = table.required_text("url");
    let crs = table.optional_text("crs");
    let kinds = file_keys();
    if table.present(&kinds).is_empty() {
        let listed: Vec<String> = kinds.iter().map(|kind| format!("`{kind} = {{ … }}`")).collect();
        table
            .error_here("nothing says how to read what the URL answers".to_owned())
            .help = Some(format!("say one of {}", listed.join(", ")));
    }
    table.refuse_second("the file", &kinds);
    let format = read_files(table, |_| ());
    let config = HttpConfig {
        url,
        sha256: table.optional_text("sha256"),
        max_bytes: table.optional_size("max-bytes"),
        extension: table.optional_text("extension"),
        access: read_access(table),
    };
    (config, crs, format.map(|format| format.value.1))
}

/// Reads `source.arcgis`: the request and the CRS.
pub(super) fn read_arcgis(table: &mut Table<'_>) -> (ArcgisConfig, Option<Spanned<String>>) {
    let config = ArcgisConfig {
        url: table.required_text("url"),
        // Layers of a service have both, an id and a name; an id is written as the number that it is.
        layer: table.text_or_integer("layer"),
        filter: table.optional_text("where"),
        page_rows: table.optional_integer("page-rows"),
        at_once: table.optional_integer("at-once"),
        pages: table.optional_text("pages"),
        max_bytes: table.optional_size("max-bytes"),
        access: read_access(table),
    };
    let crs = table.optional_text("crs");
    (config, crs)
}

fn read_access(table: &mut Table<'_>) -> AccessConfig {
    AccessConfig {
        timeout_s: table.optional_integer("timeout-s"),
        insecure_tls: table.optional_flag("insecure-tls"),
        auth: table.optional_table("auth", read_auth),
    }
}

/// Reads every way that is written, so that no mistake in a superfluous one hides; the first counts.
fn read_auth(table: &mut Table<'_>) -> AuthConfig {
    if table.present(&AUTHS).is_empty() {
        let ways = AUTHS.map(|way| format!("`{way}`")).join(", ");
        table
            .error_here("no way to authenticate is given".to_owned())
            .help = Some(format!("say one of {ways}"));
    }
    table.refuse_second("`auth`", &AUTHS);
    let basic = table.optional_table("basic", |t| AuthConfig::Basic {
        user: t.required_text("user"),
        password: t.required_text("password"),
    });
    let bearer = table.optional_text("bearer").map(AuthConfig::Bearer);
    let login = table.optional_table("login", |t| AuthConfig::Login {
        url: t.required_text("url"),
        user: t.required_text("user"),
        password: t.required_text("password"),
    });
    let token = table.optional_text("token").map(AuthConfig::Token);
    let tables = basic.or(login).map(|way| way.value);
    // As with kinds of source: a second way is refused above, and the first is gone on with.
    tables.or(bearer).or(token).unwrap_or(AuthConfig::Unknown)
}
