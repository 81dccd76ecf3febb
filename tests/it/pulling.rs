//! The puller against a service on loopback that fails in every way on record: real HTTP client, real landing. Either
//! the pages that land are those of an undisturbed pull, byte for byte, or nothing is accepted.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use cikr::feature::{Landed, Progress, Task};
use cikr::fetch::arcgis::{ArcgisError, Asker, Landing, land};
use cikr::fetch::http::{Client, ClientSettings};
use cikr::plan::{Access, ArcgisPlan, Credential, PageFormat, Secret};
use cikr::store::Store;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::loopback::arcgis::{ArcGis, Extra, Layer, Pagination, Quirks, Row, Rows, error, point};
use crate::loopback::replay::Replay;
use crate::loopback::{Reply, Request};
use crate::program::ROOT;

const PAGE_ROWS: u32 = 200;

/// A store of one's own, and how a layer is pulled to it.
struct Puller {
    dir: TempDir,
    plan: ArcgisPlan,
}

struct Unseen;

impl Progress for Unseen {
    fn start(&self, _: &'static str, _: &str, _: Option<u64>) -> Box<dyn Task> {
        Box::new(Self)
    }
}

impl Task for Unseen {
    fn advance(&self, _: u64) {}
}

impl Puller {
    fn new(url: &str) -> Self {
        let access =
            Access { credential: Credential::None, timeout_s: 5, is_insecure: false, hidden: vec![] };
        let plan = ArcgisPlan {
            url: Secret::new(url),
            layer: None,
            filter: "1=1".to_owned(),
            page_rows: PAGE_ROWS,
            at_once: 3,
            pages: PageFormat::Json,
            max_bytes: 1 << 30,
            access,
        };
        Self { dir: tempfile::tempdir().unwrap(), plan }
    }

    fn land(&self) -> Result<Landed, ArcgisError> {
        let store = Store::open(&self.dir.path().join("store")).unwrap();
        let settings = ClientSettings {
            pause: Duration::from_millis(4),
            longest_wait: Duration::from_secs(3),
            ..ClientSettings::default()
        };
        let client = Client::new(&settings).unwrap();
        let now = || "2026-01-01T00:00:00Z".to_owned();
        let landing = Landing { store: &store, id: "points", progress: &Unseen, now: &now };
        land(&self.plan, &Asker::new(&client, &self.plan), &landing)
    }

    /// Pages as they landed, without the layer's info.
    #[track_caller]
    fn pages(&self) -> Vec<Value> {
        let landed = self.land().unwrap_or_else(|error| panic!("{}", chain(&error)));
        pages(&landed.path)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn pages(list: &Path) -> Vec<Value> {
    let text: Value = serde_json::from_slice(&fs::read(list).unwrap()).unwrap();
    let paths = text["pages"].as_array().unwrap().iter();
    let paths = paths.map(|page| list.with_file_name(page["path"].as_str().unwrap()));
    paths
        .map(|path| zstd::decode_all(fs::File::open(path).unwrap()).unwrap())
        .map(|page| serde_json::from_slice(&page).unwrap())
        .collect()
}

/// Rows of the pages in order.
fn rows(pages: &[Value]) -> Vec<Value> {
    pages.iter().flat_map(|page| page["features"].as_array().unwrap().clone()).collect()
}

/// 1,000 rows, stored out of order, with gaps in the OIDs, a negative one and 31-bit ones.
fn layer() -> Layer {
    let oid = |at: usize| match at as i64 {
        0 => -4,
        at if at < 600 => at * 3,
        at => 1_781_375_299 + at * 7_919,
    };
    let mut rows: Vec<Row> = (0..1_000).map(|at| Row { oid: oid(at), ..point(at) }).collect();
    rows.rotate_left(317);
    let mut layer = Layer::of(Rows::listed(rows));
    layer.quirks.page_cap = 400; // no answer holds them all
    layer
}

/// Pulls the layer with `turn`ed switches, and looks whether the pages are those of an undisturbed pull.
#[track_caller]
fn same(turn: impl FnOnce(&mut Quirks)) -> Vec<Request> {
    same_from(|service| {
        service.quirk(turn);
    })
}

#[track_caller]
fn same_from(disturb: impl FnOnce(&ArcGis)) -> Vec<Request> {
    let service = ArcGis::start(layer());
    let undisturbed = rows(&Puller::new(&service.url(0)).pages());
    assert_eq!(undisturbed.len(), 1_000);
    disturb(&service);
    service.server.forget();
    let disturbed = rows(&Puller::new(&service.url(0)).pages());
    assert!(disturbed == undisturbed, "{} rows, other than the undisturbed ones", disturbed.len());
    service.server.requests()
}

/// A fault of every `nth` request for rows.
fn every(nth: usize, reply: Reply) -> impl FnOnce(&ArcGis) {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    move |service| {
        service.change(|service| {
            service.fault = Some(Box::new(move |request| {
                let hit = request.asks_for_rows()
                    && (seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1).is_multiple_of(nth);
                hit.then(|| reply.clone())
            }));
        });
    }
}

#[test]
fn rows_land_in_oid_order_in_pages_of_the_plan() {
    let service = ArcGis::start(layer());
    let pages = Puller::new(&service.url(0)).pages();
    assert!(pages.iter().all(|page| page["features"].as_array().unwrap().len() == PAGE_ROWS as usize));
    let oids: Vec<i64> =
        rows(&pages).iter().map(|row| row["attributes"]["OBJECTID"].as_i64().unwrap()).collect();
    assert!(oids.is_sorted() && oids.len() == 1_000 && oids[0] == -4);
    assert!(service.server.busiest() <= 3, "no more requests at once than the plan has");
}

#[test]
fn errors_in_a_200_with_null_details_are_tried_again() {
    same_from(every(3, error(500, "Error performing query operation", &Value::Null)));
}

#[test]
fn html_resets_cut_bodies_and_lies_about_length_are_tried_again() {
    same_from(every(3, Reply::html(503, "Service Unavailable")));
    same_from(every(3, Reply::html(200, "Please sign in")));
    same_from(every(3, Reply::reset()));
    same_from(every(3, Reply::bytes("application/json", r#"{"features":[{"attributes""#).cut(20)));
    same_from(every(3, Reply::bytes("application/json", r#"{"features":[]"#).claiming(900)));
    same_from(every(4, Reply::bytes("application/json", r#"{"objectIdFieldName":"OBJECTID","fea"#)));
}

#[test]
fn retry_after_is_honoured() {
    let requests = same_from(every(3, Reply::status(429).header("Retry-After", "1")));
    let pages: Vec<_> = requests.iter().filter(|request| request.asks_for_rows()).collect();
    let refused = pages[2];
    let again = pages[3..].iter().find(|request| request.parameters == refused.parameters).unwrap();
    let waited = again.at.duration_since(refused.at).unwrap();
    assert!(waited >= Duration::from_millis(990), "asked again after {waited:?}");
}

#[test]
fn a_page_shorter_than_asked_for_is_not_the_last() {
    same(|quirks| (quirks.page_cap, quirks.says_cut) = (70, false));
    same(|quirks| quirks.page_cap = 1);
}

#[test]
fn rows_in_another_order_each_time_are_put_in_one() {
    same(|quirks| quirks.unstable = true);
}

#[test]
fn pages_that_are_refused_ignored_or_unordered_are_had_another_way() {
    same(|quirks| quirks.pagination = Pagination::Refused);
    same(|quirks| (quirks.pagination, quirks.advertised) = (Pagination::Refused, Some(true)));
    same(|quirks| quirks.pagination = Pagination::NeedsOrder);
    same(|quirks| (quirks.pagination, quirks.advertised) = (Pagination::Ignored, Some(true)));
}

#[test]
fn a_layer_that_cannot_count_is_pulled() {
    same(|quirks| quirks.count = Extra::Odd);
    same(|quirks| quirks.count = Extra::Refused);
}

#[test]
fn statistics_by_other_names_or_refused_lead_to_windows_or_ids() {
    same(|quirks| (quirks.pagination, quirks.statistics) = (Pagination::Refused, Extra::Odd));
    let requests =
        same(|quirks| (quirks.pagination, quirks.statistics) = (Pagination::Refused, Extra::Refused));
    let listed = requests.iter().filter(|request| request.get("objectIds").is_some()).count();
    assert_eq!(listed, 0, "ranges, not lists");
}

#[test]
fn without_ids_too_it_is_pulled() {
    let none = |quirks: &mut Quirks| {
        (quirks.pagination, quirks.statistics, quirks.ids) =
            (Pagination::Refused, Extra::Refused, Extra::Odd);
    };
    same(none);
}

#[test]
fn where_clauses_that_are_refused_lead_to_lists_of_ids() {
    let requests = same(|quirks| (quirks.pagination, quirks.where_refused) = (Pagination::Refused, true));
    assert!(requests.iter().any(|request| request.get("objectIds").is_some()));
}

#[test]
fn old_bare_and_terse_servers_are_pulled() {
    same(|quirks| quirks.star_only = true);
    same(|quirks| (quirks.old_style, quirks.max_record_count) = (true, None));
    same(|quirks| (quirks.object_id_field, quirks.details_null) = (false, true));
    let service = ArcGis::start(layer());
    service.quirk(|quirks| quirks.bare = true);
    let bare = rows(&Puller::new(&service.url(0)).pages());
    assert_eq!(bare.len(), 1_000);
}

#[test]
fn page_sizes_are_the_least_of_all_limits() {
    let most = |requests: Vec<Request>| {
        requests.iter().filter_map(|request| request.number_of("resultRecordCount")).max().unwrap()
    };
    assert_eq!(most(same(|quirks| quirks.max_record_count = Some(100_000))), PAGE_ROWS as usize);
    assert_eq!(most(same(|quirks| quirks.max_record_count = Some(50))), 50);
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
    service.change(|service| service.token_lasts = Some(4));
    service.quirk(|quirks| quirks.pause = Duration::from_millis(2_100)); // a token just got isn't doubted
    let mut puller = Puller::new(&service.url(0));
    puller.plan.access.credential = Credential::Login {
        url: service.login(),
        user: Secret::new("ada"),
        password: Secret::new("lovelace"),
    };
    assert_eq!(rows(&puller.pages()).len(), 1_000);
    let logins =
        service.server.requests().iter().filter(|request| request.path.ends_with("generateToken")).count();
    assert!(logins >= 2, "{logins} logins");
    assert!(shows(&puller, &["token-1", "lovelace"]).is_empty());
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
fn roots_groups_tables_and_map_servers() {
    let service = ArcGis::start(layer());
    service.change(|service| {
        service.kind = "MapServer";
        service.groups.push((5, "Everything".to_owned()));
        let rows = (0..30).map(|at| Row { geometry: Value::Null, ..point(at) }).collect();
        let name = "Beds".to_owned();
        service.layers.push(Layer { id: 2, name, geometry_type: None, ..Layer::of(Rows::listed(rows)) });
    });
    let from = |layer: Option<&str>| {
        let mut puller = Puller::new(&service.root());
        puller.plan.layer = layer.map(str::to_owned);
        puller.land().map(|landed| rows(&pages(&landed.path)).len())
    };
    assert_eq!(from(Some("0")).unwrap(), 1_000);
    assert_eq!(from(Some("Points")).unwrap(), 1_000);
    assert_eq!(from(Some("Beds")).unwrap(), 30);
    assert!(from(Some("Pumps")).is_err());
    assert!(from(None).is_err(), "two layers, and none named");
    assert!(Puller::new(&service.url(5)).land().is_err(), "a group has no rows");
}

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
    assert!(service.server.requests().len() < 1_000, "{} requests", service.server.requests().len());
    let store = Store::open(&puller.dir.path().join("store")).unwrap();
    assert_eq!(
        store.held("points").unwrap().unwrap().landed.sha256,
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
                request.is("returnCountOnly").then(|| Reply::json(&json!({"count": 1_003})))
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
    refused(always(Reply::bytes("application/json", "[1,2,3,4],".repeat(1_000)).endless()), "");
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
            service.fault =
                Some(Box::new(move |request| request.asks_for_rows().then(|| Reply::json(&body))));
        });
    };
    refused(stuck, "");
}

#[test]
fn a_single_row_of_ten_megabytes_lands() {
    let big = |at: usize| {
        let mut row = point(at);
        if at == 3 {
            row.attributes.insert("NAME".to_owned(), json!("x".repeat(10 << 20)));
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

#[test]
fn recordings_land_or_are_refused() {
    let pull = |name: &str| {
        let replay = Replay::start(Path::new(ROOT).join("tests/data/esri").join(name));
        let puller = Puller::new(&replay.url());
        puller.land().map(|landed| rows(&pages(&landed.path)).len())
    };
    assert_eq!(pull("statistics-renamed").unwrap(), 3);
    assert_eq!(pull("version-10-0").unwrap(), 3);
    assert!(
        matches!(pull("count-ignored"), Err(ArcgisError::NoWay { .. })),
        "nobody knows how many there are"
    );
}
