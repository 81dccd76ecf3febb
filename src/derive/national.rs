//! National: each layer whole in one file, `layers/<layer>/national.parquet`.
//!
//! What it is and how it is checked; its rows are packed by `run`, which has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray, UInt64Array};
use arrow_select::concat::concat;
use arrow_select::take::take;

use super::DeriveError;
use super::product::{
    About, BoxError, Carried, Night, Problem, Product, ProductWork, ReleaseReadBack, Scope,
};
use crate::feature::release::paths::{layer_folder, national_path};
use crate::feature::release::product_names;
use crate::feature::{LayerReport, ProductDoc, error_chain};
use crate::geoparquet;

/// The product.
pub(super) struct National;

impl Product for National {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::NATIONAL,
                places: &[(
                    "layers/<layer>/national.parquet",
                    "all rows of a layer in one file, the same as in its tiles",
                )],
                tables: &[],
            },
            is_default: false,
            scope: Scope::Layer,
            reads: &[],
            carried: Carried::WithLayer(national_path),
        }
    }

    fn begin<'a>(&self, _: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        Ok(ProductWork::Packed)
    }

    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        let present = held.report.layers.iter().filter(|layer| !layer.is_absent());
        let mut problems = Vec::new();
        for layer in present {
            let tiles: Vec<PathBuf> = held
                .tiles_of(layer.id.as_str())
                .map(|tile| held.folder.join(&tile.path))
                .collect();
            let wrong = check_layer(held.folder, layer, &tiles).into_iter();
            let folder = layer_folder(layer.id.as_str());
            problems.extend(wrong.map(|what| Problem::new(&folder, format!("national.parquet: {what}"))));
        }
        problems
    }
}

/// What is wrong with a layer's file in a release: it must hold the very rows of the tiles.
///
/// Compares column by column, so that memory holds one column of the layer.
fn check_layer(release: &Path, layer: &LayerReport, tiles: &[PathBuf]) -> Vec<String> {
    let file = release.join(national_path(layer.id.as_str()));
    match layer.national_bytes {
        None if file.exists() => vec!["a file that report.json doesn't know".to_owned()],
        None => vec![],
        Some(_) => find_differences(&file, tiles).unwrap_or_else(|error| vec![error_chain(&*error)]),
    }
}

fn find_differences(file: &Path, tiles: &[PathBuf]) -> Result<Vec<String>, BoxError> {
    let footer = geoparquet::read_footer(file)?;
    let Some(first) = tiles.first() else {
        return Ok(vec!["the layer has no tiles".to_owned()]);
    };
    if footer.schema != geoparquet::read_footer(first)?.schema {
        return Ok(vec!["its columns are not those of the tiles".to_owned()]);
    }
    let file = [file.to_owned()];
    // The two are packed each for itself, so that their rows come in different orders; the ids bring them together.
    let order = id_order(&read_column(&file, "facility_id")?)?;
    let order_in_tiles = id_order(&read_column(tiles, "facility_id")?)?;
    if order.len() != order_in_tiles.len() {
        return Ok(vec![format!(
            "{} rows, {} in the tiles",
            order.len(),
            order_in_tiles.len()
        )]);
    }
    for field in footer.schema.fields() {
        let found = take(&read_column(&file, field.name())?, &order, None)?;
        let expected = take(&read_column(tiles, field.name())?, &order_in_tiles, None)?;
        if found != expected {
            return Ok(vec![format!("`{}` is not that of the tiles", field.name())]);
        }
    }
    Ok(vec![])
}

fn read_column(files: &[PathBuf], name: &str) -> Result<ArrayRef, BoxError> {
    let mut parts: Vec<ArrayRef> = Vec::with_capacity(files.len());
    for file in files {
        parts.push(Arc::clone(geoparquet::read(file, Some(&[name]))?.column(0)));
    }
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    Ok(concat(&parts)?)
}

/// Positions in the order of the ids; one that stands twice counts as a mistake of both files alike.
fn id_order(ids: &ArrayRef) -> Result<UInt64Array, BoxError> {
    let ids: &StringArray = ids.as_any().downcast_ref().ok_or("`facility_id` is no text")?;
    // The row is part of the key, so that an id that stands twice keeps both of its rows.
    let order: BTreeMap<(&str, usize), u64> = ids
        .iter()
        .zip(0..)
        .map(|(id, row)| ((id.unwrap_or_default(), row), row as u64))
        .collect();
    Ok(order.into_values().collect())
}
