//! The rooms import what the table in `docs/architecture.md` allows, and only the right rooms touch the world.

mod imports;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::program::ROOT;

/// Files of at most so many lines: longer ones have a seam.
const MOST_LINES: usize = 450;

/// Room → rooms that it may import, as the table in `docs/architecture.md` says.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/architecture.md")).unwrap();
    let table = text
        .split("\n## Rooms\n")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next());
    let rows = table
        .expect("docs/architecture.md has a section of rooms")
        .lines()
        .filter(|line| line.starts_with("| `"));
    let mut allowed = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').collect();
        for room in names(cells[1]) {
            allowed.insert(room, names(cells[2]));
        }
    }
    allowed
}

/// Names in backquotes.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The table names every room, and allows what is used and nothing else.
#[test]
fn rooms_import_only_what_they_may() {
    let allowed = allowed();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut broken = Vec::new();
    for source in sources::all() {
        if source.room == "main" || source.room == "lib" {
            continue;
        }
        let Some(rooms) = allowed.get(&source.room) else {
            broken.push(format!(
                "{}: room `{}` is not in the table",
                source.path.display(),
                source.room
            ));
            continue;
        };
        let mut imports = imports::rooms(&source.code);
        imports.remove(&source.room);
        broken.extend(
            imports
                .difference(rooms)
                .map(|import| format!("{}: {} → {import}", source.path.display(), source.room)),
        );
        used.entry(source.room).or_default().extend(imports);
    }
    for (room, rooms) in &allowed {
        let used = used.get(room).cloned().unwrap_or_default();
        broken.extend(
            rooms
                .difference(&used)
                .map(|import| format!("{room} → {import} is allowed, and nobody uses it")),
        );
    }
    assert!(
        broken.is_empty(),
        "imports and docs/architecture.md differ:\n{}",
        broken.join("\n")
    );
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let arrows = imports::arrows(&sources::all());
    let shown: Vec<String> = imports::circles(&arrows)
        .into_iter()
        .map(|circle| {
            let within = |file: &Path| {
                arrows[file]
                    .iter()
                    .filter(|other| circle.contains(other.as_path()))
                    .cloned()
            };
            let lines: Vec<String> = circle
                .iter()
                .flat_map(|file| {
                    within(file).map(|other| format!("  {} → {}", file.display(), other.display()))
                })
                .collect();
            lines.join("\n")
        })
        .collect();
    assert!(
        shown.is_empty(),
        "what both need gets a file of its own:\n{}",
        shown.join("\n\n")
    );
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
        ("answers", &["TcpListener", "hyper::", "axum::"], &["serve/"]),
    ];
    let mut broken = Vec::new();
    for source in sources::all() {
        for (what, words, homes) in rules {
            let is_at_home = homes.iter().any(|home| source.path.starts_with(home));
            if !is_at_home && words.iter().any(|word| source.code.contains(word)) {
                broken.push(format!("{}: {what}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "law 6 is broken:\n{}", broken.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut broken = Vec::new();
    for source in sources::all() {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            broken.push(format!(
                "{}: {lines} lines; split along a real seam",
                source.path.display()
            ));
        }
        if !["//!", "#!", "/*"]
            .iter()
            .any(|opening| source.text.starts_with(opening))
        {
            broken.push(format!("{} doesn't say what it is for", source.path.display()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
