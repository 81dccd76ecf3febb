//! Trouble that passes, weighs, or is the server's own: the rows come all the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use cikr::plan::{Credential, Secret};
use cikr::store::Store;
use serde_json::{Value, json};

use super::{Puller, every, layer, pages, rows, same, same_from};
use crate::loopback::arcgis::{ArcGis, Layer, Pagination, Rows, error, point};
use crate::loopback::{Reply, Server, replay};
use crate::program::{Folder, ROOT};

#[test]
fn errors_in_a_200_with_null_details_are_tried_again() {
    same_from(every(
        3,
        error(500, "Error performing query operation", &Value::Null),
    ));
}

#[test]
fn html_resets_cut_bodies_and_lies_about_length_are_tried_again() {
    same_from(every(3, Reply::html(503, "Service Unavailable")));
    same_from(every(3, Reply::html(200, "Please sign in")));
    same_from(every(3, Reply::reset()));
    same_from(every(
        3,
        Reply::bytes("application/json", r#"{"features":[{"attributes""#).cut(20),
    ));
    same_from(every(
        3,
        Reply::bytes("application/json", r#"{"features":[]"#).claiming(900),
    ));
    same_from(every(
        4,
        Reply::bytes("application/json", r#"{"objectIdFieldName":"OBJECTID","fea"#),
    ));
}

#[test]
fn retry_after_is_honoured() {
    let requests = same_from(every(3, Reply::status(429).header("Retry-After", "1")));
    let pages: Vec<_> = requests
        .iter()
        .filter(|request| request.asks_for_rows())
        .collect();
    // Several are asked for at once: which of them came third is the server's to know.
    let mut refused = 0;
    for (at, page) in pages.iter().enumerate() {
        if let Some(again) = pages[at + 1..]
            .iter()
            .find(|later| later.parameters == page.parameters)
        {
            let waited = again.at.duration_since(page.at).unwrap();
            assert!(
                waited >= Duration::from_millis(990),
                "asked again after {waited:?}"
            );
            refused += 1;
        }
    }
    assert!(refused > 0, "no page was asked for twice");
}

#[test]
fn pages_too_heavy_for_the_server_are_divided() {
    same(|quirks| quirks.heavy_above = Some(30));
    same(|quirks| quirks.heavy_row = Some(300));
    same(|quirks| (quirks.heavy_above, quirks.pagination) = (Some(60), Pagination::Refused));
}

#[test]
fn a_slow_service_is_waited_for() {
    same(|quirks| quirks.pause = Duration::from_millis(100));
    same_from(every(4, Reply::html(200, "x").slow(5, Duration::from_millis(20))));
}

#[test]
fn a_token_that_expires_is_renewed_and_the_page_asked_for_again() {
    let service = ArcGis::start(layer());
    // Run out within moments of its login.
    service.change(|service| service.token_lasts = Some(4));
    let mut puller = Puller::new(&service.url(0));
    puller.plan.at_once = 1;
    puller.plan.access.credential = Credential::Login {
        url: service.login(),
        user: Secret::new("ada"),
        password: Secret::new("lovelace"),
    };
    assert_eq!(rows(&puller.pages()).len(), 1_000);
    let logins = service
        .server
        .requests()
        .iter()
        .filter(|request| request.path.ends_with("generateToken"))
        .count();
    assert!(logins >= 3, "{logins} logins");
    assert!(shows(&puller, &["token-1", "lovelace"]).is_empty());
}

/// Several threads are refused with one token: they log in once, and each asks again.
#[test]
fn threads_that_lose_a_token_together_share_a_login() {
    let service = ArcGis::start(layer());
    service.change(|service| service.token_lasts = Some(20));
    service.quirk(|quirks| (quirks.page_cap, quirks.pause) = (20, Duration::from_millis(5)));
    let mut puller = Puller::new(&service.url(0));
    puller.plan.access.credential = Credential::Login {
        url: service.login(),
        user: Secret::new("ada"),
        password: Secret::new("lovelace"),
    };
    assert_eq!(rows(&puller.pages()).len(), 1_000);
    let (logins, asked): (Vec<_>, Vec<_>) = service
        .server
        .requests()
        .into_iter()
        .partition(|request| request.path.ends_with("generateToken"));
    // A login for each of three threads would cut short the life of each token.
    assert!(
        (2..=asked.len() / 15).contains(&logins.len()),
        "{} logins, {} requests",
        logins.len(),
        asked.len()
    );
}

/// The texts that are somewhere in the store.
fn shows<'a>(puller: &Puller, texts: &[&'a str]) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut folders = vec![puller.dir.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            found.extend(texts.iter().filter(|secret| text.contains(**secret)));
        }
    }
    found
}

#[test]
fn a_single_row_of_ten_megabytes_lands() {
    let big = |at: usize| {
        let mut row = point(at);
        if at == 3 {
            row.attributes
                .insert("NAME".to_owned(), json!("x".repeat(10 << 20)));
        }
        row
    };
    let service = ArcGis::start(Layer::of(Rows::listed((0..10).map(big).collect())));
    let landed = rows(&Puller::new(&service.url(0)).pages());
    assert_eq!(landed[3]["attributes"]["NAME"].as_str().unwrap().len(), 10 << 20);
}

#[test]
fn an_unchanged_layer_is_not_pulled_again() {
    let service = ArcGis::start(layer());
    let puller = Puller::new(&service.url(0));
    let first = puller.land().unwrap();
    service.server.forget();
    assert_eq!(puller.land().unwrap().sha256, first.sha256);
    assert!(service.pages().is_empty() && service.server.requests().len() <= 4);
}

/// Twice: the library's record, and the report of a run.
#[test]
fn a_shape_too_heavy_for_any_page_is_generalised_and_told_of() {
    let service = ArcGis::start(layer());
    service.quirk(|quirks| quirks.heavy_shape = Some((300, 0.001)));
    let puller = Puller::new(&service.url(0));
    let landed = puller.land().unwrap();
    let store = Store::open(&puller.dir.path().join("store")).unwrap();
    let record = store.held_copy("points").unwrap().unwrap().record;
    let noted: Vec<_> = record
        .generalised
        .iter()
        .map(|row| (row.oid, row.max_allowable_offset))
        .collect();
    // A hundred-thousandth of the layer's 360 degrees.
    assert!(matches!(noted[..], [(300, 0.0035..0.0037)]), "{noted:?}");
    assert_eq!(rows(&pages(&landed.path)).len(), 1_000);

    let folder = Folder::new();
    folder.schema("points", "point", "").pipeline(&format!(
        "\n[[layer]]\nid = \"points\"\nsource.arcgis = {{ url = \"{}\", page-rows = 200 }}\n",
        service.url(0)
    ));
    let ended = folder.run().code(0);
    let report = ended.layer("points");
    assert_eq!((report.repairs.generalised, report.rows_read), (1, 1_000));
    let words = folder.cikr(&["run", "pipeline.toml"]).code(0).stdout;
    assert!(
        words.contains("geometries generalised by the service: 1"),
        "{words}"
    );
}

#[test]
fn the_record_tells_what_the_server_answered() {
    let folder = Path::new(ROOT).join("tests/data/esri/version-10-0");
    let server = Server::start(move |request| {
        let mut reply = replay::answer(&folder, request);
        reply.status = 203;
        reply
    });
    let puller = Puller::new(&server.url("/arcgis/rest/services/Recorded/MapServer/0"));
    puller.land().unwrap();
    let store = Store::open(&puller.dir.path().join("store")).unwrap();
    assert_eq!(store.held_copy("points").unwrap().unwrap().record.status, 203);
}
