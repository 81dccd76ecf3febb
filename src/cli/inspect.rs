//! `cikr inspect`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::output::Output;
use crate::error::{Error, exit};
use crate::query::{FolderFiles, Inspection, LevelShape, QueryError, Spread, inspect};
use crate::report::human_size;

const EXAMPLES: &str = "\
Examples:
  cikr inspect out/demo/public/latest/layers/dams/data/region=R06/part-000.parquet
  cikr inspect national.parquet --format json | jq .window.share_of_bytes

The boxes of row groups and pages stand in the JSON. Overlap is the share of the boxes' area that another box has, too; fill the mean
rows of a node, of those of the fullest. The window is 1 % of the area of the file's box, and is tried around leaves all over it.";

/// Show the tree of a tile: boxes, rows, fill, overlap, bytes and encodings of columns, and what a window would read.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Inspect {
    /// A tile, or any other file of Parquet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Inspect {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let inspection = inspect_file(&self.file).map_err(|source| Error::Query {
            source: Box::new(source),
        })?;
        out.print(&inspection, || text_of(&self.file, &inspection))?;
        Ok(exit::OK)
    }
}

fn inspect_file(file: &Path) -> Result<Inspection, QueryError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let files = FolderFiles::new(folder.unwrap_or_else(|| Path::new(".")));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let size = files.size(&name)?;
    inspect(Arc::new(files), &name, size)
}

fn text_of(file: &Path, found: &Inspection) -> String {
    let mut text = format!(
        "{}: {} rows, {}, {}\n",
        file.display(),
        found.rows,
        human_size(found.bytes),
        found.created_by.as_deref().unwrap_or("by an unknown program"),
    );
    match &found.geoparquet {
        Some(version) => {
            let _ = writeln!(text, "GeoParquet {version}: {}", found.geometry_types.join(", "));
        }
        None => text.push_str("no GeoParquet: the file has no `geo` key\n"),
    }
    if let Some([west, south, east, north]) = found.extent {
        let _ = writeln!(text, "box {west:.4} {south:.4} {east:.4} {north:.4}");
    }
    let _ = writeln!(
        text,
        "footer {}, page index {}\n",
        human_size(found.footer_bytes),
        human_size(found.page_index_bytes)
    );
    let _ = writeln!(
        text,
        "{:<11}{:>8}{:>26}{:>8}{:>9}",
        "level", "nodes", "rows: min, median, max", "fill", "overlap"
    );
    for (name, level) in [("row groups", &found.row_groups), ("pages", &found.pages)] {
        match level {
            Some(level) => text.push_str(&level_line(name, level)),
            None => {
                let _ = writeln!(text, "{name:<11}no boxes: the covering has no statistics here");
            }
        }
    }
    if let Some(window) = &found.window {
        let share = window.share_of_bytes;
        let _ = writeln!(
            text,
            "\na window of 1 % reads, at least, in the middle, at most: row groups {}; pages {}; bytes {:.2} %, {:.2} %, {:.2} %",
            counts(window.row_groups),
            counts(window.pages),
            share.least * 100.0,
            share.median * 100.0,
            share.greatest * 100.0
        );
    }
    text.push_str(&columns_text(found));
    text
}

/// What the columns take, a line each.
fn columns_text(found: &Inspection) -> String {
    let mut text = String::new();
    let width = found
        .columns
        .iter()
        .map(|column| column.column.len())
        .max()
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "\n{:<width$}{:>12}{:>8}{:>12}{:>12}{:>12}  encodings",
        "column", "bytes", "share", "decoded", "dictionary", "page index"
    );
    for column in &found.columns {
        let _ = writeln!(
            text,
            "{:<width$}{:>12}{:>7.2}%{:>12}{:>12}{:>12}  {}",
            column.column,
            column.bytes,
            column.bytes as f64 / found.bytes as f64 * 100.0,
            column.decoded_bytes,
            column.dictionary_bytes,
            column.page_index_bytes,
            column.encodings.join(" ")
        );
    }
    text
}

fn level_line(name: &str, level: &LevelShape) -> String {
    format!(
        "{name:<11}{:>8}{:>26}{:>7.0}%{:>8.2}%\n",
        level.nodes,
        counts(level.rows),
        level.fill * 100.0,
        level.overlap * 100.0
    )
}

fn counts(spread: Spread) -> String {
    format!("{}, {}, {}", spread.least, spread.median, spread.greatest)
}
