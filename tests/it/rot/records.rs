//! One damaged record ends one layer's care, not the night: every kind of record in every kind of damage.

use std::fs;
use std::path::PathBuf;

use super::harm::Harm;
use super::{HEADER, assert_tables, files, rows, tables, two_layers};
use crate::program::Folder;

/// Damage that a record can have.
const KINDS: [Harm; 8] = [
    Harm::Empty,
    Harm::Half,
    Harm::Zeros,
    Harm::NotJson,
    Harm::WrongVersion,
    Harm::Folder,
    Harm::Unreadable,
    Harm::Deleted,
];

/// Two nights of which the second holds back `more`, which has lost most of its rows.
fn store() -> Folder {
    let folder = two_layers();
    folder.run().code(0);
    folder.write(
        "more.csv",
        format!(
            "{HEADER}{}",
            rows(1).lines().take(20).collect::<Vec<_>>().join("\n")
        ),
    );
    folder.write("points.csv", format!("{HEADER}{}", rows(1)));
    folder.run().code(5).says("held back by the gate");
    folder
}

/// The nth file of the store whose path has these parts, as the last night left it.
fn find(folder: &Folder, starts: &str, holds: &str, ends: &str) -> PathBuf {
    let store = folder.path().join("store");
    let is_it = |path: &PathBuf| {
        let path = path.to_str().unwrap();
        path.starts_with(starts) && path.contains(holds) && path.ends_with(ends)
    };
    store.join(
        files(&store)
            .into_iter()
            .rfind(is_it)
            .unwrap_or_else(|| panic!("{starts} {holds} {ends}")),
    )
}

/// Damages one file in every way, each in a store of its own; the night after it publishes what an undisturbed one does.
#[track_caller]
fn survives(starts: &str, holds: &str, ends: &str, is_told: bool) {
    let calm = store();
    calm.run().code(5);
    let expected = tables(&calm.latest());
    for harm in KINDS {
        let folder = store();
        let path = find(&folder, starts, holds, ends);
        harm.to(&path, &path, 0);
        let night = folder.run();
        let place = format!("{} {harm:?}:\n{}", path.display(), night.stderr);
        assert_eq!(night.code, 5, "`more` is held back as before; {place}");
        assert!(!night.stderr.contains("panicked"), "{place}");
        assert_tables(&folder, &expected, &place);
        let verified = folder.cikr(&["verify", "store"]);
        assert_eq!(verified.code, 0, "{place}\n{}", verified.stdout);
        let is_noticed = night.stderr.contains(" WARN ");
        assert!(!is_told || is_noticed || harm == Harm::Deleted, "{place}");
        // Pruning, and the feed, survive it as well.
        folder.cikr(&["landing", "store", "--keep", "1"]).code(0);
        assert!(
            fs::read_to_string(folder.path().join("store/public/feed.xml"))
                .unwrap()
                .contains("<entry>"),
            "{place}"
        );
    }
}

#[test]
fn the_gates_record_of_a_layer() {
    survives("gate/", "", "more.json", true);
}

#[test]
fn the_last_releases_manifest() {
    survives("public/releases/", "", "manifest.json", true);
}

#[test]
fn the_last_releases_report() {
    survives("public/releases/", "", "report.json", true);
}

#[test]
fn the_last_releases_record() {
    survives("public/releases/2", "Z.json", "", true);
}

#[test]
fn a_tile_of_the_last_release() {
    survives("public/releases/", "layers/points/data", ".parquet", true);
}

#[test]
fn the_last_releases_rejects() {
    survives("public/releases/", "rejects/points", ".parquet", true);
}

#[test]
fn what_is_held_of_a_source() {
    survives("landing/points/", "", "held.json", false);
}

#[test]
fn the_record_of_a_landed_copy() {
    survives("landing/points/", "", ".record.json", false);
}

#[test]
fn what_was_counted_of_a_layer() {
    survives("tallies/", "", "points.json", false);
}

#[test]
fn a_polygon_set_that_is_kept() {
    survives("sets/", "", "county.polygons", false);
}

#[test]
fn what_latest_points_to() {
    survives("public/latest.json", "", "", true);
}

#[test]
fn what_is_known_of_checked_files() {
    survives("checked.json", "", "", false);
}

#[test]
fn an_old_releases_record_is_made_again_and_set_aside() {
    for harm in KINDS {
        let folder = store();
        let records = || {
            let all = files(&folder.path().join("store"));
            all.into_iter()
                .filter(|path| path.starts_with("public/releases") && path.components().count() == 3)
        };
        let old = folder.path().join("store").join(records().next().unwrap());
        let before = fs::read(&old).unwrap();
        harm.to(&old, &old, 0);
        folder.run().code(5);
        assert_eq!(records().count(), 3, "{harm:?}");
        assert!(fs::read(&old).unwrap() == before, "{harm:?}");
        let aside = PathBuf::from(format!("{}.damaged", old.display()));
        assert!(
            aside.symlink_metadata().is_ok() || harm == Harm::Deleted,
            "{harm:?}"
        );
    }
}

/// A release that nothing vouches for any more goes when those of its age do.
#[test]
fn pruning_survives_a_release_without_record_and_manifest() {
    let folder = store();
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        pipeline.replacen("store = \"store\"", "store = \"store\"\nkeep = 2", 1),
    );
    let store = folder.path().join("store");
    let first = files(&store)
        .into_iter()
        .find(|path| path.starts_with("public/releases"))
        .unwrap();
    let id = first
        .components()
        .nth(2)
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap()
        .to_owned();
    fs::write(store.join("public/releases").join(format!("{id}.json")), "").unwrap();
    fs::write(store.join("public/releases").join(&id).join("manifest.json"), "{").unwrap();
    folder.run().code(5).says("a damaged record");
    assert!(!store.join("public/releases").join(&id).exists());
    let listed = folder.cikr(&["releases", "--store", "store"]).code(0).stdout;
    assert!(!listed.contains(&id), "{listed}");
}
