//! `cikr tiles`.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::export::{held_in, target_error};
use super::output::Output;
use super::run::parse_memory;
use super::store::{StoreAt, release_folder};
use crate::error::{Error, MapError, exit};
use crate::feature::records::RecordBudget;
use crate::report::human_size;
use crate::run::{MapCollection, MapRecipe, write_archive};
use crate::select::Asked;
use crate::store::{self, NewFiles, Scratch};
use crate::vector_tiles::{ArchiveDoc, ArchiveReport};

const EXAMPLES: &str = "\
Examples:
  cikr tiles out/demo --layer hospitals -o hospitals.pmtiles
  cikr tiles out/demo --layer facilities -o facilities.pmtiles --memory 512MiB

Zooms 0 to 14 for MapLibre and whatever else reads PMTiles 3 with Mapbox Vector Tiles. Zoom 14 has every row with all its columns;
above, points are thinned to one per cell of 8 pixels, and lines and areas simplified. A pipeline with `map = true` has the same
archives in its releases. Rows above TLP:CLEAR are left out.";

/// Memory for rows where nobody says how much: an archive of two million points takes less.
const MEMORY: u64 = 512 << 20;

/// Write a layer of a release as an archive of vector tiles for maps in a browser.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Tiles {
    /// Folder of a release, a store (its latest release), or a release id with --store
    release: PathBuf,
    #[command(flatten)]
    store: StoreAt,
    /// Layer, or `facilities` for the inventory of all
    #[arg(long, value_name = "ID")]
    layer: String,
    /// Columns that features have at all zooms, not at 14 alone, beside those that they have there anyway
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<String>,
    /// File to write, .pmtiles
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file where it exists
    #[arg(long)]
    force: bool,
    /// Memory for rows: those that don't fit wait in a scratch file beside the output [default: 512MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<u64>,
}

impl Tiles {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        // Before any work is done for it.
        if self.output.extension() != Some(OsStr::new("pmtiles")) {
            return Err(Error::NoFormat {
                path: self.output.clone(),
                known: ".pmtiles",
            });
        }
        store::refuse_taken(&self.output, self.force).map_err(target_error)?;
        let held = held_in(&release_folder(&self.release, &self.store)?)?;
        let asked = Asked {
            layers: vec![self.layer.clone()],
            ..Asked::default()
        };
        // For what it says of a layer that isn't there.
        asked.resolve(&held).map_err(|source| self.map_error(source))?;
        let recipe = MapRecipe {
            doc: ArchiveDoc {
                name: self.layer.clone(),
                description: format!("Rows of release {}", held.report().release),
                attribution: String::new(),
            },
            columns: self.columns.clone(),
        };
        let collection = MapCollection {
            id: &self.layer,
            recipe: &recipe,
            tiles: held.tiles_of(&self.layer),
        };
        let made = self.write_file(&collection)?;
        let bytes = std::fs::metadata(&self.output).map_or(0, |found| found.len());
        out.print(&summary_json(&self.output, bytes, &made), || {
            summary_text(&self.output, bytes, &made)
        })?;
        Ok(exit::OK)
    }

    fn write_file(&self, collection: &MapCollection<'_>) -> Result<ArchiveReport, Error> {
        let files = NewFiles::beside(&self.output).map_err(target_error)?;
        let name = "archive.pmtiles";
        let file = files.create(name).map_err(target_error)?;
        let folder = files.path_of("");
        let memory = RecordBudget {
            bytes: usize::try_from(self.memory.unwrap_or(MEMORY) / 2).unwrap_or(usize::MAX),
            space: Arc::new(Scratch::new(&folder)),
        };
        let made = write_archive(collection, &memory, file).map_err(|source| self.map_error(source))?;
        files
            .name_all(&[(name, &self.output)], self.force)
            .map_err(target_error)?;
        Ok(made)
    }

    fn map_error(&self, source: impl Into<MapError>) -> Error {
        Error::Map {
            collection: self.layer.clone(),
            source: source.into(),
        }
    }
}

fn summary_json(file: &Path, bytes: u64, made: &ArchiveReport) -> serde_json::Value {
    json!({
        "file": file,
        "bytes": bytes,
        "rows": made.rows,
        "withheld": made.withheld,
        "beyond_square": made.beyond_square,
        "tiles": made.tiles,
        "features_by_zoom": made.features_by_zoom,
        "largest_tile_bytes": made.largest.map(|largest| largest.bytes),
        "crowded_tiles": made.crowded_tiles,
    })
}

fn summary_text(file: &Path, bytes: u64, made: &ArchiveReport) -> String {
    let mut text = format!("{:>10} rows\n{:>10} tiles\n", made.rows, made.tiles);
    let left_out = [
        (made.withheld, "rows above TLP:CLEAR, left out"),
        (
            made.beyond_square,
            "rows beyond 85.05° north or south, which no tile has",
        ),
    ];
    for (count, what) in left_out.into_iter().filter(|(count, _)| *count > 0) {
        let _ = writeln!(text, "{count:>10} {what}");
    }
    text + &format!("{}: {}", file.display(), human_size(bytes))
}
