//! A source has so much time (`fetch` of `[limits]`): what has come by then is kept, and the next night goes on from there.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::downloads::{csv, folder, landed};
use crate::loopback::arcgis::{ArcGis, Layer};
use crate::loopback::{Reply, Server};
use crate::program::Folder;

/// The pipeline with another time for each source.
fn within(folder: &Folder, time: &str) {
    let path = folder.path().join("pipeline.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.split("\n[limits]").next().unwrap().to_owned();
    fs::write(path, format!("{text}\n[limits]\nfetch = \"{time}\"\n")).unwrap();
}

#[test]
fn a_body_that_takes_too_long_is_gone_on_with_the_next_night() {
    let body = csv();
    let bytes = body.clone();
    let server = Server::start(move |request| {
        let reply = Reply::file(request, "text/csv", &bytes, "\"v1\"");
        if request.number == 1 {
            reply.slow(8_000, Duration::from_millis(150))
        } else {
            reply
        }
    });
    let folder = folder(&server.url("/points.csv"), "");
    within(&folder, "2 s");
    let began = Instant::now();
    let ended = folder.run().code(4);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let of = format!("of {} bytes of it", body.len());
    assert!(
        ended.stderr.contains("was given up after 2 s, with ") && ended.stderr.contains(&of),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("`fetch` of `[limits]`"), "{}", ended.stderr);
    within(&folder, "1 h");
    folder.run().code(0);
    assert!(landed(&folder).unwrap() == body);
    let range = server.requests()[1].header("Range").unwrap().to_owned();
    let from: usize = range
        .trim_start_matches("bytes=")
        .trim_end_matches('-')
        .parse()
        .unwrap();
    assert!(from > 30_000, "{range}");
}

/// Waits that a server asks for, trickles and exports that are never finished count as well as bodies.
#[test]
fn nothing_that_a_server_asks_for_takes_longer() {
    let pending = json!({"status": "Pending"});
    let cases = [
        Reply::status(429).header("Retry-After", "1"),
        Reply::status(503).header("Retry-After", "60"),
        Reply::json(&pending),
        Reply::bytes("text/csv", csv()).slow(2_000, Duration::from_millis(100)),
        Reply::bytes("text/csv", csv()).after(Duration::from_secs(9)),
    ];
    for reply in cases {
        let server = Server::script([reply]);
        let folder = folder(&server.url("/points.csv"), "");
        within(&folder, "2 s");
        let began = Instant::now();
        let ended = folder.run().code(4);
        assert!(
            ended.stderr.contains("was given up after 2 s"),
            "{}",
            ended.stderr
        );
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    }
}

#[test]
fn pages_and_logins_share_the_time_and_pages_are_not_asked_for_again() {
    let mut layer = Layer::points(2_000);
    layer.quirks.page_cap = 50;
    layer.quirks.max_record_count = Some(50);
    layer.quirks.pause = Duration::from_millis(200);
    let service = ArcGis::start(layer);
    let folder = Folder::new();
    folder.schema("points", "point", "");
    let url = service.url(0);
    folder.pipeline(&format!(
        "[[layer]]\nid = \"points\"\nsource.arcgis = {{ url = \"{url}\", at-once = 1 }}\n"
    ));
    within(&folder, "3 s");
    let ended = folder.run().code(4);
    assert!(
        ended.stderr.contains("was given up after 3 s, with "),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("requests; the next run goes on"),
        "{}",
        ended.stderr
    );
    let before = service.pages().len();
    assert!((2..30).contains(&before), "{before} pages");
    service.server.forget();
    service.quirk(|quirks| quirks.pause = Duration::ZERO);
    within(&folder, "1 h");
    assert_eq!(folder.run().code(0).layer("points").rows_written, 2_000);
    assert!(
        service.pages().len() <= 42 - (before - 1),
        "{} pages after {before}",
        service.pages().len()
    );
}

#[test]
fn a_login_that_hangs_is_part_of_the_time() {
    let server = Server::start(|_| Reply::status(503));
    let folder = Folder::new();
    folder.schema("points", "point", "");
    let (url, login) = (server.url("/FeatureServer/0"), server.url("/login"));
    folder.pipeline(&format!(
        "[[layer]]\nid = \"points\"\nsource.arcgis = {{ url = \"{url}\", auth = {{ login = {{ url = \"{login}\", \
         user = \"PATH\", password = \"PATH\" }} }} }}\n"
    ));
    within(&folder, "1 s");
    folder
        .run()
        .code(4)
        .says("was given up after 1 s, with 0 bytes by 1 requests");
}

#[test]
fn a_time_is_written_with_its_unit() {
    let folder = folder("http://127.0.0.1:1/a.csv", "");
    for (time, code) in [
        ("2 h", 0),
        ("90min", 0),
        ("7 d", 0),
        ("8 d", 3),
        ("0 s", 3),
        ("2", 3),
        ("1.5 h", 3),
    ] {
        within(&folder, time);
        folder.cikr(&["check", "pipeline.toml"]).code(code);
    }
}
