//! The laws of the design, each by a test that fails when it is broken.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cikr::feature::{LayerStatus, RunReport};

use crate::program::{Folder, POINTS_LAYER, by_id, latest, tiles};

fn points(n: usize) -> String {
    (0..n)
        .map(|i| {
            format!(
                "{i},NAME {i},48001,{i},-{}.{:04},3{}.{:03}\n",
                81 + i % 19,
                i * 37 % 9973,
                i % 10,
                i * 7 % 997
            )
        })
        .collect()
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(
                    path.strip_prefix(folder).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}

fn only_tiles(release: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let is_tile = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "data");
    contents(release)
        .into_iter()
        .filter(|(path, _)| is_tile(path))
        .collect()
}

/// Overwrites a published file, which the store would never do.
fn tamper(path: &Path, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let bytes = change(fs::read(path).unwrap());
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn law_1_no_row_is_lost_and_verify_notices_when_one_is() {
    let folder = Folder::new();
    folder.points(&format!("{},NO KEY,,,-95,35\n", points(500)));
    let layer = folder.run().code(0).layer("points");
    assert_eq!(layer.rows_read, layer.rows_written + layer.rows_rejected);
    let release = folder.latest();
    let in_tiles: u64 = tiles(&release.join("layers/points"))
        .iter()
        .map(|tile| cikr::geoparquet::read_footer(tile).unwrap().rows)
        .sum();
    assert_eq!(in_tiles, layer.rows_written);
    folder.cikr(&["verify", "store"]).code(0);

    tamper(&release.join("report.json"), |bytes| {
        let mut report: RunReport = serde_json::from_slice(&bytes).unwrap();
        report.layers[0].rows_read += 1;
        serde_json::to_vec(&report).unwrap()
    });
    let ended = folder.cikr(&["verify", "store"]).code(7);
    assert!(ended.stdout.contains("rows read, but"), "{}", ended.stdout);
    tamper(&release.join("manifest.json"), |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replacen("\"bytes\": ", "\"bytes\": 1", 1)
            .into_bytes()
    });
    let ended = folder.cikr(&["verify", "store"]).code(7);
    assert!(
        ended.stdout.contains("manifest.json"),
        "latest.json holds the manifest's digest:\n{}",
        ended.stdout
    );
    for file in ["report.json", "manifest.json"] {
        fs::remove_file(release.join(file)).unwrap();
        let ended = folder.cikr(&["verify", "store"]).code(7);
        assert!(
            ended.stdout.contains(file),
            "a release without {file} is no release:\n{}",
            ended.stdout
        );
    }
    let mut lost = layer;
    lost.rows_written -= 1;
    assert!(!lost.is_conserved());
}

#[test]
fn law_2_latest_is_whole_whatever_becomes_of_the_next_run() {
    let folder = Folder::new();
    folder.points(&points(100)).run().code(0);
    let before = contents(&folder.latest());
    // A run that dies half way leaves its work behind; the next one clears it away.
    folder.write(
        "store/work/20000101T000000000Z/layers/points/data/region=R06/part-000.parquet",
        "half",
    );
    folder.write("points.csv", "");
    folder.run().code(4);
    assert_eq!(
        contents(&folder.latest()),
        before,
        "the last release is as it was"
    );
    folder.points(&points(95)).run().code(0);
    assert_eq!(by_id(&folder.latest().join("facilities"), "name").len(), 95);
    assert!(!folder.path().join("store/work/20000101T000000000Z").exists());
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn law_2_a_killed_run_leaves_the_last_release() {
    let folder = Folder::new();
    folder.points(&points(100)).run().code(0);
    let before = contents(&folder.latest());
    folder.points(&points(200_000));
    for delay in [30, 120, 400] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cikr"))
            .args(["run", "pipeline.toml", "-q"])
            .current_dir(folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(contents(&folder.latest()), before);
    }
    folder.points(&points(120)).run().code(0);
    assert_eq!(by_id(&folder.latest().join("facilities"), "name").len(), 120);
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn law_2_two_runs_never_share_a_store() {
    let folder = Folder::new();
    folder.points(&points(10)).run().code(0);
    let lock = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.path().join("store/lock"))
        .unwrap();
    lock.lock().unwrap();
    folder.run().code(6).says("is using the store");
    lock.unlock().unwrap();
    folder.run().code(0);
}

#[test]
fn law_3_same_bytes_and_plan_give_the_same_tiles() {
    let folder = Folder::new();
    folder.points(&points(20_000)).run().code(0);
    let first = only_tiles(&folder.latest());
    assert!(first.len() >= 4, "both regions, layer and inventory");
    for more in [
        &["--threads", "1"][..],
        &["--threads", "2"],
        &["--store", "other"],
    ] {
        let args = [&["run", "pipeline.toml", "-q", "--rebuild"][..], more].concat();
        folder.cikr(&args).code(0);
        let release = if more.contains(&"other") {
            latest(&folder.path().join("other"))
        } else {
            folder.latest()
        };
        assert!(only_tiles(&release) == first, "tiles differ with {more:?}");
    }
    let batches =
        fs::read_to_string(folder.path().join("pipeline.toml")).unwrap() + "\n[limits]\nbatch-rows = 777\n";
    folder.write("pipeline.toml", batches);
    folder.run().code(0);
    assert!(
        only_tiles(&folder.latest()) == first,
        "tiles differ with another batch size"
    );
}

#[test]
fn law_4_a_crs_is_never_guessed_and_nad83_is_taken_for_crs84() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95.123456789,35.987654321\n");
    let csv = |crs: &str| POINTS_LAYER.replace(", crs = \"EPSG:4326\"", crs);
    folder.pipeline(&csv("")).run().code(3).says("crs");
    let mut seen = Vec::new();
    for crs in ["EPSG:4326", "EPSG:4269", "OGC:CRS84"] {
        folder.pipeline(&csv(&format!(", crs = \"{crs}\""))).run().code(0);
        seen.push(only_tiles(&folder.latest()));
    }
    assert!(
        seen.windows(2).all(|pair| pair[0] == pair[1]),
        "4326, 4269 and CRS84 give the same bytes"
    );
}

#[test]
fn law_5_a_failing_layer_is_carried_and_named_everywhere() {
    let folder = Folder::new();
    folder.points(&points(50));
    folder.write("second.csv", "ID,NAME,LON,LAT\n1,SECOND,-95,35\n");
    let both = format!(
        "{POINTS_LAYER}\n[[layer]]\nid = \"second\"\nschema = \"points\"\nsource.csv = {{ path = \"second.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }}\n"
    );
    folder.pipeline(&both);
    let first = folder.run().code(0).report();
    let first_tiles = only_tiles(&folder.latest());
    folder.write("second.csv", "<html>gone</html>");
    for _night in 0..2 {
        let ended = folder.run().code(5);
        let second = ended.layer("second");
        assert_eq!((second.status(), second.rows_written), (LayerStatus::Carried, 1));
        assert_eq!(
            second.carried_from(),
            Some(&first.release),
            "the release that made it"
        );
        assert!(second.reason().unwrap().contains("HTML"));
        let release = folder.latest();
        assert!(
            only_tiles(&release) == first_tiles,
            "carried tiles are those of the first night, in the inventory too"
        );
        let readme = fs::read_to_string(release.join("README.md")).unwrap();
        assert!(
            readme.contains("HTML") && readme.contains(first.release.as_str()),
            "README names the stale layer:\n{readme}"
        );
        let collection = fs::read_to_string(release.join("layers/second/collection.json")).unwrap();
        assert!(
            collection.contains(first.release.as_str()) && collection.contains("HTML"),
            "STAC names it:\n{collection}"
        );
        folder.cikr(&["verify", "store"]).code(0);
    }
}

/// Whatever is wrong with what was published before, the other layers are published.
#[test]
fn law_5_damaged_last_good_data_stops_nobody() {
    let folder = Folder::new();
    folder.points(&points(50)).schema("other", "point", "");
    folder.write("second.csv", "ID,NAME,LON,LAT\n1,SECOND,-95,35\n");
    folder.pipeline(&format!("{POINTS_LAYER}\n[[layer]]\nid = \"second\"\nschema = \"other\"\nsource.csv = {{ path = \"second.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }}\n"));
    folder.run().code(0);
    tamper(&tiles(&folder.latest().join("layers/second"))[0], |bytes| {
        bytes[..40].to_vec()
    });
    folder.write("second.csv", "");
    let ended = folder.run().code(5);
    assert_eq!(
        (ended.layer("second").status(), ended.layer("points").rows_written),
        (LayerStatus::Absent, 50)
    );
    assert!(
        ended
            .layer("second")
            .reason()
            .unwrap()
            .contains("last good data can't be used")
    );
    // Nor does a layer without a row left pass for published, whatever its schema allows.
    folder.write("second.csv", "ID,NAME,LON,LAT\n,NO KEY,-95,35\n");
    let schema = fs::read_to_string(folder.path().join("schemas/other.toml")).unwrap();
    folder.write(
        "schemas/other.toml",
        schema.replace("max-rejects = 0.9", "max-rejects = 1.0"),
    );
    let ended = folder.run().code(5);
    assert_eq!(ended.layer("second").status(), LayerStatus::Absent);
    assert!(
        ended
            .layer("second")
            .reason()
            .unwrap()
            .contains("so none is left")
    );
    // A last release that can't be read is told of, and the night goes on.
    fs::remove_file(folder.latest().join("report.json")).unwrap();
    folder
        .run()
        .code(5)
        .says("an older release stands in for the last one");
}

/// What comes from the environment is used and shown nowhere.
#[test]
fn law_7_values_of_the_environment_appear_nowhere() {
    let folder = Folder::new();
    let secret = "s3cr3t-4f7a";
    folder
        .points(&points(10))
        .pipeline(&POINTS_LAYER.replace("points.csv", "${CIKR_TEST_FOLDER}/points.csv"));
    fs::create_dir(folder.path().join(secret)).unwrap();
    fs::rename(
        folder.path().join("points.csv"),
        folder.path().join(secret).join("points.csv"),
    )
    .unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cikr"))
            .args(args)
            .current_dir(folder.path())
            .env("CIKR_TEST_FOLDER", secret)
            .output()
            .unwrap();
        crate::program::ended(&output)
    };
    let mut said = String::new();
    for args in [
        &["run", "pipeline.toml", "-v"][..],
        &["plan", "pipeline.toml", "--format", "json"],
        &["layers", "pipeline.toml"],
    ] {
        let ended = run(args).code(0);
        said += &(ended.stdout + &ended.stderr);
    }
    fs::remove_file(folder.path().join(secret).join("points.csv")).unwrap();
    let failed = run(&["run", "pipeline.toml", "-v"]).code(4);
    said += &(failed.stdout + &failed.stderr);
    assert!(
        said.contains("${CIKR_TEST_FOLDER}/points.csv"),
        "the name is shown:\n{said}"
    );
    assert!(!said.contains(secret), "the value is shown:\n{said}");
    let leaks: Vec<PathBuf> = contents(&folder.path().join("store"))
        .into_iter()
        .filter(|(_, bytes)| {
            bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes())
        })
        .map(|(path, _)| path)
        .collect();
    assert!(leaks.is_empty(), "the value stands in {leaks:?}");
}

#[test]
fn an_unset_variable_is_a_mistake_with_its_place() {
    let folder = Folder::new();
    folder
        .points(&points(1))
        .pipeline(&POINTS_LAYER.replace("points.csv", "${CIKR_NOT_SET}/points.csv"));
    folder.run().code(3).says("CIKR_NOT_SET").says("pipeline.toml:");
}
