//! Classes as they are seen, counted; what they belong to, and how many facilities that are.
//!
//! Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray, UInt64Array};
use serde::{Deserialize, Serialize};

use super::TOTALS;
use super::resolve::{Membership, Resolver};
use super::rows::Rows;
use crate::derive::product::Sink;
use crate::derive::{DeriveError, Table};
use crate::geoparquet::GeoparquetError;
use crate::kernel::sector::class::{Class, Values};
use crate::plan::Reference;

/// Classes of a piece of the table.
const PIECE: usize = 4_096;

/// Classes by layer and name, counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Classes(BTreeMap<String, OfLayer>);

/// Classes of a layer by name.
pub(super) type OfLayer = BTreeMap<String, Counted>;

/// A class, and how many facilities are of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Counted {
    values: Values,
    facilities: u64,
}

impl Classes {
    /// Counts classes of a layer's rows.
    pub(super) fn add(&mut self, layer: &str, found: Vec<Class>) {
        let known = self.0.entry(layer.to_owned()).or_default();
        for Class { name, values, rows } in found {
            known
                .entry(name)
                .or_insert(Counted {
                    values,
                    facilities: 0,
                })
                .facilities += rows;
        }
    }

    /// Those of a layer.
    pub(super) fn of(&self, layer: &str) -> Option<&OfLayer> {
        self.0.get(layer)
    }

    /// Takes all of a layer.
    pub(super) fn take(&mut self, layer: &str, classes: OfLayer) {
        self.0.insert(layer.to_owned(), classes);
    }

    /// Forgets a layer's.
    pub(super) fn forget(&mut self, layer: &str) {
        self.0.remove(layer);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Layer, class, and what it stands for, by layer and class.
    fn iter(&self) -> impl Iterator<Item = (&str, &str, &Counted)> {
        self.0.iter().flat_map(|(layer, classes)| {
            classes
                .iter()
                .map(move |(class, counted)| (layer.as_str(), class.as_str(), counted))
        })
    }

    /// Hands on what every class belongs to, by layer and class: for each scheme a primary row, then further ones.
    ///
    /// # Errors
    /// When `emit` fails.
    pub(super) fn memberships(
        &self,
        reference: &Reference,
        emit: &mut Sink<'_>,
    ) -> Result<(), GeoparquetError> {
        let resolver = Resolver::new(reference);
        let classes: Vec<_> = self.iter().collect();
        for piece in classes.chunks(PIECE) {
            let mut rows = Rows::default();
            for (layer, class, Counted { values, .. }) in piece {
                for membership in resolver.memberships(values) {
                    rows.push(layer, class, values, &membership);
                }
            }
            emit(&rows.finish())?;
        }
        Ok(())
    }

    /// Facilities per layer, scheme and code; where facilities lack a code for several reasons, the first class
    /// stands for all.
    ///
    /// # Errors
    /// When columns don't fit together, which would be a mistake of this program.
    pub(super) fn totals(&self, reference: &Reference) -> Result<Table, DeriveError> {
        let resolver = Resolver::new(reference);
        let mut totals: BTreeMap<(&str, usize, Option<String>), Total> = BTreeMap::new();
        for (layer, _, Counted { values, facilities }) in self.iter() {
            for found in resolver.memberships(values) {
                let key = (layer, resolver.position(&found.scheme), found.code.clone());
                let is_primary = found.is_primary;
                let total = totals.entry(key).or_insert_with(|| Total {
                    first: found,
                    facilities: 0,
                    further: 0,
                });
                *(if is_primary {
                    &mut total.facilities
                } else {
                    &mut total.further
                }) += facilities;
            }
        }
        let text = |value: fn(&Membership) -> Option<&str>| -> ArrayRef {
            Arc::new(
                totals
                    .values()
                    .map(|total| value(&total.first))
                    .collect::<StringArray>(),
            )
        };
        let number = |value: fn(&Total) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(totals.values().map(value)))
        };
        let layers = StringArray::from_iter_values(totals.keys().map(|(layer, ..)| layer));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("layer", Arc::new(layers)),
            ("scheme", text(|m| Some(&m.scheme))),
            ("code", text(|m| m.code.as_deref())),
            ("name", text(|m| m.name.as_deref())),
            ("lead_agency", text(|m| m.lead_agency.as_deref())),
            ("facilities", number(|total| total.facilities)),
            ("further_facilities", number(|total| total.further)),
            ("reason", text(|m| m.reason.as_deref())),
        ];
        Table::new(TOTALS.path, columns)
    }
}

/// Facilities of a layer that share a code, and what the code stands for.
#[derive(Debug)]
struct Total {
    first: Membership,
    facilities: u64,
    further: u64,
}
