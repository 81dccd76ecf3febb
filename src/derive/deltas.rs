//! Deltas: for each large file that differs from the release before, what it takes to make it of that, `deltas/<path>.delta`.
//!
//! What they are and how they are checked; `run` has `delta` make them of the staged files.

use super::DeriveError;
use super::product::{About, Carried, Night, Problem, Product, ProductWork, ReleaseReadBack, Scope};
use crate::feature::ProductDoc;
use crate::feature::release::paths::file_of_delta;
use crate::feature::release::product_names;

/// The product.
pub(super) struct Deltas;

impl Product for Deltas {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::DELTAS,
                places: &[(
                    "deltas/<path of a Parquet file>.delta",
                    "the rows of that file which the release before doesn't have in its own; with the old file they make the new one, \
                     byte for byte, as `cikr sync` does; none in the first release",
                )],
                tables: &[],
            },
            is_default: false,
            scope: Scope::Release,
            reads: &[],
            // Of the last release: what differed from another differs no more.
            carried: Carried::Never,
        }
    }

    fn begin<'a>(&self, _: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        Ok(ProductWork::Packed)
    }

    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        let deltas = held
            .files
            .iter()
            .filter_map(|path| Some((*path, file_of_delta(path)?)));
        deltas
            .filter(|(_, file)| !held.files.contains(file))
            .map(|(path, file)| {
                Problem::new(path, format!("a delta of {file}, which the release doesn't have"))
            })
            .collect()
    }
}
