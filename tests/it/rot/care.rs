//! Digests are checked when bytes are used again: landed copies, tiles, tallies; and files that are only linked in turns.

use std::fs;
use std::path::{Path, PathBuf};

use cikr::feature::LayerStatus;
use cikr::feature::release::ReleaseId;
use serde_json::Value;

use super::{HEADER, assert_tables, files, rot, rows, tables, tile, two_layers};
use crate::loopback::{Reply, Server};
use crate::program::{Ended, Folder};

/// The landed copy of a layer.
fn landed(folder: &Folder, layer: &str) -> PathBuf {
    let at = folder.path().join("store/landing").join(layer);
    let is_copy = |path: &PathBuf| path.extension().is_some_and(|end| end == "csv");
    at.join(files(&at).into_iter().find(is_copy).unwrap())
}

fn one_digit(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, text.replacen("N3,48001,5,", "N3,48001,9,", 1)).unwrap();
    assert_ne!(fs::read_to_string(path).unwrap(), text);
}

#[test]
fn a_digit_that_changed_in_a_landed_copy_is_not_published() {
    let folder = two_layers();
    folder.run().code(0);
    let before = tables(&folder.latest());
    one_digit(&landed(&folder, "points"));
    folder
        .cikr(&["run", "pipeline.toml", "--rebuild"])
        .code(0)
        .says("a landed file is missing or damaged");
    assert_tables(&folder, &before, "from the source again");
    one_digit(&landed(&folder, "points"));
    let offline = folder
        .cikr(&[
            "run",
            "pipeline.toml",
            "--rebuild",
            "--offline",
            "--format",
            "json",
        ])
        .code(5);
    let layer = offline.layer("points");
    assert_eq!(layer.status(), LayerStatus::Carried, "nothing whole is landed");
    assert_tables(&folder, &before, "");
    folder.cikr(&["verify", "store"]).code(0);
}

/// The condition isn't sent: a 304 would leave the layer with nothing.
#[test]
fn a_damaged_copy_of_a_fetched_file_is_fetched_unconditionally() {
    let body = format!("{HEADER}{}", rows(0)).into_bytes();
    let server = Server::start(move |request| Reply::file(request, "text/csv", &body, "\"v1\""));
    let folder = crate::downloads::folder(&server.url("/points.csv"), "");
    folder.run().code(0);
    let before = tables(&folder.latest());
    server.forget();
    rot(&landed(&folder, "points"));
    folder.run().code(0);
    let [request] = server.requests().try_into().unwrap();
    assert_eq!(request.header("If-None-Match"), None);
    assert_tables(&folder, &before, "");
    server.forget();
    folder.run().code(0);
    assert_eq!(
        server.requests()[0].header("If-None-Match"),
        Some("\"v1\""),
        "it is whole again"
    );
}

/// Bytes that were linked from earlier releases, and how many of them were digested, as the log tells.
fn care(ended: &Ended) -> (u64, u64) {
    let line = ended
        .stderr
        .lines()
        .find(|line| line.contains("compared with their digests"))
        .unwrap();
    let number = |name: &str| {
        let text = line.split(&format!("{name}=")).nth(1).unwrap();
        text.split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    (number("linked"), number("digested"))
}

#[test]
fn a_quiet_night_digests_a_share_and_every_file_once_in_seven() {
    let folder = two_layers();
    folder.run().code(0);
    let first = care(&folder.run().code(0));
    assert!(first.0 > 0 && first.1 < first.0, "{first:?}");
    let nights: Vec<(u64, u64)> = (0..7).map(|_| care(&folder.run().code(0))).collect();
    let digested: u64 = nights.iter().map(|(_, digested)| digested).sum();
    let linked = nights[0].0;
    // Small tables that the page shows are digested every night.
    let each: u64 = ["points", "more"]
        .map(|id| rejects(&folder, id))
        .into_iter()
        .sum();
    assert!(nights.iter().all(|night| night.0 == linked), "{nights:?}");
    assert!(
        digested >= linked && digested <= linked + 7 * each,
        "{nights:?}, {each} each night"
    );
}

fn rejects(folder: &Folder, layer: &str) -> u64 {
    fs::metadata(folder.latest().join(format!("rejects/{layer}.parquet")))
        .unwrap()
        .len()
}

#[test]
fn a_tile_that_was_written_to_is_made_again_at_once() {
    let folder = two_layers();
    folder.run().code(0);
    let before = tables(&folder.latest());
    rot(&tile(&folder, "points"));
    let night = folder
        .run()
        .code(0)
        .says("the last release can't be built on: made again");
    assert_eq!(night.layer("points").unchanged_since(), None);
    assert!(
        night.layer("more").unchanged_since().is_some(),
        "the other layer is linked"
    );
    assert_tables(&folder, &before, "");
    folder.cikr(&["verify", "store"]).code(0);
}

/// Rot that the file system knows nothing of: `checked.json` is made to tell of the file as it is now.
#[test]
fn rot_that_changes_no_time_is_found_in_seven_nights_or_where_the_tile_is_read() {
    for is_read in [false, true] {
        let folder = two_layers();
        folder.run().code(0);
        let before = tables(&folder.latest());
        let tile = tile(&folder, "points");
        rot(&tile);
        forget_times(&folder, &tile);
        if is_read {
            // The inventory is made anew of both layers' tiles.
            folder.write("more.csv", format!("{HEADER}{}", rows(2)));
            folder.run().code(0).says("made again");
        } else {
            let told = (0..7).any(|_| folder.run().code(0).stderr.contains("made again"));
            assert!(told, "in seven nights");
        }
        let after = tables(&folder.latest());
        let same = |path: &Path| before.get(path) == after.get(path);
        assert!(
            before
                .keys()
                .filter(|path| path.starts_with("layers/points"))
                .all(|path| same(path))
        );
        folder.cikr(&["verify", "store"]).code(0);
    }
}

/// Makes what is noted of a file what it is like now.
fn forget_times(folder: &Folder, file: &Path) {
    use std::os::unix::fs::MetadataExt;
    let path = folder.path().join("store/checked.json");
    let mut checked: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let name = file.strip_prefix(folder.latest()).unwrap().to_str().unwrap();
    let found = fs::metadata(file).unwrap();
    let seen = &mut checked["files"][name];
    assert!(seen.is_object(), "{name}");
    seen["modified"] = vec![found.mtime(), found.mtime_nsec()].into();
    seen["changed"] = vec![found.ctime(), found.ctime_nsec()].into();
    fs::write(&path, checked.to_string()).unwrap();
}

/// Its tiles are damaged, and its source is gone: it stands as an older release has it, which has other bytes.
#[test]
fn a_layer_that_fails_is_carried_from_an_older_release_where_the_last_is_damaged() {
    let folder = two_layers();
    folder.run().code(0);
    let older = folder.latest();
    folder.write("points.csv", format!("{HEADER}{}", rows(1)));
    folder.run().code(0);
    rot(&tile(&folder, "points"));
    fs::remove_file(folder.path().join("points.csv")).unwrap();
    folder.write("more.csv", format!("{HEADER}{}", rows(2)));
    let layer = folder.run().code(5).layer("points");
    assert_eq!(layer.status(), LayerStatus::Carried);
    assert_eq!(
        layer.carried_from().map(ReleaseId::as_str),
        older.file_name().unwrap().to_str()
    );
    assert!(
        layer
            .reason()
            .unwrap()
            .contains("its last good data can't be used")
    );
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn damaged_tiles_of_the_last_release_are_not_compared() {
    let folder = two_layers();
    folder.run().code(0);
    rot(&tile(&folder, "points"));
    folder.write("points.csv", format!("{HEADER}{}", rows(1)));
    let layer = folder.run().code(0).layer("points");
    assert!(layer.changes.is_none());
    assert!(layer.not_compared.unwrap().contains("are damaged"));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_tally_with_another_digit_is_none() {
    let folder = two_layers();
    folder.run().code(0);
    let score = |folder: &Folder| fs::read(folder.latest().join("quality/coverage.parquet")).unwrap();
    let before = score(&folder);
    let tally = folder.path().join("store/tallies/points.json");
    let text = fs::read_to_string(&tally).unwrap();
    let at = text.rfind(|c: char| c.is_ascii_digit() && c != '0').unwrap();
    let mut other = text.clone();
    other.replace_range(at..=at, "0");
    let told = other.find("\"told\"").unwrap();
    assert!(told < text.len());
    for text in [other, text.replacen("200", "201", 1)] {
        fs::write(&tally, text).unwrap();
        folder.run().code(0);
        assert!(score(&folder) == before);
        folder.cikr(&["verify", "store"]).code(0);
    }
}
