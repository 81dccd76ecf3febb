//! A release behind a server: the same answers by ranges, few requests, one release throughout.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{ask, released};
use crate::loopback::{Reply, Request, Server};
use crate::program::Folder;

/// Requests that a window may take.
const MOST_REQUESTS: usize = 12;

/// A file, or the part of it that is asked for.
fn file_reply(path: &Path, request: &Request) -> Reply {
    let Ok(body) = fs::read(path) else {
        return Reply::html(404, "nothing here");
    };
    let range = request
        .header("Range")
        .and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let Some((first, last)) = range else {
        return Reply::bytes("application/octet-stream", body);
    };
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    let last = last.min(body.len() - 1);
    let place = format!("bytes {first}-{last}/{}", body.len());
    Reply::bytes("application/octet-stream", &body[first..=last])
        .of(206)
        .header("Content-Range", &place)
}

fn public(folder: &Folder) -> PathBuf {
    folder.path().join("store/public")
}

fn served(folder: &Folder) -> Server {
    let public = public(folder);
    Server::start(move |request| file_reply(&public.join(request.path.trim_start_matches('/')), request))
}

#[test]
fn the_answers_are_those_of_the_folder_and_take_few_requests() {
    let folder = released();
    let server = served(&folder);
    let questions: [&[&str]; 7] = [
        &["--layer", "points", "--bbox=-95,33,-94,34"],
        &["--layer", "points", "--bbox=-101,29,-84,38"],
        &["--layer", "wires", "--bbox=-95,33,-92,35"],
        &["--layer", "points", "--near=-95.4,33.3", "--k", "10"],
        &[
            "--layer",
            "areas",
            "--near=-88,36",
            "--radius-m",
            "60000",
            "--order-by",
            "distance",
        ],
        &["--layer", "points", "--where", "beds>=60", "--bbox=-96,33,-93,35"],
        &[
            "--layer",
            "facilities",
            "--within",
            "state=TX",
            "--sector",
            "HLPH",
            "--limit",
            "9",
        ],
    ];
    for question in questions {
        server.forget();
        let url = server.url("/");
        let args = [&["query", &url], question, &["--format", "csv"]].concat();
        let of_url = folder.cikr(&args).code(0).stdout;
        let of_folder = ask(&folder, &[question, &["--format", "csv"]].concat())
            .code(0)
            .stdout;
        assert!(of_folder.lines().count() > 1, "{question:?}");
        assert_eq!(of_url, of_folder, "{question:?}");
        let requests = server.requests();
        let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
        // A window over many tiles takes one request for each at least.
        let is_small = !question.contains(&"--bbox=-101,29,-84,38") && !question.contains(&"--sector");
        assert!(
            !is_small || requests.len() <= MOST_REQUESTS,
            "{question:?}: {paths:#?}"
        );
        assert_eq!(
            paths.iter().filter(|path| path.ends_with("latest.json")).count(),
            1
        );
        assert!(
            paths
                .iter()
                .filter(|path| !path.contains("latest.json"))
                .all(|path| path.starts_with("/releases/"))
        );
    }
}

#[test]
fn a_release_that_is_published_meanwhile_changes_nothing() {
    let folder = released();
    let release = folder.latest().file_name().unwrap().to_str().unwrap().to_owned();
    let public = public(&folder);
    let asked = Mutex::new(0);
    let server = Server::start(move |request| {
        if request.path.ends_with("/latest.json") {
            *asked.lock().unwrap() += 1;
            let record = fs::read_to_string(public.join("latest.json")).unwrap();
            // Whoever asked a second time would be led to a release that isn't there.
            let first = *asked.lock().unwrap() == 1;
            let record = if first {
                record
            } else {
                record.replace("\"release\": \"2", "\"release\": \"9")
            };
            return Reply::bytes("application/json", record);
        }
        file_reply(&public.join(request.path.trim_start_matches('/')), request)
    });
    let args = ["--layer", "points", "--bbox=-95,33,-94,34", "--format", "json"];
    let told = folder
        .cikr(&[&["query", &server.url("/latest.json")], &args[..]].concat())
        .code(0);
    assert!(told.stdout.contains(&release), "{}", told.stdout);
    let by_id = server.url(&format!("/releases/{release}"));
    let again = folder.cikr(&[&["query", &by_id], &args[..]].concat()).code(0);
    assert_eq!(again.stdout, told.stdout, "a release by its own address");
}

#[test]
fn servers_that_cannot_serve_a_release_are_told_of() {
    let folder = released();
    let ask_of = |server: &Server| folder.cikr(&["query", &server.url("/"), "--layer", "points"]);
    let root = public(&folder);
    let without_ranges = Server::start(move |request| {
        let path = root.join(request.path.trim_start_matches('/'));
        let Ok(mut body) = fs::read(&path) else {
            return Reply::html(404, "nothing here");
        };
        if path.ends_with("part-000.parquet") {
            // Longer than what is asked for: a file that is as long may come as a whole.
            body.extend([0; 64]);
        }
        Reply::bytes("application/octet-stream", body)
    });
    ask_of(&without_ranges).code(6).says("its server knows no ranges");
    ask_of(&Server::start(|_| Reply::html(404, "nothing here")))
        .code(6)
        .says("answers 404");
    ask_of(&Server::start(|_| Reply::html(200, "a portal")))
        .code(6)
        .says("is no `latest.json` of a store");
    let sly = Server::start(|_| Reply::bytes("application/json", r#"{"release": "../../landing"}"#));
    ask_of(&sly).code(6);
    assert_eq!(
        sly.requests().len(),
        1,
        "nothing is asked for outside the releases"
    );
    let root = public(&folder);
    let shifted = Server::start(move |request| {
        let reply = file_reply(&root.join(request.path.trim_start_matches('/')), request);
        match request.header("Range") {
            // Another part than the one asked for, every time.
            Some(_) => Reply::bytes("application/octet-stream", vec![0; 9])
                .of(206)
                .header("Content-Range", "bytes 0-8/9"),
            None => reply,
        }
    });
    let told = folder.cikr(&["query", &shifted.url("/"), "--layer", "points", "--limit", "1"]);
    assert_eq!(told.code, 6, "{}", told.stderr);
    assert!(told.stderr.contains("was asked for bytes"), "{}", told.stderr);
    folder
        .cikr(&["query", "https://a:b@localhost/", "--layer", "points"])
        .code(2)
        .says("isn't asked");
}
