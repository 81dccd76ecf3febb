//! Every class of facilities in every sector scheme, among the National Critical Functions and in the lifelines.
//!
//! A facility names its class (`sector_class`): what follows is told once per class, and counted once per layer.
//! Looks at rows; returns rows of tables.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::resolve::{Membership, Resolver};
use super::{DeriveError, Sink, Table, read_present};
use crate::geoparquet::GeoparquetError;
use crate::kernel::sector::class::{self, Values};
use crate::plan::Reference;

/// Path of what every class belongs to.
pub const MEMBERSHIP: &str = "links/sector_membership.parquet";

/// Path of the counts over all layers.
pub const TOTALS: &str = "links/sector_totals.parquet";

/// Classes of a piece of the table.
const PIECE: usize = 4_096;

/// Classes by layer and name, counted.
#[derive(Debug, Clone, Default)]
pub struct Classes(BTreeMap<(String, String), Counted>);

/// A class, and how many facilities are of it.
#[derive(Debug, Clone)]
struct Counted {
    values: Values,
    facilities: u64,
}

impl Classes {
    /// Counts the classes of a layer's rows.
    pub fn see(&mut self, layer: &str, rows: &RecordBatch) {
        for class in class::classes(layer, rows) {
            self.add(
                (layer.to_owned(), class.name),
                Counted { values: class.values, facilities: class.rows },
            );
        }
    }

    /// Counts the classes of a layer's tile on disk.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn see_tile(&mut self, layer: &str, tile: &Path) -> Result<(), DeriveError> {
        self.see(layer, &read_present(tile, &class::COLUMNS)?);
        Ok(())
    }

    /// Adds those counted elsewhere.
    pub fn merge(&mut self, more: Self) {
        more.0.into_iter().for_each(|(key, counted)| self.add(key, counted));
    }

    fn add(&mut self, key: (String, String), more: Counted) {
        match self.0.get_mut(&key) {
            Some(known) => known.facilities += more.facilities,
            None => drop(self.0.insert(key, more)),
        }
    }

    /// Hands on what every class belongs to, by layer and class: for each scheme a primary row, then further ones.
    ///
    /// # Errors
    /// When `emit` fails.
    pub fn memberships(&self, reference: &Reference, emit: &mut Sink<'_>) -> Result<(), GeoparquetError> {
        let resolver = Resolver::new(reference);
        let classes: Vec<_> = self.0.iter().collect();
        for piece in classes.chunks(PIECE) {
            let mut rows = Rows::default();
            for ((layer, class), Counted { values, .. }) in piece {
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
    pub fn totals(&self, reference: &Reference) -> Result<Table, DeriveError> {
        let resolver = Resolver::new(reference);
        let mut totals: BTreeMap<(&str, usize, Option<String>), Total> = BTreeMap::new();
        for ((layer, _), Counted { values, facilities }) in &self.0 {
            for found in resolver.memberships(values) {
                let key = (layer.as_str(), resolver.position(&found.scheme), found.code.clone());
                let is_primary = found.is_primary;
                let total =
                    totals.entry(key).or_insert_with(|| Total { first: found, facilities: 0, further: 0 });
                *(if is_primary { &mut total.facilities } else { &mut total.further }) += facilities;
            }
        }
        let text = |value: fn(&Membership) -> Option<&str>| -> ArrayRef {
            Arc::new(totals.values().map(|total| value(&total.first)).collect::<StringArray>())
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
        Table::new(TOTALS, columns)
    }
}

/// Facilities of a layer that share a code, and what the code stands for.
#[derive(Debug)]
struct Total {
    first: Membership,
    facilities: u64,
    further: u64,
}

/// Columns of the table of memberships.
pub fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let flag = |name: &str| Field::new(name, DataType::Boolean, true);
    let list = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)));
    Arc::new(Schema::new(vec![
        text("sector_class"),
        text("layer"),
        text("sector_code"),
        text("subsector"),
        Field::new("sector_also", list, true),
        text("naics_code"),
        text("lifeline"),
        text("scheme"),
        text("code"),
        text("name"),
        text("lead_agency"),
        flag("is_primary"),
        text("basis"),
        flag("is_judged"),
        text("reason"),
        text("note"),
    ]))
}

/// Rows of the table to be.
#[derive(Default)]
struct Rows {
    /// `sector_class` to `lifeline`, without the list.
    of_class: [StringBuilder; 6],
    also: ListBuilder<StringBuilder>,
    /// `scheme` to `note`, without the flags.
    texts: [StringBuilder; 7],
    is_primary: BooleanBuilder,
    is_judged: BooleanBuilder,
}

impl Rows {
    fn push(&mut self, layer: &str, class: &str, of: &Values, found: &Membership) {
        let of_class = [class, layer, &of.sector, &of.subsector, &of.naics, &of.lifeline]
            .map(|text| (!text.is_empty()).then_some(text));
        self.of_class.iter_mut().zip(of_class).for_each(|(column, text)| column.append_option(text));
        self.also.append_value(of.also.iter().map(Some));
        let texts = [
            Some(found.scheme.as_str()),
            found.code.as_deref(),
            found.name.as_deref(),
            found.lead_agency.as_deref(),
            Some(found.basis),
            found.reason.as_deref(),
            found.note.as_deref(),
        ];
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.append_option(text));
        self.is_primary.append_value(found.is_primary);
        self.is_judged.append_value(found.is_judged);
    }

    fn finish(mut self) -> RecordBatch {
        let [class, layer, sector, subsector, naics, lifeline] = self.of_class.each_mut().map(finished);
        let [scheme, code, name, lead_agency, basis, reason, note] = self.texts.each_mut().map(finished);
        let (also, is_primary, is_judged): (ArrayRef, ArrayRef, ArrayRef) = (
            Arc::new(self.also.finish()),
            Arc::new(self.is_primary.finish()),
            Arc::new(self.is_judged.finish()),
        );
        let columns = vec![
            class,
            layer,
            sector,
            subsector,
            also,
            naics,
            lifeline,
            scheme,
            code,
            name,
            lead_agency,
            is_primary,
            basis,
            is_judged,
            reason,
            note,
        ];
        RecordBatch::try_new(schema(), columns).expect("every push adds one value to each column")
    }
}

fn finished(column: &mut StringBuilder) -> ArrayRef {
    Arc::new(column.finish())
}
