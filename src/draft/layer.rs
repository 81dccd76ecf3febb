//! The lines of a pipeline that would read the file, and what is to be decided about them.
//!
//! Pure. A CRS that the file doesn't state is proposed with its evidence, or asked for.

use super::ceiling;
use super::crs_evidence::CrsEvidence;
use super::survey::Survey;
use super::toml_text::{one_line, toml_list, toml_string, toml_value};
use crate::plan::{CsvGeometry, Format};

/// Columns that hold the geometry of a text file.
pub(super) fn geometry_columns(survey: &Survey) -> Vec<&str> {
    match survey.format.csv_geometry() {
        Some(CsvGeometry::Xy { x, y, .. }) => vec![x, y],
        Some(CsvGeometry::Wkt { column }) if survey.has_coordinates => vec![column],
        Some(CsvGeometry::Wkt { .. }) | None => Vec::new(),
    }
}

/// The `[[layer]]` table, without comment signs.
pub(super) fn layer_table(survey: &Survey, id: &str) -> Vec<String> {
    let format = readable_format(survey);
    let mut keys = vec![format!("path = {}", toml_string(&survey.path))];
    keys.extend(
        format
            .pipeline_keys()
            .iter()
            .map(|(key, written)| format!("{key} = {}", toml_value(written))),
    );
    let mut confirm = String::new();
    match &survey.crs {
        CrsEvidence::Stated(_) => {}
        CrsEvidence::Inferred(code, why) => {
            keys.push(format!("crs = {}", toml_string(code)));
            confirm = format!(" # crs inferred from {}: confirm", one_line(why));
        }
        CrsEvidence::Asked => keys.push("crs = \"EDIT\"".to_owned()),
    }
    vec![
        "[[layer]]".to_owned(),
        format!("id = {}", toml_string(id)),
        format!(
            "source.{} = {{ {} }}{confirm}",
            format.source_key(),
            keys.join(", ")
        ),
    ]
}

/// How to read the source; which columns hold the coordinates is left to be said where none look like them.
fn readable_format(survey: &Survey) -> Format {
    let mut format = survey.format.clone();
    if !survey.has_coordinates && matches!(format.csv_geometry(), Some(CsvGeometry::Wkt { .. })) {
        format.set_csv_geometry(CsvGeometry::of_columns("EDIT-X", "EDIT-Y"));
    }
    format
}

/// What is to be decided about the source, or is worth knowing, a line each.
pub(super) fn source_remarks(survey: &Survey) -> Vec<String> {
    let mut remarks = Vec::new();
    if !survey.has_coordinates {
        remarks.push("EDIT x and y: no columns look like coordinates or well-known text.".to_owned());
    }
    remarks.extend(crs_remarks(survey));
    remarks.extend(survey.remarks.iter().map(|remark| one_line(remark)));
    remarks.extend(
        survey
            .outside
            .iter()
            .map(|outside| one_line(&format!("EDIT: {outside}."))),
    );
    if survey.nowhere > 0 && survey.has_coordinates {
        remarks.push(format!(
            "{} of {} rows will be rejects: {}.",
            survey.nowhere,
            survey.rows,
            ceiling::no_position_reason(survey)
        ));
    }
    if let Some(beyond) = ceiling::beyond_reason(survey) {
        let rows = survey.rejected.as_ref().map_or(0, |rejected| rejected.beyond);
        remarks.push(one_line(&format!("{rows} rows will be rejects: {beyond}.")));
    }
    if survey.broken > 0 {
        remarks.push(format!(
            "{} further records can't be parsed: they will be rejects.",
            survey.broken
        ));
    }
    if !survey.others.is_empty() {
        let others = toml_list(survey.others.iter().map(String::as_str));
        remarks.push(one_line(&format!(
            "EDIT: the file has other tables, which --source-layer NAME drafts: {others}."
        )));
    }
    remarks
}

/// What is to be said of coordinates that seem to be exchanged: no CRS makes them places.
pub(super) fn exchanged_axes(survey: &Survey) -> Option<String> {
    let all = survey.shapes.are_exchanged().then(|| survey.shapes.count())?;
    let way_out = match survey.format.csv_geometry() {
        Some(CsvGeometry::Xy { x, y, .. }) => {
            format!(
                "if that is what they are, write x = {}, y = {} in the pipeline, and the CRS of the degrees",
                toml_string(y),
                toml_string(x)
            )
        }
        _ => "if that is what they are, its makers should repair the file".to_owned(),
    };
    Some(format!(
        "x and y seem to be exchanged, for the other way round all {all} positions lie within ±180 and ±90: {way_out}"
    ))
}

fn crs_remarks(survey: &Survey) -> Vec<String> {
    let beyond = survey.shapes.is_beyond_degrees();
    let reach = survey.shapes.extent().map(extent_words).unwrap_or_default();
    match &survey.crs {
        CrsEvidence::Stated(crs) if beyond && crs.to_string() == "OGC:CRS84" => vec![
            format!("EDIT: the file says that its CRS is OGC:CRS84, but {reach}:"),
            match exchanged_axes(survey) {
                Some(exchanged) => one_line(&format!("{exchanged}.")),
                None => "these are no degrees. Ask its makers, and repair the file.".to_owned(),
            },
        ],
        CrsEvidence::Stated(crs) => vec![one_line(&format!(
            "The file says, or its format, that its CRS is {crs}."
        ))],
        CrsEvidence::Inferred(code, why) => {
            let mut told = vec![
                format!(
                    "Confirm crs: the file doesn't name it. {code} is inferred from {}.",
                    one_line(why)
                ),
                format!("In the file {reach}."),
            ];
            if !beyond {
                told.push("EPSG:4269 (NAD83) and EPSG:4326 (WGS 84) are read the same.".to_owned());
            }
            told
        }
        CrsEvidence::Asked => {
            let mut question = vec![
                "EDIT crs: nothing tells in which CRS the coordinates are, and a CRS is never guessed."
                    .to_owned(),
            ];
            if survey.shapes.extent().is_some() {
                let looks = match exchanged_axes(survey) {
                    Some(exchanged) => exchanged,
                    None if beyond => "these are no degrees; EPSG:3857 (Web Mercator, metres) is common".to_owned(),
                    None => "degrees would fit, such as EPSG:4326 (WGS 84) or EPSG:4269 (NAD83), and so would a plan's metres".to_owned(),
                };
                question.push(format!("In the file {reach}:"));
                question.push(one_line(&format!("{looks}. Its makers know.")));
            }
            question
        }
    }
}

fn extent_words([west, south, east, north]: [f64; 4]) -> String {
    format!(
        "x runs from {} to {} and y from {} to {}",
        short_number(west),
        short_number(east),
        short_number(south),
        short_number(north)
    )
}

/// A coordinate; one that no CRS has, in few digits.
fn short_number(coordinate: f64) -> String {
    if coordinate.abs() < 1e9 {
        coordinate.to_string()
    } else {
        format!("{coordinate:e}")
    }
}
