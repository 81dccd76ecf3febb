//! National: each layer whole in one file, `layers/<layer>/national.parquet`.
//!
//! What it is and how it is checked; its rows are packed by `run`, which has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray, UInt64Array};
use arrow_select::concat::concat;
use arrow_select::take::take;

use super::product::{About, BoxError, Carried, Held, Night, Problem, Product, Scope, Work};
use super::{DeriveError, layer_folder};
use crate::feature::{LayerReport, LayerStatus, ProductDoc, chain};
use crate::geoparquet;

/// Its name.
pub const NAME: &str = "national";

/// Path of a layer's file within a release.
pub fn path(layer: &str) -> PathBuf {
    layer_folder(layer).join("national.parquet")
}

/// The product.
pub(super) struct National;

impl Product for National {
    fn about(&self) -> About {
        About {
            doc: ProductDoc {
                name: NAME,
                places: &[(
                    "layers/<layer>/national.parquet",
                    "all rows of a layer in one file, the same as in its tiles",
                )],
                tables: &[],
            },
            is_default: false,
            scope: Scope::Layer,
            reads: &[],
            carried: Carried::WithLayer(path),
        }
    }

    fn begin<'a>(&self, _: Night<'a>) -> Result<Work<'a>, DeriveError> {
        Ok(Work::Packed)
    }

    fn verify(&self, held: &Held<'_>) -> Vec<Problem> {
        let present = held
            .report
            .layers
            .iter()
            .filter(|layer| layer.status != LayerStatus::Absent);
        let of = |layer: &LayerReport| {
            let tiles: Vec<PathBuf> = held
                .tiles_of(&layer.id)
                .map(|tile| held.folder.join(&tile.path))
                .collect();
            let found = of_layer(held.folder, &layer.id, layer.national_bytes, &tiles);
            let folder = layer_folder(&layer.id);
            found
                .into_iter()
                .map(move |what| Problem::new(&folder, format!("national.parquet: {what}")))
        };
        present.flat_map(of).collect()
    }
}

/// What is wrong with a layer's file in a release: it must hold the very rows of the tiles.
///
/// Compares column by column, so that memory holds one column of the layer.
fn of_layer(release: &Path, layer: &str, told: Option<u64>, tiles: &[PathBuf]) -> Vec<String> {
    let file = release.join(path(layer));
    match told {
        None if file.exists() => vec!["a file that report.json doesn't know".to_owned()],
        None => vec![],
        Some(_) => differences(&file, tiles).unwrap_or_else(|error| vec![chain(&*error)]),
    }
}

fn differences(file: &Path, tiles: &[PathBuf]) -> Result<Vec<String>, BoxError> {
    let footer = geoparquet::inspect(file)?;
    let Some(first) = tiles.first() else {
        return Ok(vec!["the layer has no tiles".to_owned()]);
    };
    if footer.schema != geoparquet::inspect(first)?.schema {
        return Ok(vec!["its columns are not those of the tiles".to_owned()]);
    }
    let ids = column(std::slice::from_ref(&file.to_owned()), "facility_id")?;
    let expected = column(tiles, "facility_id")?;
    let (order, wanted) = (by_id(&ids)?, by_id(&expected)?);
    let (found, wanted_rows) = (order.len(), wanted.len());
    if found != wanted_rows {
        return Ok(vec![format!("{found} rows, {wanted_rows} in the tiles")]);
    }
    for field in footer.schema.fields() {
        let of = |files: &[PathBuf], order: &UInt64Array| -> Result<ArrayRef, BoxError> {
            Ok(take(&column(files, field.name())?, order, None)?)
        };
        if of(std::slice::from_ref(&file.to_owned()), &order)? != of(tiles, &wanted)? {
            return Ok(vec![format!("`{}` is not that of the tiles", field.name())]);
        }
    }
    Ok(vec![])
}

fn column(files: &[PathBuf], name: &str) -> Result<ArrayRef, BoxError> {
    let read = |file: &PathBuf| -> Result<ArrayRef, BoxError> {
        Ok(Arc::clone(geoparquet::read(file, Some(&[name]))?.column(0)))
    };
    let parts = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    Ok(concat(&parts)?)
}

/// Positions in the order of the ids; one that stands twice counts as a mistake of both files alike.
fn by_id(ids: &ArrayRef) -> Result<UInt64Array, BoxError> {
    let ids: &StringArray = ids.as_any().downcast_ref().ok_or("`facility_id` is no text")?;
    let order: BTreeMap<(&str, usize), u64> = ids
        .iter()
        .zip(0..)
        .map(|(id, row)| ((id.unwrap_or_default(), row), row as u64))
        .collect();
    Ok(order.into_values().collect())
}
