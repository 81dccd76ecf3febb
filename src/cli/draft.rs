//! `cikr draft`.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf, absolute};

use clap::Args;
use serde_json::json;

use super::output::Output;
use super::reference;
use crate::draft::{self, Request};
use crate::error::{Error, exit};
use crate::feature::release::paths::FACILITIES;
use crate::plan;
use crate::store::{StoreError, write_texts};

const EXAMPLES: &str = "\
Examples:
  cikr draft clinics.csv                         look at what would be written
  cikr draft clinics.csv --into .                write schemas/clinics.toml and pipelines/clinics.toml
  cikr draft clinics.csv --into . --agency \"State Health Department\" --licence CC0-1.0  ready to run
  cikr draft survey.gpkg --source-layer wells    one table of several
  cikr draft clinics.csv --into . --id my_clinics  where schemas/clinics.toml is taken
  cikr draft big.geojsonl --rows 100000          look at the first rows alone

Key, types, sentinels, dates, CRS and sector are proposals, each with what speaks for it in a comment.
What nothing in the file tells (whose the rows are and their licence, the CRS of metres, the sector of unknown things)
is `EDIT` in the draft, and `cikr check` refuses it until somebody has answered.";

/// Draft a schema and a pipeline for a file, to be edited.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Draft {
    /// CSV, GeoJSON, Shapefile, FileGDB, GeoPackage or FlatGeobuf (zipped or not), GeoParquet, XLSX
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write DIR/schemas/<id>.toml and DIR/pipelines/<id>.toml instead of printing the schema
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Replace these files where they exist, with whatever somebody has edited or shipped there
    #[arg(long, requires = "into")]
    force: bool,
    /// Id of the layer, the schema and the pipeline [default: of the table's or the file's name]
    #[arg(long, value_name = "NAME", value_parser = parse_id)]
    id: Option<String>,
    /// Agency that owns the rows: every one of them carries it
    #[arg(long, value_name = "NAME", value_parser = parse_answer)]
    agency: Option<String>,
    /// Licence of the rows: an SPDX identifier, or words
    #[arg(long, value_name = "TEXT", value_parser = parse_answer)]
    licence: Option<String>,
    /// Table within the file [default: the first with geometries]
    #[arg(long, visible_alias = "layer", value_name = "NAME")]
    source_layer: Option<String>,
    /// Rows to look at [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rows: Option<u64>,
    /// Folder of reference tables [default: DIR/schemas/reference or schemas/reference, if there]
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
}

/// Files of a draft.
struct DraftFiles {
    schema: PathBuf,
    pipeline: PathBuf,
}

impl Draft {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let root = self.into.clone().unwrap_or_default();
        let pipelines = root.join("pipelines");
        let wanted = Request {
            path: self.file.clone(),
            shown: seen_from(&pipelines, &self.file),
            table: self.source_layer.clone(),
            rows: self.rows,
            id: self.id.clone(),
            agency: self.agency.clone(),
            licence: self.licence.clone(),
            is_saved: self.into.is_some(),
        };
        let roots: Vec<&Path> = self.into.as_deref().into_iter().chain([Path::new("")]).collect();
        let folder = reference::usual_folder(self.reference.as_deref(), &roots);
        let beside = root.join(reference::REFERENCE);
        let elsewhere = folder
            .as_ref()
            .filter(|folder| **folder != beside)
            .map(|folder| seen_from(&pipelines, folder));
        let draft = draft::draft(
            &wanted,
            &reference::load_tables(folder.as_deref())?,
            elsewhere.as_deref(),
        )?;
        let files = self.into.as_ref().map(|into| DraftFiles {
            schema: into.join("schemas").join(format!("{}.toml", draft.id)),
            pipeline: into.join("pipelines").join(format!("{}.toml", draft.id)),
        });
        if let Some(files) = &files {
            save_files(&draft, files, self.force)?;
        }
        // The draft's own schema, just written, would fit best.
        let mut fitting = plan::fitting_schemas(&root.join("schemas"), &draft.columns);
        fitting.retain(|id| *id != draft.id);
        out.print(&facts_json(&draft, files.as_ref(), &fitting), || {
            files.as_ref().map_or_else(
                || draft.schema.clone(),
                |files| next_steps(&draft, files, &fitting, folder.is_some()),
            )
        })?;
        Ok(exit::OK)
    }
}

fn save_files(draft: &draft::Draft, files: &DraftFiles, is_forced: bool) -> Result<(), Error> {
    let texts = [
        (files.schema.clone(), &*draft.schema),
        (files.pipeline.clone(), &*draft.pipeline),
    ];
    write_texts(&texts, is_forced).map_err(|source| match source {
        StoreError::Exists { path } => {
            let is_fitting = path == files.schema && plan::schema_fits(&path, &draft.columns);
            Error::Exists {
                path,
                fits: is_fitting.then(|| draft.id.clone()),
            }
        }
        source => Error::Store { source },
    })
}

/// An id as pipelines and schemas take it.
fn parse_id(text: &str) -> Result<String, String> {
    let is_first = text.starts_with(|c: char| c.is_ascii_lowercase());
    let is_rest = text
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_first && is_rest && text != FACILITIES {
        return Ok(text.to_owned());
    }
    Err("use lower-case letters, digits and `_`, starting with a letter; `facilities` is taken".to_owned())
}

/// What every row will carry: not nothing, and not the mark of what nobody has answered.
fn parse_answer(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("every row would carry it: leave the option out where nobody knows yet".to_owned()),
        text if text.starts_with("EDIT") => {
            Err("it marks what nobody has answered yet: leave the option out, and the draft asks".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

fn facts_json(draft: &draft::Draft, files: Option<&DraftFiles>, fitting: &[String]) -> serde_json::Value {
    json!({
        "id": draft.id,
        "rows": draft.rows,
        "key": draft.key,
        "rejects": draft.lost,
        "crs": draft.crs,
        "sector": draft.sector,
        "questions": draft.questions,
        "others": draft.others,
        "fitting": fitting,
        "files": files.map(|files| [&files.schema, &files.pipeline]),
        "schema": draft.schema,
        "pipeline": draft.pipeline,
    })
}

/// What was written, what was found, and what to do next.
fn next_steps(draft: &draft::Draft, files: &DraftFiles, fitting: &[String], has_reference: bool) -> String {
    let schema = files.schema.display();
    let pipeline = files.pipeline.display();
    let mut text = format!("wrote {schema}\nwrote {pipeline}\n\n");
    let _ = writeln!(
        text,
        "{} rows; key {}; crs {}; sector {}; {} rows would be rejected",
        draft.rows,
        draft.key.join("/"),
        draft.crs.as_deref().unwrap_or("EDIT"),
        draft.sector.as_deref().unwrap_or("EDIT"),
        draft.lost
    );
    for question in &draft.questions {
        let _ = writeln!(text, "to answer: {question}");
    }
    if let [first, ..] = fitting {
        let _ = writeln!(
            text,
            "the schema `{first}` was made for such columns: `schema = \"{first}\"` in a pipeline reads this file"
        );
    }
    if !draft.others.is_empty() {
        let _ = writeln!(
            text,
            "also in the file, to be drafted by --source-layer NAME: {}",
            draft.others.join(", ")
        );
    }
    if !has_reference {
        text.push_str(
            "to answer: `cikr check` and `cikr run` need reference tables and there are none here: copy schemas/reference \
             of cikr's source to schemas/reference, or name their folder by `reference` in the pipeline\n",
        );
    }
    let _ = write!(
        text,
        "\nnext:\n  edit {schema}\n  cikr check {pipeline}\n  cikr run {pipeline}"
    );
    text
}

/// A path as a file in `folder` would name it: relative, unless the two share no folder but the root.
fn seen_from(folder: &Path, path: &Path) -> String {
    let Ok(from) = absolute(folder) else {
        return path.display().to_string();
    };
    let Ok(to) = absolute(path) else {
        return path.display().to_string();
    };
    let from = without_parent_dirs(&from);
    let to = without_parent_dirs(&to);
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    // Only the root is shared: a path up to it and down again would mean nothing on another machine.
    if shared < 2 {
        return to.display().to_string();
    }
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared))
        .collect::<PathBuf>()
        .display()
        .to_string()
}

/// An absolute path without `..`.
fn without_parent_dirs(path: &Path) -> PathBuf {
    // `absolute` keeps `..` on POSIX, and `canonicalize` needs the file to be there.
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_seen_from_the_pipeline() {
        for (path, seen) in [
            ("/work/data/a.csv", "../../data/a.csv"),
            ("/work/here/a.csv", "../a.csv"),
            ("/work/here/x/../a.csv", "../a.csv"),
            ("/else/a.csv", "/else/a.csv"),
        ] {
            assert_eq!(
                seen_from(Path::new("/work/here/pipelines"), Path::new(path)),
                seen,
                "{path}"
            );
        }
    }
}
