//! The puller against servers that fail on single rows, or give the same rows whatever they are asked.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use super::server::{Answer, Asked, Memory, Server};
use super::{is_page, plan, pull_to, text};
use crate::fetch::arcgis::ArcgisError;

#[test]
fn a_server_that_answers_everything_with_one_page_is_found_out_at_once() {
    for counts in [true, false] {
        let stuck = Server::new(0..1_000).with(move |asked| {
            let is_scalar =
                asked.form.contains_key("returnCountOnly") || asked.form.contains_key("returnIdsOnly");
            let is_stuck = is_page(asked) || (is_scalar && !counts);
            is_stuck.then(|| {
                let mut page: serde_json::Value =
                    serde_json::from_str(&asked.server.page(&[1, 2, 3, 4, 5])).unwrap();
                page["exceededTransferLimit"] = json!(true);
                Answer::Body(page.to_string())
            })
        });
        let error = pull_to(&stuck, &plan("http://h/FeatureServer/0"), &Memory::default()).unwrap_err();
        assert!(matches!(error, ArcgisError::NoWay { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("oid windows: it ignores which object ids are asked for"),
            "{error}"
        );
        assert!(stuck.asked().len() < 100, "{} requests", stuck.asked().len());
    }
}

/// Fails on rows 20 and 30 unless they may be coarse: row 20 by a part in a million, row 30 by one in ten thousand.
fn heavy(asked: &Asked<'_>) -> Option<Answer> {
    let offset: f64 = asked
        .form
        .get("maxAllowableOffset")
        .map_or(0.0, |offset| offset.parse().unwrap());
    let page = asked.server.answer(asked);
    let fails = |id: i64, least: f64| page.contains(&format!("\"OBJECTID\":{id}}}")) && offset < least;
    (is_page(asked) && (fails(20, 0.001) || fails(30, 0.1))).then_some(Answer::Status(500))
}

#[test]
fn a_geometry_too_heavy_for_the_server_is_generalised_and_noted() {
    for no_offsets in [false, true] {
        let server = || {
            Server::new(0..60)
                .says("supportsPagination", json!(!no_offsets))
                .with(heavy)
        };
        let whole = Memory::default();
        let pulled = pull_to(&server(), &plan("http://h/FeatureServer/0"), &whole).unwrap();
        let noted: Vec<_> = pulled
            .generalised
            .iter()
            .map(|row| (row.oid, row.max_allowable_offset))
            .collect();
        assert_eq!((pulled.rows, noted), (60, vec![(20, 0.001), (30, 0.1)]));
        // A pull that goes on knows the row that an earlier one has had in this way.
        for killed_after in [8, 20, 40] {
            let killed = Memory {
                until: Some(killed_after),
                ..Memory::default()
            };
            let _ = pull_to(&server(), &plan("http://h/FeatureServer/0"), &killed);
            let memory = Memory {
                pages: killed.pages,
                until: None,
            };
            let again = pull_to(&server(), &plan("http://h/FeatureServer/0"), &memory).unwrap();
            assert_eq!(
                (text(&again, &memory), again.generalised),
                (text(&pulled, &whole), pulled.generalised.clone())
            );
        }
    }
}

#[test]
fn a_server_that_has_recovered_gives_its_geometries_in_full() {
    let tried = AtomicU32::new(0);
    let server = Server::new(0..60).with(move |asked| {
        let is_coarse = asked.form.contains_key("maxAllowableOffset");
        let has = is_page(asked) && asked.server.answer(asked).contains("\"OBJECTID\":20}");
        if is_coarse {
            tried.fetch_add(1, Ordering::Relaxed);
        }
        (has && !is_coarse && tried.load(Ordering::Relaxed) == 0).then_some(Answer::Status(500))
    });
    let pulled = pull_to(&server, &plan("http://h/FeatureServer/0"), &Memory::default()).unwrap();
    assert!(pulled.generalised.is_empty() && pulled.rows == 60);
    assert!(
        server
            .asked()
            .iter()
            .any(|asked| asked.contains("maxAllowableOffset"))
    );
}

#[test]
fn a_server_that_fails_on_every_row_is_broken_and_not_burdened() {
    let server = Server::new(0..200).with(|asked| {
        let is_plain = is_page(asked) && !asked.form.contains_key("maxAllowableOffset");
        is_plain.then_some(Answer::Status(500))
    });
    let error = pull_to(&server, &plan("http://h/FeatureServer/0"), &Memory::default()).unwrap_err();
    assert!(matches!(error, ArcgisError::Wire { .. }), "{error}");
}
