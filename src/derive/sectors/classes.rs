//! Classes as they are seen, counted; what they belong to, and how many facilities that are.
//!
//! Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray, UInt64Array};
use serde::{Deserialize, Serialize};

use super::resolve::{Membership, Resolver};
use super::rows::MembershipRows;
use super::tables::TOTALS;
use crate::derive::product::Sink;
use crate::derive::{DeriveError, Table};
use crate::geoparquet::GeoparquetError;
use crate::kernel::sector::class::{ClassValues, SectorClass};
use crate::plan::Reference;

/// Classes of a piece of the table.
const PIECE: usize = 4_096;

/// Classes by layer and name, counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Classes(BTreeMap<String, LayerClasses>);

/// Classes of a layer by name.
pub(super) type LayerClasses = BTreeMap<String, CountedClass>;

/// A class, and how many facilities are of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CountedClass {
    values: ClassValues,
    facilities: u64,
}

impl Classes {
    /// Counts classes of a layer's rows.
    pub(super) fn add_rows(&mut self, layer: &str, found: Vec<SectorClass>) {
        let known = self.0.entry(layer.to_owned()).or_default();
        for SectorClass { name, values, rows } in found {
            known
                .entry(name)
                .or_insert(CountedClass {
                    values,
                    facilities: 0,
                })
                .facilities += rows;
        }
    }

    /// Those of a layer.
    pub(super) fn of_layer(&self, layer: &str) -> Option<&LayerClasses> {
        self.0.get(layer)
    }

    /// Takes what was counted of the same tiles on an earlier night for all of a layer.
    pub(super) fn restore_layer(&mut self, layer: &str, classes: LayerClasses) {
        self.0.insert(layer.to_owned(), classes);
    }

    /// Forgets a layer's.
    pub(super) fn forget_layer(&mut self, layer: &str) {
        self.0.remove(layer);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Layer, class, and what it stands for, by layer and class.
    fn iter(&self) -> impl Iterator<Item = (&str, &str, &CountedClass)> {
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
    pub(super) fn write_memberships(
        &self,
        reference: &Reference,
        emit: &mut Sink<'_>,
    ) -> Result<(), GeoparquetError> {
        // Resolved here and for the totals, rather than once and kept: rows of all classes in all schemes are far more
        // than the classes, and memory is for the layers' rows.
        let resolver = Resolver::new(reference);
        let classes: Vec<_> = self.iter().collect();
        for piece in classes.chunks(PIECE) {
            let mut rows = MembershipRows::default();
            for (layer, class, CountedClass { values, .. }) in piece {
                for membership in resolver.membership_rows(values) {
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
    pub(super) fn totals_table(&self, reference: &Reference) -> Result<Table, DeriveError> {
        let resolver = Resolver::new(reference);
        let mut totals: BTreeMap<(&str, usize, Option<String>), Total> = BTreeMap::new();
        for (layer, _, CountedClass { values, facilities }) in self.iter() {
            for found in resolver.membership_rows(values) {
                let key = (layer, resolver.scheme_position(&found.scheme), found.code.clone());
                let is_primary = found.is_primary;
                // Classes come in the order of their names, which are digests: the first is the same in every run.
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
        let layers = StringArray::from_iter_values(totals.keys().map(|(layer, ..)| layer));
        let totals: Vec<Total> = totals.into_values().collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("layer", Arc::new(layers)),
            ("scheme", text_column(&totals, |first| Some(&first.scheme))),
            ("code", text_column(&totals, |first| first.code.as_deref())),
            ("name", text_column(&totals, |first| first.name.as_deref())),
            (
                "lead_agency",
                text_column(&totals, |first| first.lead_agency.as_deref()),
            ),
            ("facilities", count_column(&totals, |total| total.facilities)),
            ("further_facilities", count_column(&totals, |total| total.further)),
            ("reason", text_column(&totals, |first| first.reason.as_deref())),
        ];
        Table::new(TOTALS.path, columns)
    }
}

fn text_column(totals: &[Total], value: fn(&Membership) -> Option<&str>) -> ArrayRef {
    let texts: StringArray = totals.iter().map(|total| value(&total.first)).collect();
    Arc::new(texts)
}

fn count_column(totals: &[Total], value: fn(&Total) -> u64) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(totals.iter().map(value)))
}

/// Facilities of a layer that share a code, and what the code stands for.
#[derive(Debug)]
struct Total {
    first: Membership,
    facilities: u64,
    further: u64,
}
