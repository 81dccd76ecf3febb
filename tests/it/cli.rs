//! The command line as people meet it: help, listing, rollback, mistakes, exit codes.

use std::fs;

use insta::{Settings, assert_snapshot};

use crate::program::{Folder, POINTS_LAYER, latest};

/// Snapshots without what differs between runs.
fn settled(folder: &Folder) -> Settings {
    let mut settings = Settings::clone_current();
    settings.add_filter(&regex_of(&folder.path().display().to_string()), "[TMP]");
    settings.add_filter(r"\d{8}T\d{9}Z", "[RELEASE]");
    settings.add_filter(r"\d+\.\d+ s, peak memory [\d.]+ \w+", "[TIME AND MEMORY]");
    settings.add_filter(r"\d+(\.\d+)? (KiB|MiB|B)\b", "[SIZE]");
    settings.add_filter(r" +\[SIZE\]", " [SIZE]");
    settings.add_filter(r"[0-9a-f]{64}", "[SHA]");
    settings
}

fn regex_of(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '/' {
                c.to_string()
            } else {
                format!("\\{c}")
            }
        })
        .collect()
}

#[test]
fn help_names_every_command_and_exit_code() {
    let help = Folder::new().cikr(&["--help"]).code(0).stdout;
    for word in [
        "run",
        "fetch",
        "landing",
        "check",
        "plan",
        "verify",
        "releases",
        "rollback",
        "layers",
        "expected",
        "draft",
        "Exit codes:",
        "Examples:",
    ] {
        assert!(help.contains(word), "{word}:\n{help}");
    }
    Folder::new().cikr(&["chek"]).code(2).says("check");
}

#[test]
fn a_failure_is_told_to_programs_too() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n").write("points.csv", "");
    let told = |args: &[&str], code: i32| -> serde_json::Value {
        let ended = folder.cikr(&[args, &["--format", "json"]].concat()).code(code);
        assert!(ended.stderr.contains("error: "), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let failed = told(&["run", "pipeline.toml", "-q"], 4);
    assert_eq!(
        (&failed["exit"], failed["mistakes"].as_array().unwrap().len()),
        (&4.into(), 0)
    );
    assert!(
        failed["error"].as_str().unwrap().contains("points.csv"),
        "{failed}"
    );
    let nowhere = told(&["verify", "nowhere"], 6);
    assert!(
        nowhere["error"]
            .as_str()
            .unwrap()
            .contains("no release `nowhere` in out/demo"),
        "{nowhere}"
    );
    folder.write("pipeline.toml", "id = 1\n");
    let mistaken = told(&["plan", "pipeline.toml"], 3);
    assert_eq!(mistaken["mistakes"][4]["line"], 1, "{mistaken}");
}

#[test]
fn a_warning_names_its_layer_however_quiet_the_run() {
    let folder = Folder::new();
    folder
        .points("1,A,48001,5,-95,35\n")
        .schema("other", "point", "")
        .write("other.csv", "");
    let layer = "\n[[layer]]\nid = \"other\"\nsource.csv = { path = \"other.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n";
    folder.pipeline(&format!("{POINTS_LAYER}{layer}"));
    folder
        .cikr(&["run", "pipeline.toml", "-q"])
        .code(5)
        .says("layer{id=other}");
    let json = folder
        .cikr(&["run", "pipeline.toml", "-q", "--log-format", "json"])
        .code(5)
        .stderr;
    let line: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(line["span"]["id"], "other", "{line}");
}

#[test]
fn a_run_in_words() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n2,B,01001,6,-95,36\n3,C,,7,-120,35\n,D,,7,-95,35\n");
    let ended = folder.cikr(&["run", "pipeline.toml"]).code(0);
    let settings = settled(&folder);
    settings.bind(|| assert_snapshot!("run_stdout", ended.stdout));
    settings.bind(|| assert_snapshot!("run_tree", tree(&folder)));
    assert!(
        ended.stderr.contains("published") && !ended.stderr.contains("WARN"),
        "{}",
        ended.stderr
    );
    let quiet = folder.cikr(&["run", "pipeline.toml", "-q"]).code(0);
    assert_eq!(quiet.stderr, "");
    let log = folder.path().join("store/log");
    assert_eq!(fs::read_dir(log).unwrap().count(), 2, "a log file per run");
    let json = folder
        .cikr(&["run", "pipeline.toml", "--log-format", "json"])
        .code(0);
    for line in json.stderr.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

/// Files of the latest release, in order.
fn tree(folder: &Folder) -> String {
    let release = folder.latest();
    let mut found = Vec::new();
    let mut folders = vec![release.clone()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(&release).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found.join("\n")
}

#[test]
fn every_mistake_at_once_with_its_place() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n");
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let pipeline = pipeline
        .replace("store = \"store\"", "store = \"store\"\nkepe = 3")
        .replace("kind = \"county\"", "kind = \"conty\"")
        .replace("crs = \"EPSG:4326\"", "crs = \"EPSG4326\"");
    folder.write("pipeline.toml", pipeline);
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replace("code = \"HLPH\"", "code = \"HLTH\""),
    );
    let ended = folder.cikr(&["check", "pipeline.toml"]).code(3);
    settled(&folder).bind(|| assert_snapshot!("check_stderr", ended.stderr));
    let json = folder
        .cikr(&["check", "pipeline.toml", "--format", "json"])
        .code(3);
    let findings: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(findings.as_array().unwrap().len(), 4, "{findings:#}");
    assert!(findings[0]["line"].as_u64().is_some());
    folder.run().code(3);
    assert!(
        !folder.path().join("store").exists(),
        "nothing is done before every mistake is mended"
    );
}

#[test]
fn releases_are_kept_listed_and_rolled_back_to() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n");
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write("pipeline.toml", format!("keep = 2\n{pipeline}"));
    let first = folder.run().code(0).report().release.to_string();
    let second = folder.run().code(0).report().release.to_string();
    let third = folder.run().code(0).report().release.to_string();
    let listed = folder
        .cikr(&["releases", "--store", "store", "--format", "json"])
        .code(0)
        .stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let ids: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [&*third, &*second, &*first], "all were the latest today");
    let words = folder.cikr(&["releases", "--store", "store"]).code(0).stdout;
    assert_eq!(words.matches("no change").count(), 2, "{words}");
    let pin = ["pin", &first, "--name", "v2026.11", "--store", "store"];
    folder.cikr(&pin).code(0);
    let rollback = [
        "rollback", "v2026.11", "--by", "ada", "--reason", "a test", "--store", "store",
    ];
    folder.cikr(&rollback).code(0);
    assert!(folder.latest().ends_with(&first));
    let words = folder.cikr(&["releases", "--store", "store"]).code(0).stdout;
    assert!(words.contains("latest, frozen, pinned as v2026.11"), "{words}");
    folder.cikr(&["verify", "store"]).code(0);
    folder.cikr(&["verify", "v2026.11", "--store", "store"]).code(0);
    folder.run().code(0).says("frozen by ada").says("(a test)");
    assert!(folder.latest().ends_with(&first));
    let latest = folder.cikr(&["latest", "--store", "store"]).code(0).stdout;
    assert!(
        latest.contains(&first) && latest.contains("cikr latest --follow"),
        "{latest}"
    );
    folder.cikr(&["latest", "--follow", "--store", "store"]).code(0);
    assert!(!folder.latest().ends_with(&first));
    folder
        .cikr(&["rollback", "20200101T000000000Z", "--store", "store"])
        .code(6)
        .says("20200101T000000000Z");
    folder
        .cikr(&["rollback", "../landing", "--store", "store"])
        .code(6)
        .says("there is no release `../landing`");
    folder.cikr(&["unpin", "v2026.11", "--store", "store"]).code(0);
    folder
        .cikr(&["unpin", "v2026.11", "--store", "store"])
        .code(6)
        .says("nothing called `v2026.11` is pinned");
    let urls = folder
        .cikr(&["urls", "latest", "--base", "http://h/d/", "--store", "store"])
        .code(0);
    assert!(
        urls.stdout
            .lines()
            .all(|url| url.starts_with("http://h/d/releases/2")),
        "{}",
        urls.stdout
    );
    folder.cikr(&["releases", "--store", "pipeline.toml"]).code(0);
    folder
        .cikr(&["releases", "--store", "nowhere"])
        .code(6)
        .says("nowhere");
}

#[test]
fn one_layer_some_rows_another_store() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n2,B,48001,5,-95,36\n3,C,48001,5,-95,37\n");
    folder
        .cikr(&[
            "run",
            "pipeline.toml",
            "-q",
            "--layer",
            "points",
            "--limit",
            "2",
            "--store",
            "other",
        ])
        .code(0);
    let report = cikr::verify::read_report(&latest(&folder.path().join("other"))).unwrap();
    assert_eq!(report.layers[0].rows_written, 2);
    assert!(!folder.path().join("store").exists());
    folder
        .cikr(&["run", "pipeline.toml", "--layer", "point"])
        .code(3)
        .says("points");
    folder
        .cikr(&["run", "pipeline.toml", "--limit", "1"])
        .code(0)
        .says("store-partial");
    assert!(
        !folder.path().join("store").exists(),
        "a partial run never replaces the whole"
    );
}

#[test]
fn plan_and_layers_are_data() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n");
    let plan = folder
        .cikr(&["plan", "pipeline.toml", "--format", "json"])
        .code(0)
        .stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["layers"][0]["schema"]["key"][0], "id");
    let settings = settled(&folder);
    let words = folder.cikr(&["plan", "pipeline.toml"]).code(0).stdout;
    settings.bind(|| assert_snapshot!("plan_stdout", words));
    assert!(
        folder
            .cikr(&["layers", "pipeline.toml"])
            .code(0)
            .stdout
            .contains("not in a release yet")
    );
    folder.run().code(0);
    let layers = folder
        .cikr(&["layers", "pipeline.toml", "--format", "json"])
        .code(0)
        .stdout;
    let layers: serde_json::Value = serde_json::from_str(&layers).unwrap();
    assert_eq!(layers[0]["last"]["rows_written"], 1);
}
