//! Core: every requirement of it as a test of its name.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{CRS84, all_ids, encoded, paged, refused};
use crate::query::ids;
use crate::serve::http::{link, path_of};
use crate::serve::{served, shared};

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
