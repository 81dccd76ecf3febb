//! What must not be accepted: the last good copy stays, and the service is left alone soon.

use cikr::store::Store;
use serde_json::{Value, json};

use super::{Puller, chain};
use crate::loopback::arcgis::{ArcGis, Layer, Row, Rows, error, point};
use crate::loopback::{Reply, Request};

/// Nothing is accepted, what was held stays, and the service is not asked for ever.
#[track_caller]
fn refused(disturb: impl FnOnce(&ArcGis), says: &str) {
    let service = ArcGis::start(Layer::points(1_000));
    let mut puller = Puller::new(&service.url(0));
    puller.plan.max_bytes = 4 << 20;
    let held = puller.land().unwrap();
    service.change(|service| service.layers[0].edited = Some(1_800_000_000_000));
    disturb(&service);
    service.server.forget();
    let error = puller.land().expect_err("it must not be accepted");
    let told = chain(&error);
    assert!(told.contains(says), "`{says}` is not in: {told}");
    assert!(
        service.server.requests().len() < 150,
        "{} requests",
        service.server.requests().len()
    );
    let store = Store::open(&puller.dir.path().join("store")).unwrap();
    assert_eq!(
        store.held_copy("points").unwrap().unwrap().landed.sha256,
        held.sha256,
        "the last good one is held"
    );
}

#[test]
fn a_layer_that_is_edited_meanwhile_is_not_accepted() {
    let edit = |service: &ArcGis| service.change(|service| service.layers[0].quirks.edits = true);
    refused(edit, "edited meanwhile");
}

#[test]
fn object_ids_that_repeat_are_not_accepted() {
    let twice = |service: &ArcGis| {
        let mut rows: Vec<Row> = (0..999).map(point).collect();
        rows.push(point(7));
        service.change(|service| service.layers[0].rows = Rows::listed(rows));
    };
    refused(twice, "");
}

#[test]
fn a_count_that_no_pull_reaches_is_not_accepted() {
    let more = |service: &ArcGis| {
        service.change(|service| {
            service.fault = Some(Box::new(|request| {
                request
                    .is("returnCountOnly")
                    .then(|| Reply::json(&json!({"count": 1_003})))
            }));
        });
    };
    refused(more, "1003");
}

#[test]
fn answers_that_are_none_are_not_accepted() {
    let always = |reply: Reply| {
        move |service: &ArcGis| {
            service.change(|service| service.fault = Some(Box::new(move |_| Some(reply.clone()))));
        }
    };
    refused(always(error(499, "Token Required", &json!([]))), "Token Required");
    refused(always(Reply::html(200, "Sign in")), "Sign in");
    refused(always(Reply::status(404)), "404");
    refused(always(Reply::redirect("file:///etc/passwd")), "file");
    refused(
        always(Reply::bytes("application/json", "[1,2,3,4],".repeat(1_000)).endless()),
        "",
    );
    refused(always(Reply::gzip_bomb("application/json", 40)), "");
}

#[test]
fn the_same_page_for_ever_is_not_accepted() {
    let stuck = |service: &ArcGis| {
        let page = Layer::points(5);
        let features: Vec<Value> = (0..5)
            .map(|at| json!({"attributes": {"OBJECTID": at + 1, "ID": point(at).attributes["ID"]}}))
            .collect();
        let body = json!({"objectIdFieldName": "OBJECTID", "fields": page.fields, "features": features, "exceededTransferLimit": true});
        service.change(|service| {
            service.fault = Some(Box::new(move |request| {
                request.asks_for_rows().then(|| Reply::json(&body))
            }));
        });
    };
    refused(stuck, "it ignores which object ids are asked for");
}

/// No count and no ids, and rows without end: the bound on bytes ends it.
#[test]
fn pages_without_end_are_not_accepted() {
    let endless = |service: &ArcGis| {
        let more = |request: &Request| {
            let from = request.number_of("resultOffset").unwrap_or(0);
            let features: Vec<Value> = (from..from + 200)
                .map(|at| json!({"attributes": {"OBJECTID": at + 1, "NAME": "x".repeat(900)}}))
                .collect();
            request
                .path
                .ends_with("/query")
                .then(|| Reply::json(&json!({ "features": features })))
        };
        service.change(|service| service.fault = Some(Box::new(more)));
    };
    refused(endless, "more than max-bytes");
}

#[test]
fn redirects_in_a_circle_or_with_a_credential_are_not_followed() {
    let around = |service: &ArcGis| {
        service.change(|service| {
            service.fault = Some(Box::new(|request| {
                let (path, next) = (request.path.clone(), request.number % 2);
                Some(Reply::redirect(&format!("{path}?f=json&turn={next}")))
            }));
        });
    };
    refused(around, "where it has already been");
    let away = |service: &ArcGis| {
        service.change(|service| {
            service.fault = Some(Box::new(|_| {
                Some(Reply::redirect("https://ada:lovelace@other.example/0"))
            }));
        });
    };
    refused(away, "an address with a user name or password");
}
