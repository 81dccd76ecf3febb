//! Map: layers and the inventory as vector tiles for maps in a browser, `map/<collection>.pmtiles`.
//!
//! What they are and how they are checked; `run` has `vector_tiles` make them of the tiles.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::DeriveError;
use super::product::{About, Carried, Night, Problem, Product, ProductWork, ReleaseReadBack, Scope};
use crate::feature::ProductDoc;
use crate::feature::release::paths::FACILITIES;
use crate::feature::release::product_names;

/// What an archive begins with: its magic, and version 3 of the format.
const START: &[u8] = b"PMTiles\x03";

/// The product.
pub(super) struct Map;

impl Product for Map {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::MAP,
                places: &[
                    (
                        "map/<collection>.pmtiles",
                        "vector tiles of a layer, or of the inventory, for maps in a browser (PMTiles 3), where the pipeline \
                         says `map = true`",
                    ),
                    (
                        "map/index.html",
                        "the release on a map: served by any server that knows byte ranges, it needs nothing but the files \
                         beside it",
                    ),
                ],
                tables: &[],
            },
            is_default: false,
            scope: Scope::Layer,
            reads: &[],
            carried: Carried::WithTiles,
        }
    }

    fn begin<'a>(&self, _: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        Ok(ProductWork::Packed)
    }

    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        let told = held.report.product(product_names::MAP);
        let archives = told.and_then(|told| told.get("archives")?.as_object());
        let archives = archives.into_iter().flatten();
        archives
            .filter_map(|(collection, told)| {
                let path = told.get("file")?.as_str()?;
                let what = wrong_with(held, collection, path, told)?;
                Some(Problem::new(path, what))
            })
            .collect()
    }
}

/// What is wrong with an archive that a report tells of. Its digest is the manifest's.
fn wrong_with(held: &ReleaseReadBack<'_>, collection: &str, path: &str, told: &Value) -> Option<String> {
    if !held.files.contains(path) {
        return Some("a file that report.json tells of, and that isn't there".to_owned());
    }
    if !starts_as_archive(&held.folder.join(path)) {
        return Some("no PMTiles archive of version 3".to_owned());
    }
    let rows = told.get("rows").and_then(Value::as_u64);
    let in_tiles: u64 = held.tiles_of(collection).map(|tile| tile.rows).sum();
    let is_of_rows = collection == FACILITIES || in_tiles > 0;
    (is_of_rows && rows != Some(in_tiles))
        .then(|| format!("made of {} rows, {in_tiles} in tiles", rows.unwrap_or_default()))
}

/// One that can't be read is told by the check of its digest.
fn starts_as_archive(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else {
        return true;
    };
    let mut start = [0; START.len()];
    file.read_exact(&mut start).is_ok() && start == START
}
