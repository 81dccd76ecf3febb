//! Reads polygon sets and indexes them, all sets in parallel.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use arrow_array::{Array, BinaryArray, StringArray};
use geo::{Geometry, MultiPolygon, Rect};
use rayon::prelude::*;

use super::EngineError;
use super::codes;
use super::gaps::{self, Whereabouts};
use super::jurisdictions::list_jurisdictions;
use crate::feature::release::product_names;
use crate::feature::{Defect, Jurisdiction, Landed, Outline, RawBatch, Reproject, spelling};
use crate::kernel::geometry;
use crate::kernel::jurisdiction::{Boundary, JurisdictionIndex, SurfaceIndex};
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
    /// Its jurisdictions, by code.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Polygons indexed.
    pub polygons: u64,
    /// Those that can't be used: row, code, name and why.
    pub unusable: Vec<String>,
    /// Codes that had lost a zero, were printed as numbers or had more before them.
    pub restored_codes: u64,
}

/// Reads and indexes every polygon set of the plan; `landed` holds them in plan order.
///
/// A polygon that can't be used is left out and told of; what lies in its box and in no other gets no code of that set.
///
/// # Errors
/// When a set can't be read, or over a tenth of it can't be used: with the row of the first.
pub fn join_context(plan: &Plan, landed: &[Landed], readers: &Readers) -> Result<Sets, EngineError> {
    // All are read before any is indexed: where a polygon may be that one set lacks, the states of another say.
    let read: Vec<PolygonSet> = plan
        .jurisdictions
        .par_iter()
        .zip(landed)
        .map(|(set, landed)| read_set(set, landed, plan, readers))
        .collect::<Result<_, _>>()?;
    let states = state_boxes(plan, &read);
    // To measure and simplify takes about as long as to read: for those alone who list them.
    let indexed: Vec<IndexedSet> = plan
        .jurisdictions
        .par_iter()
        .zip(read)
        .map(|(set, read)| index_set(set, read, &states, plan))
        .collect();
    let mut sets = Vec::with_capacity(indexed.len());
    let mut read = Vec::with_capacity(indexed.len());
    let mut outlines = Vec::new();
    for set in indexed {
        sets.push(set.join);
        read.push(set.read);
        // The first set of a kind is the one that answers.
        if outlines.is_empty() {
            outlines = set.outlines;
        }
    }
    Ok(Sets {
        context: JoinContext::new(sets, &plan.reference),
        read,
        outlines,
    })
}

/// A set, its account, and the outlines of its states; none of any other kind.
struct IndexedSet {
    join: JoinSet,
    read: SetRead,
    outlines: Vec<Outline>,
}

fn index_set(
    set: &JurisdictionPlan,
    read: PolygonSet,
    states: &BTreeMap<String, Rect<f64>>,
    plan: &Plan,
) -> IndexedSet {
    let PolygonSet {
        boundaries,
        parents,
        unusable,
        restored,
    } = read;
    let polygons = boundaries.len() as u64;
    let has_shapes = plan.makes_product(product_names::REGISTRY);
    let jurisdictions = list_jurisdictions(&boundaries, &parents, has_shapes);
    let outlines = if set.kind.is_state() {
        outlines_of(&boundaries)
    } else {
        vec![]
    };
    let gaps = unusable
        .iter()
        .filter_map(|item| gaps::gap_of(set, item.code.as_deref(), item.place, &boundaries, states))
        .collect();
    // A copy of every vertex: only where something is to be shared out.
    let has_lines = plan
        .layers
        .iter()
        .any(|layer| layer.schema.geometry != GeometryKind::Point);
    let surfaces = has_lines.then(|| SurfaceIndex::build(&boundaries));
    if let Some(surfaces) = &surfaces {
        surfaces.prepare();
    }
    let join = JoinSet {
        plan: set.clone(),
        surfaces,
        index: JurisdictionIndex::build(boundaries),
        gaps,
    };
    let read = SetRead {
        jurisdictions,
        polygons,
        unusable: unusable.iter().map(Unusable::to_string).collect(),
        restored_codes: restored,
    };
    IndexedSet { join, read, outlines }
}

/// Boxes around the states: by their own polygons, else by their counties'.
fn state_boxes(plan: &Plan, read: &[PolygonSet]) -> BTreeMap<String, Rect<f64>> {
    let mut boxes = BTreeMap::new();
    for kind in [JurisdictionKind::STATE, JurisdictionKind::COUNTY] {
        let sets = plan
            .jurisdictions
            .iter()
            .zip(read)
            .filter(|(set, _)| set.kind.id == kind);
        for (state, bounds) in sets.flat_map(|(_, read)| gaps::boxes_by_state(&read.boundaries)) {
            boxes.entry(state).or_insert(bounds);
        }
    }
    boxes
}

/// The plan's sets without a polygon, for a run that locates nothing.
pub fn context_without_polygons(plan: &Plan) -> JoinContext {
    let sets = plan.jurisdictions.iter().map(|set| JoinSet {
        plan: set.clone(),
        surfaces: Some(SurfaceIndex::build(&[])),
        index: JurisdictionIndex::build(vec![]),
        gaps: vec![],
    });
    JoinContext::new(sets.collect(), &plan.reference)
}

/// Outlines of the states alone, as `join_context` has them; reads no other set.
///
/// For bytes that an earlier run has read without harm: they are read in this process.
///
/// # Errors
/// As `join_context`.
pub fn state_outlines(plan: &Plan, landed: &[Landed]) -> Result<Vec<Outline>, EngineError> {
    let mut sets = plan.jurisdictions.iter().zip(landed);
    let states = sets.find(|(set, _)| set.kind.is_state());
    let readers = Readers::in_process();
    states.map_or(Ok(vec![]), |(set, landed)| {
        Ok(outlines_of(&read_set(set, landed, plan, &readers)?.boundaries))
    })
}

/// The polygons of a set.
#[derive(Default)]
struct PolygonSet {
    boundaries: Vec<Boundary>,
    /// What each code is a part of, where the set says.
    parents: BTreeMap<String, String>,
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

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.as_deref().unwrap_or("no code");
        write!(f, "{}: {code}", self.origin)?;
        if let Some(name) = &self.name {
            write!(f, " ({name})")?;
        }
        write!(f, ": {}", self.why)
    }
}

fn read_set(
    set: &JurisdictionPlan,
    landed: &Landed,
    plan: &Plan,
    readers: &Readers,
) -> Result<PolygonSet, EngineError> {
    // `--limit` takes the first rows of layers; the first counties of a set would place nothing.
    let limits = crate::plan::Limits {
        rows: None,
        ..plan.limits
    };
    let reader = readers
        .open(landed, &set.source, &limits, None)
        .map_err(|source| EngineError::Source { source })?;
    let crs = reader.crs().to_string();
    let mut reprojection: Option<Option<Box<dyn Reproject>>> = None;
    let mut read = PolygonSet::default();
    for batch in reader {
        let batch = batch.map_err(|source| EngineError::Source { source })?;
        if reprojection.is_none() {
            let found = source::reprojection_to_crs84(&batch.crs);
            reprojection = Some(found.map_err(|source| EngineError::Source { source })?);
        }
        let transform = reprojection.as_ref().and_then(|inner| inner.as_deref());
        read_batch(set, &batch, plan, transform, &mut read)?;
    }
    if reprojection
        .flatten()
        .is_some_and(|transform| transform.coordinates_seen().are_degrees())
    {
        return Err(EngineError::Degrees {
            shown: set.source.shown.to_string(),
            crs,
        });
    }
    let bad = read.unusable.len();
    let all = bad + read.boundaries.len();
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
            first: first.to_string(),
        }),
        None => Ok(read),
    }
}

fn outlines_of(boundaries: &[Boundary]) -> Vec<Outline> {
    let outlines = boundaries.iter().map(|boundary| Outline {
        code: boundary.code.clone(),
        rings: geometry::outline(&boundary.shape),
    });
    outlines.collect()
}

fn read_batch(
    set: &JurisdictionPlan,
    batch: &RawBatch,
    plan: &Plan,
    transform: Option<&dyn Reproject>,
    read: &mut PolygonSet,
) -> Result<(), EngineError> {
    let codes = text_column(set, batch, &set.code)?;
    let names = optional_column(set, batch, set.name.as_deref())?;
    let parents = optional_column(set, batch, set.parent.as_deref())?;
    let geometry = without_lines(&batch.geometry);
    let prepared = shapes::prepare(&geometry, &batch.crs, GeometryKind::Polygon, transform);
    let defects: BTreeMap<usize, String> = prepared
        .defects
        .iter()
        .chain(&batch.defects)
        .map(|defect| (defect.index, describe_defect(defect)))
        .collect();
    for (row, shape) in prepared.shapes.into_iter().enumerate() {
        let written = filled_text(&codes, row);
        let name = names.as_ref().and_then(|names| filled_text(names, row));
        let code = written
            .as_deref()
            .map(|code| codes::restore_code(code, &set.kind, &plan.reference.states));
        let polygon = match (defects.get(&row), shape.and_then(into_polygons)) {
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
                let parent = parents.as_ref().and_then(|parents| filled_text(parents, row));
                note_parent(&mut read.parents, &code, parent);
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
                place: gaps::polygon_whereabouts(&geometry, row, transform),
            }),
        }
    }
    Ok(())
}

/// Of several polygons of a code the lowest parent counts, in whatever order they come.
fn note_parent(parents: &mut BTreeMap<String, String>, code: &str, parent: Option<String>) {
    let Some(parent) = parent else { return };
    let lowest = parents.entry(code.to_owned()).or_insert_with(|| parent.clone());
    if parent < *lowest {
        *lowest = parent;
    }
}

/// The text of a row, without the blanks around it; none where that is nothing.
fn filled_text(column: &StringArray, row: usize) -> Option<String> {
    let text = column.is_valid(row).then(|| column.value(row).trim())?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Why a row can't be used.
fn describe_defect(defect: &Defect) -> String {
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
    let areas = geometries.iter().map(|wkb| {
        let wkb = wkb?;
        Some(geometry::areas(wkb).unwrap_or_else(|| wkb.to_owned()))
    });
    areas.collect()
}

fn optional_column(
    set: &JurisdictionPlan,
    batch: &RawBatch,
    name: Option<&str>,
) -> Result<Option<StringArray>, EngineError> {
    name.map(|name| text_column(set, batch, name)).transpose()
}

fn text_column(set: &JurisdictionPlan, batch: &RawBatch, name: &str) -> Result<StringArray, EngineError> {
    let mut columns = batch.columns.iter();
    let exact = columns.clone().find(|(column, _)| column == name);
    exact
        .or_else(|| columns.find(|(column, _)| column.eq_ignore_ascii_case(name)))
        .map(|(_, values)| spelling::spell_column(values))
        .ok_or_else(|| EngineError::MissingColumn {
            shown: set.source.shown.to_string(),
            column: name.to_owned(),
            found: batch.columns.iter().map(|(column, _)| column.clone()).collect(),
        })
}

fn into_polygons(geometry: Geometry<f64>) -> Option<MultiPolygon<f64>> {
    match geometry {
        Geometry::Polygon(polygon) => Some(MultiPolygon::new(vec![polygon])),
        Geometry::MultiPolygon(polygons) => Some(polygons),
        _ => None,
    }
}
