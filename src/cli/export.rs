//! `cikr export`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tracing::{info, warn};

use super::output::Output;
use super::selection::SelectionFlags;
use super::store::{StoreAt, release_folder};
use crate::error::{Error, exit};
use crate::export::{self, Export as Work, Exported, LayerToExport, Sink, made_at};
use crate::feature::{ExportFormat, LayerReport, Progress};
use crate::report::{Logging, Reporter, human_size};
use crate::select::{Asked, Held, Selection};
use crate::store::{self, NewFiles, StoreError};
use crate::verify;

const EXAMPLES: &str = "\
Examples:
  cikr export out/demo --layer hospitals --state TX -o hospitals-tx.gpkg   all hospitals in Texas
  cikr export out/demo --layer dams --layer airports --region R06 -o r06.gpkg
  cikr export out/demo --layer facilities --sector \"Water and Wastewater\" -o water.fgb
  cikr export out/demo --layer dams --bbox=-106.7,25.8,-93.5,36.6 -o dams.shp.zip
  cikr export out/demo --layer hospitals --where 'beds>=100' -o large.gpkg
  cikr export out/demo --layer dams --as csv -o - | head

The release is a folder, a store (its latest release) or an id, as for `cikr verify`. States and regions are those that were
computed, a sector is a facility's main one, and a window has the rows whose box meets it. A selection without rows makes a
file without rows, and says so.
CSV has points in `longitude` and `latitude`, all else as well-known text in `wkt`; GeoJSON is RFC 7946, with seven decimals.
A GeoPackage carries its style for QGIS; beside the others but CSV stands one, FILE.qml, unless there is one already.";

/// Write rows of a release for other tools: GeoPackage, FlatGeobuf, GeoJSON, CSV, zipped Shapefile.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    /// Folder of a release, a store (its latest release), or a release id with --store
    release: PathBuf,
    #[command(flatten)]
    store: StoreAt,
    #[command(flatten)]
    rows: RowsAsked,
    /// File to write: .gpkg, .fgb, .geojson, .csv or .shp.zip; `-` is standard output, for GeoJSON and CSV
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Format, where the file's name doesn't tell
    #[arg(long = "as", value_name = "FORMAT", value_parser = parse_format)]
    written_as: Option<ExportFormat>,
    /// Replace the file where it exists
    #[arg(long)]
    force: bool,
    /// Tell QGIS nothing of how to draw it
    #[arg(long)]
    no_style: bool,
}

/// Which rows are asked for.
#[derive(Debug, Args)]
struct RowsAsked {
    /// Layer, or `facilities` for the inventory of all; several only in a .gpkg
    #[arg(long, value_name = "ID", required = true, value_delimiter = ',')]
    layer: Vec<String>,
    #[command(flatten)]
    selection: SelectionFlags,
}

impl RowsAsked {
    fn asked(&self) -> Asked {
        self.selection.asked(&self.layer)
    }
}

fn parse_format(text: &str) -> Result<ExportFormat, String> {
    let words: Vec<&str> = ExportFormat::ALL.iter().map(|format| format.word()).collect();
    ExportFormat::of_word(text).ok_or_else(|| format!("known: {}", words.join(", ")))
}

impl Export {
    pub(super) fn run(&self, logging: &Logging, quiet: bool, out: &mut Output<'_>) -> Result<u8, Error> {
        let format = self.format()?;
        let targets = self.targets(format);
        if !self.is_stream() {
            // Before any work is done for it.
            store::refuse_taken(&targets.file, self.force).map_err(target_error)?;
        }
        let folder = release_folder(&self.release, &self.store)?;
        let held = held_in(&folder)?;
        let selection = self.rows.asked().resolve(&held).map_err(select_error)?;
        for layer in selection.layers.iter().filter_map(|layer| held.layer(layer)) {
            warn_of_age(layer);
        }
        let progress = Reporter::new(logging.bars(), quiet);
        let work = work_of(&held, &selection, format, !self.no_style, &progress);
        let layers = layers_of(&held, &selection);
        if self.is_stream() {
            let exported = export::export(work, &layers, Sink::Stream(out.rows()));
            // A reader that has seen enough changes nothing of how the command went.
            return match exported.map_err(export_error) {
                Ok(exported) => {
                    tell(&exported);
                    Ok(exit::OK)
                }
                Err(error) if error.is_broken_pipe() => Ok(exit::OK),
                Err(error) => Err(error),
            };
        }
        let exported = self.write_file(work, &layers, &targets)?;
        tell(&exported);
        let bytes = std::fs::metadata(&self.output).map_or(0, |found| found.len());
        let value = summary_json(&self.output, format, bytes, &held, &exported);
        out.print(&value, || summary_text(&self.output, bytes, &held, &exported))?;
        Ok(exit::OK)
    }

    fn is_stream(&self) -> bool {
        self.output == Path::new("-")
    }

    fn format(&self) -> Result<ExportFormat, Error> {
        let told = self.written_as.or_else(|| ExportFormat::of_path(&self.output));
        if told.is_none() && self.is_stream() {
            return Err(Error::ExportTarget {
                what: "standard output tells no format: say --as geojson or --as csv".to_owned(),
            });
        }
        let Some(format) = told else {
            let extensions = ExportFormat::ALL.map(|format| format!(".{}", format.extension()));
            return Err(Error::ExportTarget {
                what: format!(
                    "no format is known by the name `{}`: end it with {}, or say --as FORMAT",
                    self.output.display(),
                    extensions.join(", ")
                ),
            });
        };
        if self.is_stream() && !format.is_stream() {
            return Err(Error::ExportTarget {
                what: format!(
                    "{} can't be written to standard output: name a file",
                    format.title()
                ),
            });
        }
        Ok(format)
    }

    fn targets(&self, format: ExportFormat) -> Targets {
        let name = self.output.file_name().unwrap_or_default().to_string_lossy();
        let ending = format!(".{}", format.extension());
        let is_told = name.to_ascii_lowercase().ends_with(&ending);
        let stem = if is_told {
            &name[..name.len() - ending.len()]
        } else {
            name.split('.').next().unwrap_or(&name)
        };
        let has_style = format.has_style_beside() && !self.no_style;
        Targets {
            file: self.output.clone(),
            style: has_style.then(|| self.output.with_file_name(format!("{stem}.qml"))),
        }
    }

    fn write_file(
        &self,
        work: Work<'_>,
        layers: &[LayerToExport],
        targets: &Targets,
    ) -> Result<Exported, Error> {
        let files = NewFiles::beside(&targets.file).map_err(target_error)?;
        // GDAL goes by the ending.
        let name = format!("export.{}", work.format.extension());
        let sink = Sink::File {
            files: &files,
            name: &name,
        };
        let exported = export::export(work, layers, sink).map_err(export_error)?;
        let mut named: Vec<(&str, &Path)> = vec![(&name, &targets.file)];
        let style = exported.layers.iter().find_map(|layer| layer.style.as_ref());
        if let Some((path, style)) = targets.style.as_ref().zip(style) {
            // Somebody may have drawn a better one, and another format of the layer has the same.
            if !self.force && path.symlink_metadata().is_ok() {
                info!(style = %path.display(), "a style stands there already, and stays; --force replaces it");
            } else {
                files
                    .write("export.qml", style.as_bytes())
                    .map_err(target_error)?;
                named.push(("export.qml", path));
            }
        }
        files.name_all(&named, self.force).map_err(target_error)?;
        Ok(exported)
    }
}

/// Files that an export makes.
struct Targets {
    file: PathBuf,
    style: Option<PathBuf>,
}

/// The release in a folder, to be selected from.
pub(super) fn held_in(folder: &Path) -> Result<Held, Error> {
    let report = verify::read_report(folder)?;
    let manifest = store::read_manifest(folder)?;
    let files = manifest.files.iter().map(|file| file.path.as_str());
    Held::new(folder, report, files).map_err(select_error)
}

fn layers_of(held: &Held, selection: &Selection) -> Vec<LayerToExport> {
    let layers = selection.layers.iter();
    layers
        .map(|layer| LayerToExport {
            id: layer.clone(),
            tiles: held.tiles_of(layer),
        })
        .collect()
}

fn work_of<'a>(
    held: &'a Held,
    selection: &'a Selection,
    format: ExportFormat,
    is_styled: bool,
    progress: &'a dyn Progress,
) -> Work<'a> {
    // Of several layers in a file, the file is as young as the youngest.
    let made = selection
        .layers
        .iter()
        .map(|layer| made_at(held.report(), held.layer(layer)));
    Work {
        format,
        rows: &selection.rows,
        sectors: held.codes().sector_names(),
        made: made.max().unwrap_or_default(),
        is_styled,
        progress,
    }
}

/// A layer that was carried has rows of another day than the release's.
fn warn_of_age(layer: &LayerReport) {
    let Some(from) = layer.carried_from().filter(|_| layer.is_carried()) else {
        return;
    };
    let age = match layer.carried_days() {
        Some(1) => "1 day old".to_owned(),
        Some(days) => format!("{days} days old"),
        None => "those of an earlier release".to_owned(),
    };
    let reason = layer.reason().unwrap_or_default();
    warn!(
        "the rows of `{}` are {age}, of release {from}: {reason}",
        layer.id
    );
}

/// What there is to tell beside the rows.
fn tell(exported: &Exported) {
    for layer in exported.layers.iter().filter(|layer| layer.rows == 0) {
        warn!(
            "no row of `{}` is in the selection: the file has none of it",
            layer.id
        );
    }
    for note in &exported.notes {
        info!("{note}");
    }
}

fn summary_json(
    file: &Path,
    format: ExportFormat,
    bytes: u64,
    held: &Held,
    exported: &Exported,
) -> serde_json::Value {
    let layers = exported.layers.iter().map(|layer| {
        let report = held.layer(&layer.id);
        json!({
            "layer": layer.id,
            "rows": layer.rows,
            "carried_from": report.and_then(LayerReport::carried_from),
            "carried_days": report.and_then(LayerReport::carried_days),
        })
    });
    json!({
        "file": file,
        "format": format,
        "bytes": bytes,
        "rows": exported.layers.iter().map(|layer| layer.rows).sum::<u64>(),
        "release": held.report().release,
        "layers": layers.collect::<Vec<_>>(),
        "notes": exported.notes,
    })
}

fn summary_text(file: &Path, bytes: u64, held: &Held, exported: &Exported) -> String {
    let mut text = String::new();
    for layer in &exported.layers {
        let _ = writeln!(text, "{:>10} rows of {}", layer.rows, layer.id);
    }
    let release = &held.report().release;
    let _ = write!(
        text,
        "{}: {}, of release {release}",
        file.display(),
        human_size(bytes)
    );
    text
}

fn select_error(source: crate::select::SelectError) -> Error {
    export_error(source.into())
}

fn export_error(source: export::ExportError) -> Error {
    Error::Export { source }
}

/// A name that is taken is a mistake of the command line's.
pub(super) fn target_error(source: StoreError) -> Error {
    match source {
        StoreError::Exists { .. } => Error::ExportTarget {
            what: source.to_string(),
        },
        source => Error::Store { source },
    }
}
