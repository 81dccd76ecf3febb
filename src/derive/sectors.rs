//! Every facility in every sector scheme, among the National Critical Functions and in the lifelines.
//!
//! Resolves once per distinct sector, subsector, NAICS code, lifeline and further sectors of a layer;
//! each facility then only repeats what was found. Reads tiles; returns tables.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, RecordBatch, StringArray, UInt64Array};
use arrow_schema::ArrowError;
use arrow_select::take::take;

use super::resolve::{Membership, Of, Resolver};
use super::{DeriveError, LayerTables, Table, read_present};
use crate::plan::Reference;

/// Path of the counts over all layers.
pub const TOTALS: &str = "links/sector_totals.parquet";

/// Columns read of a tile.
const COLUMNS: [&str; 6] =
    ["facility_id", "sector_code", "subsector", "sector_also", "naics_code", "lifeline"];

/// Path of a layer's links within the release.
pub fn path(layer: &str) -> PathBuf {
    Path::new("links/facility_sector").join(format!("{layer}.parquet"))
}

/// Makes the links of one layer after the other, and counts them.
#[derive(Debug)]
pub struct Sectors<'a> {
    resolver: Resolver<'a>,
    counts: BTreeMap<Counted, Count>,
}

/// Layer, scheme by its place in the order of the tables, code.
type Counted = (String, usize, Option<String>);

/// Facilities of a layer that share a code, and what the code stands for.
#[derive(Debug)]
struct Count {
    first: Membership,
    facilities: u64,
    further: u64,
}

impl<'a> Sectors<'a> {
    /// Over the tables of a plan.
    pub fn new(reference: &'a Reference) -> Self {
        Self { resolver: Resolver::new(reference), counts: BTreeMap::new() }
    }

    /// The links of a layer: for each facility and scheme a primary row, then further ones.
    ///
    /// # Errors
    /// When a tile can't be read or the table can't be put together.
    pub fn of_layer(&mut self, layer: &LayerTables<'_>) -> Result<Table, DeriveError> {
        let mut links = Links::default();
        for tile in &layer.tiles {
            links.add(&read_present(tile, &COLUMNS)?, &self.resolver);
        }
        for (found, facilities) in links.known.iter().zip(&links.facilities) {
            for membership in &links.memberships[found.clone()] {
                self.count(layer.plan.id.as_str(), membership, *facilities);
            }
        }
        let path = path(layer.plan.id.as_str());
        let columns = links.columns().map_err(|source| DeriveError::Table { path: path.clone(), source })?;
        Table::new(path, columns)
    }

    fn count(&mut self, layer: &str, membership: &Membership, facilities: u64) {
        let key = (layer.to_owned(), self.resolver.position(&membership.scheme), membership.code.clone());
        let new = || Count { first: membership.clone(), facilities: 0, further: 0 };
        let count = self.counts.entry(key).or_insert_with(new);
        *(if membership.is_primary { &mut count.facilities } else { &mut count.further }) += facilities;
    }

    /// Facilities per layer, scheme and code, over the layers seen; where facilities lack a code for
    /// several reasons, the first stands for all.
    ///
    /// # Errors
    /// When columns don't fit together, which would be a mistake of this program.
    pub fn totals(&self) -> Result<Table, DeriveError> {
        let text = |value: fn(&Membership) -> Option<&str>| -> ArrayRef {
            Arc::new(self.counts.values().map(|count| value(&count.first)).collect::<StringArray>())
        };
        let number = |value: fn(&Count) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(self.counts.values().map(value)))
        };
        let layers = StringArray::from_iter_values(self.counts.keys().map(|(layer, ..)| layer));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("layer", Arc::new(layers)),
            ("scheme", text(|m| Some(&m.scheme))),
            ("code", text(|m| m.code.as_deref())),
            ("name", text(|m| m.name.as_deref())),
            ("lead_agency", text(|m| m.lead_agency.as_deref())),
            ("facilities", number(|count| count.facilities)),
            ("further_facilities", number(|count| count.further)),
            ("reason", text(|m| m.reason.as_deref())),
        ];
        Table::new(TOTALS, columns)
    }
}

/// A layer's facilities and their memberships.
#[derive(Default)]
struct Links {
    ids: Vec<String>,
    /// Of each facility, which of `known` it is.
    standing: Vec<usize>,
    /// What is known of a facility, and its place in `known`; only looked up, never listed.
    places: HashMap<String, usize>,
    /// Memberships of each distinct standing, in the order first seen.
    known: Vec<Range<usize>>,
    /// Facilities of each distinct standing.
    facilities: Vec<u64>,
    memberships: Vec<Membership>,
}

impl Links {
    fn add(&mut self, tile: &RecordBatch, resolver: &Resolver<'_>) {
        let columns = ["facility_id", "sector_code", "subsector", "naics_code", "lifeline"]
            .map(|name| tile.column_by_name(name).and_then(|column| column.as_any().downcast_ref()));
        let also: Option<&ListArray> =
            tile.column_by_name("sector_also").and_then(|column| column.as_any().downcast_ref());
        let mut key = String::new();
        for row in 0..tile.num_rows() {
            let [id, sector, subsector, naics, lifeline] = columns.map(|column| text(column, row));
            let further = also.filter(|lists| lists.is_valid(row)).map(|lists| lists.value(row));
            let further = further.as_ref().and_then(|list| list.as_any().downcast_ref::<StringArray>());
            let also: Vec<&str> = further.into_iter().flatten().flatten().collect();
            let of = Of { sector, subsector, naics, lifeline, also: &also };
            let place = self.place(&of, &mut key, resolver);
            self.ids.push(id.to_owned());
            self.standing.push(place);
            self.facilities[place] += 1;
        }
    }

    /// Where the memberships of a standing are; resolved when first seen.
    fn place(&mut self, of: &Of<'_>, key: &mut String, resolver: &Resolver<'_>) -> usize {
        key.clear();
        for part in [of.sector, of.subsector, of.naics, of.lifeline].iter().chain(of.also) {
            key.push_str(part);
            key.push('\u{1f}');
        }
        if let Some(place) = self.places.get(key.as_str()) {
            return *place;
        }
        let start = self.memberships.len();
        self.memberships.extend(resolver.memberships(of));
        self.known.push(start..self.memberships.len());
        self.facilities.push(0);
        self.places.insert(key.clone(), self.known.len() - 1);
        self.known.len() - 1
    }

    /// The rows, by column; texts as dictionaries, since few differ.
    fn columns(&self) -> Result<Vec<(&'static str, ArrayRef)>, ArrowError> {
        let rows = || self.standing.iter().enumerate();
        let facility = rows().flat_map(|(row, place)| self.known[*place].clone().map(move |_| row as u64));
        let facility = UInt64Array::from_iter_values(facility);
        let membership = rows().flat_map(|(_, place)| self.known[*place].clone().map(|at| at as u64));
        let membership = UInt64Array::from_iter_values(membership);
        let text = |value: fn(&Membership) -> Option<&str>| {
            take(&dictionary(self.memberships.iter().map(value))?, &membership, None)
        };
        let flag = |value: fn(&Membership) -> bool| {
            let flags: BooleanArray = self.memberships.iter().map(|m| Some(value(m))).collect();
            take(&flags, &membership, None)
        };
        let ids = dictionary(self.ids.iter().map(|id| Some(id.as_str())))?;
        Ok(vec![
            ("facility_id", take(&ids, &facility, None)?),
            ("scheme", text(|m| Some(&m.scheme))?),
            ("code", text(|m| m.code.as_deref())?),
            ("name", text(|m| m.name.as_deref())?),
            ("lead_agency", text(|m| m.lead_agency.as_deref())?),
            ("is_primary", flag(|m| m.is_primary)?),
            ("basis", text(|m| Some(m.basis))?),
            ("is_judged", flag(|m| m.is_judged)?),
            ("reason", text(|m| m.reason.as_deref())?),
            ("note", text(|m| m.note.as_deref())?),
        ])
    }
}

fn text(column: Option<&StringArray>, row: usize) -> &str {
    column.filter(|column| column.is_valid(row)).map_or("", |column| column.value(row))
}

fn dictionary<'v>(values: impl Iterator<Item = Option<&'v str>>) -> Result<ArrayRef, ArrowError> {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    for value in values {
        match value {
            Some(value) => {
                builder.append(value)?;
            }
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}
