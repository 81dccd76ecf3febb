//! Sectors: every class of facilities in every sector scheme, among the National Critical Functions and in the lifelines.
//!
//! A facility names its class (`sector_class`): what follows is told once per class, and counted once per layer. Of a
//! tile no more is kept than its classes and how many rows are of each.

mod classes;
mod resolve;
mod rows;
mod tables;
mod verify;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use self::classes::Classes;
pub use self::tables::{MEMBERSHIP, TOTALS};
use super::product::{
    About, Carried, Night, Observer, Problem, Product, ProductWork, ReleaseReadBack, Scope, Seen, TableStore,
    Tables,
};
use super::{DeriveError, Release};
use crate::feature::release::product_names;
use crate::feature::{LayerReport, ProductDoc, RunReport};
use crate::kernel::sector::class;
use crate::plan::Reference;

/// The product.
pub(super) struct Sectors;

impl Product for Sectors {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::SECTORS,
                places: &[
                    (
                        MEMBERSHIP.path,
                        "every `sector_class` in every dated sector scheme, function and lifeline: code, lead agency, or the \
                         reason for none",
                    ),
                    (TOTALS.path, "facilities per layer, scheme and code"),
                ],
                tables: &[MEMBERSHIP, TOTALS],
            },
            is_default: true,
            scope: Scope::Tile,
            reads: &class::COLUMNS,
            // Classes are told once for all layers: the tables are linked where every layer is.
            carried: Carried::Whole(&[MEMBERSHIP.path, TOTALS.path]),
        }
    }

    fn begin<'a>(&self, night: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        Ok(ProductWork::Tables(Box::new(Making {
            reference: &night.plan.reference,
            classes: Mutex::default(),
        })))
    }

    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        verify::find_problems(held)
    }
}

struct Making<'a> {
    reference: &'a Reference,
    classes: Mutex<Classes>,
}

impl Tables for Making<'_> {
    fn observer(&self) -> Option<&dyn Observer> {
        Some(self)
    }

    fn make_tables(
        &self,
        _: &Release<'_>,
        out: &dyn TableStore,
        _: &mut RunReport,
    ) -> Result<Value, DeriveError> {
        let classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        let written = out.write_pieces(
            Path::new(MEMBERSHIP.path),
            rows::membership_schema(),
            &mut |emit| classes.write_memberships(self.reference, emit),
        );
        written.map_err(|source| DeriveError::write_error(MEMBERSHIP.path, source))?;
        out.write_table(&classes.totals_table(self.reference)?)
            .map_err(|source| DeriveError::write_error(TOTALS.path, source))?;
        Ok(json!({ "classes": classes.len() }))
    }
}

impl Observer for Making<'_> {
    fn columns_to_read(&self, _: &LayerReport) -> Vec<&'static str> {
        class::COLUMNS.to_vec()
    }

    fn see_rows(&self, seen: &Seen<'_>) {
        let found = class::classes(seen.layer, seen.rows);
        self.classes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add_rows(seen.layer, found);
    }

    fn forget_layer(&self, layer: &str) {
        self.classes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .forget_layer(layer);
    }

    fn tally_layer(&self, layer: &str) -> Option<Box<RawValue>> {
        let classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        to_raw_value(classes.of_layer(layer)?).ok()
    }

    fn recall_layer(&self, layer: &LayerReport, told: &RawValue) -> bool {
        let Ok(told) = serde_json::from_str(told.get()) else {
            return false;
        };
        self.classes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .restore_layer(layer.id.as_str(), told);
        true
    }
}
