//! Reads polygon sets and indexes them, all sets in parallel.

use std::borrow::Cow;
use std::collections::BTreeMap;

use arrow_array::{Array, BinaryArray, StringArray};
use geo::{Geometry, MultiPolygon, Rect};
use rayon::prelude::*;

use super::EngineError;
use super::codes;
use super::gaps::{self, Whereabouts, whereabouts};
use crate::feature::{Defect, Landed, Outline, RawBatch, Reproject, spelling};
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
    /// What was read of each, in plan order.
    pub read: Vec<SetRead>,
    /// Outlines of the states, where a set answers that.
    pub outlines: Vec<Outline>,
}

/// What was read of a polygon set.
#[derive(Debug)]
pub struct SetRead {
    /// Its codes in order, each once, with their names.
    pub names: Vec<BoundaryName>,
    /// Polygons indexed.
    pub polygons: u64,
    /// Those that can't be used: row, code, name and why.
    pub unusable: Vec<String>,
    /// Codes that had lost a zero, were printed as numbers or had more before them.
    pub restored_codes: u64,
}

/// Code and name of a jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundaryName {
    /// Code.
    pub code: String,
    /// Name, where the set has one.
    pub name: Option<String>,
}

/// Reads and indexes every polygon set of the plan; `landed` holds them in plan order.
///
/// A polygon that can't be used is left out and told of; what lies in its box and in no other gets no code of that set.
///
/// # Errors
/// When a set can't be read, or over a tenth of it can't be used: with the row of the first.
pub fn join_context(plan: &Plan, landed: &[Landed], readers: &Readers) -> Result<Sets, EngineError> {
    let read = plan.jurisdictions.par_iter().zip(landed);
    let read: Vec<Read> = read
        .map(|(set, landed)| boundaries(set, landed, plan, readers))
        .collect::<Result<_, _>>()?;
    let states = state_boxes(plan, &read);
    let sets = plan.jurisdictions.par_iter().zip(read).map(|(set, read)| {
        let Read {
            boundaries,
            unusable,
            restored,
        } = read;
        let mut names: Vec<BoundaryName> = boundaries
            .iter()
            .map(|boundary| BoundaryName {
                code: boundary.code.clone(),
                name: boundary.name.clone(),
            })
            .collect();
        // As the index names a code of several polygons: by the lowest name.
        names.sort_by(|a, b| (&a.code, a.name.is_none(), &a.name).cmp(&(&b.code, b.name.is_none(), &b.name)));
        let polygons = names.len() as u64;
        names.dedup_by(|later, first| later.code == first.code);
        let outlines = if set.kind == JurisdictionKind::State {
            outlines(&boundaries)
        } else {
            vec![]
        };
        let gap = |item: &Unusable| gaps::gap(set, item.code.as_deref(), item.place, &boundaries, &states);
        let gaps = unusable.iter().filter_map(gap).collect();
        let told = unusable.iter().map(Unusable::told).collect();
        let set = JoinSet {
            plan: set.clone(),
            index: JurisdictionIndex::build(boundaries),
            gaps,
        };
        (
            set,
            SetRead {
                names,
                polygons,
                unusable: told,
                restored_codes: restored,
            },
            outlines,
        )
    });
    let mut made: Vec<_> = sets.collect();
    // The first set of a kind is the one that answers.
    let outlines = made.iter_mut().map(|(_, _, outlines)| std::mem::take(outlines));
    let outlines = outlines
        .into_iter()
        .find(|outlines| !outlines.is_empty())
        .unwrap_or_default();
    let (sets, read): (Vec<_>, Vec<_>) = made.into_iter().map(|(set, read, _)| (set, read)).unzip();
    Ok(Sets {
        context: JoinContext::new(sets, &plan.reference),
        read,
        outlines,
    })
}

/// Boxes around the states: by their own polygons, else by their counties'.
fn state_boxes(plan: &Plan, read: &[Read]) -> BTreeMap<String, Rect<f64>> {
    let mut boxes = BTreeMap::new();
    for kind in [JurisdictionKind::State, JurisdictionKind::County] {
        let sets = plan
            .jurisdictions
            .iter()
            .zip(read)
            .filter(|(set, _)| set.kind == kind);
        for (state, bounds) in sets.flat_map(|(_, read)| gaps::boxes_by_state(&read.boundaries)) {
            boxes.entry(state).or_insert(bounds);
        }
    }
    boxes
}

/// The plan's sets without a polygon, for a run that locates nothing.
pub fn join_nothing(plan: &Plan) -> JoinContext {
    let empty = |set: &JurisdictionPlan| JoinSet {
        plan: set.clone(),
        index: JurisdictionIndex::build(vec![]),
        gaps: vec![],
    };
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
    states.map_or(Ok(vec![]), |(set, landed)| {
        Ok(outlines(&boundaries(set, landed, plan, &readers)?.boundaries))
    })
}

/// The polygons of a set.
#[derive(Default)]
struct Read {
    boundaries: Vec<Boundary>,
    unusable: Vec<Unusable>,
    restored: u64,
}

/// A polygon that can't be used.
struct Unusable {
    origin: String,
    code: Option<String>,
    name: Option<String>,
    why: String,
    place: Whereabouts,
}

impl Unusable {
    fn told(&self) -> String {
        let name = self
            .name
            .as_deref()
            .map(|name| format!(" ({name})"))
            .unwrap_or_default();
        let code = self.code.as_deref().unwrap_or("no code");
        format!("{}: {code}{name}: {}", self.origin, self.why)
    }
}

fn boundaries(
    set: &JurisdictionPlan,
    landed: &Landed,
    plan: &Plan,
    readers: &Readers,
) -> Result<Read, EngineError> {
    let limits = crate::plan::Limits {
        rows: None,
        ..plan.limits
    };
    let source = |source| EngineError::Source { source };
    let reader = readers.open(landed, &set.source, &limits, None).map_err(source)?;
    let crs = reader.crs().to_string();
    let mut reprojection: Option<Option<Box<dyn Reproject>>> = None;
    let mut read = Read::default();
    for batch in reader {
        let batch = batch.map_err(source)?;
        if reprojection.is_none() {
            reprojection = Some(source::reprojection(&batch.crs).map_err(source)?);
        }
        let transform = reprojection.as_ref().and_then(|inner| inner.as_deref());
        read_batch(set, &batch, plan, transform, &mut read)?;
    }
    if reprojection
        .flatten()
        .is_some_and(|transform| transform.seen().are_degrees())
    {
        return Err(EngineError::Degrees {
            shown: set.source.shown.to_string(),
            crs,
        });
    }
    let (bad, all) = (read.unusable.len(), read.unusable.len() + read.boundaries.len());
    if all == 0 {
        return Err(EngineError::Empty {
            shown: set.source.shown.to_string(),
        });
    }
    // Fewer than all but a tenth are no set to place facilities by.
    match read.unusable.first().filter(|_| bad * 10 > all) {
        Some(first) => Err(EngineError::Boundary {
            bad,
            all,
            first: first.told(),
        }),
        None => Ok(read),
    }
}

fn outlines(boundaries: &[Boundary]) -> Vec<Outline> {
    let outline = |boundary: &Boundary| Outline {
        code: boundary.code.clone(),
        rings: geometry::outline(&boundary.shape),
    };
    boundaries.iter().map(outline).collect()
}

fn read_batch(
    set: &JurisdictionPlan,
    batch: &RawBatch,
    plan: &Plan,
    transform: Option<&dyn Reproject>,
    read: &mut Read,
) -> Result<(), EngineError> {
    let codes = column(set, batch, &set.code)?;
    let names = set
        .name
        .as_deref()
        .map(|name| column(set, batch, name))
        .transpose()?;
    let geometry = without_lines(&batch.geometry);
    let prepared = shapes::prepare(&geometry, &batch.crs, GeometryKind::Polygon, transform);
    let defects: BTreeMap<usize, String> = prepared
        .defects
        .iter()
        .chain(&batch.defects)
        .map(|defect| (defect.index, why(defect)))
        .collect();
    for (row, shape) in prepared.shapes.into_iter().enumerate() {
        let text = |column: &StringArray| {
            let text = column.is_valid(row).then(|| column.value(row).trim().to_owned());
            text.filter(|text| !text.is_empty())
        };
        let (written, name) = (text(&codes), names.as_ref().and_then(text));
        let code = written
            .as_deref()
            .map(|code| codes::code(code, set.kind, &plan.reference.states));
        let polygon = match (defects.get(&row), shape.and_then(polygons)) {
            (Some(why), _) => Err(why.clone()),
            (None, None) => Err("not a polygon".to_owned()),
            (None, Some(shape)) => Ok(shape),
        };
        let usable = match (polygon, &code) {
            (Ok(shape), Some(Ok(code))) => Ok((shape, code.clone())),
            (Err(why), _) => Err(why),
            (Ok(_), Some(Err(why))) => Err(why.clone()),
            (Ok(_), None) => Err(format!("no code in `{}`", set.code)),
        };
        match usable {
            Ok((shape, code)) => {
                read.restored += u64::from(written.as_deref() != Some(&*code));
                read.boundaries.push(Boundary {
                    code: code.into_owned(),
                    name,
                    shape,
                });
            }
            Err(why) => read.unusable.push(Unusable {
                origin: format!("{}:{}", batch.source, batch.rows.value(row)),
                code: code.and_then(Result::ok).map(Cow::into_owned).or(written),
                name,
                why,
                place: whereabouts(&geometry, row, transform),
            }),
        }
    }
    Ok(())
}

/// Why a row can't be used.
fn why(defect: &Defect) -> String {
    match defect.value.as_str() {
        "" => defect.reason.code().to_owned(),
        value => format!("{}, {value}", defect.reason.code()),
    }
}

/// Geometries, of collections of several kinds their polygons alone: boundaries come with points and lines on them.
fn without_lines(geometries: &BinaryArray) -> BinaryArray {
    if !geometries.iter().flatten().any(geometry::is_collection) {
        return geometries.clone();
    }
    let areas = |wkb: &[u8]| geometry::areas(wkb).unwrap_or_else(|| wkb.to_owned());
    geometries.iter().map(|wkb| wkb.map(areas)).collect()
}

fn column(set: &JurisdictionPlan, batch: &RawBatch, name: &str) -> Result<StringArray, EngineError> {
    let found = batch.columns.iter().find(|(column, _)| column == name);
    let folded = || {
        batch
            .columns
            .iter()
            .find(|(column, _)| column.eq_ignore_ascii_case(name))
    };
    found
        .or_else(folded)
        .map(|(_, values)| spelling::texts(values))
        .ok_or_else(|| EngineError::MissingColumn {
            shown: set.source.shown.to_string(),
            column: name.to_owned(),
            found: batch.columns.iter().map(|(column, _)| column.clone()).collect(),
        })
}

fn polygons(geometry: Geometry<f64>) -> Option<MultiPolygon<f64>> {
    match geometry {
        Geometry::Polygon(polygon) => Some(MultiPolygon::new(vec![polygon])),
        Geometry::MultiPolygon(polygons) => Some(polygons),
        _ => None,
    }
}
