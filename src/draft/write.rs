//! The draft itself: a schema as text, with what was seen as comments.
//!
//! Pure. Whatever it writes, `cikr check` accepts; what a person must decide says EDIT.

use super::ceiling;
use super::crs_evidence::CrsEvidence;
use super::field::{self, FieldDraft};
use super::field_text::field_table;
use super::key::Key;
use super::request::Request;
use super::sector::{self, SectorGuess};
use super::survey::Survey;
use super::toml_text::{comment_line, toml_list, toml_string};
use super::{layer, names, pipeline, words};
use crate::plan::{GeometryKind, Reference};

/// A schema and the pipeline that would run it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Id of the layer, the schema and the pipeline.
    pub id: String,
    /// Text of the schema.
    pub schema: String,
    /// Text of the pipeline: it names the schema by its id, and a store two folders up.
    pub pipeline: String,
    /// Rows looked at.
    pub rows: u64,
    /// Fields of the key.
    pub key: Vec<String>,
    /// Rows that a run would reject: unreadable, without a position, or without a key of their own.
    pub lost: u64,
    /// CRS of the coordinates; none where it must be asked for.
    pub crs: Option<String>,
    /// Sector; none where nothing tells.
    pub sector: Option<String>,
    /// Other tables of the file with geometries.
    pub others: Vec<String>,
    /// Columns of the source that hold no geometry, in its order.
    pub columns: Vec<String>,
    /// Lines that want a decision before a run is possible, `EDIT` in the place of a value.
    pub questions: Vec<String>,
}

/// The draft of the table that was looked through.
pub(super) fn write_draft(
    wanted: &Request,
    survey: &Survey,
    fields: &[FieldDraft<'_>],
    key: Option<&Key>,
    reference: &Reference,
    folder: Option<&str>,
) -> Draft {
    let guess = guess_sector(survey, fields, reference);
    let id = survey.id.clone();
    Draft {
        schema: schema_text(wanted, survey, key, fields, &guess, reference),
        pipeline: pipeline::pipeline_text(survey, &id, &title_of(survey), folder),
        rows: survey.rows,
        key: key_fields(fields, key).into_iter().map(str::to_owned).collect(),
        lost: ceiling::rejected_rows(survey, key),
        crs: match &survey.crs {
            CrsEvidence::Stated(crs) => Some(crs.to_string()),
            CrsEvidence::Inferred(code, _) => Some(code.clone()),
            CrsEvidence::Asked => None,
        },
        sector: guess.code.clone(),
        questions: open_questions(wanted, survey, key, &guess),
        others: survey.others.clone(),
        columns: readable_columns(survey),
        id,
    }
}

/// Columns that a schema may read.
fn readable_columns(survey: &Survey) -> Vec<String> {
    let names = survey.columns.iter().map(|column| &column.name);
    names
        .filter(|name| {
            !names::is_coordinate(name) && !layer::geometry_columns(survey).contains(&name.as_str())
        })
        .cloned()
        .collect()
}

/// What must be answered before a run is possible.
fn open_questions(wanted: &Request, survey: &Survey, key: Option<&Key>, guess: &SectorGuess) -> Vec<String> {
    let mut questions = Vec::new();
    let unsaid = [
        ("agency", wanted.agency.is_none()),
        ("licence", wanted.licence.is_none()),
    ];
    let unsaid: Vec<&str> = unsaid
        .into_iter()
        .filter(|(_, is_unsaid)| *is_unsaid)
        .map(|(key, _)| key)
        .collect();
    if !unsaid.is_empty() {
        let keys = unsaid.join("` and `");
        questions.push(format!("nothing tells whose the rows are: say so by `{keys}` in the schema, or by the options of these names"));
    }
    if !survey.has_coordinates {
        questions.push(match survey.parts.as_slice() {
            [] => "no columns look like coordinates: name `x` and `y`, or `wkt`, in the pipeline".to_owned(),
            parts => format!(
                "coordinates stand in degrees, minutes and seconds ({}): put them together in decimal degrees first",
                parts.join(", ")
            ),
        });
    }
    if survey.crs == CrsEvidence::Asked {
        let unknown = "nothing tells in which CRS the coordinates are: say so by `crs` in the pipeline";
        questions.push(layer::exchanged_axes(survey).unwrap_or_else(|| unknown.to_owned()));
    }
    questions.extend(survey.outside.clone());
    questions.extend(ceiling::max_rejects_lines(survey, key).1);
    if guess.code.is_none() {
        questions.push("nothing tells the sector: say so by `code` under [sector] in the schema".to_owned());
    }
    questions
}

fn schema_text(
    wanted: &Request,
    survey: &Survey,
    key: Option<&Key>,
    fields: &[FieldDraft<'_>],
    guess: &SectorGuess,
    reference: &Reference,
) -> String {
    let mut lines = Vec::new();
    lines.extend(head_lines(survey, wanted.is_saved));
    lines.push(String::new());
    lines.extend(description_lines(wanted, survey, key, fields));
    lines.push(String::new());
    lines.extend(sector_table(guess, reference));
    for field in fields {
        lines.push(String::new());
        lines.extend(field_table(field, survey.rows));
    }
    lines.join("\n") + "\n"
}

/// What the names, types and NAICS codes say of the sector.
fn guess_sector(survey: &Survey, fields: &[FieldDraft<'_>], reference: &Reference) -> SectorGuess {
    let stem = std::path::Path::new(&survey.path)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let titles = [stem.unwrap_or_default(), survey.name.clone()];
    let columns: Vec<&str> = survey.columns.iter().map(|column| column.name.as_str()).collect();
    sector::guess_by_naics(first_values(fields, "naics_code"), reference)
        .or_else(|| {
            words::guess_by_words(
                &titles,
                &columns,
                first_values(fields, "facility_type"),
                reference,
            )
        })
        .unwrap_or_default()
}

/// The first values of a field with their counts; none where the draft has no such field.
fn first_values<'a>(fields: &'a [FieldDraft<'_>], name: &str) -> &'a [(String, u64)] {
    let field = fields.iter().find(|field| field.name == name);
    field.map_or(&[], |field| &field.column.first)
}

/// Names of the key's fields, in the key's order.
fn key_fields<'f>(fields: &'f [FieldDraft<'_>], key: Option<&Key>) -> Vec<&'f str> {
    field::fields_of_key(fields, key)
        .into_iter()
        .map(|field| field.name.as_str())
        .collect()
}

/// What was looked at; the lines of a pipeline too where nobody writes one.
fn head_lines(survey: &Survey, is_saved: bool) -> Vec<String> {
    let id = &survey.id;
    let looked = if survey.is_partial { "the first " } else { "all " };
    let mut lines = vec![format!(
        "Draft from {looked}{} rows of {}: a proposal. Lines that say EDIT want a decision.",
        survey.rows, survey.path
    )];
    if is_saved {
        lines.push(format!(
            "What is to be said of the source stands in pipelines/{id}.toml."
        ));
        return lines.iter().map(|text| comment_line(text)).collect();
    }
    lines.push(format!(
        "Save it as schemas/{id}.toml, and put this into a pipeline in pipelines/ (paths are relative to that folder):"
    ));
    lines.push(String::new());
    lines.extend(layer::layer_table(survey, id));
    lines.push(String::new());
    lines.extend(layer::source_remarks(survey));
    lines.iter().map(|text| comment_line(text)).collect()
}

fn description_lines(
    wanted: &Request,
    survey: &Survey,
    key: Option<&Key>,
    fields: &[FieldDraft<'_>],
) -> Vec<String> {
    let agency = wanted.agency.as_deref();
    let licence = wanted.licence.as_deref();
    let mut lines = vec![
        format!("title = {} # EDIT", toml_string(&title_of(survey))),
        "description = \"EDIT: what the layer holds, in one sentence\"".to_owned(),
        format!(
            "agency = {}",
            toml_string(agency.unwrap_or("EDIT: agency that owns the layer"))
        ),
        format!(
            "licence = {}",
            toml_string(licence.unwrap_or("EDIT: SPDX identifier, or `public domain`"))
        ),
        "# homepage = \"https://…\"".to_owned(),
    ];
    lines.extend(
        key.iter()
            .flat_map(|key| &key.remarks)
            .map(|remark| comment_line(remark)),
    );
    lines.push(format!("key = {}", toml_list(key_fields(fields, key))));
    lines.extend(geometry_lines(survey));
    lines.extend(ceiling::max_rejects_lines(survey, key).0);
    lines
}

fn title_of(survey: &Survey) -> String {
    let words: Vec<String> = survey.id.split('_').map(capitalised).collect();
    words.join(" ")
}

fn geometry_lines(survey: &Survey) -> Vec<String> {
    let kinds = survey.shapes.families();
    match kinds.as_slice() {
        [] => vec!["geometry = \"point\" # EDIT: no geometry was seen".to_owned()],
        [(kind, _)] => vec![format!("geometry = {}", toml_string(geometry_word(*kind)))],
        [(kind, _), others @ ..] => {
            let others: Vec<String> = others
                .iter()
                .map(|(kind, n)| format!("{} ×{n}", geometry_word(*kind)))
                .collect();
            let remark = format!(
                "EDIT: a layer holds one family; the others would be rejected: {}.",
                others.join(", ")
            );
            vec![
                comment_line(&remark),
                format!("geometry = {}", toml_string(geometry_word(*kind))),
            ]
        }
    }
}

fn geometry_word(kind: GeometryKind) -> &'static str {
    match kind {
        GeometryKind::Point => "point",
        GeometryKind::Line => "line",
        GeometryKind::Polygon => "polygon",
    }
}

fn sector_table(guess: &SectorGuess, reference: &Reference) -> Vec<String> {
    let mut lines = vec!["[sector]".to_owned()];
    if guess.code.is_some() {
        lines.push(comment_line(&format!(
            "Guessed, and judged by nobody yet: {}.",
            guess.why
        )));
    } else {
        lines.push(comment_line(
            "EDIT: nothing in the file tells the sector; one of these, or the run is refused.",
        ));
        let known = sector::known_sectors(reference).into_iter();
        lines.extend(known.map(|(code, name)| comment_line(&format!("    {code}  {name}"))));
    }
    let mark = if guess.code.is_some() { " # guessed" } else { "" };
    lines.push(format!(
        "code = {}{mark}",
        toml_string(guess.code.as_deref().unwrap_or("EDIT"))
    ));
    lines.extend(
        guess
            .subsector
            .as_ref()
            .map(|subsector| format!("subsector = {}", toml_string(subsector))),
    );
    lines.push(comment_line(
        "lifeline = \"…\" as in lifelines.csv, where it has one",
    ));
    lines
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}
