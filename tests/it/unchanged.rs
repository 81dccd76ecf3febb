//! A night on which nothing, or not everything, has changed; and a night replayed from the landing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cikr::feature::release::ReleaseId;
use cikr::feature::{LayerStatus, RunReport};

use crate::program::{Folder, POINTS_LAYER, tiles};

const ROWS: &str =
    "1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n3,C,,7,-120,35\n4,D,zz,x,-96.5,31\n,NO KEY,,,-95,35\n";
const SECOND: &str = "ID,NAME,LON,LAT\n1,SECOND,-95,35\n2,THIRD,-86,35\n";

/// Two layers, a national file each.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.points(ROWS).write("second.csv", SECOND);
    folder.pipeline(&format!(
        "{POINTS_LAYER}\n[[layer]]\nid = \"second\"\nschema = \"points\"\nsource.csv = {{ path = \"second.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }}\ngate = {{ shrink = 50 }}\n\n[output]\nnational = true\n"
    ));
    folder
}

/// Every Parquet file of a release but the lists of items and the changes, which tell of the run.
pub(crate) fn tables(release: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![release.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let is_table = path.extension().is_some_and(|end| end == "parquet");
            // Both tell of the releases before, of which each night has others.
            if path.ends_with("changes") || path.ends_with("scorecard/history.parquet") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if is_table && !path.ends_with("items.parquet") {
                found.insert(
                    path.strip_prefix(release).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}

/// Since which release each layer is unchanged.
fn since(report: &RunReport) -> Vec<Option<&str>> {
    assert!(
        report
            .layers
            .iter()
            .all(|layer| layer.status() == LayerStatus::Published)
    );
    report
        .layers
        .iter()
        .map(|layer| layer.unchanged_since().map(ReleaseId::as_str))
        .collect()
}

/// A file of a release and the same of another are one on disk: linked, not made again.
fn is_linked(a: &Path, b: &Path, relative: &str) -> bool {
    fs::metadata(a.join(relative)).unwrap().ino() == fs::metadata(b.join(relative)).unwrap().ino()
}

#[test]
fn a_night_without_changes_is_linked_and_equals_one_made_again() {
    let folder = folder();
    let first = folder.run().code(0).report();
    assert_eq!(since(&first), [None, None]);
    let made = folder.latest();
    for _night in 0..2 {
        let report = folder.run().code(0).report();
        assert_eq!(
            since(&report),
            [Some(first.release.as_str()); 2],
            "the release that made them"
        );
        assert!(tables(&folder.latest()) == tables(&made));
        for file in [
            "layers/points/data/region=R06/part-000.parquet",
            "layers/points/national.parquet",
            "facilities/data/region=R06/part-000.parquet",
            "links/sector_membership.parquet",
            "reference/jurisdictions.parquet",
            "rejects/points.parquet",
            "quality/flags/points.parquet",
        ] {
            assert!(is_linked(&folder.latest(), &made, file), "{file}");
        }
        folder.cikr(&["verify", "store"]).code(0);
    }
    let kept = folder.latest();
    let told = |release: &Path, file: &str| fs::read_to_string(release.join(file)).unwrap();
    let again = folder
        .cikr(&["run", "pipeline.toml", "--rebuild", "--format", "json"])
        .code(0)
        .report();
    assert_eq!(since(&again), [None, None]);
    assert!(tables(&folder.latest()) == tables(&kept));
    assert!(!is_linked(
        &folder.latest(),
        &kept,
        "layers/points/national.parquet"
    ));
    let columns = |release: &Path| -> serde_json::Value {
        let text = told(release, "layers/points/collection.json");
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["table:columns"].clone()
    };
    assert!(columns(&kept).is_array() && columns(&kept) == columns(&folder.latest()));
    let words = folder.cikr(&["run", "pipeline.toml"]).code(0).stdout;
    assert!(
        words.contains(&format!("unchanged since {}", again.release)),
        "{words}"
    );
}

#[test]
fn only_the_layer_that_changed_is_made_again() {
    let folder = folder();
    let first = folder.run().code(0).report();
    folder.write("second.csv", format!("{SECOND}3,FOURTH,-87,36\n"));
    let second = folder.run().code(0).report();
    assert_eq!(since(&second), [Some(first.release.as_str()), None]);
    assert_eq!(second.inventory_rows, 7);
    folder.cikr(&["verify", "store"]).code(0);
    let kept = tables(&folder.latest());
    folder.cikr(&["run", "pipeline.toml", "--rebuild", "-q"]).code(0);
    assert!(tables(&folder.latest()) == kept);
    // The source of the first night again: its rows are not those of the last release.
    folder.write("second.csv", SECOND);
    assert_eq!(since(&folder.run().code(0).report())[1], None);
}

#[test]
fn whatever_else_rows_follow_from_makes_the_layers_again() {
    let folder = folder();
    folder.run().code(0);
    let edit = |file: &str, from: &str, to: &str| {
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.contains(from), "{file}");
        folder.write(file, text.replacen(from, to, 1));
    };
    for (file, from, to) in [
        ("schemas/points.toml", "-999", "7"),
        (
            "pipeline.toml",
            "national = true",
            "national = true\npage-rows = 512",
        ),
        ("pipeline.toml", "nearest-m = 20000", "nearest-m = 10000"),
        ("counties.geojson", "n48001", "Renamed"),
        ("schemas/reference/states.csv", "Texas", "Lone Star"),
    ] {
        edit(file, from, to);
        assert_eq!(
            since(&folder.run().code(0).report()),
            [None, None],
            "{file}: {to}"
        );
        assert!(
            since(&folder.run().code(0).report()).iter().all(Option::is_some),
            "{file}: {to}"
        );
    }
    edit("pipeline.toml", "id = \"second\"", "id = \"other\"");
    let report = folder.run().code(0).report();
    assert_eq!((since(&report)[0].is_some(), since(&report)[1]), (true, None));
    assert_eq!(
        report.inventory_rows, 6,
        "no layer's rows are left in the inventory"
    );
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_layer_that_was_stale_and_has_its_old_source_again_is_published() {
    let folder = folder();
    let first = folder.run().code(0).report();
    folder.write("second.csv", "<html>gone</html>");
    assert_eq!(
        folder.run().code(5).layer("second").status(),
        LayerStatus::Carried
    );
    folder.write("second.csv", SECOND);
    let report = folder.run().code(0).report();
    assert!(since(&report).iter().all(Option::is_some));
    assert_eq!(
        (report.layers[1].reason(), report.layers[1].carried_from()),
        (None, None)
    );
    assert_eq!(since(&report)[0], Some(first.release.as_str()));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn what_is_damaged_in_the_last_release_is_made_again() {
    let folder = folder();
    folder.run().code(0);
    let sound = tables(&folder.latest());
    for damaged in [
        "rejects/points.parquet",
        "facilities/data/region=R06/part-000.parquet",
    ] {
        let path = folder.latest().join(damaged);
        let half = fs::read(&path).unwrap()[..40].to_vec();
        fs::remove_file(&path).unwrap();
        fs::write(&path, half).unwrap();
        folder.run().code(0).says("made again");
        assert!(tables(&folder.latest()) == sound, "{damaged}");
        folder.cikr(&["verify", "store"]).code(0);
    }
    let tile = tiles(&folder.latest().join("layers/points"))[0].clone();
    fs::remove_file(tile).unwrap();
    assert_eq!(since(&folder.run().code(0).says("made again").report())[0], None);
    assert!(tables(&folder.latest()) == sound);
}

#[test]
fn a_night_is_replayed_from_the_landing() {
    let folder = folder();
    let first = folder.run().code(0).report();
    let sound = tables(&folder.latest());
    for source in ["points.csv", "second.csv", "states.geojson"] {
        fs::remove_file(folder.path().join(source)).unwrap();
    }
    folder.write("counties.geojson", "changed since");
    let offline = |more: &[&str]| {
        folder.cikr(
            &[
                &["run", "pipeline.toml", "--offline", "--format", "json"][..],
                more,
            ]
            .concat(),
        )
    };
    let report = offline(&["--rebuild"]).code(0).report();
    assert!(tables(&folder.latest()) == sound);
    let digest = |report: &RunReport| report.layers[0].source_sha256.clone().unwrap();
    assert_eq!(digest(&report), digest(&first));
    assert!(since(&offline(&[]).code(0).report()).iter().all(Option::is_some));

    // What was never landed fails by itself, and says what to do.
    fs::remove_dir_all(folder.path().join("store/landing/second")).unwrap();
    let second = offline(&["--rebuild"]).code(5).layer("second");
    assert_eq!(second.status(), LayerStatus::Carried);
    assert!(second.reason().unwrap().contains("`cikr fetch` lands it"));
    fs::remove_dir_all(folder.path().join("store/landing/jurisdiction-state")).unwrap();
    offline(&[])
        .code(4)
        .says("no whole copy of `jurisdiction-state` is landed");
}
