//! `map/<collection>.pmtiles`: layers, the inventory and outlines of states and counties as vector tiles.
//!
//! Made of the tiles and tables as they stand in the release to be; linked where the last release made them of the same.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tracing::{info, warn};

use super::carry::CarryFailure;
use super::context::Context;
use super::layer_outcome::LayerOutcome;
use super::map_archive::{MapCollection, write_archive, write_outlines};
use super::map_recipe::MapRecipe;
use crate::engine::Room;
use crate::error::{Error, MapError, error_chain};
use crate::feature::records::RecordBudget;
use crate::feature::release::paths::{FACILITIES, jurisdictions_path, map_path};
use crate::feature::release::product_names;
use crate::feature::{RunReport, TileRecord};
use crate::store::{Care, NewFiles};
use crate::vector_tiles::{ArchiveDoc, ArchiveReport, RULE};

/// Kinds of polygon sets whose outlines are drawn, and the archives that hold them: what people find their way by.
const OUTLINES: [(&str, &str, &str); 2] = [
    ("state", "states", "Outlines of states"),
    ("county", "counties", "Outlines of counties"),
];

/// Writes or links the archive of every layer that has rows, of the inventory and of outlines, where the pipeline wants them, and tells
/// the report.
///
/// # Errors
/// When a tile can't be read or a file can't be written.
pub(super) fn write_map_files(
    context: &Context<'_>,
    room: &Room,
    layers: &[LayerOutcome],
    facilities: &[TileRecord],
    report: &mut RunReport,
) -> Result<(), Error> {
    if !context.plan.makes_product(product_names::MAP) {
        return Ok(());
    }
    let mut archives = Archives {
        context,
        room,
        told: Map::new(),
    };
    for (layer, outcome) in context.plan.layers.iter().zip(layers) {
        let doc = ArchiveDoc {
            name: layer.schema.catalog_title(),
            description: layer.schema.catalog_description(),
            attribution: layer.schema.agency.clone(),
        };
        let on_map = layer.schema.fields.iter().filter(|field| field.is_on_map);
        let columns = on_map.map(|field| field.name.clone()).collect();
        archives.add_collection(outcome.report.id.as_str(), doc, columns, &outcome.tiles)?;
    }
    let doc = ArchiveDoc {
        name: "Facilities of every layer".to_owned(),
        description: "Every facility of every layer as a point".to_owned(),
        attribution: context.plan.title.clone(),
    };
    archives.add_collection(FACILITIES, doc, vec![], facilities)?;
    for (kind, id, name) in OUTLINES {
        archives.add_outlines(kind, id, name)?;
    }
    let told = json!({ "archives": archives.told, "rule": RULE });
    let products = report.products.get_or_insert_default();
    products.insert(product_names::MAP.to_owned(), told);
    Ok(())
}

/// The archives of a release in the making.
struct Archives<'a> {
    context: &'a Context<'a>,
    room: &'a Room,
    /// What the report tells of each.
    told: Map<String, Value>,
}

/// What an archive is made of, and how.
struct ArchiveToMake<'a> {
    id: &'a str,
    recipe: &'a MapRecipe,
    /// Digests of the files that its rows are in.
    files: Vec<String>,
    write: &'a dyn Fn(&RecordBudget, File) -> Result<ArchiveReport, MapError>,
}

impl Archives<'_> {
    fn add_collection(
        &mut self,
        id: &str,
        doc: ArchiveDoc,
        columns: Vec<String>,
        tiles: &[TileRecord],
    ) -> Result<(), Error> {
        if tiles.is_empty() {
            return Ok(());
        }
        let staging = self.context.staging;
        let recipe = MapRecipe { doc, columns };
        let collection = MapCollection {
            id,
            recipe: &recipe,
            tiles: tiles.iter().map(|tile| staging.path_of(&tile.path)).collect(),
        };
        self.link_or_make(&ArchiveToMake {
            id,
            recipe: &recipe,
            files: tiles.iter().map(|tile| tile.sha256.clone()).collect(),
            write: &|memory, out| write_archive(&collection, memory, out),
        })
    }

    /// Outlines of the first set of a kind, where the registry has drawn them.
    fn add_outlines(&mut self, kind: &str, id: &str, name: &str) -> Result<(), Error> {
        let plan = self.context.plan;
        let is_taken = self.told.contains_key(id);
        let Some(set) = plan.jurisdictions.iter().find(|set| set.kind.id == kind) else {
            return Ok(());
        };
        let path = jurisdictions_path(&set.id);
        let Some(sha256) = self.staged_digest(&path).filter(|_| !is_taken) else {
            return Ok(());
        };
        let doc = ArchiveDoc {
            name: name.to_owned(),
            description: format!("{name}, simplified, of the set `{}` ({})", set.id, set.vintage),
            attribution: set.agency.clone(),
        };
        let table = self.context.staging.path_of(&path);
        let recipe = MapRecipe { doc, columns: vec![] };
        self.link_or_make(&ArchiveToMake {
            id,
            recipe: &recipe,
            files: vec![sha256],
            write: &|memory, out| write_outlines(id, &recipe.doc, &table, memory, out),
        })
    }

    fn staged_digest(&self, path: &Path) -> Option<String> {
        let staged = self.context.staging.files();
        let file = staged.into_iter().find(|file| Path::new(&file.path) == path)?;
        Some(file.sha256)
    }

    fn link_or_make(&mut self, archive: &ArchiveToMake<'_>) -> Result<(), Error> {
        let made_of = archive.recipe.made_of(archive.files.clone());
        let mut told = match self.link(archive.id, &made_of)? {
            Some(told) => told,
            None => self.make(archive, &made_of)?,
        };
        told["recipe"] = json!(archive.recipe);
        self.told.insert(archive.id.to_owned(), told);
        Ok(())
    }

    /// The archive as the last release has it, where that made it of the same.
    fn link(&self, id: &str, made_of: &str) -> Result<Option<Value>, Error> {
        let Some((last, told)) = self.told_before(id, made_of) else {
            return Ok(None);
        };
        let path = map_path(id);
        let linked = self.context.staging.carry(&last.release, &path, Care::InTurns);
        match linked.map_err(CarryFailure::from) {
            Ok(_) => Ok(Some(told.clone())),
            Err(CarryFailure::EndsRun { source }) => Err(source.into()),
            Err(CarryFailure::Unusable { source }) => {
                warn!(path = %path.display(), reason = error_chain(&source), "damaged: made again");
                Ok(None)
            }
        }
    }

    /// The last release, and what it tells of an archive, where that was made of the same.
    fn told_before(&self, id: &str, made_of: &str) -> Option<(&RunReport, &Value)> {
        let last = self.context.last.filter(|_| !self.context.mode.rebuild)?;
        let told = last.product(product_names::MAP)?.get("archives")?.get(id)?;
        (told.get("made_of")?.as_str() == Some(made_of)).then_some((last, told))
    }

    fn make(&self, archive: &ArchiveToMake<'_>, made_of: &str) -> Result<Value, Error> {
        let _task = self.context.progress.start("map", archive.id, None);
        let memory = RecordBudget {
            bytes: self.room.budget.unused_bytes() / 2,
            space: Arc::clone(&self.room.space),
        };
        let files = NewFiles::within(self.context.staging.scratch())?;
        let name = "archive.pmtiles";
        let made = (archive.write)(&memory, files.create(name)?).map_err(|source| Error::Map {
            collection: archive.id.to_owned(),
            source,
        })?;
        let path = map_path(archive.id);
        let written = self.context.staging.adopt(&files.path_of(name), &path)?;
        info!(
            stage = "map",
            collection = archive.id,
            tiles = made.tiles,
            bytes = written.bytes,
            "vector tiles written"
        );
        Ok(archive_json(&path, made_of, &made))
    }
}

/// What a report tells of an archive.
fn archive_json(path: &Path, made_of: &str, made: &ArchiveReport) -> Value {
    let largest = made.largest.map(|largest| {
        let tile = largest.tile;
        json!({"zoom": tile.zoom(), "x": tile.x(), "y": tile.y(), "bytes": largest.bytes})
    });
    json!({
        "file": path,
        "made_of": made_of,
        "rows": made.rows,
        "withheld": made.withheld,
        "beyond_square": made.beyond_square,
        "tiles": made.tiles,
        "features_by_zoom": made.features_by_zoom,
        "largest_tile": largest,
        "crowded_tiles": made.crowded_tiles,
    })
}
