//! The rows of a set's file as polygons with a code, and an account of those that are none.
//!
//! Polygons are kept until they have more vertices than memory is given for; from then on they go to a scratch file as they come.

use std::collections::BTreeMap;
use std::mem;

use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use geo::{CoordsIter, Geometry, MultiPolygon};

use super::error::JoinError;
use super::set_index::SetBound;
use crate::feature::{Crs, Defect, RawBatch, Reproject, spelling};
use crate::kernel::geometry;
use crate::kernel::jurisdiction::{Boundary, PartitionError, PartitionedIndexBuilder};
use crate::kernel::shapes;
use crate::plan::GeometryKind;

/// Unusable rows of a set that are told of; more are counted alone.
const TOLD: usize = 5;

/// Polygons with a code.
pub(super) enum Polygons<'a> {
    /// In memory.
    Kept(Vec<Boundary>),
    /// In a scratch file: they are more than memory is given for.
    Filed(Box<PartitionedIndexBuilder<'a>>, SetBound<'a>),
}

/// What has been read of a set.
pub(super) struct Gathered<'a> {
    pub(super) polygons: Polygons<'a>,
    pub(super) unusable: usize,
    pub(super) first_unusable: Vec<String>,
    /// Whether codes are numbers in the file.
    pub(super) has_numbers: bool,
    count: usize,
    vertices: usize,
    bound: Option<SetBound<'a>>,
}

/// How the rows of a set's file are read.
pub(super) struct SetFields<'a> {
    pub(super) code: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) crs: &'a Crs,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(bound: Option<SetBound<'a>>) -> Self {
        Self {
            polygons: Polygons::Kept(Vec::new()),
            unusable: 0,
            first_unusable: Vec::new(),
            has_numbers: false,
            count: 0,
            vertices: 0,
            bound,
        }
    }

    /// Takes the rows of a batch.
    ///
    /// # Errors
    /// The scratch file fails.
    pub(super) fn add_batch(
        &mut self,
        batch: &RawBatch,
        fields: &SetFields<'_>,
        transform: Option<&dyn Reproject>,
    ) -> Result<(), PartitionError> {
        let geometry = without_lines(&batch.geometry);
        let prepared = shapes::prepare(&geometry, fields.crs, GeometryKind::Polygon, transform);
        let codes = column_of(batch, fields.code);
        self.has_numbers |= codes.is_some_and(|codes| codes.data_type().is_numeric());
        let codes = codes.map(spelling::spell_column);
        let names = fields
            .name
            .and_then(|name| column_of(batch, name))
            .map(spelling::spell_column);
        let defects: BTreeMap<usize, &Defect> = prepared
            .defects
            .iter()
            .chain(&batch.defects)
            .map(|defect| (defect.index, defect))
            .collect();
        for (row, shape) in prepared.shapes.into_iter().enumerate() {
            let code = codes.as_ref().and_then(|codes| filled_text(codes, row));
            let shape = shape.and_then(into_polygons);
            let why = match (defects.get(&row), shape, code) {
                (Some(defect), ..) => defect.reason.code(),
                (None, None, _) => "not a polygon",
                (None, Some(_), None) => "no code",
                (None, Some(shape), Some(code)) => {
                    let name = names.as_ref().and_then(|names| filled_text(names, row));
                    self.add_polygon(Boundary { code, name, shape })?;
                    continue;
                }
            };
            self.unusable += 1;
            if self.first_unusable.len() < TOLD {
                let place = batch.rows.value(row);
                self.first_unusable
                    .push(format!("{}:{place}: {why}", batch.source));
            }
        }
        Ok(())
    }

    fn add_polygon(&mut self, boundary: Boundary) -> Result<(), PartitionError> {
        self.count += 1;
        self.vertices += boundary.shape.coords_count();
        match &mut self.polygons {
            Polygons::Filed(builder, _) => builder.add(boundary)?,
            Polygons::Kept(kept) => kept.push(boundary),
        }
        let bound = self
            .bound
            .filter(|bound| self.vertices > bound.vertices_at_once());
        let Some(bound) = bound else { return Ok(()) };
        if let Polygons::Kept(kept) = &mut self.polygons {
            let mut builder = PartitionedIndexBuilder::new(bound.space)?;
            for boundary in mem::take(kept) {
                builder.add(boundary)?;
            }
            self.polygons = Polygons::Filed(Box::new(builder), bound);
        }
        Ok(())
    }

    /// Fewer than all but a tenth are no set to place anything by.
    ///
    /// # Errors
    /// With too many unusable rows, or no polygon at all.
    pub(super) fn refuse_poor(&self, shown: &str) -> Result<(), JoinError> {
        let first = self.first_unusable.first().cloned();
        if self.count == 0 {
            return Err(JoinError::NoPolygons {
                shown: shown.to_owned(),
                first,
            });
        }
        let all = self.unusable + self.count;
        match first.filter(|_| self.unusable * 10 > all) {
            Some(first) => Err(JoinError::BadPolygons {
                shown: shown.to_owned(),
                bad: self.unusable,
                all,
                first,
            }),
            None => Ok(()),
        }
    }
}

fn column_of<'a>(batch: &'a RawBatch, name: &str) -> Option<&'a ArrayRef> {
    let mut columns = batch.columns.iter();
    columns
        .find(|(column, _)| column == name)
        .map(|(_, values)| values)
}

/// The text of a row, without the blanks around it; none where that is nothing.
fn filled_text(column: &StringArray, row: usize) -> Option<String> {
    let text = column.is_valid(row).then(|| column.value(row).trim())?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Geometries, of collections of several kinds their polygons alone: boundaries come with points and lines on them.
fn without_lines(geometries: &BinaryArray) -> BinaryArray {
    if !geometries.iter().flatten().any(geometry::is_collection) {
        return geometries.clone();
    }
    let areas = geometries.iter().map(|wkb| {
        let wkb = wkb?;
        Some(geometry::areas(wkb).unwrap_or_else(|| wkb.to_owned()))
    });
    areas.collect()
}

fn into_polygons(geometry: Geometry<f64>) -> Option<MultiPolygon<f64>> {
    match geometry {
        Geometry::Polygon(polygon) => Some(MultiPolygon::new(vec![polygon])),
        Geometry::MultiPolygon(polygons) => Some(polygons),
        _ => None,
    }
}
