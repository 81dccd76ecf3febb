//! Polygon sets that are kept ready: read back where nothing has changed, made again where anything has, and never told apart by
//! what comes of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::locate;
use crate::program::{Ended, Folder, POINTS_LAYER, latest};
use crate::unchanged::tables;

const ROWS: &str =
    "1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n3,C,,7,-120,35\n4,D,zz,x,-96.5,31\n5,E,48003,1,-99.9,30.1\n";
const MORE: &str = "6,F,01001,6,-89.5,30.5\n7,G,,7,-80,29.95\n";
const READ_BACK: &str = "jurisdictions read back";
const INDEXED: &str = "jurisdictions indexed";

/// A state with a code that has lost its zero; counties one of which has a hole, one has two polygons and one can't be used;
/// points and lines to be joined to them.
fn folder() -> Folder {
    let folder = Folder::new();
    let lines =
        "\n[[layer]]\nid = \"lines\"\nschema = \"lines\"\nsource.geojson = { path = \"lines.geojson\" }\n";
    folder
        .points(ROWS)
        .schema("lines", "line", "")
        .write("lines.geojson", feature_collection(&[
            r#"{"type":"Feature","properties":{"ID":"1","NAME":"L"},"geometry":{"type":"LineString","coordinates":[[-99,31],[-81,39]]}}"#.to_owned(),
        ]))
        .pipeline(&format!("{POINTS_LAYER}{lines}"));
    folder.write(
        "states.geojson",
        feature_collection(&[
            area("48", "[[[-100,30],[-90,30],[-90,40],[-100,40],[-100,30]]]"),
            area("1", "[[[-90,30],[-80,30],[-80,40],[-90,40],[-90,30]]]"),
        ]),
    );
    folder.write("counties.geojson", counties("48001"));
    folder
}

fn feature_collection(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    )
}

fn area(code: &str, rings: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"GEOID":"{code}","OTHER":"{code}","NAME":"n{code}"}},"geometry":{{"type":"Polygon","coordinates":{rings}}}}}"#
    )
}

/// Twelve counties, of which the first has this code and the last can't be used.
fn counties(first: &str) -> String {
    let mut features = vec![
        area(
            first,
            "[[[-100,30],[-95,30],[-95,40],[-100,40],[-100,30]],[[-98,33],[-97,33],[-97,34],[-98,34],[-98,33]]]",
        ),
        area("48003", "[[[-95,30],[-90,30],[-90,33],[-95,33],[-95,30]]]"),
        area("48003", "[[[-95,33.1],[-90,33.1],[-90,40],[-95,40],[-95,33.1]]]"),
    ];
    for n in 0..10 {
        let west = -90 + n;
        let east = west + 1;
        features.push(area(
            &format!("0100{n}"),
            &format!("[[[{west},30],[{east},30.1],[{east},40],[{west},40],[{west},30]]]"),
        ));
    }
    features.push(area("48999", "[[[-93,35],[-93,35],[-93,35],[-93,35]]]"));
    feature_collection(&features)
}

/// The log of the run that has made the latest release.
fn log(folder: &Folder) -> String {
    let release = folder.latest();
    let name = release.file_name().unwrap().to_string_lossy().into_owned();
    fs::read_to_string(folder.path().join("store/log").join(format!("{name}.log"))).unwrap()
}

fn kept(folder: &Folder, set: &str) -> PathBuf {
    folder.path().join(format!("store/sets/{set}.polygons"))
}

fn copy_all(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// A run with these rows; what the store was like before it is in `fresh`, but for kept sets.
fn night(folder: &Folder, rows: &str) -> String {
    folder.write("points.csv", format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{rows}"));
    let store = folder.path().join("store");
    let fresh = folder.path().join("fresh");
    drop(fs::remove_dir_all(&fresh));
    if store.exists() {
        copy_all(&store, &fresh);
        fs::remove_dir_all(fresh.join("sets")).unwrap();
    }
    folder.run().code(0);
    log(folder)
}

/// The latest release has the tables of one that is made of the store before it without kept sets.
fn assert_as_if_made_anew(folder: &Folder) {
    let fresh = folder.path().join("fresh");
    // Tables tell when a source was landed.
    fs::remove_dir_all(fresh.join("landing")).unwrap();
    copy_all(&folder.path().join("store/landing"), &fresh.join("landing"));
    folder
        .cikr(&["run", "pipeline.toml", "--store", "fresh", "--format", "json"])
        .code(0);
    let expected = tables(&latest(&fresh));
    let found = tables(&folder.latest());
    assert!(expected.keys().eq(found.keys()));
    for (path, bytes) in expected {
        assert!(found[&path] == bytes, "{} differs", path.display());
    }
}

#[test]
fn the_second_night_reads_sets_back_and_makes_the_same_tables() {
    let folder = folder();
    let first = night(&folder, ROWS);
    assert!(first.contains(INDEXED) && !first.contains(READ_BACK), "{first}");
    let second = night(&folder, &format!("{ROWS}{MORE}"));
    assert_eq!(second.matches(READ_BACK).count(), 2, "{second}");
    assert!(!second.contains(INDEXED), "{second}");
    // What was found out about a set on the first night is told on every one.
    assert!(
        second.contains("a polygon can't be used") && second.contains("codes of jurisdictions were restored"),
        "{second}"
    );
    assert_as_if_made_anew(&folder);
    let quiet = night(&folder, &format!("{ROWS}{MORE}"));
    assert!(!quiet.contains("kept polygon set"), "{quiet}");
}

#[test]
fn what_has_changed_is_indexed_and_kept_in_its_place() {
    let folder = folder();
    night(&folder, ROWS);
    let before = fs::read(kept(&folder, "county")).unwrap();
    folder.write("counties.geojson", counties("48005"));
    let changed = night(&folder, ROWS);
    assert_eq!(
        (
            changed.matches(READ_BACK).count(),
            changed.matches(INDEXED).count()
        ),
        (1, 1),
        "{changed}"
    );
    assert_as_if_made_anew(&folder);
    assert!(fs::read(kept(&folder, "county")).unwrap() != before);

    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let (states, counties) = pipeline.split_once("id = \"county\"").unwrap();
    let counties = counties.replacen("code = \"GEOID\"", "code = \"OTHER\"", 1);
    folder.write("pipeline.toml", format!("{states}id = \"county\"{counties}"));
    let other_field = night(&folder, ROWS);
    assert_eq!(other_field.matches(READ_BACK).count(), 1, "{other_field}");
    assert_as_if_made_anew(&folder);
    assert_eq!(
        fs::read_dir(folder.path().join("store/sets")).unwrap().count(),
        2,
        "one for each set"
    );
}

/// Does something to bytes.
type Harm = fn(&mut Vec<u8>);

#[test]
fn a_damaged_file_is_told_of_and_made_again() {
    let harms: [(&str, Harm); 5] = [
        ("cut short", |bytes| bytes.truncate(bytes.len() / 2)),
        ("empty", Vec::clear),
        ("foreign", |bytes| *bytes = b"PAR1 and so on".to_vec()),
        ("changed in its boundaries", |bytes| bytes[400] ^= 4),
        ("changed in its index", |bytes| {
            let last = bytes.len() - 20;
            bytes[last] ^= 4;
        }),
    ];
    let folder = folder();
    night(&folder, ROWS);
    let sound = fs::read(kept(&folder, "county")).unwrap();
    for (round, (how, harm)) in harms.into_iter().enumerate() {
        let mut bytes = sound.clone();
        harm(&mut bytes);
        fs::write(kept(&folder, "county"), bytes).unwrap();
        let told = night(&folder, &format!("{ROWS}{}{round},-95,36\n", "9,N,,"));
        assert!(told.contains("a kept polygon set is damaged"), "{how}: {told}");
        assert_eq!(told.matches(READ_BACK).count(), 1, "{how}: {told}");
        assert_as_if_made_anew(&folder);
        assert!(fs::read(kept(&folder, "county")).unwrap() == sound, "{how}");
    }
}

#[test]
fn a_rebuild_believes_no_kept_set_and_a_set_that_fails_is_never_kept() {
    let folder = folder();
    night(&folder, ROWS);
    folder
        .cikr(&[
            "run",
            "pipeline.toml",
            "--rebuild",
            "--offline",
            "--format",
            "json",
        ])
        .code(0);
    let rebuilt = log(&folder);
    assert_eq!(rebuilt.matches(INDEXED).count(), 2, "{rebuilt}");

    folder.write(
        "counties.geojson",
        feature_collection(&[area("48001", "[[[0,0],[0,0],[0,0],[0,0]]]")]),
    );
    folder.write(
        "points.csv",
        format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{ROWS}{MORE}"),
    );
    let messages: Vec<String> = (0..2)
        .map(|_| folder.run())
        .map(|failed| {
            failed
                .stderr
                .lines()
                .filter(|line| line.starts_with("error"))
                .collect()
        })
        .collect();
    assert!(
        !messages[0].is_empty() && messages[0] == messages[1],
        "{messages:?}"
    );
}

#[test]
fn a_set_that_the_plan_no_longer_has_goes() {
    let folder = folder();
    night(&folder, ROWS);
    fs::write(kept(&folder, "gone"), "x").unwrap();
    night(&folder, &format!("{ROWS}{MORE}"));
    assert!(!kept(&folder, "gone").exists() && kept(&folder, "state").exists());
}

fn locate_kept(folder: &Folder, more: &[&str]) -> Ended {
    let args = [
        "points.csv",
        "--to",
        "counties.geojson",
        "--kept-sets",
        "kept",
        "-o",
        "out.csv",
        "--force",
    ];
    locate::locate(folder, &[&args, more].concat()).code(0)
}

fn written(folder: &Folder) -> String {
    fs::read_to_string(folder.path().join("out.csv")).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("kept")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_join_alone_reads_its_sets_back() {
    let folder = locate::folder();
    let first = locate_kept(&folder, &[]);
    assert!(!first.stderr.contains("read back"), "{}", first.stderr);
    let expected = written(&folder);
    assert!(expected.contains("48001"));
    let second = locate_kept(&folder, &[]).says("polygon set read back");
    assert_eq!((written(&folder), second.stdout), (expected, first.stdout));

    // Other fields are another question, with a file of its own.
    locate_kept(&folder, &["--code", "NAME"]);
    assert!(written(&folder).contains("n48001"));
    assert_eq!(files(folder.path()).len(), 2);
    locate_kept(&folder, &["--code", "NAME"]).says("polygon set read back");
}

#[test]
fn the_join_alone_sees_a_changed_set_and_a_damaged_file() {
    let folder = locate::folder();
    locate_kept(&folder, &[]);
    let changed = fs::read_to_string(folder.path().join("counties.geojson"))
        .unwrap()
        .replace("48001", "48007");
    folder.write("counties.geojson", changed);
    let again = locate_kept(&folder, &[]);
    assert!(
        !again.stderr.contains("read back") && written(&folder).contains("48007"),
        "{}",
        again.stderr
    );
    let [file] = &files(folder.path())[..] else {
        panic!("one file")
    };

    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
    locate_kept(&folder, &[]).says("a kept polygon set is damaged");
    assert!(written(&folder).contains("48007"));
    locate_kept(&folder, &[]).says("polygon set read back");
}

#[test]
fn the_join_alone_shares_lines_by_sets_read_back() {
    let folder = locate::folder();
    folder.write("line.geojson", feature_collection(&[
        r#"{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"LineString","coordinates":[[-99,31],[-81,39]]}}"#.to_owned(),
    ]));
    let share = || {
        let args = [
            "line.geojson",
            "--to",
            "counties.geojson",
            "--lines-shares",
            "--kept-sets",
            "kept",
            "-o",
            "out.csv",
            "--force",
        ];
        let told = locate::locate(&folder, &args).code(0);
        (written(&folder), told)
    };
    let (made, _) = share();
    let (again, told) = share();
    told.says("polygon set read back");
    assert_eq!(again, made);
    // The index alone is enough for points, and is no answer to a question for shares.
    locate_kept(&folder, &[]);
    assert_eq!(files(folder.path()).len(), 2);
}
