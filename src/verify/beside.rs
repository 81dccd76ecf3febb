//! What stands beside a layer's tiles, checked: rows in further regions, and links to jurisdictions.
//!
//! A row in `crossing/` is one of the layer's that has another region of its own; links name facilities of the layer,
//! with shares that fall, of which the largest alone may be primary.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use arrow_array::{Array, BooleanArray, Float64Array, RecordBatch, StringArray, UInt32Array};

use crate::derive::product::{Problem, TileReadBack};
use crate::error::error_chain;
use crate::feature::release::paths::{
    FACILITY_LINKS, crossing_folder, facility_links_path, is_crossing, region_of,
};
use crate::feature::{ColumnError, LayerReport, RunReport, Texts, typed_column};
use crate::geoparquet;
use crate::store::Manifest;

/// How much the shares of a facility may add up to: rounding over some hundreds of parts.
const WHOLE: f64 = 1.0 + 1e-6;

/// What is wrong beside the tiles of a release's layers.
pub(super) fn problems_beside(
    release: &Path,
    report: &RunReport,
    manifest: &Manifest,
    tiles: &[TileReadBack],
) -> Vec<Problem> {
    let paths: Vec<&Path> = manifest.files.iter().map(|file| Path::new(&file.path)).collect();
    let mut problems = untold_links(report, &paths);
    for layer in report.layers.iter().filter(|layer| !layer.is_absent()) {
        let id = layer.id.as_str();
        let own = tiles.iter().filter(|tile| tile.collection == id);
        let ids: HashSet<&str> = own.flat_map(|tile| &tile.ids).map(String::as_str).collect();
        problems.extend(crossing_problems(release, layer, &paths, &ids));
        for count in &layer.links {
            let path = facility_links_path(&count.kind, id, &count.set);
            let wrong = link_problems(&release.join(&path), count.rows, &ids);
            problems.extend(wrong.into_iter().map(|what| Problem::new(&path, what)));
        }
    }
    problems
}

/// Links of which no report tells.
fn untold_links(report: &RunReport, paths: &[&Path]) -> Vec<Problem> {
    let told: BTreeSet<PathBuf> = report
        .layers
        .iter()
        .flat_map(|layer| {
            let links = layer.links.iter();
            links.map(|count| facility_links_path(&count.kind, layer.id.as_str(), &count.set))
        })
        .collect();
    let links = paths.iter().filter(|path| path.starts_with(FACILITY_LINKS));
    links
        .filter(|path| !told.contains(**path))
        .map(|path| Problem::new(path, "links of which no layer's report tells"))
        .collect()
}

fn crossing_problems(
    release: &Path,
    layer: &LayerReport,
    paths: &[&Path],
    ids: &HashSet<&str>,
) -> Vec<Problem> {
    let folder = crossing_folder(layer.id.as_str());
    let mut problems = Vec::new();
    let mut rows = 0;
    for path in paths
        .iter()
        .filter(|path| path.starts_with(&folder) && is_crossing(path))
    {
        match crossing_rows(&release.join(path), path, ids) {
            Ok((count, wrong)) => {
                rows += count;
                problems.extend(wrong.map(|what| Problem::new(path, what)));
            }
            Err(why) => problems.push(Problem::new(path, why)),
        }
    }
    if rows != layer.rows_crossing {
        let what = format!("{} rows crossing, {rows} in tiles", layer.rows_crossing);
        problems.push(Problem::new(&folder, what));
    }
    problems
}

/// Rows of a tile of another region, and the first thing that is wrong with them.
fn crossing_rows(file: &Path, path: &Path, ids: &HashSet<&str>) -> Result<(u64, Option<String>), String> {
    let columns = ["facility_id", "region_code"];
    let rows = geoparquet::read_facilities(file, Some(&columns)).map_err(|error| error_chain(&error))?;
    let here = region_of(path);
    let own = rows.regions().into_iter().flat_map(Texts::iter);
    let is_own = own.flatten().any(|region| Some(region) == here.as_deref());
    let strange = rows.ids().into_iter().flat_map(Texts::iter).flatten();
    let strange = strange.filter(|id| !ids.contains(id)).map(str::to_owned).next();
    let wrong = match strange {
        Some(id) => Some(format!("facility `{id}` is none of the layer's")),
        None if is_own => Some("holds a row of its own region".to_owned()),
        None => None,
    };
    Ok((rows.num_rows() as u64, wrong))
}

/// The columns of links that the laws speak of.
struct Links<'a> {
    facilities: &'a StringArray,
    codes: &'a StringArray,
    shares: &'a Float64Array,
    ranks: &'a UInt32Array,
    primary: &'a BooleanArray,
}

impl<'a> Links<'a> {
    fn of_table(table: &'a RecordBatch) -> Result<Self, ColumnError> {
        Ok(Self {
            facilities: typed_column(table, "facility_id")?,
            codes: typed_column(table, "jurisdiction_id")?,
            shares: typed_column(table, "share")?,
            ranks: typed_column(table, "rank")?,
            primary: typed_column(table, "is_primary")?,
        })
    }

    /// What is wrong with a row, given the sum of the shares of its facility before it.
    fn wrong_row(&self, row: usize, ids: &HashSet<&str>, sum: f64) -> Option<String> {
        let id = self.facilities.value(row);
        let follows = row > 0 && self.facilities.value(row - 1) == id;
        let expected = if follows { self.ranks.value(row - 1) + 1 } else { 1 };
        let share = self.shares.is_valid(row).then(|| self.shares.value(row));
        if !ids.contains(id) {
            return Some(format!("facility `{id}` is none of the layer's"));
        }
        if self.ranks.value(row) != expected {
            return Some(format!(
                "facility `{id}`: rank {} should be {expected}",
                self.ranks.value(row)
            ));
        }
        if share.is_some_and(|share| !(share > 0.0 && share <= WHOLE)) {
            return Some(format!("facility `{id}`: a share outside 0 to 1"));
        }
        if follows && share.is_some_and(|share| share > self.shares.value(row - 1)) {
            return Some(format!("facility `{id}`: shares don't fall"));
        }
        if follows && self.primary.value(row) {
            return Some(format!(
                "facility `{id}`: `{}` is not its largest share",
                self.codes.value(row)
            ));
        }
        // Of a set whose polygons lie over each other none is primary, and shares may add up to more.
        let first = row + 1 - self.ranks.value(row) as usize;
        if self.primary.value(first) && sum + share.unwrap_or(0.0) > WHOLE {
            return Some(format!("facility `{id}`: shares add up to more than the whole"));
        }
        None
    }
}

/// The first thing that is wrong with a table of links, which is to have so many rows.
fn link_problems(file: &Path, expected: u64, ids: &HashSet<&str>) -> Option<String> {
    let table = match geoparquet::read(file, None) {
        Ok(table) => table,
        Err(error) => return Some(error_chain(&error)),
    };
    if table.num_rows() as u64 != expected {
        return Some(format!("{expected} links, {} in the file", table.num_rows()));
    }
    let links = match Links::of_table(&table) {
        Ok(links) => links,
        Err(error) => return Some(error.to_string()),
    };
    let mut sum = 0.0;
    for row in 0..table.num_rows() {
        if links.ranks.value(row) == 1 {
            sum = 0.0;
        }
        let wrong = links.wrong_row(row, ids, sum);
        if wrong.is_some() {
            return wrong;
        }
        sum += links.shares.value(row);
    }
    None
}
