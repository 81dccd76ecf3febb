//! The servers on loopback do what the tests that lean on them believe: asked over plain sockets, byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::loopback::arcgis::{ArcGis, Extra, Layer, Pagination, Quirks, Row, Rows, point};
use crate::loopback::replay::Replay;
use crate::loopback::{Reply, Server};
use crate::program::ROOT;

/// What came over the wire.
struct Got {
    head: String,
    body: Vec<u8>,
    error: Option<ErrorKind>,
}

/// Sends a request and reads until the server or `most` bytes end it.
fn ask(url: &str, method: &str, more: &str, form: &str, most: u64) -> Got {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = form.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n{form}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut bytes = Vec::new();
    let error = stream
        .take(most)
        .read_to_end(&mut bytes)
        .err()
        .map(|error| error.kind());
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map_or(bytes.len(), |end| end + 4);
    let body = bytes.split_off(end);
    Got {
        head: String::from_utf8(bytes).unwrap(),
        body,
        error,
    }
}

fn get(url: &str) -> Got {
    ask(url, "GET", "", "", 64 << 20)
}

fn query(service: &ArcGis, parameters: &str) -> Value {
    let got = get(&format!("{}/query?f=json&{parameters}", service.url(0)));
    serde_json::from_slice(&got.body).unwrap()
}

fn oids(page: &Value) -> Vec<i64> {
    let features = page["features"]
        .as_array()
        .unwrap_or_else(|| panic!("no features: {page}"));
    features
        .iter()
        .map(|feature| feature["attributes"]["OBJECTID"].as_i64().unwrap())
        .collect()
}

#[test]
fn keeps_every_request_with_query_form_and_headers() {
    let server = Server::script([
        Reply::status(503).header("Retry-After", "2"),
        Reply::json(&json!({"count": 3})),
    ]);
    let first = get(&server.url("/a%20b/query?where=A%3D1+AND+B%3E2"));
    assert!(
        first.head.starts_with("HTTP/1.1 503 ") && first.head.contains("Retry-After: 2"),
        "{}",
        first.head
    );
    for _ in 0..2 {
        let later = ask(
            &server.url("/query?f=json"),
            "POST",
            "X-Test: yes\r\n",
            "where=x%27y&outFields=*",
            1 << 20,
        );
        assert_eq!(later.body, br#"{"count":3}"#);
    }
    let requests = server.requests();
    assert_eq!(
        requests.iter().map(|request| request.number).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(
        (requests[0].path.as_str(), requests[0].get("where")),
        ("/a b/query", Some("A=1 AND B>2"))
    );
    assert_eq!(requests[1].method, "POST");
    assert_eq!(
        (requests[1].get("f"), requests[1].get("where")),
        (Some("json"), Some("x'y"))
    );
    assert_eq!(
        (requests[2].get("outfields"), requests[2].header("x-test")),
        (Some("*"), Some("yes"))
    );
    assert!(requests[0].at <= requests[2].at);
    server.forget();
    assert!(server.requests().is_empty());
}

#[test]
fn answers_several_at_once_and_says_how_many() {
    let server = Server::start(|_| Reply::status(200).after(Duration::from_millis(150)));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| get(&server.url("/")));
        }
    });
    assert_eq!(server.busiest(), 3);
}

#[test]
fn misbehaves_as_told() {
    let server = Server::start(|request| {
        let text = Reply::bytes("text/csv", "0123456789");
        match request.path.as_str() {
            "/slow" => text.slow(4, Duration::from_millis(60)),
            "/cut" => text.cut(6),
            "/claiming" => text.claiming(25),
            "/endless" => text.endless(),
            "/reset" => Reply::reset(),
            "/moved" => Reply::redirect("file:///etc/passwd"),
            _ => Reply::html(200, "Sign in"),
        }
    });
    let from = Instant::now();
    assert_eq!(get(&server.url("/slow")).body, b"0123456789");
    assert!(
        from.elapsed() >= Duration::from_millis(180),
        "three pieces, three pauses"
    );
    let cut = get(&server.url("/cut"));
    assert!(cut.head.contains("Content-Length: 10") && cut.body == b"012345" && cut.error.is_none());
    let claiming = get(&server.url("/claiming"));
    assert!(claiming.head.contains("Content-Length: 25") && claiming.body.len() == 10);
    let endless = ask(&server.url("/endless"), "GET", "", "", 1 << 20);
    assert!(endless.head.contains("chunked") && endless.body.len() > 1_000_000);
    assert_eq!(get(&server.url("/reset")).error, Some(ErrorKind::ConnectionReset));
    assert_eq!(
        ask(&server.url("/reset"), "POST", "", "a=b", 99).error,
        Some(ErrorKind::ConnectionReset)
    );
    assert!(
        get(&server.url("/moved"))
            .head
            .contains("302 Found\r\nContent-Type: text/plain\r\nLocation: file:///etc/passwd")
    );
    assert!(get(&server.url("/")).head.contains("text/html"));
}

#[test]
fn a_bomb_is_small_until_it_is_unpacked() {
    let server = Server::script([Reply::gzip_bomb("application/json", 20)]);
    let bomb = get(&server.url("/"));
    assert!(
        bomb.head.contains("Content-Encoding: gzip") && bomb.body.len() < 100_000,
        "{}",
        bomb.body.len()
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bomb.gz");
    std::fs::write(&path, &bomb.body).unwrap();
    let unpacked = std::process::Command::new("gzip")
        .arg("-dc")
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        unpacked.status.success() && unpacked.stdout.len() == 20 << 20,
        "{}",
        unpacked.stdout.len()
    );
}

#[test]
fn a_file_is_resumed_and_known_again() {
    let server = Server::start(|request| Reply::file(request, "text/csv", b"ID,X\n1,2\n", "\"v2\""));
    let ask = |more: &str| ask(&server.url("/a.csv"), "GET", more, "", 1 << 10);
    let rest = ask("Range: bytes=5-\r\nIf-Range: \"v2\"\r\n");
    assert!(
        rest.head.contains(" 206 ")
            && rest.head.contains("Content-Range: bytes 5-8/9")
            && rest.body == b"1,2\n"
    );
    assert_eq!(
        ask("Range: bytes=5-\r\nIf-Range: \"v1\"\r\n").body.len(),
        9,
        "another version comes whole"
    );
    assert!(ask("Range: bytes=9-\r\n").head.contains(" 416 "));
    let known = ask("If-None-Match: \"v2\"\r\n");
    assert!(known.head.contains(" 304 ") && known.body.is_empty());
}

#[test]
fn a_good_service_pages_counts_and_filters() {
    let service = ArcGis::start(Layer::points(2_500));
    let info: Value = serde_json::from_slice(&get(&format!("{}?f=json", service.url(0))).body).unwrap();
    assert_eq!(info["objectIdField"], "OBJECTID");
    assert_eq!(info["advancedQueryCapabilities"]["supportsPagination"], true);
    assert_eq!(
        query(&service, "where=1=1&returnCountOnly=true"),
        json!({"count": 2500})
    );
    let mut pulled = Vec::new();
    while pulled.len() < 2_500 {
        let page = query(
            &service,
            &format!("where=1%3D1&orderByFields=OBJECTID&resultOffset={}", pulled.len()),
        );
        assert_eq!(page["exceededTransferLimit"] == true, pulled.len() < 2_000);
        pulled.extend(oids(&page));
    }
    assert_eq!(pulled, (1..=2_500).collect::<Vec<_>>());
    assert_eq!(oids(&query(&service, "where=OBJECTID>2498")), [2499, 2500]);
    assert_eq!(
        oids(&query(
            &service,
            "where=objectid+BETWEEN+7+AND+9+AND+ID+<>+'P0000008'"
        )),
        [7, 9]
    );
    assert_eq!(
        oids(&query(
            &service,
            "where=(BEDS=499+OR+ID+IN+('P0000002'))+AND+NOT+OBJECTID+>=+600"
        )),
        [2, 500]
    );
    assert_eq!(oids(&query(&service, "objectIds=3,5")), [3, 5]);
    assert_eq!(
        query(
            &service,
            "where=BEDS+IS+NOT+NULL+AND+OBJECTID<5&returnIdsOnly=true"
        )["objectIds"],
        json!([1, 2, 3, 4])
    );
    let shape = point(4).geometry;
    let near = format!("{},{},{},{}", shape["x"], shape["y"], shape["x"], shape["y"]);
    assert_eq!(
        oids(&query(
            &service,
            &format!("geometry={near}&geometryType=esriGeometryEnvelope")
        )),
        [5]
    );
    assert_eq!(query(&service, "where=)")["error"]["code"], 400);
    let wanted = r#"[{"statisticType":"max","onStatisticField":"OBJECTID","outStatisticFieldName":"most"}]"#;
    assert_eq!(
        query(&service, &format!("outStatistics={wanted}"))["features"][0]["attributes"],
        json!({"most": 2500})
    );
    assert_eq!(service.pages().len(), 9);
}

#[test]
fn each_switch_shows() {
    let service = ArcGis::start(Layer::points(300));
    let code = |parameters: &str| query(&service, parameters)["error"]["code"].as_i64();
    let reset = || {
        service.quirk(|quirks| *quirks = Quirks::default());
    };
    service.quirk(|quirks| quirks.pagination = Pagination::Refused);
    assert_eq!(code("resultOffset=10"), Some(400));
    service.quirk(|quirks| quirks.pagination = Pagination::NeedsOrder);
    assert_eq!(
        (
            code("resultOffset=10"),
            code("resultOffset=10&orderByFields=OBJECTID")
        ),
        (Some(400), None)
    );
    service.quirk(|quirks| quirks.pagination = Pagination::Ignored);
    assert_eq!(
        oids(&query(&service, "resultOffset=100&resultRecordCount=2")),
        [1, 2]
    );
    reset();
    service.quirk(|quirks| (quirks.page_cap, quirks.says_cut) = (50, false));
    let capped = query(&service, "resultRecordCount=200");
    assert_eq!(
        (oids(&capped).len(), &capped["exceededTransferLimit"]),
        (50, &Value::Null)
    );
    service
        .quirk(|quirks| (quirks.count, quirks.ids, quirks.statistics) = (Extra::Odd, Extra::Odd, Extra::Odd));
    assert_eq!(oids(&query(&service, "returnCountOnly=true")).len(), 50);
    assert_eq!(query(&service, "returnIdsOnly=true")["objectIds"], Value::Null);
    service.quirk(|quirks| quirks.ids = Extra::Refused);
    assert_eq!(code("returnIdsOnly=true"), Some(400));
    let least = query(
        &service,
        r#"outStatistics=[{"statisticType":"min","outStatisticFieldName":"least"}]"#,
    );
    assert_eq!(
        least["features"][0]["attributes"],
        json!({"MIN(SHAPE.OBJECTID)": 1})
    );
    reset();
    service.quirk(|quirks| (quirks.heavy_above, quirks.heavy_row) = (Some(100), Some(7)));
    assert_eq!(
        (code("resultRecordCount=200"), code("resultRecordCount=5")),
        (Some(500), None)
    );
    assert_eq!(
        (code("resultRecordCount=9"), code("where=OBJECTID=7")),
        (Some(500), None)
    );
    service
        .quirk(|quirks| (quirks.where_refused, quirks.star_only, quirks.details_null) = (true, true, true));
    let refused = query(&service, "where=OBJECTID>1");
    assert_eq!(
        (&refused["error"]["code"], &refused["error"]["details"]),
        (&json!(400), &Value::Null)
    );
    assert_eq!(code("outFields=ID"), Some(400));
    reset();
    service.quirk(|quirks| (quirks.unstable, quirks.bare) = (true, true));
    let (one, other) = (
        query(&service, "resultRecordCount=5"),
        query(&service, "resultRecordCount=5"),
    );
    assert_ne!(oids(&one), oids(&other));
    assert_eq!(one["fields"], Value::Null);
    service.quirk(|quirks| (quirks.edits, quirks.max_record_count, quirks.old_style) = (true, None, true));
    let info =
        || -> Value { serde_json::from_slice(&get(&format!("{}?f=json", service.url(0))).body).unwrap() };
    let (before, after) = (info(), info());
    assert_ne!(before["editingInfo"], after["editingInfo"]);
    assert_eq!(
        (&before["maxRecordCount"], &before["advancedQueryCapabilities"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn tokens_run_out_and_roots_list_layers() {
    let service = ArcGis::start(Layer::points(3));
    service.change(|service| {
        service.kind = "MapServer";
        service.token_lasts = Some(1);
        service.groups.push((5, "Everything".to_owned()));
        let row = Row {
            geometry: Value::Null,
            ..point(0)
        };
        let table = Layer {
            id: 2,
            geometry_type: None,
            ..Layer::of(Rows::listed(vec![row]))
        };
        service.layers.push(table);
    });
    let code = |parameters: &str| query(&service, parameters)["error"]["code"].as_i64();
    assert_eq!((code(""), code("token=token-0")), (Some(499), Some(498)));
    let login = |form: &str| -> Value {
        serde_json::from_slice(&ask(&service.login(), "POST", "", form, 1 << 10).body).unwrap()
    };
    assert_eq!(login("username=ada&password=byron")["error"]["code"], 400);
    assert_eq!(login("username=ada&password=lovelace&f=json")["token"], "token-1");
    assert_eq!((code("token=token-1"), code("token=token-1")), (None, Some(498)));
    service.change(|service| service.token_lasts = None);
    assert!(service.url(0).ends_with("/MapServer/0"));
    let root: Value = serde_json::from_slice(&get(&format!("{}?f=json", service.root())).body).unwrap();
    assert_eq!(
        (&root["layers"][1]["type"], &root["tables"][0]["id"]),
        (&json!("Group Layer"), &json!(2))
    );
    assert!(
        get(&service.url(0)).head.contains("text/html"),
        "a browser gets the directory"
    );
    service.change(|service| service.fault = Some(Box::new(|_| Some(Reply::html(503, "Down")))));
    assert!(get(&service.url(0)).head.contains(" 503 "));
}

#[test]
fn recordings_are_served_as_they_are() {
    let folder = Path::new(ROOT).join("tests/data/esri/count-ignored");
    let replay = Replay::start(&folder);
    let ask = |parameters: &str| get(&format!("{}/query?f=json&{parameters}", replay.url())).body;
    assert_eq!(
        get(&replay.url()).body,
        std::fs::read(folder.join("info.json")).unwrap()
    );
    assert_eq!(
        ask("returnCountOnly=true"),
        std::fs::read(folder.join("count.json")).unwrap()
    );
    assert_eq!(
        ask("resultOffset=2"),
        std::fs::read(folder.join("page-2.json")).unwrap()
    );
    let missing: Value = serde_json::from_slice(&ask("resultOffset=999")).unwrap();
    assert_eq!(missing["error"]["code"], 400);
}
