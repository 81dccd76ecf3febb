//! The rooms import only what the map in lib.rs allows, and only the right rooms touch the world.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::ROOT;

/// Room → rooms it may import. `main`, `cli` and `run` stand at the top.
const ALLOWED: &[(&str, &[&str])] = &[
    ("feature", &[]),
    ("esri", &[]),
    ("spec", &[]),
    ("plan", &["spec", "feature"]),
    ("store", &["feature"]),
    ("source", &["plan", "feature", "store", "esri"]),
    ("fetch", &["plan", "feature", "store", "esri"]),
    ("kernel", &["plan", "feature"]),
    ("engine", &["kernel", "source", "plan", "feature"]),
    ("gate", &["plan", "feature"]),
    ("geoparquet", &["feature"]),
    ("derive", &["plan", "feature", "kernel", "geoparquet"]),
    ("catalog", &["plan", "feature", "geoparquet"]),
    (
        "error",
        &[
            "catalog",
            "derive",
            "engine",
            "feature",
            "geoparquet",
            "source",
            "spec",
            "store",
        ],
    ),
    ("report", &["error", "feature", "spec"]),
    ("draft", &["source", "kernel", "plan", "feature", "error"]),
    (
        "run",
        &[
            "catalog",
            "derive",
            "engine",
            "error",
            "feature",
            "fetch",
            "gate",
            "geoparquet",
            "kernel",
            "plan",
            "source",
            "spec",
            "store",
        ],
    ),
    (
        "cli",
        &[
            "draft", "error", "feature", "fetch", "plan", "report", "run", "source", "spec", "store",
        ],
    ),
];

fn sources() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(ROOT).join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_test = ["tests", "tests.rs", "fixture.rs", "fault.rs"]
                .iter()
                .any(|name| path.ends_with(name));
            if path.is_dir() && !is_test {
                folders.push(path.clone());
            }
            if path.is_dir() || is_test {
                continue;
            }
            let relative = path.strip_prefix(&src).unwrap();
            let room = relative
                .components()
                .next()
                .unwrap()
                .as_os_str()
                .to_string_lossy();
            let room = room.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            found.push((room, relative.to_owned(), text));
        }
    }
    assert!(found.len() > 20, "the sources are not where this test looks");
    found
}

/// Code before the unit tests, comments out.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Rooms named after `crate::` anywhere in the code.
fn imports(text: &str) -> Vec<String> {
    let code = code(text);
    let after = code.split("crate::").skip(1);
    after
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .filter(|room: &String| !room.is_empty())
        .collect()
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut broken = Vec::new();
    for (room, path, text) in sources() {
        if room == "main" || room == "lib" {
            continue;
        }
        let allowed = ALLOWED.iter().find(|(name, _)| *name == room);
        let Some((_, allowed)) = allowed else {
            broken.push(format!("{}: room `{room}` is not on the map", path.display()));
            continue;
        };
        for import in imports(&text) {
            if import != room && !allowed.contains(&import.as_str()) {
                broken.push(format!("{}: {room} → {import}", path.display()));
            }
        }
    }
    assert!(
        broken.is_empty(),
        "imports against the dependency rule:\n{}",
        broken.join("\n")
    );
}

#[test]
fn the_map_in_lib_rs_names_every_room() {
    let lib = fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).unwrap();
    for (room, _) in ALLOWED {
        assert!(
            lib.contains(&format!("| `{room}` |")),
            "lib.rs says nothing of `{room}`"
        );
    }
}

/// Law 6: what only one room may do, by the words that do it.
#[test]
fn only_the_right_rooms_touch_the_world() {
    let rules: &[(&str, &[&str], &[&str])] = &[
        ("GDAL", &["gdal::"], &["source/ogr"]),
        ("the clock", &["Utc::now", "SystemTime::now"], &["run/clock.rs"]),
        (
            "the environment",
            &["env::var", "env::vars", "args_os"],
            &["cli/"],
        ),
        (
            "making or renaming files",
            &[
                "fs::write",
                "fs::rename",
                "fs::remove_",
                "fs::create_dir",
                "File::create",
                "fs::copy",
                "hard_link(",
            ],
            &["store/"],
        ),
        ("printing", &["println!", "eprintln!", "print!("], &[]),
        (
            "the network",
            &["reqwest", "TcpStream", "UdpSocket"],
            &["fetch/http"],
        ),
    ];
    let mut broken = Vec::new();
    for (_, path, text) in sources() {
        let code = code(&text);
        for (what, words, homes) in rules {
            let at_home = homes.iter().any(|home| path.to_string_lossy().starts_with(home));
            if !at_home && words.iter().any(|word| code.contains(word)) {
                broken.push(format!("{}: {what}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "law 6 is broken:\n{}", broken.join("\n"));
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|(_, _, text)| text.lines().count() > 450)
        .map(|(_, path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "split along a real seam:\n{}", long.join("\n"));
    for (_, path, text) in sources() {
        assert!(
            ["//!", "#!", "/*"]
                .iter()
                .any(|opening| text.starts_with(opening)),
            "{} doesn't say what it is for",
            path.display()
        );
    }
}
