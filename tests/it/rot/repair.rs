//! `latest.json` is verified, stores are repaired, and no way back leads to what is damaged.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::{HEADER, assert_tables, files, rot, rows, tables, tile, two_layers};
use crate::program::Folder;

/// Three nights; the first two have other facilities of `points`.
fn nights() -> Folder {
    let folder = two_layers();
    folder.run().code(0);
    folder.write("points.csv", format!("{HEADER}{}", rows(1)));
    folder.run().code(0);
    folder.run().code(0);
    folder
}

fn latest(folder: &Folder) -> PathBuf {
    folder.path().join("store/public/latest.json")
}

fn repaired(folder: &Folder, args: &[&str]) -> (i32, Value) {
    let ended = folder.cikr(&[&["repair", "store", "--format", "json"], args].concat());
    let told = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    (ended.code, told)
}

/// Each field of `latest.json` stands for what is on disk.
#[test]
fn every_way_to_falsify_latest_is_noticed_and_mended() {
    let folder = nights();
    let path = latest(&folder);
    let text = fs::read_to_string(&path).unwrap();
    folder.cikr(&["verify", "store"]).code(0);
    let sound: Value = serde_json::from_str(&text).unwrap();
    let first = folder
        .cikr(&["releases", "--store", "store", "--format", "json"])
        .code(0);
    let first: Value = serde_json::from_str(&first.stdout).unwrap();
    let first = first[2]["id"].as_str().unwrap().to_owned();
    let with = |field: &str, value: Value| {
        let mut falsified = sound.clone();
        falsified[field] = value;
        falsified.to_string()
    };
    let without = |field: &str| {
        let mut falsified = sound.clone();
        falsified.as_object_mut().unwrap().remove(field);
        falsified.to_string()
    };
    let number = |field: &str| sound[field].as_u64().unwrap();
    let mut ways = vec![
        with("version", 2.into()),
        with("release", first.into()),
        with("release", "20200101T000000000Z".into()),
        with("release", "../landing".into()),
        with("published", "2020-01-01T00:00:00Z".into()),
        with("manifest_sha256", "0".repeat(64).into()),
        with("data_sha256", "0".repeat(64).into()),
        with("tiles", (number("tiles") + 1).into()),
        with("rows", (number("rows") - 1).into()),
        with("bytes", (number("bytes") + 1).into()),
        String::new(),
        text[..text.len() / 2].to_owned(),
    ];
    let fields = [
        "version",
        "release",
        "published",
        "manifest_sha256",
        "tiles",
        "rows",
        "bytes",
    ];
    ways.extend(fields.map(without));
    for falsified in ways {
        fs::write(&path, &falsified).unwrap();
        let verified = folder.cikr(&["verify", "store"]).code(7);
        assert!(
            verified.stdout.contains("latest.json: "),
            "{falsified}\n{}",
            verified.stdout
        );
        let (code, told) = repaired(&folder, &["--dry-run"]);
        assert_eq!((code, told["damaged"].as_u64()), (7, Some(1)), "{falsified}");
        assert!(fs::read_to_string(&path).unwrap() == falsified, "only told");
        let (code, told) = repaired(&folder, &[]);
        assert_eq!((code, told["left"].as_u64()), (0, Some(0)), "{falsified} {told}");
        assert!(fs::read_to_string(path.with_extension("json.damaged")).unwrap() == falsified);
        let mended: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(
            mended == sound || falsified.contains("release\":\"20"),
            "{falsified}: {mended}"
        );
        folder.cikr(&["verify", "store"]).code(0);
        fs::write(&path, &text).unwrap();
    }
    fs::remove_file(&path).unwrap();
    folder.cikr(&["verify", "store"]).code(7);
    assert_eq!(repaired(&folder, &[]).0, 0);
    assert!(fs::read_to_string(&path).unwrap() == text);
}

#[test]
fn a_sound_store_needs_no_repair() {
    let folder = nights();
    let before = files(&folder.path().join("store"));
    let ended = folder.cikr(&["repair", "store"]).code(0);
    assert_eq!(ended.stdout.trim(), "nothing is damaged");
    assert_eq!(files(&folder.path().join("store")), before);
    folder.cikr(&["repair", "none"]).code(6).says("there is no store");
}

#[test]
fn damaged_copies_are_set_aside_and_fetched_by_the_next_run() {
    let folder = nights();
    folder.cikr(&["verify", "store", "--landing"]).code(0);
    let landing = folder.path().join("store/landing/more");
    let is_copy = |path: &PathBuf| path.extension().is_some_and(|end| end == "csv");
    let copy = landing.join(files(&landing).into_iter().find(is_copy).unwrap());
    rot(&copy);
    folder.cikr(&["verify", "store"]).code(0);
    let verified = folder.cikr(&["verify", "store", "--landing"]).code(7);
    assert!(verified.stdout.contains("landing/more/"), "{}", verified.stdout);
    let (code, told) = repaired(&folder, &[]);
    assert_eq!(code, 0, "{told}");
    assert!(!copy.exists() && PathBuf::from(format!("{}.damaged", copy.display())).exists());
    folder.cikr(&["verify", "store", "--landing"]).code(0);
    folder.run().code(0);
    assert!(copy.exists());
}

/// The same bytes under another inode, as after a rebuild, mend a tile in every release that links it.
#[test]
fn a_damaged_tile_is_linked_from_a_release_that_has_it_whole() {
    let folder = nights();
    folder.cikr(&["run", "pipeline.toml", "--rebuild"]).code(0);
    let whole = tables(&folder.latest());
    let tile = tile(&folder, "more");
    rot(&tile);
    let verified = folder.cikr(&["verify", "store"]).code(7);
    assert!(verified.stdout.contains("sha256"), "{}", verified.stdout);
    let (code, told) = repaired(&folder, &[]);
    assert_eq!(code, 0, "{told}");
    assert!(
        told["found"][0]["done"]
            .as_str()
            .unwrap()
            .starts_with("linked from public/releases/"),
        "{told}"
    );
    assert_tables(&folder, &whole, "");
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn what_has_rotten_in_all_releases_is_told_and_made_again_by_the_next_run() {
    let folder = nights();
    rot(&tile(&folder, "more"));
    let ended = folder.cikr(&["repair", "store"]).code(7);
    assert!(
        ended.stdout.contains("CAN'T BE MENDED") && ended.stdout.contains("no other release has these bytes")
    );
    assert_eq!(
        ended.stdout.matches(".parquet: ").count(),
        3,
        "in each of the releases:\n{}",
        ended.stdout
    );
    folder.run().code(0);
    folder.cikr(&["verify", "store"]).code(0);
    // Now there is a whole one.
    assert_eq!(repaired(&folder, &[]).0, 0);
}

#[test]
fn half_records_go_and_a_stray_one_is_told_of() {
    let folder = nights();
    let store = folder.path().join("store");
    let id = folder.latest().file_name().unwrap().to_str().unwrap().to_owned();
    let record = store.join(format!("public/releases/{id}.json"));
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, &text[..40]).unwrap();
    fs::write(store.join("public/releases/20200101T000000000Z.json"), &text).unwrap();
    fs::write(store.join("gate/points.json"), "{").unwrap();
    fs::write(store.join("landing/points/held.json"), "{").unwrap();
    let (code, told) = repaired(&folder, &[]);
    assert_eq!((code, told["damaged"].as_u64()), (0, Some(4)), "{told}");
    assert!(fs::read_to_string(&record).unwrap() == text, "made again");
    assert!(!store.join("public/releases/20200101T000000000Z.json").exists());
    assert!(
        store.join("gate/points.json.damaged").exists()
            && store.join("landing/points/held.json.damaged").exists()
    );
    fs::write(folder.latest().join("stray.txt"), "x").unwrap();
    let (code, told) = repaired(&folder, &[]);
    assert_eq!((code, told["left"].as_u64()), (7, Some(1)), "{told}");
}

#[test]
fn the_way_back_does_not_lead_to_what_is_damaged() {
    let folder = nights();
    let listed = folder
        .cikr(&["releases", "--store", "store", "--format", "json"])
        .code(0);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let first = listed[2]["id"].as_str().unwrap();
    // `more` hasn't changed since: its tiles are those of the first release, too.
    rot(&tile(&folder, "more"));
    let before = fs::read(latest(&folder)).unwrap();
    let refused = folder.cikr(&["rollback", first, "--store", "store"]).code(6);
    refused
        .says("is damaged: ")
        .says("`cikr repair store` mends what another release has whole");
    assert!(fs::read(latest(&folder)).unwrap() == before);
}

#[test]
fn a_store_that_a_run_holds_is_not_repaired() {
    let folder = nights();
    let store = fs::File::options()
        .write(true)
        .open(folder.path().join("store/lock"))
        .unwrap();
    store.lock().unwrap();
    folder.cikr(&["repair", "store"]).code(6).says("another run");
}
