//! `cikr sync`: a store filled from another one behind a web server, what comes over the wire, and what doesn't.

use std::fs;
use std::path::{Path, PathBuf};

use cikr::feature::digest::to_hex;
use serde_json::Value;
use sha2::{Digest, Sha256};

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

#[test]
fn maps_are_made_of_the_rows_and_fetched_only_where_that_gives_other_bytes() {
    let folder = published(POINTS);
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        pipeline.replacen(
            "\n[[jurisdiction]]",
            "\n[output]\nmap = true\n\n[[jurisdiction]]",
            1,
        ),
    );
    folder.run().code(0);
    let public = folder.path().join("store/public");
    let server = serve(&public);
    let asked_for = |end: &str| {
        let asked = server.requests();
        asked.iter().filter(|request| request.path.ends_with(end)).count()
    };
    let first = told(&sync(&folder, &server).code(0));
    // Of the layer and the inventory; and the search, where the program has the page.
    let entries = folder.latest().join("map/search/entries.bin");
    assert_eq!(first["files_made"], 2 + u64::from(entries.exists()), "{first}");
    let weighty = ["points.pmtiles", "facilities.pmtiles", "search/entries.bin"];
    assert_eq!(weighty.map(asked_for), [0, 0, 0]);
    assert_same_files(&folder.latest(), &mirrored(&folder));
    folder.cikr(&["verify", "mirror"]).code(0);

    // As if another version had made it: its bytes are others, and everything vouches for them.
    let rows = fs::read_to_string(folder.path().join("points.csv")).unwrap();
    folder
        .write("points.csv", rows.replace(",6,-85", ",7,-85"))
        .run()
        .code(0);
    let archive = folder.latest().join("map/points.pmtiles");
    let mut bytes = fs::read(&archive).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    vouch_for(&public, &archive, &bytes);
    server.forget();
    sync(&folder, &server).code(0);
    assert_eq!(
        (asked_for("points.pmtiles"), asked_for("facilities.pmtiles")),
        (1, 0)
    );
    assert_same_files(&folder.latest(), &mirrored(&folder));
}

/// Gives a file of the latest release other bytes, of the same length, and has manifest and pointer tell their digests.
fn vouch_for(public: &Path, file: &Path, bytes: &[u8]) {
    let digest = |bytes: &[u8]| to_hex(&Sha256::digest(bytes));
    let manifest_path = crate::program::latest(public.parent().unwrap()).join("manifest.json");
    let pointer_path = public.join("latest.json");
    let [manifest, pointer] = [&manifest_path, &pointer_path].map(|path| fs::read_to_string(path).unwrap());
    let vouching = manifest.replace(&digest(&fs::read(file).unwrap()), &digest(bytes));
    let pointer = pointer.replace(&digest(manifest.as_bytes()), &digest(vouching.as_bytes()));
    assert!(vouching != manifest && pointer.contains(&digest(vouching.as_bytes())));
    replace(file, bytes);
    replace(&manifest_path, vouching.as_bytes());
    replace(&pointer_path, pointer.as_bytes());
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
