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
use super::pack::{Gathered, Packable};
use super::rows::{RowStore, RowsError, SpotPlace};
use super::tiles::facility_ids;
use crate::feature::{FacilityRows, FeatureBatch, RegionId, Texts};
use crate::kernel::boxes::{box_around_all, box_around_two};
use crate::kernel::pack::Spot;
use crate::kernel::publish::{Published, publish};
use crate::kernel::{KernelError, geometry};
use crate::plan::LayerPlan;

/// Bits of a spot's part that are left to the store; the others tell which store it is. A spot names its row in 32 bits
/// as it is, and a third number would make every spot of every layer longer: so 4,096 layers of a million parts each.
const PART_BITS: u32 = 20;

/// A layer that is in the inventory.
#[derive(Debug, Clone, Copy)]
pub struct InventoryMember<'a> {
    /// Its plan.
    pub layer: &'a LayerPlan,
    /// Its rows.
    pub store: &'a dyn RowStore,
}

/// The rows of all members, to be packed by region.
#[derive(Debug)]
pub struct InventoryRows<'a> {
    members: &'a [InventoryMember<'a>],
    schema: &'a Schema,
    /// Columns that are taken of a member's rows.
    columns: Vec<&'a str>,
}

impl<'a> InventoryRows<'a> {
    /// Of members, with the inventory's published columns.
    pub fn new(members: &'a [InventoryMember<'a>], schema: &'a Schema) -> Self {
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

impl InventoryMember<'_> {
    fn tied_ids(&self, spots: &[Spot]) -> Result<Vec<String>, RowsError> {
        let rows = self.store.take_rows(spots, Some(&["facility_id"]))?;
        Ok(facility_ids(&rows))
    }

    fn rows_with_points(&self, spots: &[Spot], columns: &[&str]) -> Result<FacilityRows, RowsError> {
        let rows = self.store.take_rows(spots, Some(columns))?;
        Ok(with_points(&rows, spots)?)
    }
}

/// Splits spots by member: each as its own store names it, and the place of every spot among those of its member.
fn split_by_member(members: usize, spots: &[Spot]) -> (Vec<Vec<Spot>>, Vec<(usize, usize)>) {
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

/// Rows with the points of their spots as their geometry.
fn with_points(rows: &FacilityRows, spots: &[Spot]) -> Result<FacilityRows, arrow_schema::ArrowError> {
    let mut points = BinaryBuilder::with_capacity(spots.len(), spots.len() * 21);
    let mut wkb = Vec::new();
    for spot in spots {
        wkb.clear();
        geometry::encode(&Geometry::Point(Point::new(spot.x, spot.y)), &mut wkb);
        points.append_value(&wkb);
    }
    let geometry = Field::new("geometry", DataType::Binary, false);
    rows.with_column(geometry, Arc::new(points.finish()))
}

impl Packable for InventoryRows<'_> {
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

    fn each_spot(&self, region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError> {
        for (at, member) in (0u32..).zip(self.members) {
            let mut is_in_range = at < 1 << (32 - PART_BITS);
            let shown = member
                .store
                .each_spot(Some(region), SpotPlace::AtPoint, &mut |spot| {
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

    fn tied_ids(&self, spots: &[Spot], _runs: &[Range<usize>]) -> Result<Vec<String>, EngineError> {
        let (own, places) = split_by_member(self.members.len(), spots);
        let mut ids: Vec<Vec<String>> = Vec::with_capacity(own.len());
        for (member, spots) in self.members.iter().zip(&own) {
            // Most members have none of these spots, and a store may have to ask its file.
            ids.push(match spots.as_slice() {
                [] => vec![],
                spots => member
                    .tied_ids(spots)
                    .map_err(|source| EngineError::Rows { source })?,
            });
        }
        Ok(places
            .into_iter()
            .map(|(member, at)| ids[member][at].clone())
            .collect())
    }

    fn bytes_away(&self) -> usize {
        // The most of any: which members a tile takes its rows from isn't known before.
        self.members
            .iter()
            .map(|member| member.store.bytes_away())
            .max()
            .unwrap_or_default()
    }

    fn bring_together<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Gathered + 'r>, EngineError> {
        let (own, places) = split_by_member(self.members.len(), spots);
        let mut rows: Vec<Option<FacilityRows>> = Vec::with_capacity(own.len());
        for (member, spots) in self.members.iter().zip(own) {
            rows.push(match spots.as_slice() {
                [] => None,
                spots => Some(
                    member
                        .rows_with_points(spots, &self.columns)
                        .map_err(|source| EngineError::Rows { source })?,
                ),
            });
        }
        Ok(Box::new(MemberRows {
            facilities: self,
            rows,
            places,
        }))
    }
}

/// Rows of several members that are together.
struct MemberRows<'a> {
    facilities: &'a InventoryRows<'a>,
    /// Of each member, in the order in which they were asked for.
    rows: Vec<Option<FacilityRows>>,
    /// Of each row the member, and which of its rows it is.
    places: Vec<(usize, usize)>,
}

impl Gathered for MemberRows<'_> {
    fn publish(&self, rows: Range<usize>) -> Result<Published, EngineError> {
        let places = &self.places[rows];
        // Rows of one member that follow each other here do so there: a slice of each member's rows is published, and the
        // slices are put together by place.
        let mut stretches: BTreeMap<usize, Range<usize>> = BTreeMap::new();
        for (member, at) in places {
            stretches.entry(*member).or_insert(*at..*at).end = at + 1;
        }
        let mut parts = stretches
            .iter()
            .map(|(member, stretch)| self.publish_stretch(*member, stretch.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let part_of: BTreeMap<usize, usize> = stretches.keys().copied().zip(0..).collect();
        let places: Vec<(usize, usize)> = places
            .iter()
            .map(|(member, at)| (part_of[member], at - stretches[member].start))
            .collect();
        let rows: Vec<&RecordBatch> = parts.iter().map(|part| part.rows.as_batch()).collect();
        let rows = interleave_batches(&rows, &places).map_err(|source| EngineError::Rows {
            source: source.into(),
        })?;
        Ok(Published {
            rows: FeatureBatch::try_new(rows).map_err(|source| EngineError::Rows {
                source: source.into(),
            })?,
            extent: parts
                .iter()
                .map(|part| part.extent)
                .reduce(box_around_two)
                .unwrap_or_else(|| box_around_all(&[])),
            geometry_types: parts
                .iter()
                .flat_map(|part| part.geometry_types.iter().copied())
                .collect(),
        })
    }
}

impl MemberRows<'_> {
    /// Some rows of one member, as the inventory publishes them.
    fn publish_stretch(&self, member: usize, stretch: Range<usize>) -> Result<Published, EngineError> {
        let rows = self.rows[member]
            .as_ref()
            .ok_or(EngineError::Kernel {
                source: KernelError::Geometry,
            })?
            .slice(stretch.start, stretch.len());
        let facilities = self.facilities;
        let published = publish(&rows, facilities.schema, facilities.members[member].layer);
        published.map_err(|source| EngineError::Kernel { source })
    }
}

/// Rows of several batches with columns of the same names, in the order of their places.
fn interleave_batches(
    parts: &[&RecordBatch],
    places: &[(usize, usize)],
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let Some(first) = parts.first() else {
        return Ok(RecordBatch::new_empty(Arc::new(Schema::empty())));
    };
    let columns = (0..first.num_columns())
        .map(|at| interleave_columns(parts.iter().map(|part| part.column(at)).collect(), places))
        .collect::<Result<Vec<_>, _>>()?;
    let schema = first.schema();
    let fields = schema.fields().iter().zip(&columns);
    let fields =
        fields.map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)
}

/// Values of several columns, in the order of their places.
fn interleave_columns(
    columns: Vec<&ArrayRef>,
    places: &[(usize, usize)],
) -> Result<ArrayRef, arrow_schema::ArrowError> {
    // A layer may hold as plain text what another has as codes, and Arrow interleaves one type alone. Dictionaries are kept
    // where all are some: it is what they are written from.
    let are_alike = columns
        .iter()
        .all(|column| column.data_type() == columns[0].data_type());
    if are_alike {
        let columns: Vec<&dyn Array> = columns.into_iter().map(AsRef::as_ref).collect();
        return interleave(&columns, places);
    }
    let plain: Vec<ArrayRef> = columns.into_iter().map(decode_codes).collect();
    interleave(
        &plain.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>(),
        places,
    )
}

/// A column of codes as plain text; any other as it is.
fn decode_codes(column: &ArrayRef) -> ArrayRef {
    match Texts::from_array(column.as_ref()) {
        Some(texts) => Arc::new(texts.iter().collect::<StringArray>()),
        None => Arc::clone(column),
    }
}
