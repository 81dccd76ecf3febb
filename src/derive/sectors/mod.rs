//! Sectors: every class of facilities in every sector scheme, among the National Critical Functions and in the lifelines.
//!
//! A facility names its class (`sector_class`): what follows is told once per class, and counted once per layer. Of a
//! tile no more is kept than its classes and how many rows are of each.

mod classes;
mod resolve;
mod rows;
mod verify;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use self::classes::Classes;
use super::product::{
    About, Carried, Held, Night, Observer, Out, Problem, Product, Scope, Seen, Tables, Work,
};
use super::{DeriveError, Release};
use crate::feature::{LayerReport, ProductDoc, RunReport, TableDoc};
use crate::kernel::sector::class;
use crate::plan::Reference;

/// What every class belongs to.
pub const MEMBERSHIP: TableDoc = TableDoc {
    path: "links/sector_membership.parquet",
    what: "what a class of facilities belongs to in a sector scheme: one primary row per scheme, and further ones",
    columns: &[
        (
            "sector_class",
            "the class, as in the tiles: layer and 12 hex digits of the SHA-256 of the next five columns",
        ),
        ("layer", "layer id"),
        ("sector_code", "sector of its facilities (reference/sectors)"),
        ("subsector", "their subsector"),
        ("sector_also", "their further sectors"),
        ("naics_code", "their NAICS code as the source gives it"),
        (
            "lifeline",
            "the lifeline that the layer's schema gives, as lifeline/component",
        ),
        (
            "scheme",
            "2003, 2006, 2009, 2013, 2024 (reference/sector_schemes), ncf or lifeline",
        ),
        (
            "code",
            "the sector or the part of one, the function, the lifeline component; null where reason says why",
        ),
        ("name", "its name"),
        ("lead_agency", "who leads it under that scheme"),
        ("is_primary", "true once per class and scheme"),
        (
            "basis",
            "what decided: sector, subsector, naics or layer (the layer's schema)",
        ),
        ("is_judged", "whether by judgement rather than by a document"),
        ("reason", "why there is no code"),
        ("note", "the scheme's footnote to the code"),
    ],
};

/// How many facilities belong to what.
pub const TOTALS: TableDoc = TableDoc {
    path: "links/sector_totals.parquet",
    what: "the facilities of a layer with a code in a sector scheme",
    columns: &[
        ("layer", "layer id"),
        ("scheme", "as in links/sector_membership"),
        (
            "code",
            "the sector, function or lifeline component; null for those without",
        ),
        ("name", "its name"),
        ("lead_agency", "who leads it under that scheme"),
        ("facilities", "facilities with this primary code"),
        (
            "further_facilities",
            "facilities with this code beside their primary one",
        ),
        (
            "reason",
            "why there is no code: that of the first class, where there are several",
        ),
    ],
};

/// The product.
pub(super) struct Sectors;

impl Product for Sectors {
    fn about(&self) -> About {
        About {
            doc: ProductDoc {
                name: "sectors",
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
            carried: Carried::Whole(&[MEMBERSHIP.path, TOTALS.path]),
        }
    }

    fn begin<'a>(&self, night: Night<'a>) -> Result<Work<'a>, DeriveError> {
        let reference = &night.plan.reference;
        Ok(Work::Tables(Box::new(Making {
            reference,
            classes: Mutex::default(),
        })))
    }

    fn verify(&self, held: &Held<'_>) -> Vec<Problem> {
        verify::problems(held)
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

    fn make_tables(&self, _: &Release<'_>, out: &dyn Out, _: &mut RunReport) -> Result<Value, DeriveError> {
        let classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        let written = out.pieces(Path::new(MEMBERSHIP.path), rows::schema(), &mut |emit| {
            classes.memberships(self.reference, emit)
        });
        written.map_err(|source| DeriveError::write_error(MEMBERSHIP.path, source))?;
        out.table(&classes.totals(self.reference)?)
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
            .add(seen.layer, found);
    }

    fn forget_layer(&self, layer: &str) {
        self.classes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .forget(layer);
    }

    fn tally_layer(&self, layer: &str) -> Option<Box<RawValue>> {
        let classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        to_raw_value(classes.of(layer)?).ok()
    }

    fn recall_layer(&self, layer: &LayerReport, told: &RawValue) -> bool {
        let Ok(told) = serde_json::from_str(told.get()) else {
            return false;
        };
        self.classes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(&layer.id, told);
        true
    }
}
