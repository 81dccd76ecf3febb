//! Looks through a file: its table, its columns, its geometries.
//!
//! Reads through `rows`, and has `source` describe the file.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use arrow_array::{Array, ArrayRef};

use super::column::Column;
use super::crs::{self, PlaceChoice};
use super::crs_evidence::CrsEvidence;
use super::geometry::GeometryTally;
use super::names;
use super::parts;
use super::places::Places;
use super::request::Request;
use super::rows::{broken_rows, read_batches};
use super::survey::Survey;
use crate::feature::extensions::dataset_extension;
use crate::feature::{Crs, spelling};
use crate::plan::{CsvGeometry, Dialect, Format, Reference, State};
use crate::source::{self, Description, LayerDescription, SourceError};

/// Looks through the wanted file.
pub(super) fn look_through(wanted: &Request, reference: &Reference) -> Result<Survey, SourceError> {
    let description = source::describe(&wanted.path)?;
    // The one of this name, or the first with geometries.
    let layer = description.choose_layer(wanted.table.as_deref(), &wanted.path.display().to_string())?;
    let (format, has_coordinates) = reading_format(&description, layer, wanted.table.is_some());
    let spatial = description.layers.iter().filter(|other| other.geometry.is_some());
    let others = spatial
        .map(|other| other.name.clone())
        .filter(|other| *other != layer.name)
        .collect();
    let mut survey = Survey {
        path: wanted.shown.clone(),
        id: layer_id(&description, layer, wanted),
        name: layer.name.clone(),
        format,
        has_coordinates,
        parts: Vec::new(),
        crs: layer.crs.clone().map_or(CrsEvidence::Asked, CrsEvidence::Stated),
        remarks: Vec::new(),
        others,
        columns: Vec::new(),
        shapes: GeometryTally::default(),
        rows: 0,
        broken: 0,
        nowhere: 0,
        first_nowhere: None,
        is_partial: false,
        most_lost: 0,
        rejected: None,
        outside: None,
        places: Places::new([]),
    };
    read_rows(&mut survey, layer, wanted, &reference.states)?;
    // That a column is well-known text shows in its values alone, so such a file is read once more, with its
    // geometry.
    if let Some(column) = well_known_text(&survey) {
        survey.format.set_csv_geometry(CsvGeometry::Wkt { column });
        survey.has_coordinates = true;
        read_rows(&mut survey, layer, wanted, &reference.states)?;
    }
    refuse_no_table(&survey, wanted)?;
    // Whole degrees and minutes up to 60 tell parts of coordinates from `LAT_MIN`, the lowest latitude: known
    // once the values were seen.
    leave_parts_out(&mut survey, layer);
    survey.is_partial = wanted.rows.is_some_and(|rows| {
        survey.rows + survey.broken == rows && layer.features.is_none_or(|all| all > rows)
    });
    // A few planted or real defects in a small file don't unmake its key, but none may fail a run.
    survey.most_lost = (survey.rows / 100).max((survey.rows / 20).min(5));
    choose_place(&mut survey, wanted);
    Ok(survey)
}

/// Takes no column for a coordinate that holds a part of one.
fn leave_parts_out(survey: &mut Survey, layer: &LayerDescription) {
    survey.parts = parts::coordinate_parts(&survey.columns);
    survey.places.leave_out(&survey.parts);
    let parts = &survey.parts;
    if let Some(CsvGeometry::Xy { x, y, .. }) = survey.format.csv_geometry()
        && (parts.contains(x) || parts.contains(y))
    {
        survey.format.set_csv_geometry(first_column(layer));
        survey.has_coordinates = false;
    }
}

/// What a run could land: a folder around one file is that file, unless it is a `FileGDB`.
pub(super) fn landable_file(path: &Path, table: Option<&str>) -> Option<PathBuf> {
    if !path.is_dir() || dataset_extension(path) == Some("gdb") {
        return None;
    }
    let entries = path.read_dir().ok()?.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| dataset_extension(path).is_some()).collect();
    files.sort();
    let named = files.iter().position(|path| {
        path.file_stem()
            .is_some_and(|stem| table.is_some_and(|table| stem == table))
    });
    let only = (files.len() == 1).then_some(0);
    named.or(only).map(|at| files.swap_remove(at))
}

/// The wanted id, or one of the table's name; a sheet that nobody named goes by its file's.
fn layer_id(description: &Description, layer: &LayerDescription, wanted: &Request) -> String {
    let is_sheet = matches!(description.format, Some(Format::Xlsx { .. }));
    let stem = wanted
        .path
        .file_stem()
        .filter(|_| is_sheet && names::is_unnamed_sheet(&layer.name));
    let name = stem.map_or_else(|| layer.name.clone().into(), OsStr::to_string_lossy);
    wanted.id.clone().unwrap_or_else(|| names::layer_id(&name))
}

/// Refuses text that has commas, say, and is no table: nobody could make a layer of it.
fn refuse_no_table(survey: &Survey, wanted: &Request) -> Result<(), SourceError> {
    // So many broken records are no accident, even where some lines happen to fit.
    const MANY: u64 = 10;
    if !matches!(survey.format, Format::Csv { .. }) {
        return Ok(());
    }
    let broken = survey.broken;
    let all = survey.rows + broken;
    let is_ragged = broken * 2 > all || broken >= MANY && broken * 4 > all;
    let found = match survey.columns.len() {
        _ if is_ragged => "text whose lines differ in their number of fields",
        1 if !survey.has_coordinates => "text of a single column",
        _ => return Ok(()),
    };
    let shown = wanted.path.display().to_string();
    Err(SourceError::Unexpected {
        shown,
        expected: "a table of delimited text",
        found,
    })
}

/// How to read the table, and whether its geometry has been found.
///
/// A text file without coordinates is read all the same, for its columns.
fn reading_format(description: &Description, layer: &LayerDescription, is_named: bool) -> (Format, bool) {
    match &description.format {
        Some(Format::Ogr { .. }) => {
            let is_one = description.layers.len() == 1 && !is_named;
            (
                Format::Ogr {
                    layer: (!is_one).then(|| layer.name.clone()),
                    allow_views: false,
                },
                true,
            )
        }
        Some(Format::Xlsx {
            header_row, geometry, ..
        }) => {
            let is_one = description.layers.len() == 1 && !is_named;
            let is_found = matches!(geometry, CsvGeometry::Xy { x, y, .. } if has_column(layer, x) && has_column(layer, y));
            let geometry = if is_found {
                geometry.clone()
            } else {
                first_column(layer)
            };
            let sheet = (!is_one).then(|| layer.name.clone());
            (
                Format::Xlsx {
                    sheet,
                    header_row: *header_row,
                    geometry,
                },
                is_found,
            )
        }
        Some(format) => (format.clone(), true),
        None => {
            let dialect = description.dialect.unwrap_or(Dialect::USUAL);
            (
                Format::Csv {
                    dialect,
                    geometry: first_column(layer),
                },
                false,
            )
        }
    }
}

fn has_column(layer: &LayerDescription, name: &str) -> bool {
    layer.columns.iter().any(|column| column.name == name)
}

/// Where nothing looks like a geometry, a column stands in, so that the others can be read.
fn first_column(layer: &LayerDescription) -> CsvGeometry {
    let column = layer
        .columns
        .first()
        .map(|column| column.name.clone())
        .unwrap_or_default();
    CsvGeometry::Wkt { column }
}

fn read_rows(
    survey: &mut Survey,
    layer: &LayerDescription,
    wanted: &Request,
    states: &[State],
) -> Result<(), SourceError> {
    survey.columns = layer
        .columns
        .iter()
        .map(|c| Column::new(&c.name, c.declared.as_deref()))
        .collect();
    survey.places = Places::new(layer.columns.iter().map(|column| column.name.as_str()));
    survey.rows = 0;
    survey.broken = 0;
    survey.nowhere = 0;
    let has_geometry = !matches!(survey.format.csv_geometry(), Some(CsvGeometry::Xy { .. }));
    let mut places: HashMap<String, usize> = survey
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| (column.name.clone(), at))
        .collect();
    for batch in read_batches(&survey.format, wanted, None)? {
        let batch = batch?;
        let broken = broken_rows(&batch);
        for (name, values) in &batch.columns {
            let place = *places.entry(name.clone()).or_insert_with(|| {
                survey.columns.push(Column::new(name, None));
                survey.columns.len() - 1
            });
            note_values(&mut survey.columns[place], values, &broken, states);
        }
        let whole = (0..batch.len()).filter(|row| !broken.contains(row));
        survey.nowhere += whole.clone().filter(|row| batch.geometry.is_null(*row)).count() as u64;
        survey.places.note_batch(&batch, has_geometry, whole);
        survey.rows += (batch.len() - broken.len()) as u64;
        survey.broken += broken.len() as u64;
    }
    Ok(())
}

fn note_values(column: &mut Column, values: &ArrayRef, broken: &HashSet<usize>, states: &[State]) {
    let texts = spelling::spell_column(values);
    let whole = texts.iter().enumerate().filter(|(row, _)| !broken.contains(row));
    whole
        .filter_map(|(_, value)| value)
        .for_each(|value| column.note_value(value, states));
}

/// The column of well-known text by its values, where the file is read otherwise and has no coordinates.
fn well_known_text(survey: &Survey) -> Option<String> {
    let geometry = survey.format.csv_geometry()?;
    let has_pair = survey
        .places
        .pairs
        .iter()
        .any(|pair| pair.place.shapes.count() > 0);
    let found = survey.columns.iter().find(|column| column.is_well_known_text())?;
    let is_chosen =
        survey.has_coordinates && matches!(geometry, CsvGeometry::Wkt { column } if *column == found.name);
    (!is_chosen && (!has_pair || found.has_shapes())).then(|| found.name.clone())
}

/// Chooses among the places of the file, and says in which CRS it is.
fn choose_place(survey: &mut Survey, wanted: &Request) {
    let places = std::mem::replace(&mut survey.places, Places::new([]));
    let columns = survey.format.csv_geometry();
    let is_text = columns.is_some();
    let has_wkt = matches!(columns, Some(CsvGeometry::Wkt { .. }))
        && survey.has_coordinates
        && places.geometry.shapes.count() > 0;
    match crs::of_pairs(&places) {
        Some(choice) if is_text && !has_wkt => choose_pair(survey, places, choice),
        _ => {
            let is_beyond = places.geometry.shapes.is_beyond_degrees();
            // GeoJSON is in degrees unless somebody says otherwise; metres say otherwise.
            let is_doubtful = is_beyond
                && survey.crs == CrsEvidence::Stated(Crs::Crs84)
                && read_batches(&survey.format, wanted, Some(Crs::Code("EPSG:3857".to_owned()))).is_ok();
            if survey.crs == CrsEvidence::Asked && survey.has_coordinates || is_doubtful {
                survey.crs = crs::of_geometry(&places);
            }
            survey.shapes = places.geometry.shapes;
        }
    }
}

fn choose_pair(survey: &mut Survey, mut places: Places, choice: PlaceChoice) {
    let pair = places.pairs.swap_remove(choice.place);
    survey.nowhere = survey.rows.saturating_sub(pair.place.shapes.count());
    survey
        .format
        .set_csv_geometry(CsvGeometry::of_columns(pair.x, pair.y));
    survey.first_nowhere = pair.missing;
    survey.has_coordinates = true;
    survey.shapes = pair.place.shapes;
    survey.crs = choice.word;
    survey.remarks = choice.remarks;
}
