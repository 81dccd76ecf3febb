//! Small pages for people, where the release has no map of its own or something else is asked for.
//!
//! Pure. Everything that a release says is text: `maud` escapes it.

use maud::{DOCTYPE, Markup, html};

use crate::serve::collection::Collection;
use crate::serve::links::path_part;
use crate::serve::release::Opened;

/// The look of all pages: the reader's own colours, and lines of a length that is read well.
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top}\
td.n{text-align:right}code{overflow-wrap:anywhere}";

fn page(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (body) } }
        }
    }
    .into_string()
}

/// `/` of a release without a map.
pub(super) fn landing(base: &str, release: &Opened) -> String {
    let files = format!("{base}/releases/{}", release.id());
    let body = html! {
        p { (release.description()) }
        p { "Release " code { (release.id()) } "." }
        ul {
            li { a href=(format!("{base}/collections?f=html")) { "Layers of facilities" } " (OGC API – Features)" }
            li { a href=(format!("{base}/stac")) { "Files of the release" } " (STAC API)" }
            li { a href=(format!("{base}/api?f=html")) { "What is answered" } " (OpenAPI 3.0)" }
            li { a href=(format!("{base}/conformance?f=html")) { "Requirements that are met" } }
            li { a href=(format!("{files}/report.html")) { "What became of the run" } }
        }
    };
    page(release.title(), &body)
}

/// `/conformance`.
pub(super) fn conformance(classes: &[&str]) -> String {
    let body = html! {
        ul { @for class in classes { li { code { (class) } } } }
    };
    page("Requirements that are met", &body)
}

/// `/collections`.
pub(super) fn collections(base: &str, release: &Opened) -> String {
    let body = html! {
        table {
            thead { tr { th { "Layer" } th { "Rows" } th { "Licence" } } }
            tbody {
                @for one in release.collections() {
                    tr {
                        td { a href=(format!("{}?f=html", address(base, one))) { (one.title()) } }
                        td.n { (one.rows()) }
                        td { (one.licence()) }
                    }
                }
            }
        }
    };
    page("Layers of facilities", &body)
}

/// `/collections/{collection}`.
pub(super) fn collection(base: &str, of: &Collection) -> String {
    let address = address(base, of);
    let body = html! {
        p { (of.description()) }
        p { (of.rows()) " rows. " a href=(format!("{address}/items")) { "Facilities as GeoJSON" } "." }
        table {
            thead { tr { th { "Column" } th { "Type" } th { "Meaning" } } }
            tbody {
                @for column in of.columns() {
                    tr { td { code { (column.name) } } td { (column.kind) } td { (column.description) } }
                }
            }
        }
    };
    page(of.title(), &body)
}

/// `/api`, by the paths that it describes.
pub(super) fn api(base: &str, paths: &[(String, String)]) -> String {
    let body = html! {
        p { "For programs: " a href=(format!("{base}/api")) { "OpenAPI 3.0" } "." }
        table {
            thead { tr { th { "Path" } th { "Answer" } } }
            tbody {
                @for (path, summary) in paths { tr { td { code { (path) } } td { (summary) } } }
            }
        }
    };
    page("What is answered", &body)
}

fn address(base: &str, of: &Collection) -> String {
    format!("{base}/collections/{}", path_part(of.id()))
}
