//! The puller and the store: what lands of a layer, and what is not pulled again.

use serde_json::json;

use super::server::{Answer, Asked, Memory, Server, Unseen};
use super::{ids, is_page, plan, pull_to, text};
use crate::feature::Landed;
use crate::fetch::Landing;
use crate::fetch::arcgis::{ArcgisError, land};
use crate::fetch::http::Deadline;
use crate::plan::ArcgisPlan;
use crate::store::Store;

fn land_in(store: &Store, server: &Server, plan: &ArcgisPlan) -> Result<Landed, ArcgisError> {
    let now = || "2026-01-02T03:00:00Z".to_owned();
    land(
        plan,
        server,
        &Landing {
            store,
            id: "dams",
            progress: &Unseen,
            now: &now,
            until: Deadline::default(),
        },
    )
}

#[test]
fn a_layer_lands_with_its_record_and_is_not_pulled_again_while_it_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let plan = plan("http://secret/FeatureServer/0");
    let server = Server::new(ids());
    let first = land_in(&store, &server, &plan).unwrap();
    let record = store.held_copy("dams").unwrap().unwrap().record;
    assert_eq!(
        (record.url.as_str(), record.method.as_str()),
        ("http://${NAME}/FeatureServer/0", "offsets")
    );
    assert_eq!(
        (record.rows, record.last_edit),
        (Some(ids().len() as u64), Some(1))
    );
    assert_eq!(
        (record.requests, record.status),
        (server.asked().len() as u64, 203)
    );

    let asked = server.asked().len();
    let again = land_in(&store, &server, &plan).unwrap();
    assert_eq!((again.sha256, again.path), (first.sha256.clone(), first.path));
    assert_eq!(server.asked().len(), asked + 1, "one count");

    let edited =
        Server::new(ids().into_iter().chain([99_999])).says("editingInfo", json!({"lastEditDate": 2}));
    assert_ne!(land_in(&store, &edited, &plan).unwrap().sha256, first.sha256);
}

#[test]
fn a_layer_without_an_edit_date_is_pulled_and_its_digest_tells() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let plan = plan("http://h/FeatureServer/0");
    let server = || Server::new(ids()).says("editingInfo", json!(null));
    let first = land_in(&store, &server(), &plan).unwrap();
    let disturbed = server().with(|asked| (asked.number % 3 == 0).then_some(Answer::Status(503)));
    assert_eq!(land_in(&store, &disturbed, &plan).unwrap().sha256, first.sha256);
    assert!(disturbed.asked().len() > 5);
}

#[test]
fn a_pull_that_fails_leaves_what_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let plan = plan("http://h/FeatureServer/0");
    let first = land_in(&store, &Server::new(ids()), &plan).unwrap();
    let dead = Server::new(ids())
        .says("editingInfo", json!({"lastEditDate": 2}))
        .with(|asked| is_page(asked).then_some(Answer::Status(503)));
    assert!(land_in(&store, &dead, &plan).unwrap_err().into_store().is_err());
    assert_eq!(
        store.held_copy("dams").unwrap().unwrap().landed.sha256,
        first.sha256
    );
}

#[test]
fn what_had_landed_is_not_asked_for_again() {
    let plan = plan("http://h/FeatureServer/0");
    for no_offsets in [false, true] {
        let server = || {
            let vice = |asked: &Asked<'_>| {
                let rows: u32 = asked
                    .form
                    .get("resultRecordCount")
                    .map_or(0, |rows| rows.parse().unwrap());
                (rows > 4).then_some(Answer::Status(500))
            };
            Server::new(0..95)
                .says("supportsPagination", json!(!no_offsets))
                .with(vice)
        };
        let whole = Memory::default();
        let undisturbed = pull_to(&server(), &plan, &whole).unwrap();
        for killed_after in [1, 2, 5, 9, 14] {
            let killed = Memory {
                until: Some(killed_after),
                ..Memory::default()
            };
            pull_to(&server(), &plan, &killed).unwrap_err();
            let memory = Memory {
                pages: killed.pages,
                until: None,
            };
            let landed: Vec<String> = memory.pages.lock().unwrap().keys().cloned().collect();
            let next = server();
            let again = pull_to(&next, &plan, &memory).unwrap();
            assert_eq!(text(&again, &memory), text(&undisturbed, &whole));
            for name in landed.iter().filter(|name| name.starts_with("offset")) {
                let parts: Vec<&str> = name.split('-').collect();
                let question = format!("resultOffset={}&resultRecordCount={}&", parts[1], parts[2]);
                assert!(
                    !next.asked().iter().any(|asked| asked.contains(&question)),
                    "{name} was asked for again"
                );
            }
        }
    }
}
