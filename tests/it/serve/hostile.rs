//! Requests that mean no good, each with its answer; and a server that is as well as before.

use super::http::Served;
use super::served;

/// A request line and headers → the status that it gets; 0 where the connection is closed without an answer.
fn cases() -> Vec<(String, u16)> {
    let deep = |depth: usize| format!("{}beds=1{}", "(".repeat(depth), ")".repeat(depth));
    let long = |length: usize| "a".repeat(length);
    let items = "/collections/points/items";
    [
        // Paths that lead out, or nowhere.
        ("/latest/../../../../etc/passwd".to_owned(), 404),
        ("/latest/%2e%2e/%2e%2e/%2e%2e/etc/passwd".to_owned(), 404),
        ("/latest/..%2f..%2f..%2fetc%2fpasswd".to_owned(), 404),
        ("/latest/..%5c..%5cwindows".to_owned(), 404),
        ("/latest/%00".to_owned(), 404),
        ("/latest/README.md%00.html".to_owned(), 404),
        ("/latest/%ff%fe".to_owned(), 400),
        ("/releases/..%2f..%2flog/x".to_owned(), 404),
        ("/releases/../landing".to_owned(), 404),
        ("/releases/latest/README.md".to_owned(), 404),
        ("/releases/%2e%2e/latest.json".to_owned(), 404),
        ("//etc/passwd".to_owned(), 404),
        ("/collections/..%2f..%2fetc/items".to_owned(), 404),
        ("/collections/%00/items".to_owned(), 404),
        ("/collections/points%2fdata/items".to_owned(), 404),
        ("/collections//items".to_owned(), 404),
        (format!("/collections/{}/items", long(4_000)), 404),
        (format!("/{}", long(9_000)), 414),
        (format!("/{}", long(30_000)), 0),
        // Boxes.
        (format!("{items}?bbox=1e999,0,0,0"), 400),
        (format!("{items}?bbox=NaN,NaN,NaN,NaN"), 400),
        (format!("{items}?bbox=-inf,0,inf,1"), 400),
        (format!("{items}?bbox=0,90,0,-90"), 400),
        (format!("{items}?bbox={}", vec!["0"; 2_000].join(",")), 400),
        (format!("{items}?bbox=0,0,1,1&bbox=0,0,1,1"), 400),
        (format!("{items}?bbox=%F0%9F%92%A3"), 400),
        // Numbers.
        (format!("{items}?limit=99999999999999999999999"), 400),
        (format!("{items}?limit=-1"), 400),
        (format!("{items}?limit=1e3"), 400),
        (format!("{items}?from=18446744073709551615"), 200),
        (format!("{items}?from=18446744073709551616"), 400),
        (format!("{items}?from=-5"), 400),
        // Filters.
        (format!("{items}?filter={}", deep(400)), 400),
        (format!("{items}?filter={}", "NOT%20".repeat(1_000)), 400),
        (format!("{items}?filter={}", "(".repeat(7_000)), 400),
        (format!("{items}?filter=beds%20=%20%27"), 400),
        (format!("{items}?filter=beds%3D1%3B%20DROP%20TABLE%20points"), 400),
        (format!("{items}?filter=password%20=%20%27x%27"), 400),
        (
            format!("{items}?filter=name%20LIKE%20%27{}b%27", "%25a".repeat(1_000)),
            200,
        ),
        (
            format!("{items}?filter=S_INTERSECTS(geometry,POLYGON((1e999%200,1%201,0%201,0%200)))"),
            400,
        ),
        (
            format!(
                "{items}?filter=S_INTERSECTS(geometry,GEOMETRYCOLLECTION({}))",
                "GEOMETRYCOLLECTION(".repeat(200)
            ),
            400,
        ),
        (
            format!(
                "{items}?filter=S_INTERSECTS(geometry,POLYGON({}))",
                "(".repeat(500)
            ),
            400,
        ),
        (format!("{items}?filter=S_INTERSECTS(geometry,POLYGON(()))"), 400),
        (
            format!("{items}?filter=S_INTERSECTS(geometry,POINT(0%200%200%200%200))"),
            400,
        ),
        (
            format!("{items}?filter=beds%20IN%20({})", vec!["1"; 3_000].join(",")),
            400,
        ),
        (format!("{items}?filter=%00"), 400),
        (format!("{items}?filter-lang=cql2-json&filter=x"), 400),
        (format!("{items}?filter-crs=EPSG:3857&filter=beds=1"), 400),
        // Names.
        (format!("{items}?state_code=%27%20OR%201=1"), 200),
        (format!("{items}?{}=1", long(3_000)), 400),
        (format!("{items}?__row=1"), 400),
        (format!("{items}?geometry=1"), 400),
        (format!("{items}?release=..%2f..%2fetc"), 404),
        (format!("{items}?release={}", long(3_000)), 404),
        (format!("{items}/{}", "%27%22%3Cscript%3E"), 404),
        ("/collections?f=%3Cscript%3E".to_owned(), 400),
        ("/stac/search?intersects=%7B".to_owned(), 400),
        (format!("/stac/search?intersects={}", "%5B".repeat(1_000)), 400),
        ("/stac/search?ids=".to_owned(), 200),
        ("/stac/search?bbox=0,0".to_owned(), 400),
        ("/stac/search?collections=..%2f".to_owned(), 200),
        ("/metrics?x=1".to_owned(), 400),
    ]
    .into_iter()
    .collect()
}

#[test]
fn hostile_requests_get_their_answers() {
    let served = served();
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    for (path, expected) in cases {
        let shown: String = path.chars().take(90).collect();
        let raw = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let reply = served.raw(raw.as_bytes());
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        if expected == 0 {
            assert!([0, 414, 431].contains(&status), "{shown}: {status}");
            continue;
        }
        let reply = reply.unwrap_or_else(|| panic!("{shown}: no answer"));
        assert_eq!(status, expected, "{shown}: {}", reply.text());
        if expected >= 400 {
            assert!(!reply.problem().is_empty(), "{shown}");
        }
        assert!(!reply.text().contains("root:"), "{shown}");
    }
    assert_eq!(served.json("/health")["status"], "ok");
}

#[test]
fn requests_that_are_no_http_are_refused() {
    let served = served();
    let many = "X: y\r\n".repeat(200);
    let large = format!("X: {}\r\n", "y".repeat(60_000));
    let cases: Vec<(Vec<u8>, &[u16])> = vec![
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &[0, 400]),
        (b"GET\r\n\r\n".to_vec(), &[0, 400]),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), &[0, 400, 505]),
        (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &[0, 400]),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n".to_vec(), &[0, 400]),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n").into_bytes(), &[431]),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{large}\r\n").into_bytes(), &[0, 431]),
        (b"POST /stac/search HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n{".to_vec(), &[413]),
        (
            format!("POST /stac/search HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n{}", " ".repeat(100_000)).into_bytes(),
            &[413],
        ),
        (b"POST /stac/search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n".to_vec(), &[0, 400, 413]),
        (b"POST /stac/search HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}".to_vec(), &[0, 400]),
        (
            format!("POST /stac/search HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\nConnection: close\r\n\r\n{}", "[".repeat(20_000)).into_bytes(),
            &[400],
        ),
        (b"POST /collections HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}".to_vec(), &[405]),
    ];
    for (raw, expected) in cases {
        let shown: String = String::from_utf8_lossy(&raw).chars().take(80).collect();
        let status = served.raw(&raw).map_or(0, |reply| reply.status);
        assert!(expected.contains(&status), "{shown:?}: {status}");
    }
    assert_eq!(served.json("/health")["status"], "ok");
}

#[test]
fn a_bound_of_time_rows_or_bytes_ends_a_request_with_words() {
    let (folder, _) = super::shared();
    let narrow = Served::start(folder.path(), &["--max-read", "1kB"]);
    let reply = narrow.get("/collections/points/items?limit=500");
    assert_eq!(reply.status, 503);
    assert!(reply.problem().contains("may be read"), "{}", reply.text());
    for (option, value, told) in [
        ("--request-time", "0", "1..=3600"),
        ("--max-rows", "0", "1..=1000000"),
        ("--max-read", "much", "with its unit"),
        ("--memory", "1MiB", "the least that a server works with"),
        ("--connections", "0", "1.."),
        ("--listen", "everywhere", "invalid"),
    ] {
        folder.cikr(&["serve", "store", option, value]).code(2).says(told);
    }
}
