//! The gate: a source that changes more than it may doesn't take the place of its last good rows.

mod accepted;
mod fields;
mod identity;

use std::fs;
use std::path::Path;

use cikr::feature::release::ReleaseId;
use cikr::feature::{Check, GateReport, LayerReport, LayerStatus};

use crate::program::{Ended, Folder, POINTS_LAYER, tiles};

const HEADER: &str = "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n";

/// Rows within the two states of the fixture, 1 to `n`.
fn rows(n: usize) -> String {
    let row = |id: usize| {
        let (lon, lat) = (-99.0 + (id % 180) as f64 / 10.0, 31.0 + (id % 79) as f64 / 10.0);
        format!("{id},N{id},48001,{id},{lon},{lat}\n")
    };
    (1..=n).map(row).collect()
}

/// A second layer over `second.csv`, so that something is always published.
fn second(folder: &Folder) -> String {
    folder.write("second.csv", "ID,NAME,LON,LAT\n1,SECOND,-95,35\n");
    let source = "source.csv = { path = \"second.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }";
    format!("\n[[layer]]\nid = \"second\"\nschema = \"points\"\n{source}\n")
}

/// A folder with `n` good points published, beside the second layer.
fn published(n: usize, gate: &str) -> Folder {
    published_rows(&rows(n), gate)
}

/// A release of these rows.
fn published_rows(rows: &str, gate: &str) -> Folder {
    let folder = Folder::new();
    folder.points(rows);
    let layers = format!("{POINTS_LAYER}{gate}{}", second(&folder));
    folder.pipeline(&layers).run().code(0);
    folder
}

/// Bytes of a collection's tiles.
fn contents_of_tiles(collection: &Path) -> Vec<Vec<u8>> {
    tiles(collection)
        .iter()
        .map(|tile| fs::read(tile).unwrap())
        .collect()
}

fn gate(layer: &LayerReport) -> &GateReport {
    layer.gate.as_ref().expect("the layer came to the gate")
}

/// Checks that hold the layer back.
fn reds(layer: &LayerReport) -> Vec<Check> {
    let found = gate(layer).findings.iter().filter(|finding| finding.is_red);
    found.map(|finding| finding.check).collect()
}

/// Checks that only warn.
fn warnings(layer: &LayerReport) -> Vec<Check> {
    gate(layer).warnings().map(|finding| finding.check).collect()
}

#[track_caller]
fn held(ended: &Ended) -> LayerReport {
    let layer = ended.layer("points");
    assert_eq!(layer.status(), LayerStatus::Carried, "{:?}", layer.gate);
    assert!(gate(&layer).held.is_some());
    assert_eq!(
        ended.layer("second").status(),
        LayerStatus::Published,
        "the others are published"
    );
    layer
}

#[track_caller]
fn passed(ended: &Ended) -> LayerReport {
    let layer = ended.layer("points");
    assert_eq!(layer.status(), LayerStatus::Published, "{:?}", layer.reason());
    layer
}

fn accept(folder: &Folder, more: &[&str]) -> Ended {
    folder.cikr(
        &[
            &[
                "accept",
                "pipeline.toml",
                "points",
                "--reason",
                "meant so",
                "--by",
                "ana",
            ],
            more,
        ]
        .concat(),
    )
}

#[test]
fn a_layer_that_shrinks_from_28619_rows_to_37_keeps_its_last_good_rows() {
    let folder = published(28_619, "");
    let first = folder.latest();
    let tiles = contents_of_tiles(&first.join("layers/points"));
    folder.write("points.csv", format!("{HEADER}{}", rows(37)));
    for _night in 0..2 {
        let ended = folder.run().code(5).says("37 rows instead of 28619");
        let layer = held(&ended);
        assert_eq!((layer.rows_written, reds(&layer)), (28_619, vec![Check::Rows]));
        let release = first.file_name().unwrap().to_str().unwrap();
        assert_eq!(layer.carried_from().map(ReleaseId::as_str), Some(release));
        assert_eq!(
            gate(&layer).against.as_ref().map(ReleaseId::as_str),
            Some(release),
            "compared with what was published"
        );
        assert_eq!(layer.carried_days(), Some(0));
        let held = gate(&layer).held.clone().unwrap();
        assert_eq!((held.rows_read, held.sha256.len()), (37, 64));
        let latest = folder.latest();
        assert!(contents_of_tiles(&latest.join("layers/points")) == tiles);
        for file in [
            "report.json",
            "report.html",
            "README.md",
            "layers/points/collection.json",
            "catalog.json",
        ] {
            let text = fs::read_to_string(latest.join(file)).unwrap();
            assert!(
                text.contains("37 rows instead of 28619"),
                "{file} doesn't say why"
            );
            assert!(text.contains(release), "{file} doesn't say of when the rows are");
        }
        let collection = fs::read_to_string(latest.join("layers/points/collection.json")).unwrap();
        assert!(collection.contains("\"cikr:carried_days\": 0"), "{collection}");
        folder.cikr(&["verify", "store"]).code(0);
    }
    folder.write("points.csv", format!("{HEADER}{}", rows(28_000)));
    let layer = passed(&folder.run().code(0));
    assert_eq!((layer.rows_written, gate(&layer).findings.len()), (28_000, 0));
    let list = folder.cikr(&["accept", "pipeline.toml", "--list"]).code(0);
    assert_eq!(
        list.stdout.trim(),
        "nothing is held back, and nothing was accepted"
    );
}

#[test]
fn rows_may_change_within_the_band_and_no_further() {
    for (gate, rows_now, is_held) in [
        ("", 90, false),
        ("", 89, true),
        ("", 150, false),
        ("", 151, true),
        ("gate = { shrink = 50, grow = 0 }", 50, false),
        ("gate = { shrink = 50, grow = 0 }", 49, true),
        ("gate = { shrink = 50, grow = 0 }", 101, true),
        ("[layer.gate]\ngrow = 1000.5", 1100, false),
    ] {
        let folder = published(100, &format!("{gate}\n"));
        folder.write("points.csv", format!("{HEADER}{}", rows(rows_now)));
        let ended = folder.run();
        if is_held {
            held(&ended)
        } else {
            passed(&ended)
        };
    }
}

#[test]
fn a_source_that_turned_into_a_web_page_is_an_ordinary_failure() {
    let folder = published(100, "");
    for bad in [
        "<html>moved</html>",
        r#"{"error":{"code":499,"message":"Token Required"}}"#,
        "",
    ] {
        folder.write("points.csv", bad);
        let layer = folder.run().code(5).layer("points");
        assert_eq!((layer.status(), layer.rows_written), (LayerStatus::Carried, 100));
        assert!(layer.gate.is_none(), "{bad}: {:?}", layer.gate);
    }
    accept(&folder, &[])
        .code(2)
        .says("nothing of layer `points` is held back")
        .says("--next");
}

#[test]
fn useless_rows_may_not_multiply() {
    let with = |bad: &str, n: usize| -> String {
        let good = rows(100 - n);
        let bad: String = (0..n)
            .map(|row| bad.replace("{}", &(1000 + row).to_string()))
            .collect();
        format!("{HEADER}{good}{bad}")
    };
    for (bad, check) in [
        ("{},N,48001,1,,\n", Check::NullGeometry),
        ("1,N,48001,1,-95,35\n", Check::DuplicateKeys),
        (",N,48001,1,-95,35\n", Check::Rejects),
    ] {
        let folder = published(100, "");
        folder.write("points.csv", with(bad, 5));
        passed(&folder.run().code(0));
        folder.write("points.csv", with(bad, 11));
        assert_eq!(reds(&held(&folder.run().code(5))), [check]);
    }
}

#[test]
fn a_first_pull_is_judged_by_itself() {
    let folder = Folder::new();
    let good = rows(90);
    let nowhere: String = (91..=100).map(|id| format!("{id},N,48001,1,,\n")).collect();
    let twice = "1,N,48001,1,-95,35\n".repeat(10);
    let africa: String = (1..=100)
        .map(|id| format!("{id},N,48001,1,{},{}\n", id % 10, id % 7))
        .collect();
    for (content, declared, check) in [
        (
            format!("{good}{nowhere}"),
            "gate = { null-geometry = 9 }\n",
            Check::NullGeometry,
        ),
        (
            format!("{good}{twice}"),
            "gate = { duplicate-keys = 9 }\n",
            Check::DuplicateKeys,
        ),
        (africa, "", Check::States),
        (rows(100), "gate = { states = [\"TX\"] }\n", Check::States),
    ] {
        folder.points(&content);
        let layers = format!("{POINTS_LAYER}{declared}{}", second(&folder));
        drop(fs::remove_dir_all(folder.path().join("store")));
        let ended = folder.pipeline(&layers).run().code(5);
        let layer = ended.layer("points");
        assert_eq!((layer.status(), reds(&layer)), (LayerStatus::Absent, vec![check]));
        assert_eq!(ended.layer("second").status(), LayerStatus::Published);
        // What a store has never held can be accepted too.
        accept(&folder, &[]).code(0);
        let layer = passed(&folder.run().code(0));
        assert_eq!(gate(&layer).accepted.as_ref().unwrap().reason, "meant so");
    }
    // Without any other layer there is no release, and the acceptance is recorded all the same.
    drop(fs::remove_dir_all(folder.path().join("store")));
    folder
        .points(&good.replace(",-9", ",9"))
        .run()
        .code(4)
        .says("more than 5 degrees from every state");
    accept(&folder, &[]).code(0);
    passed_alone(&folder.run().code(0));
}

fn passed_alone(ended: &Ended) {
    assert_eq!(ended.layer("points").status(), LayerStatus::Published);
}

#[test]
fn rows_that_moved_are_held_back() {
    let folder = published(100, "");
    let moved: String = (1..=100)
        .map(|id| format!("{id},N,48001,{id},{},-60.5\n", 10.0 + f64::from(id)))
        .collect();
    folder.write("points.csv", format!("{HEADER}{moved}"));
    let mut found = reds(&held(&folder.run().code(5)));
    found.sort_unstable();
    assert_eq!(found, [Check::Extent, Check::States]);
    // One stray row moves nothing.
    folder.write(
        "points.csv",
        format!("{HEADER}{}101,STRAY,48001,1,0,0\n", rows(100)),
    );
    passed(&folder.run().code(0));
}

#[test]
fn runs_of_a_part_are_not_judged_and_judge_nothing() {
    let folder = published(100, "");
    for args in [
        &["--limit", "5"][..],
        &["--limit", "2"],
        &["--layer", "points"],
        &["--limit", "90", "--store", "store"],
    ] {
        let ended = folder
            .cikr(&[&["run", "pipeline.toml", "--format", "json"], args].concat())
            .code(0);
        let layer = passed_of(&ended);
        assert_eq!(layer.gate.is_none(), args.contains(&"--limit"), "{args:?}");
    }
    // After a part, the whole: nothing to compare with.
    let layer = passed(&folder.run().code(0));
    assert_eq!((layer.rows_written, gate(&layer).against.clone()), (100, None));
}

fn passed_of(ended: &Ended) -> LayerReport {
    let layer = ended.layer("points");
    assert_eq!(layer.status(), LayerStatus::Published);
    layer
}

#[test]
fn layers_of_one_source_are_judged_each_by_its_own_band() {
    let folder = Folder::new();
    folder.points(&rows(100)).schema("wide", "point", "");
    let wide = POINTS_LAYER.replace("\"points\"", "\"wide\"") + "gate = { shrink = 95 }\n";
    folder.pipeline(&format!("{POINTS_LAYER}{wide}")).run().code(0);
    folder.write("points.csv", format!("{HEADER}{}", rows(10)));
    let ended = folder.run().code(5);
    assert_eq!(ended.layer("wide").rows_written, 10);
    assert_eq!(
        (ended.layer("points").status(), ended.layer("points").rows_written),
        (LayerStatus::Carried, 100)
    );
    accept(&folder, &[]).code(0);
    assert!(
        folder
            .run()
            .code(0)
            .layer("wide")
            .gate
            .unwrap()
            .accepted
            .is_none()
    );
}

#[test]
fn reports_of_earlier_releases_are_enough_to_compare_rows() {
    let folder = published(100, "");
    let path = folder.latest().join("report.json");
    let mut report: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for layer in report["layers"].as_array_mut().unwrap() {
        for new in ["gate", "profile", "carried_days"] {
            layer.as_object_mut().unwrap().remove(new).unwrap();
        }
    }
    fs::write(&path, serde_json::to_vec(&report).unwrap()).unwrap();
    crate::upgrade::sign(&folder.path().join("store"), &folder.latest());
    folder.write(
        "points.csv",
        format!("{HEADER}{}", rows(10)).replace("BEDS", "QQ"),
    );
    let layer = held(&folder.run().code(5));
    assert_eq!(reds(&layer), [Check::Rows]);
}

#[test]
fn mistakes_in_a_gate_are_told_with_their_place() {
    let folder = Folder::new();
    let bad = "[layer.gate]\nshrnk = 5\ngrow = -1\nstates = [\"TXX\"]\n";
    folder.points(&rows(1)).pipeline(&format!("{POINTS_LAYER}{bad}"));
    folder
        .cikr(&["check", "pipeline.toml"])
        .code(3)
        .says("`gate` has no key `shrnk`")
        .says("did you mean `shrink`?")
        .says("`grow` is -1, outside 0 to 1000000")
        .says("`TXX` is not the USPS code of a state or territory");
    folder.pipeline(&format!("{POINTS_LAYER}gate = {{ outside = 2 }}\n"));
    folder
        .cikr(&["check", "pipeline.toml"])
        .code(3)
        .says("`outside` says nothing without `states`");
    folder.pipeline(&format!(
        "{POINTS_LAYER}gate = {{ shrink = 5, states = [\"TX\"] }}\n"
    ));
    let plan = folder
        .cikr(&["plan", "pipeline.toml", "--format", "json"])
        .code(0)
        .stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let gate = &plan["layers"][0]["gate"];
    assert_eq!(
        (gate["shrink"].as_f64(), gate["grow"].as_f64()),
        (Some(5.0), Some(50.0))
    );
}
