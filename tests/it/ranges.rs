//! Parts of a file over HTTP: what was asked for, what the server says it gives and what is held must agree, or the whole
//! file is asked for again.

use std::fs;

use serde_json::json;

use crate::downloads::{csv, folder, landed};
use crate::loopback::{Reply, Request, Server};

/// A server whose parts lie, case by case: the whole file lands, however it has to be asked for.
#[test]
fn parts_that_lie_are_not_joined() {
    type Lie = fn(usize, &[u8]) -> Reply;
    let cases: [(&str, Lie); 8] = [
        ("ends early and says so", |from, body| {
            let end = body.len().min(from + 50_000);
            part(
                &body[from..end],
                &format!("bytes {from}-{}/{}", end - 1, body.len()),
            )
        }),
        ("tells no length", |from, body| {
            part(&body[from..from + 99], &format!("bytes {from}-{}/*", from + 98))
        }),
        ("begins elsewhere", |from, body| {
            part(
                &body[from + 5..],
                &format!("bytes {}-{}/{}", from + 5, body.len() - 1, body.len()),
            )
        }),
        ("claims a longer file", |from, body| {
            part(
                &body[from..],
                &format!("bytes {from}-{}/{}", body.len() - 1, body.len() + 100),
            )
        }),
        ("claims a shorter file", |from, body| {
            part(
                &body[from..from + 99],
                &format!("bytes {from}-{}/{}", from + 98, from + 99),
            )
        }),
        ("claims a shorter part", |from, body| {
            part(
                &body[from..],
                &format!("bytes {from}-{}/{}", from + 98, body.len()),
            )
        }),
        ("says not which part", |from, body| partial(whole(&body[from..]))),
        ("gives the whole to a range", |_, body| whole(body)),
    ];
    let body = csv();
    for (name, lie) in cases {
        let bytes = body.clone();
        let server = Server::start(move |request| match from(request) {
            Some(from) => lie(from, &bytes),
            None if request.number == 1 => whole(&bytes).cut(70_000),
            None => whole(&bytes),
        });
        let folder = folder(&server.url("/points.csv"), "");
        folder.run().code(0);
        assert!(landed(&folder).unwrap() == body, "{name}");
    }
}

/// As a kill between two steps leaves it: a note about bytes that are gone.
#[test]
fn the_file_decides_where_a_download_goes_on() {
    let body = csv();
    let bytes = body.clone();
    let server = Server::start(move |request| Reply::file(request, "text/csv", &bytes, "\"v1\""));
    let folder = folder(&server.url("/points.csv"), "");
    let key = format!("{}\n\"v1\"", server.url("/points.csv"));
    let note = json!({"version": 1, "key": key, "bytes": 100_000});
    for beside in [None, Some(&body[..70_000])] {
        folder.write("store/landing/points/partial.json", note.to_string());
        if let Some(bytes) = beside {
            folder.write("store/landing/points/partial", bytes);
        }
        folder.cikr(&["fetch", "pipeline.toml"]).code(0);
        assert!(landed(&folder).unwrap() == body);
        fs::remove_dir_all(folder.path().join("store/landing/points")).unwrap();
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.header("Range").is_none())
    );
}

/// A server that gives parts to whoever asks for the whole is given up after a few requests.
#[test]
fn parts_that_nobody_asked_for_end() {
    let body = csv();
    let server = Server::start(move |_| part(&body[..99], &format!("bytes 0-98/{}", body.len())));
    let folder = folder(&server.url("/points.csv"), "");
    let ended = folder.run().code(4);
    assert!(
        ended
            .stderr
            .contains("was asked for the whole file and gave a part of it (bytes 0-98/"),
        "{}",
        ended.stderr
    );
    assert!(
        server.requests().len() < 10,
        "{} requests",
        server.requests().len()
    );
    assert_eq!(landed(&folder), None);
}

/// A body that ends with its connection may have been cut after any row: only a second one shows that it wasn't.
#[test]
fn a_body_without_a_length_is_fetched_until_two_are_the_same() {
    let body = csv();
    let row = body[..70_000].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let bytes = body.clone();
    let server = Server::start(move |request| {
        let reply = Reply::bytes(
            "text/csv",
            if request.number == 1 {
                &bytes[..row]
            } else {
                &bytes[..]
            },
        );
        reply.undelimited()
    });
    let folder = folder(&server.url("/points.csv"), "");
    folder.run().code(0);
    assert_eq!(server.requests().len(), 3);
    assert!(landed(&folder).unwrap() == body);
}

/// Where a request has its file begin.
fn from(request: &Request) -> Option<usize> {
    request
        .header("Range")?
        .strip_prefix("bytes=")?
        .trim_end_matches('-')
        .parse()
        .ok()
}

fn whole(body: &[u8]) -> Reply {
    Reply::bytes("text/csv", body).header("ETag", "\"v1\"")
}

fn part(body: &[u8], range: &str) -> Reply {
    partial(whole(body).header("Content-Range", range))
}

fn partial(mut reply: Reply) -> Reply {
    reply.status = 206;
    reply
}
