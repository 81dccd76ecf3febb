//! Polygon sets: read, their fields chosen, indexed.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use geo::{Geometry, MultiPolygon};
use rayon::prelude::*;

use super::asked::{Detail, SetAsked};
use super::error::JoinError;
use super::kept_sets::{KeptPlace, SetNote};
use super::names;
use super::open::Opened;
use crate::config::known_names_hint;
use crate::feature::{Defect, RawBatch, spelling};
use crate::kernel::geometry;
use crate::kernel::jurisdiction::{Boundary, JurisdictionIndex, SurfaceIndex};
use crate::kernel::shapes;
use crate::plan::GeometryKind;
use crate::source;
use crate::store::KeptFolder;

/// Unusable rows of a set that are told of; more are counted alone.
const TOLD: usize = 5;

/// A polygon set, ready to be asked.
#[derive(Debug)]
pub struct PolygonSet {
    /// What its columns begin with.
    pub id: String,
    /// Its file, for messages.
    pub shown: Arc<str>,
    /// Field of the codes.
    pub code_field: String,
    /// Whether the field of the codes was named, and not found by its name.
    pub is_code_named: bool,
    /// Field of the names, where there is one.
    pub name_field: Option<String>,
    /// Rows that can't be used.
    pub unusable: usize,
    /// The first of them: row and why.
    pub first_unusable: Vec<String>,
    /// Whether the codes are numbers in the file, so that zeros before them are lost.
    pub has_numbers: bool,
    /// Which polygon holds a point.
    pub index: JurisdictionIndex,
    /// The same as surfaces, where shares are asked for.
    pub(super) surfaces: Option<SurfaceIndex>,
    /// Codes by rank.
    pub(super) codes: Arc<StringArray>,
    /// Names by rank; none where there is no field of names.
    pub(super) names: Option<Arc<StringArray>>,
}

/// Reads and indexes sets, side by side, in the order asked for and for what is asked of them; where `kept` is a folder, a set
/// is read back from it while its file and what is asked of it are the same, and kept there else.
///
/// ```
/// use std::path::Path;
///
/// use cikr::join::{Detail, FileAsked, SetAsked, read_sets};
/// use geo::Point;
///
/// let counties = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/us_counties.gpkg");
/// let asked = SetAsked {
///     id: "counties".to_owned(),
///     file: FileAsked::of_path(&counties),
///     code: None,
///     name: None,
/// };
/// let sets = read_sets(&[asked], Detail::None, None)?;
/// assert_eq!((sets[0].code_field.as_str(), sets[0].unusable), ("GEOID", 0));
/// let houston = sets[0].index.locate(Point::new(-95.4, 29.8)).map(|found| found.code);
/// assert_eq!(houston, Some("48201"));
/// # Ok::<(), cikr::join::JoinError>(())
/// ```
///
/// # Errors
/// Where one can't be read, lacks a field, or over a tenth of it can't be used.
pub fn read_sets(
    asked: &[SetAsked],
    detail: Detail,
    kept: Option<&KeptFolder>,
) -> Result<Vec<PolygonSet>, JoinError> {
    asked
        .par_iter()
        .map(|asked| recall_or_read_set(asked, detail, kept))
        .collect()
}

fn recall_or_read_set(
    asked: &SetAsked,
    detail: Detail,
    kept: Option<&KeptFolder>,
) -> Result<PolygonSet, JoinError> {
    let place = kept.and_then(|folder| KeptPlace::of(folder, asked, detail));
    let Some(place) = place else {
        let (note, boundaries) = read_set(asked)?;
        let surfaces = make_surfaces(&boundaries, detail);
        return Ok(ready_set(
            asked,
            note,
            surfaces,
            JurisdictionIndex::build(boundaries),
        ));
    };
    if let Some(known) = place.recall() {
        let surfaces = make_surfaces(&known.boundaries, detail);
        return Ok(ready_set(asked, known.note, surfaces, known.index));
    }
    let (note, boundaries) = read_set(asked)?;
    let surfaces = make_surfaces(&boundaries, detail);
    // Shares are cut out of the boundaries themselves; for points the index has all that is needed.
    let needed: &[Boundary] = if surfaces.is_some() { &boundaries } else { &[] };
    let file = place.begin(&note, needed);
    let index = JurisdictionIndex::build(boundaries);
    if let Some(file) = file {
        file.finish(&index, asked);
    }
    Ok(ready_set(asked, note, surfaces, index))
}

/// Surfaces for shares: a copy of every vertex, so only where something is to be shared out.
fn make_surfaces(boundaries: &[Boundary], detail: Detail) -> Option<SurfaceIndex> {
    let is_shared = matches!(detail, Detail::Shares);
    let surfaces = is_shared.then(|| SurfaceIndex::build(boundaries))?;
    surfaces.prepare();
    Some(surfaces)
}

fn ready_set(
    asked: &SetAsked,
    note: SetNote,
    surfaces: Option<SurfaceIndex>,
    index: JurisdictionIndex,
) -> PolygonSet {
    let codes = StringArray::from_iter_values(index.names().map(|found| found.code));
    let names: StringArray = index.names().map(|found| found.name).collect();
    PolygonSet {
        id: asked.id.clone(),
        shown: asked.file.shown().into(),
        is_code_named: asked.code.is_some(),
        code_field: note.code_field,
        names: note.name_field.is_some().then(|| Arc::new(names)),
        name_field: note.name_field,
        unusable: note.unusable,
        first_unusable: note.first_unusable,
        has_numbers: note.has_numbers,
        index,
        surfaces,
        codes: Arc::new(codes),
    }
}

/// A set's polygons, and what is to be told of it.
fn read_set(asked: &SetAsked) -> Result<(SetNote, Vec<Boundary>), JoinError> {
    let opened = Opened::look_at(&asked.file, &format!("--to-crs {}=CRS", asked.id))?;
    let reader = opened.open_reader()?;
    let crs = reader.crs().clone();
    // A set is in memory as a whole, so that its fields can be chosen once all of them are known.
    let batches: Vec<RawBatch> = reader
        .collect::<Result<_, _>>()
        .map_err(|source| opened.source_error(source))?;
    let fields = field_names(&batches);
    let shown = opened.shown();
    let code_field = chosen_code_field(asked, shown, &fields)?;
    let name_field = match &asked.name {
        Some(name) => Some(named_field(name, shown, &fields)?),
        None => names::name_field(&fields).cloned(),
    };
    let transform = source::reprojection_to_crs84(&crs).map_err(|source| JoinError::Source { source })?;
    let mut gathered = Gathered::default();
    for batch in &batches {
        let geometry = without_lines(&batch.geometry);
        let prepared = shapes::prepare(&geometry, &crs, GeometryKind::Polygon, transform.as_deref());
        gathered.add_batch(batch, prepared, &code_field, name_field.as_deref());
    }
    if transform.is_some_and(|transform| transform.coordinates_seen().are_degrees()) {
        return Err(JoinError::Degrees {
            shown: shown.to_string(),
            crs: crs.to_string(),
        });
    }
    gathered.refuse_poor(shown)?;
    let has_numbers = batches
        .iter()
        .any(|batch| column_of(batch, &code_field).is_some_and(|codes| codes.data_type().is_numeric()));
    let note = SetNote {
        code_field,
        name_field,
        unusable: gathered.unusable,
        first_unusable: gathered.first_unusable,
        has_numbers,
    };
    Ok((note, gathered.boundaries))
}

/// Fields of all batches, in the order in which they come.
fn field_names(batches: &[RawBatch]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in batches.iter().flat_map(|batch| &batch.columns) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn chosen_code_field(asked: &SetAsked, shown: &str, fields: &[String]) -> Result<String, JoinError> {
    if let Some(code) = &asked.code {
        return named_field(code, shown, fields);
    }
    names::code_field(fields)
        .cloned()
        .ok_or_else(|| JoinError::NoCodeField {
            shown: shown.to_owned(),
            set: asked.id.clone(),
            found: fields.to_vec(),
        })
}

/// A field that somebody names, in whatever case.
fn named_field(name: &str, shown: &str, fields: &[String]) -> Result<String, JoinError> {
    let mut known = fields.iter();
    let found = known
        .clone()
        .find(|field| *field == name)
        .or_else(|| known.find(|field| field.eq_ignore_ascii_case(name)));
    found.cloned().ok_or_else(|| JoinError::MissingField {
        shown: shown.to_owned(),
        field: name.to_owned(),
        hint: known_names_hint(name, fields.iter().map(String::as_str))
            .map(|hint| format!("; {hint}"))
            .unwrap_or_default(),
    })
}

fn column_of<'a>(batch: &'a RawBatch, name: &str) -> Option<&'a ArrayRef> {
    let mut columns = batch.columns.iter();
    columns
        .find(|(column, _)| column == name)
        .map(|(_, values)| values)
}

/// Polygons with a code, and an account of the other rows.
#[derive(Default)]
struct Gathered {
    boundaries: Vec<Boundary>,
    unusable: usize,
    first_unusable: Vec<String>,
}

impl Gathered {
    fn add_batch(&mut self, batch: &RawBatch, prepared: shapes::Prepared, code: &str, name: Option<&str>) {
        let codes = column_of(batch, code).map(spelling::spell_column);
        let names = name
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
                    self.boundaries.push(Boundary { code, name, shape });
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
    }

    /// Fewer than all but a tenth are no set to place anything by.
    fn refuse_poor(&self, shown: &str) -> Result<(), JoinError> {
        let first = self.first_unusable.first().cloned();
        if self.boundaries.is_empty() {
            return Err(JoinError::NoPolygons {
                shown: shown.to_owned(),
                first,
            });
        }
        let all = self.unusable + self.boundaries.len();
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
