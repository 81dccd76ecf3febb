//! Servers whose words contradict each other: what two of them say independently is believed, else nothing is accepted.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::server::{Answer, Asked, Memory, Server};
use super::{body, is_offset, is_page, plan, pull_to, text};
use crate::fetch::arcgis::{ArcgisError, Pulled};

fn pull(server: &Server) -> Result<Pulled, ArcgisError> {
    let mut plan = plan("http://h/FeatureServer/0");
    plan.page_rows = 10;
    pull_to(server, &plan, &Memory::default())
}

fn counting(count: u64) -> impl Fn(&Asked<'_>) -> Option<Answer> + Sync {
    move |asked| {
        asked
            .form
            .contains_key("returnCountOnly")
            .then(|| body(&json!({ "count": count }).to_string()))
    }
}

#[test]
fn rows_beyond_the_count_are_taken_where_the_list_of_ids_has_them_too() {
    let whole = pull(&Server::new(0..47).with(counting(45))).unwrap();
    assert_eq!((whole.rows, whole.count), (47, Some(45)));
}

#[test]
fn rows_beyond_the_count_that_nothing_else_speaks_for_are_not_accepted() {
    let count = counting(45);
    let silent = Server::new(0..47).with(move |asked| {
        let is_list = asked.form.contains_key("returnIdsOnly");
        if is_list {
            Some(body(r#"{"objectIds":null}"#))
        } else {
            count(asked)
        }
    });
    let error = pull(&silent).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("count 45 before and 45 after, 47 rows"),
        "{error}"
    );
    let more = pull(&Server::new(0..47).with(counting(49))).unwrap_err();
    assert!(matches!(more, ArcgisError::Unsettled { .. }), "{more}");
}

#[test]
fn pages_in_two_references_are_not_accepted() {
    let stating = |reference: fn(usize) -> Value| {
        Server::new(0..30).with(move |asked| {
            let from: usize = asked
                .form
                .get("resultOffset")
                .filter(|_| is_page(asked))?
                .parse()
                .unwrap();
            let mut page: Value = serde_json::from_str(&asked.server.answer(asked)).unwrap();
            page["spatialReference"] = reference(from);
            Some(body(&page.to_string()))
        })
    };
    let mixed = stating(|from| json!({"wkid": if from < 20 { 4326 } else { 3857 }}));
    let error = pull(&mixed).unwrap_err();
    assert!(
        matches!(
            error,
            ArcgisError::Mixed {
                member: "spatialReference",
                ..
            }
        ),
        "{error}"
    );
    // Two names of one reference.
    let renamed = stating(|from| match from {
        0 => json!({"wkid": 102_100, "latestWkid": 3857}),
        10 => json!({"wkid": 3857}),
        _ => Value::Null,
    });
    assert_eq!(pull(&renamed).unwrap().rows, 30);
}

/// Rows without object ids, of which the page from 10 on begins with the last two of the page before, so many times.
fn shifting(times: usize) -> Server {
    let asked_for = AtomicUsize::new(0);
    Server::new(0..30)
        .says("objectIdField", Value::Null)
        .with(move |asked| {
            let is_second = is_offset(asked) && asked.form["resultOffset"] == "10";
            let is_shifted = is_second && asked_for.fetch_add(1, Ordering::Relaxed) < times;
            is_shifted.then(|| body(&asked.server.page(&(8..18).collect::<Vec<_>>())))
        })
}

#[test]
fn rows_that_come_twice_without_an_id_are_asked_for_again() {
    let names = |server: &Server| {
        let memory = Memory::default();
        let mut plan = plan("http://h/FeatureServer/0");
        plan.page_rows = 10;
        let pulled = pull_to(server, &plan, &memory).unwrap();
        let text = text(&pulled, &memory);
        (0..30).filter(|id| text.contains(&format!("\"n{id}\""))).count()
    };
    assert_eq!(names(&shifting(0)), 30);
    assert_eq!(names(&shifting(1)), 30, "the second pull is whole");
    // The same each time: then they are so in the layer, as far as anybody can tell, which is warned of.
    assert_eq!(names(&shifting(usize::MAX)), 28);
}

#[test]
fn an_absurd_count_is_told_at_once() {
    for count in [1_000_000_000_000, u64::MAX] {
        let server = Server::new(0..30).with(counting(count));
        let error = pull(&server).unwrap_err();
        assert!(matches!(error, ArcgisError::Implausible { .. }), "{error}");
        assert!(server.asked().len() < 5);
    }
}
