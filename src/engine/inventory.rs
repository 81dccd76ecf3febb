//! The inventory: the rows of many layers together, core columns, a point each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::interleave::interleave;
use geo::{Geometry, Point};

use super::EngineError;
use super::pack::{Brought, Packable};
use super::rows::{RowStore, RowsError, Stands};
use super::tiles::ids;
use crate::feature::{FeatureBatch, RegionId, Texts};
use crate::kernel::assemble::{self, Published, around};
use crate::kernel::geometry;
use crate::kernel::pack::Spot;
use crate::plan::LayerPlan;

/// Bits of a spot's part that are left to the store; the others tell which store it is.
const PART_BITS: u32 = 20;

/// A layer that is in the inventory.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its plan.
    pub layer: &'a LayerPlan,
    /// Its rows.
    pub store: &'a dyn RowStore,
}

/// The rows of all members, to be packed by region.
#[derive(Debug)]
pub struct Facilities<'a> {
    members: &'a [Member<'a>],
    schema: &'a Schema,
    /// Columns that are taken of a member's rows.
    columns: Vec<&'a str>,
}

impl<'a> Facilities<'a> {
    /// Of members, with the inventory's published columns.
    pub fn new(members: &'a [Member<'a>], schema: &'a Schema) -> Self {
        // A geometry is taken only to be replaced by the point.
        let columns = schema.fields().iter().map(|field| field.name().as_str());
        let columns = columns
            .filter(|name| !matches!(*name, "geometry" | "bbox"))
            .collect();
        Self {
            members,
            schema,
            columns,
        }
    }
}

/// Spots by member, each as its own store names it, and the place of every spot among those of its member.
fn by_member(members: usize, spots: &[Spot]) -> (Vec<Vec<Spot>>, Vec<(usize, usize)>) {
    let mut own: Vec<Vec<Spot>> = vec![vec![]; members];
    let mut places = Vec::with_capacity(spots.len());
    for spot in spots {
        let at = (spot.part >> PART_BITS) as usize;
        places.push((at, own[at].len()));
        own[at].push(Spot {
            part: spot.part & ((1 << PART_BITS) - 1),
            ..*spot
        });
    }
    (own, places)
}

fn with_points(rows: &RecordBatch, spots: &[Spot]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let mut points = BinaryBuilder::with_capacity(spots.len(), spots.len() * 21);
    let mut wkb = Vec::new();
    for spot in spots {
        wkb.clear();
        geometry::encode(&Geometry::Point(Point::new(spot.x, spot.y)), &mut wkb);
        points.append_value(&wkb);
    }
    let geometry = Arc::new(Field::new("geometry", DataType::Binary, false));
    let fields: Vec<Arc<Field>> = rows.schema().fields().iter().cloned().chain([geometry]).collect();
    let columns = rows
        .columns()
        .iter()
        .cloned()
        .chain([Arc::new(points.finish()) as ArrayRef])
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

impl Packable for Facilities<'_> {
    fn regions(&self) -> BTreeSet<RegionId> {
        self.members
            .iter()
            .flat_map(|member| member.store.regions())
            .collect()
    }

    fn rows_in(&self, region: &RegionId) -> u64 {
        self.members
            .iter()
            .map(|member| member.store.rows_in(Some(region)))
            .sum()
    }

    fn each(&self, region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError> {
        for (at, member) in (0u32..).zip(self.members) {
            let mut is_in_range = at < 1 << (32 - PART_BITS);
            let shown = member.store.each(Some(region), Stands::AtPoint, &mut |spot| {
                is_in_range &= spot.part < 1 << PART_BITS;
                see(Spot {
                    part: at << PART_BITS | spot.part,
                    ..spot
                });
            });
            shown.map_err(|source| EngineError::Rows { source })?;
            if !is_in_range {
                let reason = "more layers, or more parts of a layer, than an inventory can name".to_owned();
                let source = arrow_schema::ArrowError::InvalidArgumentError(reason);
                return Err(EngineError::Rows {
                    source: RowsError::Columns { source },
                });
            }
        }
        Ok(())
    }

    fn tied(&self, spots: &[Spot], _runs: &[Range<usize>]) -> Result<Vec<String>, EngineError> {
        let (own, places) = by_member(self.members.len(), spots);
        let ids_of = |(member, spots): (&Member<'_>, &Vec<Spot>)| -> Result<Vec<String>, EngineError> {
            if spots.is_empty() {
                return Ok(vec![]);
            }
            let rows = member.store.take(spots, Some(&["facility_id"]));
            Ok(ids(&rows.map_err(|source| EngineError::Rows { source })?))
        };
        let ids = self
            .members
            .iter()
            .zip(&own)
            .map(ids_of)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(places
            .into_iter()
            .map(|(member, at)| ids[member][at].clone())
            .collect())
    }

    fn bytes_away(&self) -> usize {
        self.members
            .iter()
            .map(|member| member.store.bytes_away())
            .max()
            .unwrap_or_default()
    }

    fn bring<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Brought + 'r>, EngineError> {
        let (own, places) = by_member(self.members.len(), spots);
        let of_member =
            |(member, spots): (&Member<'_>, Vec<Spot>)| -> Result<Option<RecordBatch>, RowsError> {
                if spots.is_empty() {
                    return Ok(None);
                }
                let rows = member.store.take(&spots, Some(&self.columns))?;
                Ok(Some(with_points(&rows, &spots)?))
            };
        let rows = self
            .members
            .iter()
            .zip(own)
            .map(of_member)
            .collect::<Result<_, _>>();
        let rows = rows.map_err(|source| EngineError::Rows { source })?;
        Ok(Box::new(OfMembers {
            facilities: self,
            rows,
            places,
        }))
    }
}

/// Rows of several members that are together.
struct OfMembers<'a> {
    facilities: &'a Facilities<'a>,
    /// Of each member, in the order in which they were asked for.
    rows: Vec<Option<RecordBatch>>,
    /// Of each row the member, and which of its rows it is.
    places: Vec<(usize, usize)>,
}

impl Brought for OfMembers<'_> {
    fn publish(&self, rows: Range<usize>) -> Result<Published, EngineError> {
        let places = &self.places[rows];
        // Rows of one member that follow each other here do so there.
        let mut stretches: BTreeMap<usize, Range<usize>> = BTreeMap::new();
        for (member, at) in places {
            stretches.entry(*member).or_insert(*at..*at).end = at + 1;
        }
        let part = |(member, stretch): (&usize, &Range<usize>)| -> Result<Published, EngineError> {
            let nothing = || RecordBatch::new_empty(Arc::new(Schema::empty()));
            let rows = self.rows[*member].as_ref();
            let rows = rows.map_or_else(nothing, |rows| rows.slice(stretch.start, stretch.len()));
            let published = assemble::publish(
                &rows,
                self.facilities.schema,
                self.facilities.members[*member].layer,
            );
            published.map_err(|source| EngineError::Kernel { source })
        };
        let mut parts = stretches.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let among: BTreeMap<usize, usize> = stretches.keys().copied().zip(0..).collect();
        let place = |(member, at): &(usize, usize)| (among[member], at - stretches[member].start);
        let places: Vec<(usize, usize)> = places.iter().map(place).collect();
        let rows: Vec<&RecordBatch> = parts.iter().map(|part| &part.rows.0).collect();
        let rows = together(&rows, &places).map_err(|source| EngineError::Rows {
            source: source.into(),
        })?;
        let extent = parts.iter().map(|part| part.extent).reduce(around);
        Ok(Published {
            rows: FeatureBatch(rows),
            extent: extent.unwrap_or_else(|| assemble::extent(&[])),
            geometry_types: parts
                .iter()
                .flat_map(|part| part.geometry_types.iter().copied())
                .collect(),
        })
    }
}

/// Rows of several batches with columns of the same names, in the order of their places.
fn together(
    parts: &[&RecordBatch],
    places: &[(usize, usize)],
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let Some(first) = parts.first() else {
        return Ok(RecordBatch::new_empty(Arc::new(Schema::empty())));
    };
    let column = |at: usize| -> Result<ArrayRef, arrow_schema::ArrowError> {
        let columns: Vec<&ArrayRef> = parts.iter().map(|part| part.column(at)).collect();
        // A layer may hold as plain text what another has as codes.
        let are_alike = columns
            .iter()
            .all(|column| column.data_type() == columns[0].data_type());
        let plain: Vec<ArrayRef> = columns
            .iter()
            .map(|column| {
                if are_alike {
                    Arc::clone(column)
                } else {
                    plain(column)
                }
            })
            .collect();
        interleave(
            &plain.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>(),
            places,
        )
    };
    let columns = (0..first.num_columns())
        .map(column)
        .collect::<Result<Vec<_>, _>>()?;
    let schema = first.schema();
    let fields = schema.fields().iter().zip(&columns);
    let fields =
        fields.map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)
}

fn plain(column: &ArrayRef) -> ArrayRef {
    match Texts::of(column.as_ref()) {
        Some(texts) => Arc::new(texts.iter().collect::<StringArray>()),
        None => Arc::clone(column),
    }
}
