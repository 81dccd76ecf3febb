//! Filters in CQL2 Text and by columns, pages for people, and addresses of links.

use serde_json::Value;

use super::{Test, encoded, paged, refused};
use crate::query::ids;
use crate::serve::http::link;
use crate::serve::{served, shared};

#[test]
fn properties_are_asked_for_by_their_names() {
    let (folder, _) = shared();
    let same = [
        ("state_code=TX", vec!["--where", "state_code=TX"]),
        (
            "state_code=TX&beds=12",
            vec!["--where", "state_code=TX", "--where", "beds=12"],
        ),
        ("name=Name%203", vec!["--where", "name=Name 3"]),
        ("name=it%27s", vec!["--where", "name=it's"]),
        (
            "state_code=TX&bbox=-96,31,-94,33",
            vec!["--where", "state_code=TX", "--bbox=-96,31,-94,33"],
        ),
    ];
    for (query, args) in same {
        let expected = ids(folder, &[&["--layer", "points"][..], &args[..]].concat());
        assert_eq!(
            paged(&format!("/collections/points/items?limit=500&{query}")),
            expected,
            "{query}"
        );
    }
    assert!(refused("/collections/points/items?beds=many").contains("whole numbers"));
}

#[test]
fn filters_choose_what_a_look_at_every_row_does() {
    let (folder, served) = shared();
    let all = served.json("/collections/points/items?limit=500")["features"].clone();
    let next = served.json("/collections/points/items?limit=500&from=500")["features"].clone();
    let rest = served.json("/collections/points/items?limit=500&from=1000")["features"].clone();
    let features: Vec<&Value> = [&all, &next, &rest]
        .into_iter()
        .flat_map(|page| page.as_array().unwrap())
        .collect();
    let beds = |one: &Value| one["properties"]["beds"].as_i64();
    let state = |one: &Value| one["properties"]["state_code"].as_str().map(str::to_owned);
    let name = |one: &Value| one["properties"]["name"].as_str().map(str::to_owned);
    let place = |one: &Value| [0, 1].map(|axis| one["geometry"]["coordinates"][axis].as_f64().unwrap());
    let cases: Vec<(&str, Test<'_>)> = vec![
        (
            "beds >= 80",
            Box::new(|one| beds(one).is_some_and(|beds| beds >= 80)),
        ),
        (
            "NOT beds >= 80",
            Box::new(|one| beds(one).is_some_and(|beds| beds < 80)),
        ),
        (
            "beds BETWEEN 10 AND 12",
            Box::new(|one| beds(one).is_some_and(|beds| (10..=12).contains(&beds))),
        ),
        (
            "beds NOT BETWEEN 10 AND 80",
            Box::new(|one| beds(one).is_some_and(|beds| !(10..=80).contains(&beds))),
        ),
        (
            "beds IN (1, 2, 3) OR state_code = 'AL'",
            Box::new(|one| {
                beds(one).is_some_and(|beds| (1..=3).contains(&beds)) || state(one).as_deref() == Some("AL")
            }),
        ),
        (
            "beds NOT IN (1, 2, 3)",
            Box::new(|one| beds(one).is_some_and(|beds| !(1..=3).contains(&beds))),
        ),
        (
            "state_code IS NULL AND name IS NOT NULL",
            Box::new(|one| state(one).is_none() && name(one).is_some()),
        ),
        (
            "name LIKE '%me 1_'",
            Box::new(|one| name(one).is_some_and(|name| name.starts_with("Name 1") && name.len() == 7)),
        ),
        (
            "name NOT LIKE 'Name%'",
            Box::new(|one| name(one).is_some_and(|name| !name.starts_with("Name"))),
        ),
        (
            "NOT (state_code = 'TX' OR beds < 40)",
            Box::new(|one| {
                state(one).is_some_and(|state| state != "TX") && beds(one).is_some_and(|beds| beds >= 40)
            }),
        ),
        (
            "S_INTERSECTS(geometry, BBOX(-96, 31, -94, 33))",
            Box::new(|one| {
                let [x, y] = place(one);
                (-96.0..=-94.0).contains(&x) && (31.0..=33.0).contains(&y)
            }),
        ),
        (
            "S_INTERSECTS(geometry, POLYGON((-96 31, -92 31, -96 35, -96 31))) AND beds > 5",
            Box::new(|one| {
                let [x, y] = place(one);
                x >= -96.0 && y >= 31.0 && x + y <= -61.0 && beds(one).is_some_and(|beds| beds > 5)
            }),
        ),
        (
            "NOT S_INTERSECTS(geometry, BBOX(-100, 20, -60, 60))",
            Box::new(|one| place(one)[0] < -100.0),
        ),
    ];
    for (filter, holds) in cases {
        let expected: Vec<&str> = features
            .iter()
            .filter(|one| holds(one))
            .map(|one| one["id"].as_str().unwrap())
            .collect();
        assert!(
            !expected.is_empty() && expected.len() < features.len(),
            "{filter}: {}",
            expected.len()
        );
        let found = paged(&format!(
            "/collections/points/items?limit=200&filter-lang=cql2-text&filter={}",
            encoded(filter)
        ));
        assert_eq!(found, expected, "{filter}");
        assert_eq!(
            ids(folder, &["--layer", "points", "--filter", filter]),
            expected,
            "`query`: {filter}"
        );
    }
}

#[test]
fn queryables_are_what_filters_may_name() {
    let reply = served().get("/collections/points/queryables");
    assert_eq!(reply.header("content-type"), Some("application/schema+json"));
    let told = reply.json();
    assert_eq!(told["properties"]["beds"]["type"], "integer");
    assert_eq!(told["properties"]["source_date"]["format"], "date");
    assert!(told["properties"]["geometry"].is_object());
}

#[test]
fn people_get_pages_and_programs_json() {
    for path in ["/", "/conformance", "/collections", "/collections/points", "/api"] {
        let page = served().ask(path, &["Accept: text/html,application/xhtml+xml,*/*;q=0.8"]);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
        assert!(page.text().starts_with("<!DOCTYPE html>"));
        let data = served().ask(path, &["Accept: application/json, text/html"]);
        assert!(data.header("content-type").unwrap().contains("json"), "{path}");
        let data = served().ask(&format!("{path}?f=json"), &["Accept: text/html"]);
        assert!(data.header("content-type").unwrap().contains("json"), "{path}");
    }
}

#[test]
fn links_have_the_address_that_was_asked_or_decided() {
    let (folder, served) = shared();
    let page = served.send("GET", "/", &[], b"");
    assert!(
        link(&page.json(), "data")
            .unwrap()
            .starts_with(&format!("http://{}/", served.address))
    );
    let raw = |host: &str| {
        served
            .raw(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
            .unwrap()
    };
    assert!(
        link(&raw("maps.example:8443").json(), "data")
            .unwrap()
            .starts_with("http://maps.example:8443/")
    );
    let hostile = raw("evil.example/\"><script>");
    assert!(!hostile.text().contains("evil"), "{}", hostile.text());
    let decided =
        crate::serve::http::Served::start(folder.path(), &["--base-url", "https://data.example.gov/cikr/"]);
    let page = decided.json("/collections/points/items?limit=1");
    assert!(
        link(&page, "next")
            .unwrap()
            .starts_with("https://data.example.gov/cikr/collections/points/items?")
    );
    folder
        .cikr(&["serve", "store", "--base-url", "data.example.gov"])
        .code(2)
        .says("https://");
}
