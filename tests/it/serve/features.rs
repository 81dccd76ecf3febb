//! OGC API – Features: every requirement of Core, GeoJSON and OpenAPI 3.0 (OGC 17-069r4) as a test of its name, and filters.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::http::{link, path_of};
use super::{served, shared};
use crate::query::{every_row, ids};

/// Whether a feature is meant.
type Test<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Ids of a page.
fn ids_of(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().unwrap().iter();
    features
        .map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Ids of all pages from one on.
fn paged(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = path.to_owned();
    loop {
        let page = served().json(&path);
        found.extend(ids_of(&page));
        match link(&page, "next") {
            Some(next) => path_of(next).clone_into(&mut path),
            None => return found,
        }
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[track_caller]
fn refused(path: &str) -> String {
    let reply = served().get(path);
    assert_eq!(reply.status, 400, "{path}: {}", reply.text());
    reply.problem()
}

fn all_ids(layer: &str) -> Vec<String> {
    let (folder, _) = shared();
    let rows = every_row(folder, layer);
    rows.iter()
        .flat_map(|rows| {
            rows.ids()
                .unwrap()
                .iter()
                .map(|id| id.unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn req_core_root_op_and_root_success() {
    let page = served().json("/");
    for (rel, media_type) in [
        ("self", "application/json"),
        ("service-desc", "application/vnd.oai.openapi+json;version=3.0"),
        ("service-doc", "text/html"),
        ("conformance", "application/json"),
        ("data", "application/json"),
    ] {
        let links = page["links"].as_array().unwrap();
        let found = links
            .iter()
            .find(|link| link["rel"] == rel)
            .unwrap_or_else(|| panic!("no {rel}"));
        assert_eq!(found["type"], media_type);
        let path = path_of(found["href"].as_str().unwrap());
        assert_eq!(served().get(path).status, 200, "{rel}");
    }
}

#[test]
fn req_core_api_definition_op_and_success() {
    let reply = served().get("/api");
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("application/vnd.oai.openapi+json;version=3.0")
    );
    assert_eq!(
        served().get("/api?f=html").header("content-type"),
        Some("text/html; charset=utf-8")
    );
}

#[test]
fn req_core_conformance_op_and_success() {
    let told = served().json("/conformance");
    for class in ["core", "geojson", "oas30"] {
        let class = format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{class}");
        assert!(told["conformsTo"].as_array().unwrap().contains(&json!(class)));
    }
}

#[test]
fn req_core_http() {
    let served = served();
    assert_eq!(served.get("/collections").status, 200);
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let reply = served.send(method, "/collections", &[], b"");
        assert_eq!(reply.status, 405, "{method}");
        assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
    let head = served.send("HEAD", "/collections", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_ne!(head.header("content-length"), Some("0"));
}

#[test]
fn req_core_query_param_unknown() {
    for path in [
        "/?x=1",
        "/conformance?x=1",
        "/collections?x=1",
        "/collections/points?x=1",
        "/collections/points/items?x=1",
        "/collections/points/items/points:1?x=1",
        "/api?x=1",
    ] {
        let told = refused(path);
        assert!(told.contains("no parameter `x`"), "{path}: {told}");
    }
    assert!(refused("/collections/points/items?state_cod=TX").contains("state_code"));
}

#[test]
fn req_core_query_param_invalid() {
    for path in [
        "/collections/points/items?limit=-1",
        "/collections/points/items?limit=ten",
        "/collections?f=xml",
        "/collections/points/items?limit=1&limit=2",
    ] {
        assert!(refused(path).contains("expected"), "{path}");
    }
}

#[test]
fn req_core_crs84() {
    let page = served().json("/collections/points/items?limit=20");
    for feature in page["features"].as_array().unwrap() {
        let [x, y] = [0, 1].map(|axis| feature["geometry"]["coordinates"][axis].as_f64().unwrap());
        assert!(
            (-105.0..=-75.0).contains(&x) && (28.0..=42.0).contains(&y),
            "longitude first: {x} {y}"
        );
    }
    assert_eq!(
        served().get("/collections/points/items").header("content-crs"),
        None
    );
}

#[test]
fn req_core_fc_md_op_and_success() {
    let told = served().json("/collections");
    assert!(link(&told, "self").is_some() && link(&told, "alternate").is_some());
    let ids: Vec<&Value> = told["collections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, ["facilities", "areas", "points", "wires"]);
}

#[test]
fn req_core_fc_md_items_links() {
    let told = served().json("/collections");
    for one in told["collections"].as_array().unwrap() {
        let links = one["links"].as_array().unwrap();
        let items = links.iter().find(|link| link["rel"] == "items").unwrap();
        assert_eq!(items["type"], "application/geo+json");
        assert_eq!(served().get(path_of(items["href"].as_str().unwrap())).status, 200);
    }
}

#[test]
fn req_core_fc_md_extent() {
    for one in served().json("/collections")["collections"].as_array().unwrap() {
        let sides: Vec<f64> = one["extent"]["spatial"]["bbox"][0]
            .as_array()
            .unwrap()
            .iter()
            .map(|side| side.as_f64().unwrap())
            .collect();
        assert!(sides[0] <= sides[2] && sides[1] <= sides[3], "{sides:?}");
        assert_eq!(one["extent"]["spatial"]["crs"], CRS84);
        assert!(one["extent"]["temporal"]["interval"][0].is_array());
        let id = one["id"].as_str().unwrap();
        let window = sides
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",");
        let within = paged(&format!("/collections/{id}/items?limit=500&bbox={window}"));
        assert_eq!(
            within.len() as u64,
            one["cikr:rows"],
            "every feature is in the extent"
        );
    }
}

#[test]
fn req_core_sfc_md_op_and_success() {
    let all = served().json("/collections");
    for one in all["collections"].as_array().unwrap() {
        let alone = served().json(&format!("/collections/{}", one["id"].as_str().unwrap()));
        assert_eq!(alone, *one);
        assert_eq!(alone["itemType"], "feature");
        assert_eq!(alone["crs"], json!([CRS84]));
    }
    let reply = served().get("/collections/point");
    assert_eq!(reply.status, 404);
    assert!(
        reply
            .problem()
            .contains("there are: facilities, areas, points, wires")
    );
}

#[test]
fn req_core_fc_op_and_response() {
    let reply = served().get("/collections/points/items");
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/geo+json"))
    );
    assert_eq!(served().get("/collections/none/items").status, 404);
}

#[test]
fn req_core_fc_limit_definition() {
    let api = served().json("/api");
    let limit = &api["components"]["parameters"]["limit"];
    assert_eq!(
        (
            &limit["in"],
            &limit["required"],
            &limit["style"],
            &limit["explode"]
        ),
        (&json!("query"), &json!(false), &json!("form"), &json!(false))
    );
    assert_eq!(
        limit["schema"],
        json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 100})
    );
}

#[test]
fn req_core_fc_limit_response_1() {
    let count = |path: &str| served().json(path)["features"].as_array().unwrap().len();
    assert_eq!(count("/collections/points/items?limit=7"), 7);
    assert_eq!(count("/collections/points/items"), 100, "the default");
    assert_eq!(
        count("/collections/points/items?limit=1000000"),
        500,
        "no more than the maximum, and no mistake"
    );
    assert!(refused("/collections/points/items?limit=0").contains("from 1 up"));
}

#[test]
fn req_core_fc_bbox_definition() {
    let bbox = &served().json("/api")["components"]["parameters"]["bbox"];
    assert_eq!(
        (&bbox["in"], &bbox["style"], &bbox["explode"]),
        (&json!("query"), &json!("form"), &json!(false))
    );
    let six = paged("/collections/points/items?limit=500&bbox=-96,31,-50,-94,33,9000");
    assert_eq!(
        six,
        paged("/collections/points/items?limit=500&bbox=-96,31,-94,33")
    );
    for bad in [
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "-96,33,-94,31",
        "-200,0,0,1",
        "NaN,0,1,1",
        "0,0,1,inf",
        "",
    ] {
        assert!(
            refused(&format!("/collections/points/items?bbox={bad}")).starts_with("bbox: write west"),
            "{bad}"
        );
    }
}

#[test]
fn req_core_fc_bbox_response() {
    let (folder, _) = shared();
    for layer in ["points", "wires", "areas", "facilities"] {
        for window in [
            "-96,31,-94,33",
            "-99.5,29,-80,35",
            "170,-10,-170,10",
            "-100,30,-100,30",
        ] {
            let expected = ids(folder, &["--layer", layer, &format!("--bbox={window}")]);
            let found = paged(&format!("/collections/{layer}/items?bbox={window}&limit=90"));
            assert_eq!(
                found, expected,
                "{layer} in {window}: the same rows in the same order as `query`"
            );
        }
    }
}

#[test]
fn req_core_fc_time_definition() {
    let datetime = &served().json("/api")["components"]["parameters"]["datetime"];
    assert_eq!(
        (&datetime["in"], &datetime["schema"]["type"]),
        (&json!("query"), &json!("string"))
    );
    for good in [
        "2018-02-12T23:20:50Z",
        "2018-02-12",
        "2018-02-12T00:00:00Z/2018-03-18T12:31:12Z",
        "../2018-03-18T12:31:12Z",
        "2018-02-12T00:00:00Z/..",
        "/2018-03-18",
        "../..",
    ] {
        assert_eq!(
            served()
                .get(&format!("/collections/points/items?limit=1&datetime={good}"))
                .status,
            200,
            "{good}"
        );
    }
    for bad in ["soon", "2018-13-01", "2018-03-18/2018-02-12", "1/2/3", "2018", ""] {
        assert!(
            refused(&format!("/collections/points/items?datetime={bad}")).starts_with("datetime: "),
            "{bad}"
        );
    }
}

#[test]
fn req_core_fc_time_response() {
    let all = all_ids("points");
    let with_days: BTreeSet<String> =
        paged("/collections/points/items?limit=500&filter=source_date%20IS%20NOT%20NULL")
            .into_iter()
            .collect();
    let early = paged("/collections/points/items?limit=500&datetime=../1950-01-01");
    // What has no day is of any time.
    assert_eq!(early.len(), all.len() - with_days.len());
    assert_eq!(paged("/collections/points/items?limit=500&datetime=../.."), all);
}

#[test]
fn req_core_fc_links() {
    let page = served().json("/collections/points/items?limit=5&bbox=-100,30,-90,40");
    assert!(path_of(link(&page, "self").unwrap()).starts_with("/collections/points/items?limit=5&bbox="));
    assert!(link(&page, "next").is_some());
    for link in page["links"].as_array().unwrap() {
        assert!(link["rel"].is_string() && link["type"].is_string(), "{link}");
    }
}

#[test]
fn req_core_fc_number_matched_and_returned() {
    let all = all_ids("points");
    let page = served().json("/collections/points/items?limit=5");
    assert_eq!(
        (&page["numberMatched"], &page["numberReturned"]),
        (&json!(all.len()), &json!(5))
    );
    let some = served().json("/collections/points/items?limit=500&bbox=-96,31,-94,33");
    assert_eq!(
        some["numberMatched"],
        Value::Null,
        "it would take a look at every page"
    );
    assert_eq!(some["numberReturned"], some["features"].as_array().unwrap().len());
}

#[test]
fn per_core_fc_paging_next_links_give_every_row_once() {
    for layer in ["points", "wires", "areas", "facilities"] {
        let all = all_ids_of(layer);
        for limit in [37, 500] {
            assert_eq!(
                paged(&format!("/collections/{layer}/items?limit={limit}")),
                all,
                "{layer} by {limit}"
            );
        }
    }
    let last = served().json("/collections/points/items?from=1000000");
    assert_eq!((&last["numberReturned"], link(&last, "next")), (&json!(0), None));
}

fn all_ids_of(layer: &str) -> Vec<String> {
    let (folder, _) = shared();
    ids(folder, &["--layer", layer])
}

#[test]
fn req_core_f_op_success_and_links() {
    let page = served().json("/collections/points/items?limit=3");
    for expected in page["features"].as_array().unwrap() {
        let id = expected["id"].as_str().unwrap();
        let reply = served().get(&format!("/collections/points/items/{id}"));
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("application/geo+json"))
        );
        let found = reply.json();
        for member in ["type", "id", "geometry", "properties"] {
            assert_eq!(found[member], expected[member], "{member}");
        }
        assert_eq!(served().json(path_of(link(&found, "self").unwrap()))["id"], id);
        assert_eq!(
            served().get(path_of(link(&found, "collection").unwrap())).status,
            200
        );
    }
    for id in [
        "points:none",
        "' OR '1'='1",
        "%27%20OR%20facility_id%20IS%20NOT%20NULL%20--",
    ] {
        assert_eq!(
            served()
                .get(&format!("/collections/points/items/{}", encoded(id)))
                .status,
            404,
            "{id}"
        );
    }
}

#[test]
fn req_geojson_definition_and_content() {
    let page = served().json("/collections/areas/items?limit=4");
    assert_eq!(page["type"], "FeatureCollection");
    for feature in page["features"].as_array().unwrap() {
        assert_eq!(feature["type"], "Feature");
        assert!(
            ["Polygon", "MultiPolygon"]
                .iter()
                .any(|kind| feature["geometry"]["type"] == *kind)
        );
        assert_eq!(feature["properties"]["facility_id"], feature["id"]);
        assert_eq!(feature["properties"]["__row"], Value::Null);
    }
    let wkt = served().get("/collections/areas/items?f=html");
    assert_eq!(wkt.status, 400);
}

#[test]
fn req_oas30_oas_definition_and_impl() {
    let api = served().json("/api");
    assert!(api["openapi"].as_str().unwrap().starts_with("3.0."));
    let place = |path: &str| {
        path.replace("{collection}", "points")
            .replace("{feature}", "points:1")
    };
    for (path, item) in api["paths"].as_object().unwrap() {
        if path.contains("tiles") || path.contains("tileMatrixSets") {
            continue;
        }
        let path = place(path);
        let path = if path.starts_with("/stac") {
            path.replace("points:1", &an_item())
        } else {
            path
        };
        let reply = served().get(&path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let media_type = item["get"]["responses"]["200"]["content"]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap();
        assert!(
            reply
                .header("content-type")
                .unwrap()
                .starts_with(media_type.as_str()),
            "{path}"
        );
    }
    let columns = api["paths"]["/collections/{collection}/items"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let named: BTreeSet<&str> = columns.iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(
        named.contains("state_code") && named.contains("beds"),
        "{named:?}"
    );
}

fn an_item() -> String {
    let found = served().json("/stac/search?collections=points&limit=1");
    found["features"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn req_oas30_exceptions_codes() {
    for (path, status) in [
        ("/collections/none", 404),
        ("/collections?x=1", 400),
        ("/nowhere", 404),
    ] {
        let reply = served().get(path);
        assert_eq!(reply.status, status);
        assert!(!reply.problem().is_empty());
        assert_eq!(
            reply.json()["title"],
            if status == 404 { "Not Found" } else { "Bad Request" }
        );
    }
}

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
    let decided = super::Served::start(folder.path(), &["--base-url", "https://data.example.gov/cikr/"]);
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
