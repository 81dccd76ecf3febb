//! The puller against servers of every kind: whatever happens on the way, the same pages are accepted, or none.

mod heavy;
mod landing;
mod lies;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use self::server::{Answer, Asked, Memory, Server, Unseen};
use super::{ArcgisError, PageStore, Pulled, Wire, survey_layer};
use crate::plan::{Access, ArcgisPlan, Credential, PageFormat, Secret};

const REFUSED: &str = r#"{"error":{"code":400,"message":"Pagination is not supported.","details":null}}"#;

fn plan(url: &str) -> ArcgisPlan {
    let access = Access {
        credential: Credential::None,
        timeout_s: 30,
        is_insecure: false,
        hidden: vec![],
    };
    ArcgisPlan {
        url: Secret::new(url),
        layer: None,
        filter: "1=1".to_owned(),
        page_rows: 2000,
        at_once: 3,
        pages: PageFormat::Json,
        max_bytes: 1 << 30,
        access,
    }
}

fn pull_to(server: &dyn Wire, plan: &ArcgisPlan, memory: &Memory) -> Result<Pulled, ArcgisError> {
    survey_layer(server, plan)?.pull_pages(memory, &Unseen)
}

/// Method and bytes of the accepted pages.
#[track_caller]
fn pulled(server: &Server) -> (&'static str, String) {
    let memory = Memory::default();
    let mut plan = plan("http://h/FeatureServer/0");
    plan.page_rows = 7;
    let pulled = pull_to(server, &plan, &memory).unwrap();
    assert_eq!(pulled.rows, server.ids.lock().unwrap().len() as u64);
    (pulled.method, text(&pulled, &memory))
}

fn text(pulled: &Pulled, memory: &Memory) -> String {
    let pages = pulled.pages.iter().map(|page| memory.get(page).unwrap().unwrap());
    pages.map(|page| String::from_utf8(page).unwrap()).collect()
}

fn body(text: &str) -> Answer {
    Answer::Body(text.to_owned())
}

fn is_page(asked: &Asked<'_>) -> bool {
    asked.form.contains_key("outFields")
}

fn is_offset(asked: &Asked<'_>) -> bool {
    asked.form.contains_key("resultOffset")
}

/// Ids with gaps, a negative one, and some far away.
fn ids() -> Vec<i64> {
    (0..60)
        .map(|n| n * n % 97 + n * 100 % 893)
        .chain([-4])
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}

#[track_caller]
fn same_by(method: &str, server: &Server) {
    let undisturbed = pulled(&Server::new(ids()));
    assert_eq!(undisturbed.0, "offsets");
    let (by, text) = pulled(server);
    assert_eq!(by, method, "asked:\n{}", server.asked().join("\n"));
    assert_eq!(text, undisturbed.1);
}

#[test]
fn rows_come_in_oid_order_and_in_pages_of_the_plan() {
    let server = Server::new([5, 3, 9, 1]);
    let (_, text) = pulled(&server);
    let places: Vec<usize> = [1, 3, 5, 9]
        .iter()
        .map(|id| text.find(&format!("\"OBJECTID\":{id}}}")).unwrap())
        .collect();
    assert!(places.is_sorted());
    assert!(
        server
            .asked()
            .iter()
            .any(|asked| asked.contains("outSR=4269") && asked.contains("returnZ=false"))
    );
}

#[test]
fn protocol_buffers_are_asked_for_only_where_they_are_offered() {
    let asked = |formats: &str| {
        let server = Server::new(ids()).says("supportedQueryFormats", json!(formats));
        let mut plan = plan("http://h/FeatureServer/0");
        plan.pages = PageFormat::Pbf;
        pull_to(&server, &plan, &Memory::default()).unwrap();
        let count = |format: &str, is_page: bool| {
            let is = |asked: &&String| asked.contains(format) && asked.contains("outFields") == is_page;
            server.asked().iter().filter(is).count()
        };
        (
            count("f=pbf", true) > 0,
            count("f=json", true) > 0,
            count("f=pbf", false),
        )
    };
    assert_eq!(asked("JSON, geoJSON, PBF"), (true, false, 0));
    assert_eq!(asked("JSON, AMF"), (false, true, 0));
}

#[test]
fn a_page_shorter_than_asked_for_is_not_the_last() {
    let mut server = Server::new(ids());
    server.cap = 3;
    same_by("offsets", &server);
}

#[test]
fn an_advertised_limit_that_is_absurd_is_capped() {
    same_by(
        "offsets",
        &Server::new(ids()).says("maxRecordCount", json!(1_000_000)),
    );
    let largest = |server: &Server| {
        server
            .asked()
            .iter()
            .filter(|asked| asked.contains("resultRecordCount=7"))
            .count()
    };
    let server = Server::new(ids()).says("maxRecordCount", json!(100_000));
    pulled(&server);
    assert!(largest(&server) > 5);
}

#[test]
fn offsets_that_are_refused_lead_to_windows() {
    same_by(
        "oid windows",
        &Server::new(ids()).with(|asked| is_offset(asked).then(|| body(REFUSED))),
    );
    let told = Server::new(ids()).says("supportsPagination", json!(false));
    same_by("oid windows", &told);
    assert!(!told.asked().iter().any(|asked| asked.contains("resultOffset")));
}

#[test]
fn offsets_that_are_ignored_lead_to_windows() {
    let ignores = Server::new(ids()).with(|asked| {
        let want = asked.form.get("resultRecordCount")?.parse().ok()?;
        let ids = asked.server.ids.lock().unwrap();
        Some(Answer::Body(asked.server.page(&ids[..ids.len().min(want)])))
    });
    same_by("oid windows", &ignores);
}

#[test]
fn pages_in_no_stable_order_lead_to_windows() {
    let unstable = Server::new(ids()).with(|asked| {
        let from: usize = asked.form.get("resultOffset")?.parse().ok()?;
        let rows: usize = asked.form.get("resultRecordCount")?.parse().ok()?;
        let ids = asked.server.ids.lock().unwrap();
        // From the second page on, each begins one row too early.
        let from = from.saturating_sub(usize::from(from > 7));
        Some(Answer::Body(
            asked.server.page(&ids[from..(from + rows).min(ids.len())]),
        ))
    });
    same_by("oid windows", &unstable);
}

#[test]
fn statistics_that_are_refused_or_lie_lead_further_down() {
    let no_offsets = || Server::new(ids()).says("supportsPagination", json!(false));
    let is_statistics = |asked: &Asked<'_>| asked.form.contains_key("outStatistics");
    let refused = r#"{"error":{"code":400,"message":"Unable to complete operation.","details":[]}}"#;
    same_by(
        "oid ranges",
        &no_offsets().with(move |asked| is_statistics(asked).then(|| body(refused))),
    );
    let lies = r#"{"features":[{"attributes":{"MIN(SHAPE.fid) AS THE_MIN":1,"THE_MAX":2}}]}"#;
    same_by(
        "oid ranges",
        &no_offsets().with(move |asked| is_statistics(asked).then(|| body(lies))),
    );
}

#[test]
fn conditions_on_the_id_that_are_refused_lead_to_lists() {
    let server = Server::new(ids())
        .says("supportsPagination", json!(false))
        .with(|asked| {
            let refused =
                r#"{"error":{"code":400,"message":"Cannot perform query. Invalid query parameters."}}"#;
            asked.form["where"].contains("OBJECTID").then(|| body(refused))
        });
    same_by("oid lists", &server);
}

#[test]
fn boxes_are_the_last_way() {
    let inside: Vec<i64> = ids().into_iter().filter(|id| *id >= 0).collect();
    let undisturbed = pulled(&Server::new(inside.clone()));
    let server = Server::new(inside)
        .says("supportsPagination", json!(false))
        .with(|asked| {
            let is_listed = ["outStatistics", "returnIdsOnly", "objectIds"]
                .iter()
                .any(|name| asked.form.contains_key(name));
            is_listed.then(|| body(REFUSED))
        });
    assert_eq!(pulled(&server), ("boxes", undisturbed.1));
}

#[test]
fn ids_far_apart_take_no_thousand_windows() {
    let far = (0..200).map(|n| if n < 100 { n } else { 2_099_119_954 + n });
    let server = Server::new(far).says("supportsPagination", json!(false));
    assert_eq!(pulled(&server).0, "oid windows");
    assert!(server.asked().len() < 200, "{} requests", server.asked().len());
}

#[test]
fn errors_inside_a_200_and_html_pass() {
    for trouble in [
        r#"{"error":{"code":500,"message":"Error performing query operation"}}"#,
        "<html>Busy</html>",
    ] {
        same_by(
            "offsets",
            &Server::new(ids()).with(move |asked| (asked.number % 3 == 0).then(|| body(trouble))),
        );
    }
    same_by(
        "offsets",
        &Server::new(ids()).with(|asked| (asked.number % 4 == 0).then_some(Answer::Status(503))),
    );
}

#[test]
fn pages_shrink_until_the_server_bears_them() {
    let heavy = Server::new(ids()).with(|asked| {
        let rows: u32 = asked.form.get("resultRecordCount")?.parse().ok()?;
        (rows > 2).then_some(Answer::Status(500))
    });
    same_by("offsets", &heavy);
    let one = Server::new(ids()).with(|asked| {
        let rows: u32 = asked.form.get("resultRecordCount")?.parse().ok()?;
        (rows > 1).then_some(Answer::Status(504))
    });
    same_by("offsets", &one);
}

#[test]
fn a_row_that_never_comes_fails_the_layer() {
    let server = Server::new(0..9).with(|asked| {
        let from: u32 = asked.form.get("resultOffset")?.parse().ok()?;
        let rows: u32 = asked.form.get("resultRecordCount")?.parse().ok()?;
        (from..from + rows)
            .contains(&5)
            .then(|| body(r#"{"error":{"code":500,"message":"Too heavy"}}"#))
    });
    let error = pull_to(&server, &plan("http://h/FeatureServer/0"), &Memory::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "http://h/FeatureServer/0/query answers with error 500: Too heavy"
    );
}

#[test]
fn a_count_that_is_no_count_is_replaced_by_the_ids() {
    let server = Server::new(ids()).with(|asked| {
        asked
            .form
            .contains_key("returnCountOnly")
            .then(|| Answer::Body(asked.server.page(&[1, 2])))
    });
    same_by("offsets", &server);
}

#[test]
fn a_server_that_neither_counts_nor_lists_is_pulled_all_the_same() {
    let server = Server::new(ids()).with(|asked| {
        let is_scalar = ["returnCountOnly", "returnIdsOnly"]
            .iter()
            .any(|name| asked.form.contains_key(name));
        is_scalar.then(|| Answer::Body(asked.server.page(&[1, 2])))
    });
    // Page by page to the empty one, by offsets where it has them.
    same_by("offsets", &server);
    let lists = |asked: &Asked<'_>| {
        let odd = ["returnCountOnly", "returnIdsOnly"]
            .iter()
            .any(|name| asked.form.contains_key(name));
        let is_refused = is_offset(asked) || asked.form.contains_key("outStatistics");
        odd.then(|| Answer::Body(asked.server.page(&[1, 2])))
            .or(is_refused.then(|| body(REFUSED)))
    };
    let error = pull_to(
        &Server::new(ids()).with(lists),
        &plan("http://h/FeatureServer/0"),
        &Memory::default(),
    );
    let error = error.unwrap_err().to_string();
    assert!(error.contains("boxes: nobody counts the rows"), "{error}");
    let anonymous = Server::new(0..3).says("objectIdField", json!(null)).with(lists);
    let error = pull_to(&anonymous, &plan("http://h/FeatureServer/0"), &Memory::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("without object ids nothing tells whether all came"),
        "{error}"
    );
}

#[test]
fn a_layer_without_object_ids_is_taken_by_count_in_the_order_it_comes() {
    let server = Server::new([4, 1, 3]).says("objectIdField", json!(null));
    let (method, text) = pulled(&server);
    assert_eq!(method, "offsets");
    let places: Vec<usize> = ["n4", "n1", "n3"]
        .iter()
        .map(|name| text.find(name).unwrap())
        .collect();
    assert!(places.is_sorted());
}

#[test]
fn an_empty_layer_is_no_mistake() {
    assert_eq!(pulled(&Server::new([])), ("offsets", String::new()));
}

#[test]
fn a_token_is_renewed_once_and_then_the_layer_fails() {
    const EXPIRED: &str = r#"{"error":{"code":498,"message":"Invalid token.","details":[]}}"#;
    same_by(
        "offsets",
        &Server::new(ids()).with(|asked| (asked.number == 4).then(|| body(EXPIRED))),
    );
    let server = Server::new(ids()).with(|asked| is_page(asked).then(|| body(EXPIRED)));
    let error = pull_to(&server, &plan("http://h/FeatureServer/0"), &Memory::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "http://h/FeatureServer/0/query answers with error 498: Invalid token."
    );
    assert!(server.asked().len() < 10, "{:?}", server.asked());
}

#[test]
fn rows_added_meanwhile_are_in_or_the_pull_fails() {
    let once = AtomicU32::new(0);
    let server = Server::new(ids()).with(move |asked| {
        if is_page(asked) && once.fetch_add(1, Ordering::Relaxed) == 0 {
            asked.server.ids.lock().unwrap().push(5_000);
        }
        None
    });
    pulled(&server);
    let ever = Server::new(0..50).with(|asked| {
        if is_page(asked) {
            let mut ids = asked.server.ids.lock().unwrap();
            let next = ids.last().map_or(0, |last| last + 1_000);
            ids.push(next);
        }
        None
    });
    let error = pull_to(&ever, &plan("http://h/FeatureServer/0"), &Memory::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("was pulled 3 times and never added up: count"),
        "{error}"
    );
}

#[test]
fn too_many_bytes_are_given_up() {
    let mut plan = plan("http://h/FeatureServer/0");
    plan.max_bytes = 1_500;
    let error = pull_to(&Server::new(ids()), &plan, &Memory::default()).unwrap_err();
    assert!(
        matches!(error, ArcgisError::TooLarge { limit: 1_500, .. }),
        "{error}"
    );
    plan.max_bytes = 500;
    let error = pull_to(&Server::new(ids()), &plan, &Memory::default()).unwrap_err();
    assert!(
        matches!(error, ArcgisError::Implausible { limit: 500, .. }),
        "told before a page is asked for: {error}"
    );
}

#[test]
fn a_filter_goes_with_every_question() {
    let server = Server::new(0..30).says("supportsPagination", json!(false));
    let mut plan = plan("http://h/FeatureServer/0");
    plan.filter = "OBJECTID >= 10".to_owned();
    assert_eq!(pull_to(&server, &plan, &Memory::default()).unwrap().rows, 20);
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| asked.contains("OBJECTID >= 10"))
    );
}
