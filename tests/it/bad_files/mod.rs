//! Many kinds of bad files in one run: each fails its own layer with a clear reason, and the good layer is published.
//!
//! A case is a line of a table; what they share is said once in `check`.

mod datasets;
mod tables;
mod text;

use std::fs;
use std::path::Path;

use crate::program::{Folder, POINTS_LAYER, ROOT};

/// A bad file: the layer's id, its `source…` lines, the file's name and bytes, words that its reason must hold.
struct Case {
    id: &'static str,
    source: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    words: &'static [&'static str],
}

/// A file that CSV reads as `ID, NAME, LON, LAT`.
const CSV: &str = "csv = { path = \"FILE\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }";

fn case(
    id: &'static str,
    source: &'static str,
    file: &'static str,
    bytes: impl AsRef<[u8]>,
    words: &'static [&'static str],
) -> Case {
    Case {
        id,
        source,
        file,
        bytes: bytes.as_ref().to_vec(),
        words,
    }
}

/// A file that another program wrote.
fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(ROOT).join("tests/fixtures").join(name)).unwrap()
}

/// Runs every case as a layer of one pipeline, beside a good layer.
#[track_caller]
fn check(prepare: impl FnOnce(&Path), cases: &[Case]) {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n");
    prepare(folder.path());
    let mut layers = POINTS_LAYER.to_owned();
    for Case {
        id,
        source,
        file,
        bytes,
        ..
    } in cases
    {
        if !bytes.is_empty() {
            folder.write(file, bytes);
        }
        let source = source.replace("FILE", file);
        layers.push_str(&format!(
            "\n[[layer]]\nid = \"{id}\"\nschema = \"points\"\nsource.{source}\n"
        ));
    }
    folder.pipeline(&format!("{layers}\n[limits]\narchive = \"1 MiB\"\n"));
    let ended = folder.run().code(5);
    let mut wrong = Vec::new();
    for case in cases {
        let layer = ended.layer(case.id);
        let reason = layer
            .reason()
            .map_or_else(|| format!("published {} rows", layer.rows_written), str::to_owned);
        let missing: Vec<_> = case
            .words
            .iter()
            .filter(|word| !reason.contains(**word))
            .collect();
        let leaks = ["landing/", "panicked", "/vsizip"]
            .iter()
            .any(|word| reason.contains(word));
        if !missing.is_empty() || leaks || !reason.contains(case.file) {
            wrong.push(format!(
                "{}: {missing:?} not in, or a leak, or no file name in: {reason}",
                case.id
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        ended.layer("points").rows_written,
        1,
        "the good layer is published"
    );
}
