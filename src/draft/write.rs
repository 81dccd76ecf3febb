//! The draft itself: a schema as text, with what was seen as comments.
//!
//! Pure. Whatever it writes, `cikr check` accepts; what a person must decide says EDIT.

use super::codes;
use super::column::Column;
use super::crs::Word;
use super::field::{self, FieldDraft};
use super::key::Key;
use super::kind::{self, Kind};
use super::sector::{self, Guess};
use super::survey::Survey;
use super::toml_text::{line, list, quoted, shown};
use super::{Wanted, layer, names, pipeline, rejects, words};
use crate::plan::{GeometryKind, Reference};

/// Distinct values up to which all are shown.
const FEW: usize = 6;

/// The draft of the table that was looked through.
pub(super) fn draft(
    wanted: &Wanted,
    survey: &Survey,
    fields: &[FieldDraft<'_>],
    key: Option<&Key>,
    reference: &Reference,
    folder: Option<&str>,
) -> super::Draft {
    let guess = guess(survey, fields, reference);
    let id = survey.id.clone();
    super::Draft {
        schema: schema(wanted, survey, key, fields, &guess, reference),
        pipeline: pipeline::text(survey, &id, &title(survey), folder),
        rows: survey.rows,
        key: key_fields(fields, key).into_iter().map(str::to_owned).collect(),
        lost: rejects::count(survey, key),
        crs: match &survey.crs {
            Word::Stated(crs) => Some(crs.to_string()),
            Word::Inferred(code, _) => Some(code.clone()),
            Word::Asked => None,
        },
        sector: guess.code.clone(),
        questions: questions(wanted, survey, key, &guess),
        others: survey.others.clone(),
        columns: columns(survey),
        id,
    }
}

/// Columns that a schema may read.
fn columns(survey: &Survey) -> Vec<String> {
    let names = survey.columns.iter().map(|column| &column.name);
    names
        .filter(|name| {
            !names::is_coordinate(name) && !layer::geometry_columns(survey).contains(&name.as_str())
        })
        .cloned()
        .collect()
}

/// What must be answered before a run is possible.
fn questions(wanted: &Wanted, survey: &Survey, key: Option<&Key>, guess: &Guess) -> Vec<String> {
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
    if survey.crs == Word::Asked {
        let unknown = "nothing tells in which CRS the coordinates are: say so by `crs` in the pipeline";
        questions.push(layer::exchanged(survey).unwrap_or_else(|| unknown.to_owned()));
    }
    questions.extend(survey.outside.clone());
    questions.extend(rejects::ceiling(survey, key).1);
    if guess.code.is_none() {
        questions.push("nothing tells the sector: say so by `code` under [sector] in the schema".to_owned());
    }
    questions
}

fn schema(
    wanted: &Wanted,
    survey: &Survey,
    key: Option<&Key>,
    fields: &[FieldDraft<'_>],
    guess: &Guess,
    reference: &Reference,
) -> String {
    let mut lines = Vec::new();
    lines.extend(head(survey, wanted.is_saved));
    lines.push(String::new());
    lines.extend(description(wanted, survey, key, fields));
    lines.push(String::new());
    lines.extend(sector_table(guess, reference));
    for field in fields {
        lines.push(String::new());
        lines.extend(field_table(field, survey.rows));
    }
    lines.join("\n") + "\n"
}

/// What the names, types and NAICS codes say of the sector.
fn guess(survey: &Survey, fields: &[FieldDraft<'_>], reference: &Reference) -> Guess {
    let values = |name: &str| {
        fields
            .iter()
            .find(|field| field.name == name)
            .map_or(&[][..], |f| &f.column.first)
    };
    let stem = std::path::Path::new(&survey.path)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let titles = [stem.unwrap_or_default(), survey.name.clone()];
    let columns: Vec<&str> = survey.columns.iter().map(|column| column.name.as_str()).collect();
    sector::guess(values("naics_code"), reference)
        .or_else(|| words::guess(&titles, &columns, values("facility_type"), reference))
        .unwrap_or_default()
}

/// Names of the key's fields, in the key's order.
fn key_fields<'f>(fields: &'f [FieldDraft<'_>], key: Option<&Key>) -> Vec<&'f str> {
    field::of_key(fields, key)
        .into_iter()
        .map(|field| field.name.as_str())
        .collect()
}

/// What was looked at; the lines of a pipeline too where nobody writes one.
fn head(survey: &Survey, is_saved: bool) -> Vec<String> {
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
        return lines.iter().map(|text| comment(text)).collect();
    }
    lines.push(format!(
        "Save it as schemas/{id}.toml, and put this into a pipeline in pipelines/ (paths are relative to that folder):"
    ));
    lines.push(String::new());
    lines.extend(layer::table(survey, id));
    lines.push(String::new());
    lines.extend(layer::remarks(survey));
    lines.iter().map(|text| comment(text)).collect()
}

fn description(
    wanted: &Wanted,
    survey: &Survey,
    key: Option<&Key>,
    fields: &[FieldDraft<'_>],
) -> Vec<String> {
    let said = |said: &Option<String>, edit: &str| quoted(said.as_deref().unwrap_or(edit));
    let mut lines = vec![
        format!("title = {} # EDIT", quoted(&title(survey))),
        "description = \"EDIT: what the layer holds, in one sentence\"".to_owned(),
        format!(
            "agency = {}",
            said(&wanted.agency, "EDIT: agency that owns the layer")
        ),
        format!(
            "licence = {}",
            said(&wanted.licence, "EDIT: SPDX identifier, or `public domain`")
        ),
        "# homepage = \"https://…\"".to_owned(),
    ];
    lines.extend(
        key.iter()
            .flat_map(|key| &key.remarks)
            .map(|remark| comment(remark)),
    );
    lines.push(format!("key = {}", list(key_fields(fields, key))));
    lines.extend(geometry(survey));
    lines.extend(rejects::ceiling(survey, key).0);
    lines
}

fn title(survey: &Survey) -> String {
    let words: Vec<String> = survey.id.split('_').map(capitalised).collect();
    words.join(" ")
}

fn geometry(survey: &Survey) -> Vec<String> {
    let word = |kind: GeometryKind| match kind {
        GeometryKind::Point => "point",
        GeometryKind::Line => "line",
        GeometryKind::Polygon => "polygon",
    };
    let kinds = survey.shapes.kinds();
    match kinds.as_slice() {
        [] => vec!["geometry = \"point\" # EDIT: no geometry was seen".to_owned()],
        [(kind, _)] => vec![format!("geometry = {}", quoted(word(*kind)))],
        [(kind, _), others @ ..] => {
            let others: Vec<String> = others
                .iter()
                .map(|(kind, n)| format!("{} ×{n}", word(*kind)))
                .collect();
            let remark = format!(
                "EDIT: a layer holds one family; the others would be rejected: {}.",
                others.join(", ")
            );
            vec![comment(&remark), format!("geometry = {}", quoted(word(*kind)))]
        }
    }
}

fn sector_table(guess: &Guess, reference: &Reference) -> Vec<String> {
    let mut lines = vec!["[sector]".to_owned()];
    if guess.code.is_some() {
        lines.push(comment(&format!(
            "Guessed, and judged by nobody yet: {}.",
            guess.why
        )));
    } else {
        lines.push(comment(
            "EDIT: nothing in the file tells the sector; one of these, or the run is refused.",
        ));
        let known = sector::known(reference).into_iter();
        lines.extend(known.map(|(code, name)| comment(&format!("    {code}  {name}"))));
    }
    let mark = if guess.code.is_some() { " # guessed" } else { "" };
    lines.push(format!(
        "code = {}{mark}",
        quoted(guess.code.as_deref().unwrap_or("EDIT"))
    ));
    lines.extend(
        guess
            .subsector
            .as_ref()
            .map(|subsector| format!("subsector = {}", quoted(subsector))),
    );
    lines.push(comment("lifeline = \"…\" as in lifelines.csv, where it has one"));
    lines
}

fn field_table(field: &FieldDraft<'_>, rows: u64) -> Vec<String> {
    let (column, kind) = (field.column, &field.kind);
    let (sure, doubtful) = kind::nulls(column, kind);
    let mut lines = vec![comment(&seen(column, &sure, rows))];
    lines.extend(
        remarks(column, kind, &doubtful)
            .iter()
            .map(|remark| comment(remark)),
    );
    lines.push("[[field]]".to_owned());
    lines.push(format!("name = {}", quoted(&field.name)));
    lines.push(format!("from = {}", list([column.name.as_str()])));
    if *kind != Kind::Text {
        lines.push(format!("type = {}", quoted(kind.word())));
    }
    match kind {
        Kind::Date(formats) => lines.push(format!("formats = {}", list(formats.iter().copied()))),
        Kind::Text => lines.extend(field.pad().map(|pad| format!("pad = {pad}"))),
        Kind::Integer | Kind::Number => {
            lines.extend(names::unit(&field.name).map(|unit| format!("unit = {}", quoted(unit))));
        }
        Kind::Boolean | Kind::State => {}
    }
    if !sure.is_empty() {
        lines.push(format!("null = {}", list(sure)));
    }
    lines.push(format!(
        "description = {}",
        quoted(&format!("EDIT: what {} means", line(&column.name)))
    ));
    lines
}

/// Share of nulls and some values.
fn seen(column: &Column, sure: &[&str], rows: u64) -> String {
    let sentinels: u64 = column
        .sentinels
        .iter()
        .filter(|(value, _)| sure.contains(&value.as_str()))
        .map(|(_, (_, n))| n)
        .sum();
    let all: u64 = column.values + column.sentinels.values().map(|(_, n)| n).sum::<u64>();
    let nulls = rows.saturating_sub(all) + sentinels;
    let share = if rows == 0 {
        0.0
    } else {
        nulls as f64 * 100.0 / rows as f64
    };
    let values = if column.is_complete && column.first.len() <= FEW {
        let mut counted: Vec<&(String, u64)> = column.first.iter().collect();
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counted
            .iter()
            .map(|(value, count)| format!("{} ×{count}", shown(value)))
            .collect::<Vec<_>>()
            .join(", ")
    } else {
        let some = column.first.iter().take(3).map(|(value, _)| shown(value));
        format!("such as {}", some.collect::<Vec<_>>().join(", "))
    };
    let values = if values.is_empty() {
        "no value".to_owned()
    } else {
        values
    };
    let declared = column
        .declared
        .as_ref()
        .map(|kind| format!("; {kind} in the file"))
        .unwrap_or_default();
    format!("{values}; {share:.1} % null{declared}")
}

/// What is worth knowing of the values of a column.
fn remarks(column: &Column, kind: &Kind, doubtful: &[&str]) -> Vec<String> {
    let mut remarks = Vec::new();
    let misfits = match kind {
        Kind::Date(_) => column.dates.misfits(),
        Kind::Integer | Kind::Number => column
            .no_number
            .as_deref()
            .map(|n| (column.values - column.numbers, n)),
        Kind::State => column
            .no_state
            .as_deref()
            .map(|n| (column.values - column.states, n)),
        _ => None,
    };
    if let Some((count, value)) = misfits {
        remarks.push(format!(
            "EDIT: {count} of the values, such as {}, would become null.",
            shown(value)
        ));
    }
    if column.rounded * 2 > column.values && *kind != Kind::Text {
        remarks.push(format!(
            "EDIT: {} values such as {} were rounded by a spreadsheet: dates or identifiers are lost; ask for the original.",
            column.rounded,
            column.first.first().map_or_else(String::new, |(value, _)| shown(value))
        ));
    }
    if column.dates.is_ambiguous() {
        remarks.push("EDIT: day or month first? No value tells; month first is assumed.".to_owned());
    }
    let is_nearly_numbers = column.numbers * 100 >= column.values * 95 && column.numbers < column.values;
    if let (true, Kind::Text, Some(value)) = (
        is_nearly_numbers && !codes::is_code(&column.name),
        kind,
        &column.no_number,
    ) {
        remarks.push(format!(
            "Nearly all are numbers, but not {}: text loses none.",
            shown(value)
        ));
    }
    let is_nearly_states =
        names::is_state(&column.name) && column.states * 2 >= column.values && column.states < column.values;
    if let (true, Kind::Text, Some(value)) = (is_nearly_states, kind, &column.no_state) {
        let (states, all) = (column.states, column.values);
        remarks.push(format!(
            "EDIT: {states} of {all} values are states, but not {}: text keeps them all; `type = \"state\"` makes the others null.",
            shown(value)
        ));
    }
    if column.survey_codes > 0 && column.range.is_none_or(|(low, _)| low >= 0.0) {
        let count = column.survey_codes;
        remarks.push(format!("EDIT: -1, -2 or -3 occur {count} times and nothing else below 0: codes, or missing values for `null`?"));
    }
    if !doubtful.is_empty() {
        remarks.push(format!(
            "EDIT: may mean null, or not: {}.",
            doubtful.iter().map(|v| shown(v)).collect::<Vec<_>>().join(", ")
        ));
    }
    remarks
}

fn comment(text: &str) -> String {
    format!("# {}", line(text)).trim_end().to_owned()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}
