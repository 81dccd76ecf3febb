//! A server's life: it starts, follows new releases without a dropped request, and ends in order.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::http::{Reply, Served, link, path_of};
use crate::program::Folder;
use crate::query::released;

fn add_point(folder: &Folder, row: usize) {
    let points = std::fs::read_to_string(folder.path().join("points.csv")).unwrap();
    folder.write("points.csv", format!("{points}{row},New,,1,-95,35\n"));
}

#[test]
fn a_new_release_answers_within_a_second_and_no_request_is_dropped() {
    let folder = released();
    let served = Served::start(folder.path(), &[]);
    let is_over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    let first = served.json("/collections/points/items?limit=100");
    let next = path_of(link(&first, "next").unwrap()).to_owned();
    let (before, release) = (first["numberMatched"].as_u64().unwrap(), folder.latest());
    thread::scope(|scope| {
        for path in [
            "/collections/points/items?bbox=-100,30,-90,40",
            "/latest/layers/points/items.parquet",
            "/stac/search",
            "/collections/facilities/items?limit=5",
        ] {
            let (served, is_over, answered) = (&served, &is_over, &answered);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let reply = served.get(path);
                    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for night in 0..3 {
            add_point(&folder, 90_000 + night);
            folder.run().code(0);
            let began = Instant::now();
            let rows = || served.json("/collections/points")["cikr:rows"].as_u64().unwrap();
            while rows() != before + night as u64 + 1 {
                assert!(began.elapsed() < Duration::from_secs(10), "night {night}");
                thread::sleep(Duration::from_millis(50));
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(answered.load(Ordering::Relaxed) > 50);
    // A page goes on in the release that it began with.
    let page = served.json(&next);
    let id = release.file_name().unwrap().to_str().unwrap();
    assert!(path_of(link(&page, "next").unwrap()).contains(&format!("release={id}")));
    assert_eq!(page["numberMatched"], before);
    let old = served.get(&format!("/releases/{id}/layers/points/collection.json"));
    assert_eq!(old.status, 200);
    assert_eq!(
        served.json(&format!("/collections/points?release={id}"))["cikr:rows"],
        before
    );
    assert_eq!(served.get("/collections?release=20200101T000000Z").status, 404);
    assert_eq!(served.json("/health")["status"], "ok");
}

#[test]
fn sigterm_finishes_what_runs_and_ends_well() {
    let folder = released();
    for signal in ["-TERM", "-INT"] {
        let mut served = Served::start(folder.path(), &[]);
        let address = served.address.clone();
        // One that is being sent, and one that waits for its next request.
        let mut idle = served.connect();
        idle.write_all(format!("GET /health HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
            .unwrap();
        let mut begun = served.connect();
        begun
            .write_all(b"GET /collections/points/items?limit=1000 HTTP/1.1\r\n")
            .unwrap();
        thread::sleep(Duration::from_millis(200));
        served.signal(signal);
        begun
            .write_all(format!("Host: {address}\r\n\r\n").as_bytes())
            .ok();
        let mut answer = Vec::new();
        begun.read_to_end(&mut answer).ok();
        if let Some(reply) = Reply::parse(&answer) {
            assert_eq!(reply.status, 200);
            assert_eq!(
                reply.header("content-length"),
                Some(reply.body.len().to_string().as_str()),
                "whole"
            );
        }
        assert_eq!(served.ended(), 0, "{signal}: {}", served.log());
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
}

#[test]
fn an_empty_store_is_served_until_there_is_a_release() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n");
    std::fs::create_dir_all(folder.path().join("store/public/releases")).unwrap();
    std::fs::create_dir_all(folder.path().join("store/landing")).unwrap();
    let served = Served::start(folder.path(), &[]);
    assert_eq!(served.get("/health").status, 503);
    let reply = served.get("/collections");
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    folder.run().code(0);
    thread::sleep(Duration::from_millis(1_100));
    assert_eq!(served.get("/collections").status, 200);
    let none = Folder::new();
    none.cikr(&["serve", "nowhere"])
        .code(6)
        .says("there is no store at nowhere");
}

#[test]
fn a_second_server_on_a_port_is_told() {
    let folder = released();
    let served = Served::start(folder.path(), &[]);
    let told = folder.cikr(&["serve", "store", "--listen", &served.address]);
    told.code(2)
        .says("cannot listen on 127.0.0.1:")
        .says("--listen takes another address");
}

#[test]
fn counts_tell_of_requests_by_class_and_status() {
    let folder = released();
    let served = Served::start(folder.path(), &[]);
    served.get("/collections");
    served.get("/collections/points/items?limit=3");
    served.get("/collections/none/items");
    served.get("/nowhere");
    let reply = served.get("/metrics");
    assert!(
        reply
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let text = reply.text();
    let id = folder.latest().file_name().unwrap().to_str().unwrap().to_owned();
    for line in [
        "cikr_requests_total{class=\"about\",status=\"200\"} 1",
        "cikr_requests_total{class=\"items\",status=\"200\"} 1",
        "cikr_requests_total{class=\"items\",status=\"404\"} 1",
        "cikr_requests_total{class=\"unknown\",status=\"404\"} 1",
        "cikr_request_seconds_count{class=\"items\"} 2",
        "cikr_request_seconds_bucket{class=\"items\",le=\"+Inf\"} 2",
        &format!("cikr_release_info{{release=\"{id}\"}} 1"),
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
}

#[test]
fn connections_beyond_the_bound_wait_and_slow_heads_are_ended() {
    let folder = released();
    let served = Served::start(folder.path(), &["--connections", "2"]);
    let mut held: Vec<_> = (0..2).map(|_| served.connect()).collect();
    for stream in &mut held {
        stream.write_all(b"GET /health HTTP/1.1\r\n").unwrap();
    }
    thread::sleep(Duration::from_millis(100));
    let began = Instant::now();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| served.get("/health").status);
        thread::sleep(Duration::from_millis(300));
        held.pop();
        assert_eq!(waiting.join().unwrap(), 200);
    });
    assert!(began.elapsed() >= Duration::from_millis(300));
    // The other one never ends its head: it is closed, within the time for heads.
    let mut left = held.pop().unwrap();
    let mut answer = Vec::new();
    left.read_to_end(&mut answer).unwrap();
    assert!(began.elapsed() < Duration::from_secs(25), "15 s are the bound");
}
