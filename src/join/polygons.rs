//! Polygon sets: read, their fields chosen, indexed.

use std::sync::Arc;

use arrow_array::StringArray;
use rayon::prelude::*;
use tracing::{info, warn};

use super::asked::{Detail, SetAsked};
use super::error::JoinError;
use super::gathered::{Gathered, Polygons, SetFields};
use super::kept_sets::{KeptPlace, SetNote};
use super::names;
use super::open::Opened;
use super::own_columns::own_names;
use super::set_index::{SetBound, SetIndex};
use crate::config::known_names_hint;
use crate::kernel::jurisdiction::{
    Boundary, JurisdictionIndex, PartitionError, PartitionedIndexBuilder, SurfaceIndex,
};
use crate::source;
use crate::store::KeptFolder;

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
    pub index: SetIndex,
    /// The same as surfaces, where shares are asked for.
    pub(super) surfaces: Option<SurfaceIndex>,
    /// Codes by rank.
    pub(super) codes: Arc<StringArray>,
    /// Names by rank; none where there is no field of names.
    pub(super) names: Option<Arc<StringArray>>,
}

/// How sets are read.
#[derive(Debug, Clone, Copy)]
pub struct SetMeans<'a> {
    /// What is asked of them.
    pub detail: Detail,
    /// Folder from which a set is read back while its file and what is asked of it are the same, and where it is kept else.
    pub kept: Option<&'a KeptFolder>,
    /// Memory for the polygons of a set; only where neither what is near nor shares are asked for, and nothing is kept.
    pub bound: Option<SetBound<'a>>,
}

/// Reads and indexes sets, side by side, in the order asked for and for what is asked of them.
///
/// ```
/// use std::path::Path;
///
/// use cikr::join::{Detail, FileAsked, SetAsked, SetMeans, read_sets};
///
/// let counties = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/us_counties.gpkg");
/// let asked = SetAsked {
///     id: "counties".to_owned(),
///     file: FileAsked::of_path(&counties),
///     code: None,
///     name: None,
/// };
/// let means = SetMeans { detail: Detail::None, kept: None, bound: None };
/// let sets = read_sets(&[asked], means)?;
/// assert_eq!((sets[0].code_field.as_str(), sets[0].unusable), ("GEOID", 0));
/// assert!(sets[0].index.names().any(|county| county.code == "48201"));
/// # Ok::<(), cikr::join::JoinError>(())
/// ```
///
/// # Errors
/// Where one can't be read, lacks a field, or over a tenth of it can't be used.
pub fn read_sets(asked: &[SetAsked], means: SetMeans<'_>) -> Result<Vec<PolygonSet>, JoinError> {
    asked
        .par_iter()
        .map(|asked| recall_or_read_set(asked, means))
        .collect()
}

fn recall_or_read_set(asked: &SetAsked, means: SetMeans<'_>) -> Result<PolygonSet, JoinError> {
    let SetMeans { detail, kept, bound } = means;
    let place = kept.and_then(|folder| KeptPlace::of(folder, asked, detail));
    if let Some(known) = place.as_ref().and_then(KeptPlace::recall) {
        let surfaces = make_surfaces(&known.boundaries, detail);
        return Ok(ready_set(
            asked,
            known.note,
            surfaces,
            SetIndex::Whole(Box::new(known.index)),
        ));
    }
    let (note, polygons) = read_set(asked, bound)?;
    let boundaries = match polygons {
        Polygons::Kept(boundaries) => boundaries,
        Polygons::Filed(builder, bound) => {
            let index = partitioned_index(*builder, bound, asked)?;
            return Ok(ready_set(asked, note, None, index));
        }
    };
    let surfaces = make_surfaces(&boundaries, detail);
    // Shares are cut out of the boundaries themselves; for points the index has all that is needed.
    let needed: &[Boundary] = if surfaces.is_some() { &boundaries } else { &[] };
    let file = place.as_ref().and_then(|place| place.begin(&note, needed));
    let index = JurisdictionIndex::build(boundaries);
    if let Some(file) = file {
        file.finish(&index, asked);
    }
    Ok(ready_set(asked, note, surfaces, SetIndex::Whole(Box::new(index))))
}

/// Surfaces for shares: a copy of every vertex, so only where something is to be shared out.
fn make_surfaces(boundaries: &[Boundary], detail: Detail) -> Option<SurfaceIndex> {
    let is_shared = matches!(detail, Detail::Shares);
    let surfaces = is_shared.then(|| SurfaceIndex::build(boundaries))?;
    surfaces.prepare();
    Some(surfaces)
}

fn warn_of_tangled(id: &str, index: &SetIndex, surfaces: Option<&SurfaceIndex>) {
    for rank in surfaces.map(SurfaceIndex::tangled).unwrap_or_default() {
        let code = index.names().nth(*rank as usize).map(|found| found.code);
        warn!(
            set = id,
            code, "rings of a polygon cross too often to be sorted out: no line or area has a share in it"
        );
    }
}

fn ready_set(asked: &SetAsked, note: SetNote, surfaces: Option<SurfaceIndex>, index: SetIndex) -> PolygonSet {
    warn_of_tangled(&asked.id, &index, surfaces.as_ref());
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
fn read_set<'a>(asked: &SetAsked, bound: Option<SetBound<'a>>) -> Result<(SetNote, Polygons<'a>), JoinError> {
    let opened = Opened::look_at(&asked.file, &format!("--to-crs {}=CRS", asked.id))?;
    let fields = own_names(&opened)?;
    let shown = opened.shown();
    let code_field = chosen_code_field(asked, shown, &fields)?;
    let name_field = match &asked.name {
        Some(name) => Some(named_field(name, shown, &fields)?),
        None => names::name_field(&fields).cloned(),
    };
    let reader = opened.open_reader()?;
    let crs = reader.crs().clone();
    let transform = source::reprojection_to_crs84(&crs).map_err(|source| JoinError::Source { source })?;
    let fields = SetFields {
        code: &code_field,
        name: name_field.as_deref(),
        crs: &crs,
    };
    let mut gathered = Gathered::new(bound);
    for batch in reader {
        let batch = batch.map_err(|source| opened.source_error(source))?;
        gathered
            .add_batch(&batch, &fields, transform.as_deref())
            .map_err(|source| partition_error(shown, source))?;
    }
    if transform.is_some_and(|transform| transform.coordinates_seen().are_degrees()) {
        return Err(JoinError::Degrees {
            shown: shown.to_string(),
            crs: crs.to_string(),
        });
    }
    gathered.refuse_poor(shown)?;
    let note = SetNote {
        code_field,
        name_field,
        unusable: gathered.unusable,
        first_unusable: gathered.first_unusable,
        has_numbers: gathered.has_numbers,
    };
    Ok((note, gathered.polygons))
}

/// Indexes polygons that wait in a scratch file.
fn partitioned_index(
    builder: PartitionedIndexBuilder<'_>,
    bound: SetBound<'_>,
    asked: &SetAsked,
) -> Result<SetIndex, JoinError> {
    let index = builder
        .build(bound.vertices_at_once())
        .map_err(|source| partition_error(&asked.file.shown(), source))?;
    info!(
        set = asked.id,
        polygons = index.len(),
        "polygon set larger than its memory: it is asked a part at a time"
    );
    Ok(SetIndex::Partitioned {
        index,
        points_at_once: bound.points_at_once(),
    })
}

fn partition_error(shown: &str, source: PartitionError) -> JoinError {
    JoinError::Partitions {
        shown: shown.to_owned(),
        source,
    }
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
