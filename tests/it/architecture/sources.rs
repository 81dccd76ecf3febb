//! The sources of the program as text: which room a file is in, and its code without comments and unit tests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::ROOT;

/// Files and folders that hold tests and what only tests use.
const OF_TESTS: [&str; 4] = ["tests", "tests.rs", "fixture.rs", "fault.rs"];

/// One file below `src`.
pub(super) struct Source {
    /// First folder of its path, or its stem where it lies in `src` itself.
    pub(super) room: String,
    /// Path below `src`.
    pub(super) path: PathBuf,
    /// All of it.
    pub(super) text: String,
    /// What is compiled into the program: without comments, and without what stands under `#[cfg(test)]`.
    pub(super) code: String,
}

/// Every file of the program.
pub(super) fn all() -> Vec<Source> {
    let src = Path::new(ROOT).join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if OF_TESTS.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Neither JSON nor what a script leaves behind can say what it is for.
            let is_hidden = path.file_name().unwrap().as_encoded_bytes().starts_with(b".");
            if is_hidden || path.extension().is_some_and(|end| end == "json") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(&src).unwrap().to_owned();
            let room = path.components().next().unwrap().as_os_str().to_string_lossy();
            found.push(Source {
                room: room.trim_end_matches(".rs").to_owned(),
                code: code(&text),
                path,
                text,
            });
        }
    }
    assert!(found.len() > 20, "the sources are not where this test looks");
    found
}

/// The text without comments and without items under `#[cfg(test)]`, wherever these stand: code behind them counts.
fn code(text: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        if line.trim() != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        let item = lines.by_ref().find(|line| !line.trim_start().starts_with("#["));
        let Some(item) = item.filter(|item| item.ends_with('{')) else {
            continue;
        };
        // rustfmt puts the brace that ends an item where the item begins.
        let indent = &item[..item.len() - item.trim_start().len()];
        let end = format!("{indent}}}");
        lines.by_ref().find(|line| *line == end);
    }
    kept.join("\n")
}

#[test]
fn code_goes_on_behind_what_is_for_tests_alone() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests;\nfn b() {}\nimpl A {\n    #[cfg(test)]\n    fn c() {\n        d();\n    }\n\n    fn e() {}\n}\n";
    assert_eq!(code(text), "fn a() {}\nfn b() {}\nimpl A {\n\n    fn e() {}\n}");
}
