//! Formats: layers in the formats of other tools, `layers/<layer>/<layer>.gpkg` and the like.
//!
//! What they are and how they are checked; `run` has `export` write them of the tiles.

use serde_json::Value;

use super::DeriveError;
use super::product::{About, Carried, Night, Problem, Product, ProductWork, ReleaseReadBack, Scope};
use crate::feature::ProductDoc;
use crate::feature::release::product_names;

/// The product.
pub(super) struct Formats;

impl Product for Formats {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::FORMATS,
                places: &[(
                    "layers/<layer>/<layer>.<format>",
                    "all rows of a layer for other tools, as `cikr export` writes them, and a style for QGIS, where the pipeline \
                     says `formats`",
                )],
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
        // Their digests are the manifest's. Their rows are those of tiles that are verified, and to count them again would
        // take GDAL.
        let told = held.report.product(product_names::FORMATS);
        let files = told.into_iter().flat_map(told_files);
        files
            .filter(|path| !held.files.contains(path))
            .map(|path| Problem::new(path, "a file that report.json tells of, and that isn't there"))
            .collect()
    }
}

/// Paths of the files that a report tells of.
fn told_files(told: &Value) -> impl Iterator<Item = &str> {
    let layers = told.as_object().into_iter().flatten();
    layers
        .filter_map(|(_, files)| files.as_array())
        .flatten()
        .filter_map(Value::as_str)
}
