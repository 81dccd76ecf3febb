//! `map/index.html` and what it reads beside the archives: names and counts, search, changes, styles.
//!
//! Made of the tiles as they stand in the release to be; the search is linked where the last release made it of the same.

use std::path::{Path, PathBuf};

use serde_json::json;
use tracing::{info, warn};

use super::carry::CarryFailure;
use super::context::Context;
use super::jurisdictions::JoinedSets;
use super::layer_outcome::LayerOutcome;
use super::map_rows::{MapRows, read_changes};
use super::map_search::{ENTRIES_PATH, SearchFiles, search_made_of};
use crate::engine::Room;
use crate::error::{Error, error_chain};
use crate::feature::release::paths::MAP;
use crate::feature::release::product_names;
use crate::feature::{LayerReport, RunReport, TileRecord};
use crate::page::web_map::{
    ChangesTold, MapContent, MapLayer, MapLists, bundled_files, map_json, map_styles, render_map_page,
};
use crate::plan::LayerPlan;
use crate::store::Care;

/// What the search reads, within `map/`.
const SEARCH: &str = "search";

/// The marking that lets everybody see a layer.
const FOR_EVERYBODY: &str = "TLP:CLEAR";

/// Writes the page beside the archives that a report tells of, and tells of it there.
///
/// # Errors
/// When a tile can't be read or a file can't be written.
pub(super) fn write_map_page(
    context: &Context<'_>,
    room: &Room,
    joined: &JoinedSets,
    layers: &[LayerOutcome],
    facilities: &[TileRecord],
    report: &mut RunReport,
) -> Result<(), Error> {
    let archives = archives_told(report);
    if archives.is_empty() {
        return Ok(());
    }
    let page = PageInTheMaking {
        context,
        shown: shown_layers(context, layers, &archives),
        facilities,
    };
    for (name, style) in map_styles(context.plan, report, &archives) {
        page.write(&name, &style)?;
    }
    if bundled_files().is_empty() {
        warn!("this program was built without the map page: the archives of the map stand alone");
        return Ok(());
    }
    let made_of = page.made_of();
    let mut rows = MapRows::new(context, MapLists::of_plan(context.plan), page.changes()?);
    let is_linked = page.link_search(&made_of)?;
    let search = (!is_linked).then(|| room.for_records());
    rows.see_tiles(&page.tiles(), search)?;
    let gathered = rows.finish()?;
    if let Some(SearchFiles { index, entries }) = gathered.search {
        context
            .staging
            .adopt(&entries.path_of(SearchFiles::ENTRIES), Path::new(ENTRIES_PATH))?;
        page.write("search/index.json", &index)?;
    }
    let outlines: Vec<String> = archives
        .into_iter()
        .filter(|id| page.is_of_no_layer(id))
        .collect();
    let told = MapContent {
        plan: context.plan,
        report,
        layers: &page.shown,
        archives: &outlines,
        lists: &gathered.lists,
        counts: &gathered.counts,
        outlines: &joined.outlines,
        changes: gathered.changes.as_ref(),
    };
    page.write("map.json", &map_json(&told))?;
    if let Some(changes) = &gathered.changes {
        page.write("changes.json", &changes.changes_json())?;
    }
    page.write("index.html", &render_map_page(context.plan, report))?;
    for (name, bytes) in bundled_files() {
        page.write(name, bytes)?;
    }
    let facilities = gathered.counts.rows();
    info!(stage = "map", facilities, "map page written");
    let searched: Vec<&Path> = page.tile_records().map(|tile| tile.path.as_path()).collect();
    tell_page(report, &made_of, &searched, facilities);
    Ok(())
}

/// The archives that a report tells of.
fn archives_told(report: &RunReport) -> Vec<String> {
    let told = report.product(product_names::MAP);
    let archives = told.and_then(|told| told.get("archives")?.as_object());
    archives.into_iter().flatten().map(|(id, _)| id.clone()).collect()
}

fn tell_page(report: &mut RunReport, made_of: &str, searched: &[&Path], facilities: u64) {
    let products = report.products.get_or_insert_default();
    if let Some(told) = products.get_mut(product_names::MAP) {
        told["page"] = json!({
            "file": "map/index.html",
            "made_of": made_of,
            "searched": searched,
            "facilities": facilities,
        });
    }
}

/// Layers that everybody may see and that have an archive.
fn shown_layers<'a>(
    context: &'a Context<'_>,
    layers: &'a [LayerOutcome],
    archives: &[String],
) -> Vec<MapLayer<'a>> {
    let all = context.plan.layers.iter().zip(layers);
    let is_shown = |plan: &LayerPlan| {
        plan.schema.handling == FOR_EVERYBODY && archives.iter().any(|id| id == plan.id.as_str())
    };
    let shown = all.filter(|(plan, _)| is_shown(plan));
    let shown = shown.map(|(plan, outcome)| MapLayer {
        plan,
        report: &outcome.report,
        tiles: &outcome.tiles,
    });
    shown.collect()
}

fn path_on_map(name: &str) -> PathBuf {
    Path::new(MAP).join(name)
}

/// The page of a release in the making.
struct PageInTheMaking<'a> {
    context: &'a Context<'a>,
    shown: Vec<MapLayer<'a>>,
    facilities: &'a [TileRecord],
}

impl PageInTheMaking<'_> {
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.context.staging.write(&path_on_map(name), bytes)?;
        Ok(())
    }

    fn is_of_no_layer(&self, archive: &str) -> bool {
        let mut plans = self.context.plan.layers.iter();
        plans.all(|layer| layer.id.as_str() != archive)
    }

    /// Every row of the map once: the inventory's tiles, and those of layers that stand in no inventory.
    fn tile_records(&self) -> impl Iterator<Item = &TileRecord> {
        let is_in_inventory = !self.facilities.is_empty();
        let others = self
            .shown
            .iter()
            .filter(move |layer| !(is_in_inventory && layer.plan.inventory));
        self.facilities.iter().chain(others.flat_map(|layer| layer.tiles))
    }

    fn tiles(&self) -> Vec<PathBuf> {
        let records = self.tile_records();
        records
            .map(|tile| self.context.staging.path_of(&tile.path))
            .collect()
    }

    /// Digest of all that the index of the search follows from.
    fn made_of(&self) -> String {
        search_made_of(self.tile_records().map(|tile| tile.sha256.as_str()).collect())
    }

    fn changes(&self) -> Result<Option<ChangesTold>, Error> {
        let shown: Vec<(&str, &LayerReport)> = self
            .shown
            .iter()
            .map(|layer| (layer.plan.id.as_str(), layer.report))
            .collect();
        read_changes(self.context, &shown)
    }

    /// Links the index of the search as the last release has it, where that was made of the same.
    fn link_search(&self, made_of: &str) -> Result<bool, Error> {
        let last = self.context.last.filter(|_| !self.context.mode.rebuild);
        let told = last.and_then(|last| {
            last.product(product_names::MAP)?
                .get("page")?
                .get("made_of")?
                .as_str()
        });
        let Some(last) = last.filter(|_| told == Some(made_of)) else {
            return Ok(false);
        };
        let folder = path_on_map(SEARCH);
        let linked = self.context.staging.carry(&last.release, &folder, Care::InTurns);
        match linked.map_err(CarryFailure::from) {
            Ok(_) => Ok(true),
            Err(CarryFailure::EndsRun { source }) => Err(source.into()),
            Err(CarryFailure::Unusable { source }) => {
                warn!(path = %folder.display(), reason = error_chain(&source), "damaged: made again");
                Ok(false)
            }
        }
    }
}
