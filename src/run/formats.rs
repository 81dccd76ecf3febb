//! `layers/<layer>/<layer>.gpkg` and the like: layers in the formats of other tools.
//!
//! Made of the tiles as they stand in the release to be, so that they are what `cikr export` makes of it; linked where the
//! last release made them of the same tiles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use tracing::{info, warn};

use super::carry::CarryFailure;
use super::context::Context;
use super::layer_outcome::LayerOutcome;
use crate::error::{Error, error_chain};
use crate::export::{Export, ExportError, Exported, LayerToExport, Sink, export, made_at};
use crate::feature::release::paths::{format_path, style_path};
use crate::feature::release::product_names;
use crate::feature::{ExportFormat, FileRecord, LayerReport, RunReport};
use crate::select::{RowFilter, SectorNames};
use crate::store::{Care, NewFiles};

/// Writes or links the files of every layer that has rows, as the pipeline wants them, and tells the report.
///
/// # Errors
/// When a tile can't be read or a file can't be written.
pub(super) fn write_format_files(
    context: &Context<'_>,
    layers: &mut [LayerOutcome],
    report: &mut RunReport,
) -> Result<(), Error> {
    if !context.plan.makes_product(product_names::FORMATS) {
        return Ok(());
    }
    let sectors = context.plan.reference.sectors.iter();
    let sectors: SectorNames = sectors
        .map(|sector| (sector.code.clone(), sector.name.clone()))
        .collect();
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for outcome in layers.iter_mut().filter(|outcome| !outcome.tiles.is_empty()) {
        let id = outcome.report.id.as_str().to_owned();
        let Some(formats) = context.plan.formats.get(&id) else {
            continue;
        };
        let mut making = Making {
            context,
            outcome,
            report,
            sectors: &sectors,
            files: Vec::new(),
        };
        for format in formats {
            making.link_or_make(*format)?;
        }
        let paths = making.files.iter().map(|path| path.display().to_string());
        told.insert(id, paths.collect());
    }
    let products = report.products.get_or_insert_default();
    products.insert(product_names::FORMATS.to_owned(), json!(told));
    Ok(())
}

/// The files of a layer in the making.
struct Making<'a> {
    context: &'a Context<'a>,
    outcome: &'a mut LayerOutcome,
    report: &'a RunReport,
    sectors: &'a SectorNames,
    /// Those that are there by now.
    files: Vec<PathBuf>,
}

impl Making<'_> {
    fn link_or_make(&mut self, format: ExportFormat) -> Result<(), Error> {
        let id = self.outcome.report.id.as_str().to_owned();
        let path = format_path(&id, format);
        let style = Some(style_path(&id)).filter(|_| format.has_style_beside());
        if let Some(file) = self.link(&path)? {
            self.note(format, file);
            // One style serves all formats of a layer.
            let style = style.filter(|style| !self.files.contains(style));
            if let Some(style) = style
                && self.link(&style)?.is_some()
            {
                self.files.push(style);
            }
            return Ok(());
        }
        let files = NewFiles::within(self.context.staging.scratch())?;
        let name = format!("{id}.{}", format.extension());
        let sink = Sink::File {
            files: &files,
            name: &name,
        };
        let exported = match self.export(format, sink) {
            Ok(exported) => exported,
            // The layer is what it is: the other formats have it, and a night goes on.
            Err(error) if error.is_mistake() => {
                warn!(
                    layer = id,
                    format = format.word(),
                    reason = error_chain(&error),
                    "not written"
                );
                return Ok(());
            }
            Err(source) => return Err(Error::Export { source }),
        };
        let rows = exported.layers.iter().map(|layer| layer.rows).sum();
        let written = self.context.staging.adopt(&files.path_of(&name), &path)?;
        self.context.note_rows(&path, rows);
        info!(
            stage = "write",
            layer = id,
            bytes = written.bytes,
            "{} written",
            format.title()
        );
        for note in &exported.notes {
            info!(layer = id, format = format.word(), "{note}");
        }
        let file = FileRecord {
            path,
            rows,
            bytes: written.bytes,
            sha256: written.sha256,
        };
        self.note(format, file);
        let told = exported.layers.into_iter().find_map(|layer| layer.style);
        if let Some((style, text)) = style.zip(told)
            && !self.files.contains(&style)
        {
            self.context.staging.write(&style, text.as_bytes())?;
            self.files.push(style);
        }
        Ok(())
    }

    fn note(&mut self, format: ExportFormat, file: FileRecord) {
        self.files.push(file.path.clone());
        self.outcome.formats.push((format, file));
    }

    fn export(&self, format: ExportFormat, sink: Sink<'_>) -> Result<Exported, ExportError> {
        let tiles = self.outcome.tiles.iter();
        let mut tiles: Vec<PathBuf> = tiles
            .map(|tile| self.context.staging.path_of(&tile.path))
            .collect();
        tiles.sort();
        let layer = LayerToExport {
            id: self.outcome.report.id.as_str().to_owned(),
            tiles,
        };
        let work = Export {
            format,
            rows: &RowFilter::default(),
            sectors: self.sectors,
            made: made_at(self.report, Some(&self.outcome.report)),
            is_styled: true,
            progress: self.context.progress,
        };
        export(work, &[layer], sink)
    }

    /// A file as the last release has it, where that was made of the same tiles by the same plan.
    fn link(&self, path: &Path) -> Result<Option<FileRecord>, Error> {
        let Some(last) = self.context.last.filter(|last| self.is_same_as_in(last)) else {
            return Ok(None);
        };
        if !tells_of(last, self.outcome.report.id.as_str(), path) {
            return Ok(None);
        }
        let linked = self.context.staging.carry(&last.release, path, Care::InTurns);
        match linked.map_err(CarryFailure::from) {
            Ok(files) => Ok(files.into_iter().next().map(|file| FileRecord {
                path: file.path,
                rows: self.outcome.report.rows_written,
                bytes: file.bytes,
                sha256: file.sha256,
            })),
            Err(CarryFailure::EndsRun { source }) => Err(source.into()),
            Err(CarryFailure::Unusable { source }) => {
                warn!(path = %path.display(), reason = error_chain(&source), "damaged: made again");
                Ok(None)
            }
        }
    }

    /// Whether the last release has the layer by the same fingerprint, in which plan, reference tables and program are, and
    /// in the same tiles.
    fn is_same_as_in(&self, last: &RunReport) -> bool {
        let now = &self.outcome.report;
        let before: Option<&LayerReport> = last.layers.iter().find(|layer| layer.id == now.id);
        let is_same_plan = before
            .is_some_and(|before| before.fingerprint.is_some() && before.fingerprint == now.fingerprint);
        let tiles_before = self.context.tiles_before;
        let tiles_before = tiles_before.and_then(|tiles| tiles.get(now.id.as_str()));
        let mut digests: Vec<&str> = self
            .outcome
            .tiles
            .iter()
            .map(|tile| tile.sha256.as_str())
            .collect();
        let before = tiles_before.into_iter().flatten();
        let mut digests_before: Vec<&str> = before.map(|(_, sha256)| sha256.as_str()).collect();
        digests.sort_unstable();
        digests_before.sort_unstable();
        is_same_plan && digests == digests_before
    }
}

/// Whether a release says that it has a file of a layer.
fn tells_of(last: &RunReport, layer: &str, path: &Path) -> bool {
    let files = last
        .product(product_names::FORMATS)
        .and_then(|told| told.get(layer)?.as_array());
    let path = path.to_str();
    files.is_some_and(|files| files.iter().any(|file| file.as_str() == path && path.is_some()))
}
