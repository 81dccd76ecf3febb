//! Archives of vector tiles made of tiles of a release, and of the outlines of a polygon set: rows into `vector_tiles`, on all
//! threads.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use arrow_schema::Schema;
use rayon::prelude::*;

use super::map_recipe::MapRecipe;
use crate::error::MapError;
use crate::feature::records::RecordBudget;
use crate::geoparquet::{self, RowGroups};
use crate::vector_tiles::{
    ArchiveDoc, ArchiveMaker, ArchiveReport, Family, MapColumns, TileLayer, VectorTilesError,
};

/// The column that tells facilities apart.
const FACILITY_ID: &str = "facility_id";
/// The column that tells jurisdictions apart.
const JURISDICTION_ID: &str = "jurisdiction_id";
/// What an outline tells of its jurisdiction.
const OUTLINE_COLUMNS: [&str; 5] = [JURISDICTION_ID, "code", "name", "parent_code", "vintage"];
/// Deepest zoom of outlines: they are simplified ones, and maps enlarge them beyond.
const OUTLINES_DEEPEST: u8 = 10;

/// A collection that is to stand on the map.
#[derive(Debug, Clone)]
pub struct MapCollection<'a> {
    /// Layer id, or `facilities`.
    pub id: &'a str,
    /// How its archive is made.
    pub recipe: &'a MapRecipe,
    /// Its tiles.
    pub tiles: Vec<PathBuf>,
}

/// Writes the archive of a collection's rows into a file that is empty.
///
/// # Errors
/// When a tile can't be read, what outgrows memory can't be put away, or the file can't be written.
pub fn write_archive(
    collection: &MapCollection<'_>,
    memory: &RecordBudget,
    out: File,
) -> Result<ArchiveReport, MapError> {
    let tiles = collection.tiles.iter().map(|path| RowGroups::open(path));
    let tiles: Vec<RowGroups> = tiles.collect::<Result<_, _>>()?;
    let Some(first) = tiles.first() else {
        return Ok(ArchiveReport::default());
    };
    let types = tiles.iter().map(RowGroups::geometry_types);
    let types: Vec<String> = types.collect::<Result<Vec<_>, _>>()?.concat();
    let family = Family::of_types(types.iter().map(String::as_str));
    let columns = MapColumns::of_schema(first.schema(), &collection.recipe.columns);
    let layer = TileLayer::new(collection.id, columns, FACILITY_ID, family);
    let maker = ArchiveMaker::new(layer, memory)?;
    let groups = tiles
        .iter()
        .flat_map(|tile| (0..tile.count()).map(move |group| (tile, group)));
    let groups: Vec<(&RowGroups, usize)> = groups.collect();
    groups.into_par_iter().try_for_each(|(tile, group)| {
        let mut batches = tile.read(group)?;
        batches.try_for_each(|rows| Ok::<_, MapError>(maker.add_rows(rows?.as_batch())?))
    })?;
    write_made(maker, &collection.recipe.doc, out)
}

/// Writes the archive of the outlines in a table of jurisdictions, as lines of the layer `id`.
///
/// # Errors
/// As [`write_archive`].
pub(super) fn write_outlines(
    id: &str,
    doc: &ArchiveDoc,
    table: &Path,
    memory: &RecordBudget,
    out: File,
) -> Result<ArchiveReport, MapError> {
    let names: Vec<&str> = OUTLINE_COLUMNS.into_iter().chain(["geometry"]).collect();
    let rows = geoparquet::read(table, Some(&names))?;
    let chosen = OUTLINE_COLUMNS.map(str::to_owned);
    let schema: &Schema = rows.schema_ref();
    let columns = MapColumns::of_schema(schema, &chosen);
    let layer = TileLayer::new(id, columns, JURISDICTION_ID, Family::Outlines);
    let maker = ArchiveMaker::new(layer.up_to_zoom(OUTLINES_DEEPEST), memory)?;
    maker.add_rows(&rows)?;
    write_made(maker, doc, out)
}

fn write_made(maker: ArchiveMaker, doc: &ArchiveDoc, out: File) -> Result<ArchiveReport, MapError> {
    let mut out = BufWriter::new(out);
    let made = maker.write(doc, &mut out)?;
    out.flush().map_err(|source| VectorTilesError::Write { source })?;
    Ok(made)
}
