//! Reads the polygons of a set: those that can be used, with their codes restored, and an account of the others.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use arrow_array::{Array, BinaryArray, StringArray};
use geo::{Geometry, MultiPolygon};
use serde::{Deserialize, Serialize};

use super::EngineError;
use super::codes;
use super::gaps::{self, Whereabouts};
use crate::feature::{Defect, Landed, RawBatch, Reproject, spelling};
use crate::kernel::geometry;
use crate::kernel::jurisdiction::Boundary;
use crate::kernel::shapes;
use crate::plan::{GeometryKind, JurisdictionPlan, Limits, Plan};
use crate::source::{self, Readers};

/// The polygons of a set.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PolygonSet {
    /// Not part of its JSON, which has no room for so many numbers.
    #[serde(skip)]
    pub(super) boundaries: Vec<Boundary>,
    /// What each code is a part of, where the set says.
    pub(super) parents: BTreeMap<String, String>,
    pub(super) unusable: Vec<Unusable>,
    /// Codes that were restored to their digits.
    pub(super) restored: u64,
}

/// A polygon that can't be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Unusable {
    pub(super) origin: String,
    pub(super) code: Option<String>,
    pub(super) name: Option<String>,
    pub(super) why: String,
    pub(super) place: Whereabouts,
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

/// Reads a set; its errors are those of the run.
///
/// # Errors
/// When it can't be read, has no polygon, or over a tenth of it can't be used.
pub(super) fn read_set(
    set: &JurisdictionPlan,
    landed: &Landed,
    plan: &Plan,
    readers: &Readers,
) -> Result<PolygonSet, EngineError> {
    // `--limit` takes the first rows of layers; the first counties of a set would place nothing.
    let limits = Limits {
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
