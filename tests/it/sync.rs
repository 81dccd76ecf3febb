//! `cikr sync`: a store filled from another one behind a web server, what comes over the wire, and what doesn't.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::loopback::{Reply, Server};
use crate::program::{Ended, Folder};

const POINTS: &str = "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,a,48001,5,-95,35\n2,b,01001,6,-85,35\n";
/// The second has other beds.
const CHANGED: &str = "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,a,48001,5,-95,35\n2,b,01001,7,-85,35\n";

fn serve(public: &Path) -> Server {
    let public = public.to_owned();
    Server::start(move |request| file_reply(&public, &request.path))
}

fn file_reply(public: &Path, path: &str) -> Reply {
    match fs::read(public.join(path.trim_start_matches('/'))) {
        Ok(bytes) => Reply::bytes("application/octet-stream", bytes),
        Err(_) => Reply::status(404),
    }
}

fn published(rows: &str) -> Folder {
    let folder = Folder::new();
    folder.schema("points", "point", "");
    folder.points(rows);
    folder.run().code(0);
    folder
}

fn sync(folder: &Folder, server: &Server) -> Ended {
    folder.cikr(&["sync", &server.url("/"), "mirror", "--format", "json"])
}

fn told(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{}", ended.stderr))
}

fn mirrored(folder: &Folder) -> PathBuf {
    crate::program::latest(&folder.path().join("mirror"))
}

#[test]
fn a_release_comes_over_whole_and_the_next_by_what_differs() {
    let folder = published(POINTS);
    let server = serve(&folder.path().join("store/public"));
    let first = told(&sync(&folder, &server).code(0));
    assert_eq!(first["files_fetched"], first["files"]);
    folder.cikr(&["verify", "mirror"]).code(0);
    assert_same_files(&folder.latest(), &mirrored(&folder));
    let pointers = ["store/public/latest.json", "mirror/public/latest.json"]
        .map(|path| fs::read(folder.path().join(path)).unwrap());
    assert_eq!(pointers[0], pointers[1]);

    server.forget();
    let again = told(&sync(&folder, &server).code(0));
    assert_eq!((&again["was_here"], server.requests().len()), (&true.into(), 1));

    folder.points(CHANGED).run().code(0);
    server.forget();
    let second = told(&sync(&folder, &server).code(0));
    assert_same_files(&folder.latest(), &mirrored(&folder));
    folder.cikr(&["verify", "mirror"]).code(0);
    let asked: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.path.clone())
        .collect();
    let is_asked = |end: &str| asked.iter().any(|path| path.ends_with(end));
    assert!(
        is_asked("layers/points/data/region=R04/part-000.parquet"),
        "{asked:?}"
    );
    assert!(
        !is_asked("layers/points/data/region=R06/part-000.parquet"),
        "Texas hasn't changed: {asked:?}"
    );
    assert!(second["bytes_fetched"].as_u64() < second["bytes"].as_u64());
}

fn assert_same_files(one: &Path, other: &Path) {
    let manifest = fs::read(one.join("manifest.json")).unwrap();
    assert_eq!(manifest, fs::read(other.join("manifest.json")).unwrap());
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    for file in manifest["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        assert_eq!(
            fs::read(one.join(path)).unwrap(),
            fs::read(other.join(path)).unwrap(),
            "{path}"
        );
    }
}

#[test]
fn a_release_that_is_damaged_there_or_cut_on_the_way_never_appears_here() {
    let folder = published(POINTS);
    let tile = folder
        .latest()
        .join("layers/points/data/region=R06/part-000.parquet");
    let sound = fs::read(&tile).unwrap();
    let server = serve(&folder.path().join("store/public"));
    sync(&folder, &server).code(0);
    let before = mirrored(&folder);

    folder.points(CHANGED).run().code(0);
    let tile = folder
        .latest()
        .join("layers/points/data/region=R04/part-000.parquet");
    let sound_now = fs::read(&tile).unwrap();
    assert_ne!(sound, sound_now);
    let mut rotten = sound_now.clone();
    let middle = rotten.len() / 2;
    rotten[middle] ^= 1;
    for bad in [
        &rotten[..],
        &sound_now[..middle],
        &[&sound_now[..], b"more"].concat(),
    ] {
        replace(&tile, bad);
        let ended = sync(&folder, &server).code(4);
        ended.says("part-000.parquet").says("nothing was published");
        assert_eq!(mirrored(&folder), before);
        folder.cikr(&["verify", "mirror"]).code(0);
    }
    replace(&tile, &sound_now);
    sync(&folder, &server).code(0);
    assert_same_files(&folder.latest(), &mirrored(&folder));
}

/// What is published can be linked elsewhere: a new file takes its place.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_has_rotted_here_is_fetched_again_and_a_way_back_is_followed() {
    let folder = published(POINTS);
    let first = folder.latest();
    let server = serve(&folder.path().join("store/public"));
    sync(&folder, &server).code(0);
    let tile = mirrored(&folder).join("layers/points/data/region=R06/part-000.parquet");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[100] ^= 1;
    replace(&tile, &bytes);
    folder.points(CHANGED).run().code(0);
    sync(&folder, &server).code(0);
    folder.cikr(&["verify", "mirror"]).code(0);
    replace(
        &tile,
        &fs::read(first.join("layers/points/data/region=R06/part-000.parquet")).unwrap(),
    );

    let id = first.file_name().unwrap().to_str().unwrap();
    folder
        .cikr(&["rollback", id, "--store", "store", "--by", "ada"])
        .code(0);
    let back = told(&sync(&folder, &server).code(0));
    assert_eq!((&back["release"], &back["was_here"]), (&id.into(), &true.into()));
    assert_eq!(mirrored(&folder).file_name(), first.file_name());
}

#[test]
fn a_store_that_somebody_has_frozen_takes_releases_and_stays_where_it_is() {
    let folder = published(POINTS);
    let server = serve(&folder.path().join("store/public"));
    sync(&folder, &server).code(0);
    let first = mirrored(&folder);
    assert!(folder.path().join("mirror/public/feed.xml").exists());
    let id = first.file_name().unwrap().to_str().unwrap();
    folder
        .cikr(&["rollback", id, "--store", "mirror", "--by", "ada"])
        .code(0);
    folder.points(CHANGED).run().code(0);
    let ended = folder.cikr(&["sync", &server.url("/"), "mirror"]).code(0);
    assert!(ended.stdout.contains("frozen by ada"), "{}", ended.stdout);
    assert_eq!(mirrored(&folder), first);
    let again = folder.cikr(&["sync", &server.url("/"), "mirror"]).code(0);
    assert!(again.stdout.contains("is here already"), "{}", again.stdout);
    assert_eq!(mirrored(&folder), first, "nor does the second time undo it");
    folder.cikr(&["verify", "mirror"]).code(0);
}

#[test]
fn lies_and_wrong_addresses_are_told() {
    let folder = published(POINTS);
    let public = folder.path().join("store/public");
    folder
        .cikr(&["sync", "store/public", "mirror"])
        .code(2)
        .says("`latest.json`");
    let server = serve(&folder.path().join("store"));
    sync(&folder, &server).code(4).says("latest.json");

    let lying = Server::start(move |request| {
        let reply = file_reply(&public, &request.path);
        if !request.path.ends_with("manifest.json") {
            return reply;
        }
        let manifest = fs::read_to_string(public.join(request.path.trim_start_matches('/'))).unwrap();
        Reply::bytes(
            "application/json",
            manifest.replace("README.md", "../README.md").into_bytes(),
        )
    });
    let ended = sync(&folder, &lying).code(4);
    ended.says("manifest.json").says("`latest.json` says");
    assert!(!folder.path().join("mirror/public/latest.json").exists());
}
