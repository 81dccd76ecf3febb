//! What files take from each other, as the code's own paths tell.
//!
//! Text is enough: `use` trees have their braces multiplied out, and every path that begins with `crate`, `super` or
//! `self` counts, in `use` lines and elsewhere. What a module hands on by `pub use` counts as taken from where it is
//! defined, so that a `mod.rs` and the files of its own folder make no circle by that alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::sources::Source;

/// File → files that it takes something from.
pub(super) type Arrows = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// A module, or something in one: its names from the root of the crate.
type Names = Vec<String>;

/// Most steps from a name that is handed on to where it is defined.
const MOST_STEPS: usize = 8;

/// A path as it stands in the code.
struct Import {
    names: Names,
    /// What it is called here, where that is another name than its last.
    alias: Option<String>,
    /// Whether a `pub use` hands it on.
    is_handed_on: bool,
}

/// Rooms named after `crate::` anywhere in the code.
pub(super) fn rooms(code: &str) -> BTreeSet<String> {
    let paths = imports(code).into_iter().map(|import| import.names);
    paths
        .filter(|names| names[0] == "crate")
        .filter_map(|mut names| (names.len() > 1).then(|| names.swap_remove(1)))
        .collect()
}

/// Which file takes something from which others.
pub(super) fn arrows(sources: &[Source]) -> Arrows {
    let homes: BTreeMap<Names, PathBuf> = sources
        .iter()
        .map(|source| (module(&source.path), source.path.clone()))
        .collect();
    let handed_on: BTreeMap<Names, Names> = sources.iter().flat_map(what_is_handed_on).collect();
    let mut arrows = Arrows::new();
    for source in sources {
        let here = module(&source.path);
        let taken = imports(&source.code)
            .into_iter()
            .filter(|import| !import.is_handed_on);
        let homes =
            taken.filter_map(|import| home(&definition(absolute(&here, &import.names), &handed_on), &homes));
        let others = homes.filter(|home| *home != source.path).collect();
        arrows.insert(source.path.clone(), others);
    }
    arrows
}

/// Files that reach each other, each circle once.
pub(super) fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<&Path>> {
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = arrows
        .keys()
        .map(|file| (file.as_path(), reachable_from(file, arrows)))
        .collect();
    let in_circles = reached.iter().filter(|(file, others)| others.contains(*file));
    in_circles
        .map(|(file, others)| {
            others
                .iter()
                .copied()
                .filter(|other| reached[other].contains(file))
                .collect()
        })
        .collect()
}

fn reachable_from<'a>(file: &'a Path, arrows: &'a Arrows) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Path> = vec![file];
    while let Some(next) = open.pop() {
        for other in &arrows[next] {
            if reached.insert(other.as_path()) {
                open.push(other);
            }
        }
    }
    reached
}

/// The module that a file is.
fn module(path: &Path) -> Names {
    let mut names: Names = path
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if names
        .last()
        .is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main"))
    {
        names.pop();
    }
    names
}

/// Names that a file hands on, and where they are from.
fn what_is_handed_on(source: &Source) -> Vec<(Names, Names)> {
    let here = module(&source.path);
    let all = imports(&source.code)
        .into_iter()
        .filter(|import| import.is_handed_on);
    all.map(|import| {
        let name = import
            .alias
            .as_ref()
            .or(import.names.last())
            .expect("a path has a name")
            .clone();
        (
            [here.as_slice(), &[name]].concat(),
            absolute(&here, &import.names),
        )
    })
    .collect()
}

/// A path from the root of the crate; one that begins with no keyword is a child's.
fn absolute(here: &[String], names: &[String]) -> Names {
    let mut from_root = match names[0].as_str() {
        "crate" => vec![],
        "super" => here[..here.len().saturating_sub(1)].to_vec(),
        "self" => here.to_vec(),
        child => [here, &[child.to_owned()]].concat(),
    };
    for name in &names[1..] {
        if name == "super" {
            from_root.pop();
        } else {
            from_root.push(name.clone());
        }
    }
    from_root
}

/// Where what a path names is defined, through all that hand it on.
fn definition(mut names: Names, handed_on: &BTreeMap<Names, Names>) -> Names {
    for _ in 0..MOST_STEPS {
        let known = (1..=names.len())
            .rev()
            .find(|len| handed_on.contains_key(&names[..*len]));
        let Some(known) = known else { break };
        names = [handed_on[&names[..known]].as_slice(), &names[known..]].concat();
    }
    names
}

/// The file of the innermost module that a path leads to.
fn home(names: &[String], homes: &BTreeMap<Names, PathBuf>) -> Option<PathBuf> {
    (0..=names.len())
        .rev()
        .find_map(|len| homes.get(&names[..len]).cloned())
}

fn imports(code: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut rest = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let Some((is_handed_on, start)) = use_line(line) else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let mut tree = start.to_owned();
        while !tree.contains(';') {
            tree.push_str(lines.next().expect("a use ends before its file does").trim());
        }
        for path in multiplied(tree.split(';').next().unwrap_or_default()) {
            let (path, alias) = path
                .split_once(" as ")
                .map_or((path.as_str(), None), |(path, alias)| (path, Some(alias)));
            let names: Names = path
                .split("::")
                .map(str::to_owned)
                .filter(|name| name != "self" || path == "self")
                .collect();
            let is_ours =
                is_handed_on || matches!(names[0].as_str(), "crate" | "super") || path.starts_with("self::");
            if is_ours {
                found.push(Import {
                    names,
                    alias: alias.map(str::to_owned),
                    is_handed_on,
                });
            }
        }
    }
    found.extend(paths_in(&rest).into_iter().map(|names| Import {
        names,
        alias: None,
        is_handed_on: false,
    }));
    found
}

/// What follows `use` where a line begins with one, and whether it hands on what it names.
fn use_line(line: &str) -> Option<(bool, &str)> {
    let line = line.trim_start();
    if let Some(tree) = line.strip_prefix("use ") {
        return Some((false, tree));
    }
    let (_, tree) = line
        .strip_prefix("pub")
        .filter(|rest| rest.starts_with([' ', '(']))?
        .split_once("use ")?;
    Some((true, tree)).filter(|_| {
        line.split_once("use ")
            .is_some_and(|(before, _)| !before.contains("fn"))
    })
}

/// The paths of a tree of `use`: `a::{b, c::{d, e}}` has three.
fn multiplied(tree: &str) -> Vec<String> {
    let tree = tree.trim().trim_end_matches(',');
    let Some((head, inner)) = tree.split_once('{') else {
        return vec![tree.to_owned()];
    };
    let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
    let mut depth = 0;
    let parts = inner.split(|sign| {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        sign == ',' && depth == 0
    });
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    parts
        .into_iter()
        .flat_map(multiplied)
        .map(|path| format!("{head}{path}"))
        .collect()
}

/// Paths in code that begin with `crate`, `super` or `self`.
fn paths_in(code: &str) -> Vec<Names> {
    let words = code.split(|sign: char| !(sign.is_alphanumeric() || sign == '_' || sign == ':'));
    let paths = words.filter(|word| {
        ["crate::", "super::", "self::"]
            .iter()
            .any(|start| word.starts_with(start))
    });
    paths
        .map(|path| {
            path.split("::")
                .filter(|name| !name.is_empty() && *name != "self")
                .map(str::to_owned)
                .collect::<Names>()
        })
        .filter(|names| !names.is_empty())
        .collect()
}

#[test]
fn paths_are_followed_to_where_they_are_defined() {
    let file = |path: &str, code: &str| Source {
        room: "a".to_owned(),
        path: PathBuf::from(path),
        text: String::new(),
        code: code.to_owned(),
    };
    let sources = [
        file("a/mod.rs", "mod b;\nmod c;\npub use b::{One, Two as Other};"),
        file("a/b.rs", "use super::c::Three;\npub struct One;"),
        file(
            "a/c.rs",
            "use std::fs;\nfn f() -> super::Other { crate::d::four() }",
        ),
        file("d.rs", "use crate::{\n    a::One,\n    e,\n};"),
    ];
    let arrows = arrows(&sources);
    let of = |path: &str| {
        arrows[Path::new(path)]
            .iter()
            .map(|other| other.to_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("a/mod.rs"), [""; 0]);
    assert_eq!(of("a/b.rs"), ["a/c.rs"]);
    assert_eq!(of("a/c.rs"), ["a/b.rs", "d.rs"]);
    assert_eq!(of("d.rs"), ["a/b.rs"]);
    let circles = circles(&arrows);
    assert_eq!(circles.len(), 1);
    assert_eq!(circles.first().unwrap().len(), 3);
}
