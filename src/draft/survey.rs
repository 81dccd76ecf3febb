//! Looks through a file: its table, its columns, its geometries.
//!
//! The only file of the room that reads, and it reads through `source`.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use arrow_array::StringArray;

use super::Wanted;
use super::column::Column;
use super::geometry::Shapes;
use super::names::squeezed;
use crate::feature::{Crs, Landed, RawBatch};
use crate::plan::{CsvGeometry, Format, Limits, Reference, SourcePlan, State};
use crate::source::{self, Description, LayerDescription, SourceError};

/// What a look through a file has shown.
#[derive(Debug)]
pub(super) struct Survey {
    /// The file, as given.
    pub(super) path: String,
    /// Name of the table, or the file's stem.
    pub(super) name: String,
    /// How to read it.
    pub(super) format: Format,
    /// Whether columns of coordinates were found, in a text file.
    pub(super) has_coordinates: bool,
    /// CRS that the file states.
    pub(super) crs: Option<Crs>,
    /// Other tables of the file with geometries.
    pub(super) others: Vec<String>,
    /// Columns in source order.
    pub(super) columns: Vec<Column>,
    /// Geometries.
    pub(super) shapes: Shapes,
    /// Rows looked at, broken records left out.
    pub(super) rows: u64,
    /// Records that can't be parsed.
    pub(super) broken: u64,
    /// Whether these are not all.
    pub(super) is_partial: bool,
    /// Repetitions up to which a column may be a key.
    pub(super) most_lost: u64,
}

/// Bounds while a file is looked at, but for the rows.
const LIMITS: Limits =
    Limits { record_bytes: 16 << 20, batch_rows: 4096, rows: None, archive_bytes: 16 << 30 };

/// Names of y and x that go together, as parts of longer names.
const PAIRS: [(&str, &str); 5] =
    [("latitude", "longitude"), ("lat", "lon"), ("lat", "long"), ("lat", "lng"), ("ycoord", "xcoord")];

/// Looks through the wanted file.
pub(super) fn survey(wanted: &Wanted, reference: &Reference) -> Result<Survey, SourceError> {
    let path = wanted.path.as_path();
    let description = source::describe(path)?;
    let layer = table(&description, path, wanted.table.as_deref())?;
    let (format, has_coordinates) = format(&description, layer, wanted.table.is_some());
    let spatial = description.layers.iter().filter(|other| other.geometry.is_some());
    let others = spatial.map(|other| other.name.clone()).filter(|other| *other != layer.name).collect();
    let mut survey = Survey {
        path: path.display().to_string(),
        name: layer.name.clone(),
        format,
        has_coordinates,
        crs: layer.crs.clone(),
        others,
        columns: layer.columns.iter().map(|c| Column::new(&c.name, c.declared.as_deref())).collect(),
        shapes: Shapes::default(),
        rows: 0,
        broken: 0,
        is_partial: false,
        most_lost: (wanted.rows / 100).max(5),
    };
    read(&mut survey, wanted, &reference.states)?;
    survey.is_partial =
        survey.rows + survey.broken == wanted.rows && layer.features.is_none_or(|all| all > wanted.rows);
    // A few planted or real defects in a small file don't unmake its key, but none may fail a run.
    survey.most_lost = (survey.rows / 100).max((survey.rows / 20).min(5));
    Ok(survey)
}

/// The table to look at: the one of this name, or the first with geometries.
fn table<'a>(
    description: &'a Description,
    path: &Path,
    name: Option<&str>,
) -> Result<&'a LayerDescription, SourceError> {
    let layers = &description.layers;
    let found = match name {
        Some(name) => layers.iter().find(|layer| layer.name.eq_ignore_ascii_case(name)),
        None => layers.iter().find(|layer| layer.geometry.is_some()).or(layers.first()),
    };
    let shown = path.display().to_string();
    match (found, name) {
        (Some(found), _) => Ok(found),
        (None, None) => Err(SourceError::NoLayer { shown }),
        (None, Some(name)) => Err(SourceError::NoSuchLayer {
            shown,
            layer: name.to_owned(),
            suggestion: None,
            layers: layers.iter().map(|layer| layer.name.clone()).collect(),
        }),
    }
}

/// How to read the table, and whether its geometry has been found.
///
/// A text file without coordinates is read all the same, for its columns.
fn format(description: &Description, layer: &LayerDescription, is_named: bool) -> (Format, bool) {
    match &description.format {
        Some(Format::Ogr { .. }) => {
            let is_one = description.layers.len() == 1 && !is_named;
            (Format::Ogr { layer: (!is_one).then(|| layer.name.clone()) }, true)
        }
        Some(Format::Xlsx { header_row, geometry, .. }) => {
            let is_one = description.layers.len() == 1 && !is_named;
            let has = |name: &String| layer.columns.iter().any(|column| column.name == *name);
            let (geometry, found) = match geometry {
                CsvGeometry::Xy { x, y } if has(x) && has(y) => (geometry.clone(), true),
                _ => text_geometry(layer),
            };
            let sheet = (!is_one).then(|| layer.name.clone());
            (Format::Xlsx { sheet, header_row: *header_row, geometry }, found)
        }
        Some(format) => (format.clone(), true),
        None => {
            let (geometry, found) = text_geometry(layer);
            (Format::Csv { delimiter: description.delimiter.unwrap_or(b','), geometry }, found)
        }
    }
}

/// Where the geometry of a table of text seems to be; its first column where nowhere.
fn text_geometry(layer: &LayerDescription) -> (CsvGeometry, bool) {
    let names: Vec<&str> = layer.columns.iter().map(|column| column.name.as_str()).collect();
    let column = names.first().map(|name| (*name).to_owned()).unwrap_or_default();
    match coordinates(&names) {
        Some((x, y)) => (CsvGeometry::Xy { x: x.to_owned(), y: y.to_owned() }, true),
        None => (CsvGeometry::Wkt { column }, false),
    }
}

/// Columns whose names differ only as x and y do: `latdec` and `londec`, `LATITUDE1` and `LONGITUDE1`.
fn coordinates<'a>(names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    PAIRS.iter().find_map(|(lat, lon)| {
        names.iter().find_map(|y| {
            let wanted = squeezed(y).contains(lat).then(|| squeezed(y).replacen(lat, lon, 1))?;
            names.iter().find(|x| squeezed(x) == wanted).map(|x| (*x, *y))
        })
    })
}

fn read(survey: &mut Survey, wanted: &Wanted, states: &[State]) -> Result<(), SourceError> {
    let plan = SourcePlan {
        path: wanted.path.clone(),
        shown: survey.path.as_str().into(),
        format: survey.format.clone(),
        crs: None,
    };
    let landed =
        Landed { path: wanted.path.clone(), sha256: String::new(), bytes: 0, landed_at: String::new() };
    let limits = Limits { rows: Some(wanted.rows), ..LIMITS };
    // Which CRS it is doesn't matter to the values; the draft asks where the file is silent.
    let reader = source::open(&landed, &plan, &limits, Some(&Crs::Crs84))?;
    let mut places: HashMap<String, usize> =
        survey.columns.iter().enumerate().map(|(at, column)| (column.name.clone(), at)).collect();
    for batch in reader {
        let batch = batch?;
        let broken = broken(&batch);
        for (name, values) in &batch.columns {
            let place = *places.entry(name.clone()).or_insert_with(|| {
                survey.columns.push(Column::new(name, None));
                survey.columns.len() - 1
            });
            note(&mut survey.columns[place], values, &broken, states, survey.most_lost);
        }
        note_shapes(&mut survey.shapes, &batch);
        survey.rows += (batch.len() - broken.len()) as u64;
        survey.broken += broken.len() as u64;
    }
    Ok(())
}

/// Rows whose values stand in the wrong columns, if in any.
fn broken(batch: &RawBatch) -> HashSet<usize> {
    batch.defects.iter().filter(|defect| defect.field == "record").map(|defect| defect.index).collect()
}

fn note(column: &mut Column, values: &StringArray, broken: &HashSet<usize>, states: &[State], most: u64) {
    let whole = values.iter().enumerate().filter(|(row, _)| !broken.contains(row));
    whole.filter_map(|(_, value)| value).for_each(|value| column.note(value, states, most));
}

fn note_shapes(shapes: &mut Shapes, batch: &RawBatch) {
    batch.geometry.iter().flatten().for_each(|wkb| shapes.note(wkb));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_found_by_what_their_names_share() {
        assert_eq!(coordinates(&["ID", "latdec", "londec"]), Some(("londec", "latdec")));
        assert_eq!(coordinates(&["LONGITUDE1", "LATITUDE1"]), Some(("LONGITUDE1", "LATITUDE1")));
        assert_eq!(coordinates(&["Lat", "Lng"]), Some(("Lng", "Lat")));
        assert_eq!(coordinates(&["PLATE", "LONGITUDE"]), None);
        assert_eq!(coordinates(&["ID", "LATITUDE"]), None);
    }
}
