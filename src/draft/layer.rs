//! The lines of a pipeline that would read the file, and what is to be decided about them.
//!
//! Pure. A CRS that the file doesn't state is proposed with its evidence, or asked for.

use super::crs::Word;
use super::rejects;
use super::survey::Survey;
use super::toml_text::{line, list, quoted};
use crate::plan::{CsvGeometry, Format};

/// Columns that hold the geometry of a text file.
pub(super) fn geometry_columns(survey: &Survey) -> Vec<&str> {
    match &survey.format {
        Format::Csv { geometry, .. } | Format::Xlsx { geometry, .. } => match geometry {
            CsvGeometry::Xy { x, y } => vec![x, y],
            CsvGeometry::Wkt { column } if survey.has_coordinates => vec![column],
            CsvGeometry::Wkt { .. } => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The `[[layer]]` table, without comment signs.
pub(super) fn table(survey: &Survey, id: &str) -> Vec<String> {
    let mut keys = vec![format!("path = {}", quoted(&survey.path))];
    let kind = match &survey.format {
        Format::Csv { delimiter, geometry } => {
            keys.extend(csv_geometry(geometry, survey.has_coordinates));
            if *delimiter != b',' {
                keys.push(format!("delimiter = {}", quoted(&char::from(*delimiter).to_string())));
            }
            "csv"
        }
        Format::Geojson => "geojson",
        Format::Geojsonl => "geojsonl",
        Format::Ogr { layer } => {
            keys.extend(layer.iter().map(|layer| format!("layer = {}", quoted(layer))));
            "ogr"
        }
        Format::Parquet { geometry } => {
            keys.extend(geometry.iter().map(|column| format!("geometry = {}", quoted(column))));
            "parquet"
        }
        Format::Esri => "arcgis",
        Format::Xlsx { sheet, header_row, geometry } => {
            keys.extend(sheet.iter().map(|sheet| format!("sheet = {}", quoted(sheet))));
            keys.extend(header_row.iter().map(|row| format!("header-row = {row}")));
            keys.extend(csv_geometry(geometry, survey.has_coordinates));
            "xlsx"
        }
    };
    let mut confirm = String::new();
    match &survey.crs {
        Word::Stated(_) => {}
        Word::Inferred(code, why) => {
            keys.push(format!("crs = {}", quoted(code)));
            confirm = format!(" # crs inferred from {}: confirm", line(why));
        }
        Word::Asked => keys.push("crs = \"EDIT\"".to_owned()),
    }
    vec![
        "[[layer]]".to_owned(),
        format!("id = {}", quoted(id)),
        format!("source.{kind} = {{ {} }}{confirm}", keys.join(", ")),
    ]
}

fn csv_geometry(geometry: &CsvGeometry, is_found: bool) -> Vec<String> {
    match geometry {
        CsvGeometry::Xy { x, y } => vec![format!("x = {}", quoted(x)), format!("y = {}", quoted(y))],
        CsvGeometry::Wkt { column } if is_found => vec![format!("wkt = {}", quoted(column))],
        CsvGeometry::Wkt { .. } => vec!["x = \"EDIT-X\"".to_owned(), "y = \"EDIT-Y\"".to_owned()],
    }
}

/// What is to be decided about the source, or is worth knowing, a line each.
pub(super) fn remarks(survey: &Survey) -> Vec<String> {
    let mut remarks = Vec::new();
    if !survey.has_coordinates {
        remarks.push("EDIT x and y: no columns look like coordinates or well-known text.".to_owned());
    }
    remarks.extend(crs(survey));
    remarks.extend(survey.remarks.iter().map(|remark| line(remark)));
    if survey.nowhere > 0 && survey.has_coordinates {
        remarks.push(format!(
            "{} of {} rows will be rejects: {}.",
            survey.nowhere,
            survey.rows,
            rejects::positions(survey)
        ));
    }
    if survey.broken > 0 {
        remarks.push(format!("{} further records can't be parsed: they will be rejects.", survey.broken));
    }
    if !survey.others.is_empty() {
        let others = list(survey.others.iter().map(String::as_str));
        remarks.push(line(&format!(
            "EDIT: the file has other tables, which --source-layer NAME drafts: {others}."
        )));
    }
    remarks
}

fn crs(survey: &Survey) -> Vec<String> {
    let beyond = survey.shapes.is_beyond_degrees();
    let reach = survey.shapes.extent().map(reach).unwrap_or_default();
    match &survey.crs {
        Word::Stated(crs) if beyond && crs.to_string() == "OGC:CRS84" => vec![
            format!("EDIT: the file says that its CRS is OGC:CRS84, but {reach}:"),
            "these are no degrees. Ask its makers, and repair the file.".to_owned(),
        ],
        Word::Stated(crs) => vec![line(&format!("The file says, or its format, that its CRS is {crs}."))],
        Word::Inferred(code, why) => {
            let mut told = vec![
                format!("Confirm crs: the file doesn't name it. {code} is inferred from {}.", line(why)),
                format!("In the file {reach}."),
            ];
            if !beyond {
                told.push("EPSG:4269 (NAD83) and EPSG:4326 (WGS 84) are read the same.".to_owned());
            }
            told
        }
        Word::Asked => {
            let mut question = vec![
                "EDIT crs: nothing tells in which CRS the coordinates are, and a CRS is never guessed."
                    .to_owned(),
            ];
            if survey.shapes.extent().is_some() {
                let looks = if beyond {
                    "these are no degrees; EPSG:3857 (Web Mercator, metres) is common"
                } else {
                    "degrees would fit, such as EPSG:4326 (WGS 84) or EPSG:4269 (NAD83), and so would a plan's metres"
                };
                question.push(format!("In the file {reach}:"));
                question.push(format!("{looks}. Its makers know."));
            }
            question
        }
    }
}

fn reach([west, south, east, north]: [f64; 4]) -> String {
    let [west, south, east, north] = [west, south, east, north].map(shown);
    format!("x runs from {west} to {east} and y from {south} to {north}")
}

/// A coordinate; one that no CRS has, in few digits.
fn shown(coordinate: f64) -> String {
    if coordinate.abs() < 1e9 { coordinate.to_string() } else { format!("{coordinate:e}") }
}
