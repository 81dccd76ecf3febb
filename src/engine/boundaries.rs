//! Reads polygon sets and indexes them, all sets in parallel.

use std::collections::BTreeMap;

use arrow_array::{Array, StringArray};
use geo::{Geometry, MultiPolygon};
use rayon::prelude::*;

use super::EngineError;
use crate::feature::{Landed, Outline, RawBatch, Reproject, spelling};
use crate::kernel::geometry;
use crate::kernel::jurisdiction::{Boundary, JurisdictionIndex};
use crate::kernel::locate::{JoinContext, JoinSet};
use crate::kernel::shapes;
use crate::plan::{GeometryKind, JurisdictionKind, JurisdictionPlan, Plan};
use crate::source::{self, Readers};

/// Polygon sets, ready to locate features.
#[derive(Debug)]
pub struct Sets {
    /// Indexes.
    pub context: JoinContext,
    /// Code and name of every polygon, by set in plan order, sorted by code.
    pub names: Vec<Vec<BoundaryName>>,
    /// Outlines of the states, where a set answers that.
    pub outlines: Vec<Outline>,
}

/// Code and name of a polygon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundaryName {
    /// Code.
    pub code: String,
    /// Name, where the set has one.
    pub name: Option<String>,
}

/// Reads and indexes every polygon set of the plan; `landed` holds them in plan order.
///
/// # Errors
/// A set is joined whole or not at all: an unusable polygon is an error, with its row.
pub fn join_context(plan: &Plan, landed: &[Landed], readers: &Readers) -> Result<Sets, EngineError> {
    let sets = plan.jurisdictions.par_iter().zip(landed).map(|(set, landed)| {
        let boundaries = boundaries(set, landed, plan, readers)?;
        let mut names: Vec<BoundaryName> = boundaries
            .iter()
            .map(|boundary| BoundaryName { code: boundary.code.clone(), name: boundary.name.clone() })
            .collect();
        names.sort();
        let outlines = if set.kind == JurisdictionKind::State { outlines(&boundaries) } else { vec![] };
        Ok((JoinSet { plan: set.clone(), index: JurisdictionIndex::build(boundaries) }, names, outlines))
    });
    let mut made = sets.collect::<Result<Vec<_>, EngineError>>()?;
    // The first set of a kind is the one that answers.
    let outlines = made.iter_mut().map(|(_, _, outlines)| std::mem::take(outlines));
    let outlines = outlines.into_iter().find(|outlines| !outlines.is_empty()).unwrap_or_default();
    let (sets, names): (Vec<_>, Vec<_>) = made.into_iter().map(|(set, names, _)| (set, names)).unzip();
    Ok(Sets { context: JoinContext::new(sets, &plan.reference), names, outlines })
}

/// The plan's sets without a polygon, for a run that locates nothing.
pub fn join_nothing(plan: &Plan) -> JoinContext {
    let empty =
        |set: &JurisdictionPlan| JoinSet { plan: set.clone(), index: JurisdictionIndex::build(vec![]) };
    JoinContext::new(plan.jurisdictions.iter().map(empty).collect(), &plan.reference)
}

/// Outlines of the states alone, as `join_context` has them; reads no other set.
///
/// For bytes that an earlier run has read without harm: they are read in this process.
///
/// # Errors
/// As `join_context`.
pub fn state_outlines(plan: &Plan, landed: &[Landed]) -> Result<Vec<Outline>, EngineError> {
    let mut sets = plan.jurisdictions.iter().zip(landed);
    let states = sets.find(|(set, _)| set.kind == JurisdictionKind::State);
    let readers = Readers::inside();
    states.map_or(Ok(vec![]), |(set, landed)| Ok(outlines(&boundaries(set, landed, plan, &readers)?)))
}

fn boundaries(
    set: &JurisdictionPlan,
    landed: &Landed,
    plan: &Plan,
    readers: &Readers,
) -> Result<Vec<Boundary>, EngineError> {
    let limits = crate::plan::Limits { rows: None, ..plan.limits };
    let source = |source| EngineError::Source { source };
    let reader = readers.open(landed, &set.source, &limits, None).map_err(source)?;
    let crs = reader.crs().to_string();
    let mut reprojection: Option<Option<Box<dyn Reproject>>> = None;
    let mut boundaries = Vec::new();
    for batch in reader {
        let batch = batch.map_err(source)?;
        if reprojection.is_none() {
            reprojection = Some(source::reprojection(&batch.crs).map_err(source)?);
        }
        let transform = reprojection.as_ref().and_then(|inner| inner.as_deref());
        boundaries.extend(batch_boundaries(set, &batch, transform)?);
    }
    if reprojection.flatten().is_some_and(|transform| transform.seen().are_degrees()) {
        return Err(EngineError::Degrees { shown: set.source.shown.to_string(), crs });
    }
    if boundaries.is_empty() {
        return Err(EngineError::Empty { shown: set.source.shown.to_string() });
    }
    Ok(boundaries)
}

fn outlines(boundaries: &[Boundary]) -> Vec<Outline> {
    let outline = |boundary: &Boundary| Outline {
        code: boundary.code.clone(),
        rings: geometry::outline(&boundary.shape),
    };
    boundaries.iter().map(outline).collect()
}

fn batch_boundaries(
    set: &JurisdictionPlan,
    batch: &RawBatch,
    transform: Option<&dyn Reproject>,
) -> Result<Vec<Boundary>, EngineError> {
    let codes = column(set, batch, &set.code)?;
    let names = set.name.as_deref().map(|name| column(set, batch, name)).transpose()?;
    let prepared = shapes::prepare(&batch.geometry, &batch.crs, GeometryKind::Polygon, transform);
    let defects: BTreeMap<usize, &str> = prepared
        .defects
        .iter()
        .chain(&batch.defects)
        .map(|defect| (defect.index, defect.reason.code()))
        .collect();
    let boundary = |(row, shape): (usize, Option<Geometry<f64>>)| {
        let bad = |why: &str| EngineError::Boundary {
            origin: format!("{}:{}", batch.source, batch.rows.value(row)),
            why: why.to_owned(),
        };
        if let Some(reason) = defects.get(&row) {
            return Err(bad(reason));
        }
        let shape = shape.and_then(polygons).ok_or_else(|| bad("not a polygon"))?;
        let code = codes.is_valid(row).then(|| codes.value(row).trim().to_owned());
        let code = code.filter(|code| !code.is_empty()).ok_or_else(|| bad("no code"))?;
        let name = names
            .as_ref()
            .filter(|names| names.is_valid(row))
            .map(|names| names.value(row).trim().to_owned());
        Ok(Boundary { code, name, shape })
    };
    prepared.shapes.into_iter().enumerate().map(boundary).collect()
}

fn column(set: &JurisdictionPlan, batch: &RawBatch, name: &str) -> Result<StringArray, EngineError> {
    let found = batch.columns.iter().find(|(column, _)| column == name);
    let folded = || batch.columns.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
    found.or_else(folded).map(|(_, values)| spelling::texts(values)).ok_or_else(|| {
        EngineError::MissingColumn {
            shown: set.source.shown.to_string(),
            column: name.to_owned(),
            found: batch.columns.iter().map(|(column, _)| column.clone()).collect(),
        }
    })
}

fn polygons(geometry: Geometry<f64>) -> Option<MultiPolygon<f64>> {
    match geometry {
        Geometry::Polygon(polygon) => Some(MultiPolygon::new(vec![polygon])),
        Geometry::MultiPolygon(polygons) => Some(polygons),
        _ => None,
    }
}
