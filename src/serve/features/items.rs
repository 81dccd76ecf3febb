//! Features: a page of them, and one by its id.
//!
//! Asks the release, and writes what comes as GeoJSON.

use std::io::{self, Write};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::ask;
use super::collections::asked_collection;
use crate::export::formats::LayerHead;
use crate::export::{ExportError, RowsFormat, Sink, rows_writer};
use crate::feature::{CellKind, FacilityRows, error_chain};
use crate::query::{AnswerHead, ROW_NUMBER};
use crate::serve::answer::Answer;
use crate::serve::collection::Collection;
use crate::serve::links::{GEOJSON, JSON, link, path_part};
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::Request;
use crate::serve::site::{RELEASE, Site};

/// Rows of a page, and where the next one begins.
struct Page {
    /// Features, a line each.
    features: Vec<u8>,
    count: u64,
    next: Option<u64>,
}

/// `/collections/{collection}/items`.
pub(in crate::serve) fn items(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.json_alone()?;
    let release = site.release(request)?;
    let of = asked_collection(&release, request)?;
    let bounds = &site.settings.bounds;
    let asked = ask::page(request, &release, of, bounds.rows)?;
    let page = read_page(&release, request, &asked, bounds.answer_bytes)?;
    let base = site.base_url(request).to_string();
    let mut head = json!({
        "type": "FeatureCollection",
        "numberReturned": page.count,
        "links": page_links(&base, &release, of, request, page.next),
    });
    if asked.is_all {
        head["numberMatched"] = json!(of.rows());
    }
    Ok(Answer::json_text(collection_text(&head, &page.features), GEOJSON))
}

/// `/collections/{collection}/items/{feature}`.
pub(in crate::serve) fn item(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    let release = site.release(request)?;
    let of = asked_collection(&release, request)?;
    let id = request.place("feature");
    let question = ask::feature(&release, of, id)?;
    let mut answer = release.questions().ask(&question, &request.limits)?;
    let mut text = BoundedText::new(site.settings.bounds.answer_bytes);
    let head = layer_head(answer.head());
    for rows in answer.by_ref() {
        write_rows(&head, &rows?, &mut text, release.id())?;
    }
    let mut line = text.bytes;
    let Some(end) = line.iter().rposition(|byte| *byte == b'}') else {
        let id: String = id.chars().take(200).collect();
        return Err(Problem::not_found(format!(
            "there is no feature `{id}` in `{}`",
            of.id()
        )));
    };
    line.truncate(end);
    let base = site.base_url(request).to_string();
    let collection = format!("{base}/collections/{}", path_part(of.id()));
    let links = json!([
        link(
            "self",
            &format!("{collection}/items/{}", path_part(id)),
            GEOJSON,
            id
        ),
        link("collection", &collection, JSON, of.title()),
    ]);
    line.extend(format!(",\"links\":{links}}}").into_bytes());
    Ok(Answer::json_text(line, GEOJSON))
}

fn read_page(
    release: &Opened,
    request: &Request,
    asked: &ask::AskedPage,
    most_bytes: usize,
) -> Result<Page, Problem> {
    let mut answer = release.questions().ask(&asked.question, &request.limits)?;
    let head = layer_head(answer.head());
    let mut text = BoundedText::new(most_bytes);
    let mut count = 0;
    let mut next = None;
    for rows in answer.by_ref() {
        let rows = rows?;
        let left = usize::try_from(asked.limit - count).unwrap_or(usize::MAX);
        if rows.num_rows() > left {
            // The one row beyond the page is where the next begins.
            next = row_number(&rows, left);
        }
        let rows = rows.slice(0, rows.num_rows().min(left));
        count += rows.num_rows() as u64;
        write_rows(&head, &rows, &mut text, release.id())?;
    }
    Ok(Page {
        features: text.bytes,
        count,
        next,
    })
}

fn row_number(rows: &FacilityRows, row: usize) -> Option<u64> {
    let numbers = rows.column(ROW_NUMBER)?.as_primitive_opt::<Int64Type>()?;
    u64::try_from(numbers.value(row)).ok()
}

/// What writers are told of an answer: its columns but the rows' numbers.
fn layer_head(head: &AnswerHead) -> LayerHead {
    let fields = head
        .schema
        .fields()
        .iter()
        .filter(|field| field.name() != ROW_NUMBER);
    let fields =
        fields.filter_map(|field| Some((field.name().clone(), CellKind::of_type(field.data_type())?)));
    LayerHead {
        id: head.layer.clone(),
        shape: head.shape,
        fields: fields.collect(),
        widths: vec![],
        has_geometry: true,
    }
}

/// Adds rows as GeoJSON, a feature a line.
fn write_rows(
    head: &LayerHead,
    rows: &FacilityRows,
    text: &mut BoundedText,
    release: &str,
) -> Result<(), Problem> {
    let schema = rows.as_batch().schema();
    let mut write = || -> Result<(), ExportError> {
        let mut writer = rows_writer(RowsFormat::Geojsonl, Sink::Stream(text), &schema, release)?;
        writer.begin_layer(head)?;
        writer.write_rows(rows)?;
        writer.end_layer(None)?;
        writer.finish().map(drop)
    };
    let written = write();
    if text.is_over {
        let most = text.most;
        return Err(Problem::unavailable(format!(
            "the answer has more than {most} bytes; ask for a smaller `limit`"
        )));
    }
    written.map_err(|error| Problem::internal(&error_chain(&error)))
}

/// A text that grows no further than it may.
struct BoundedText {
    bytes: Vec<u8>,
    most: usize,
    is_over: bool,
}

impl BoundedText {
    fn new(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
            is_over: false,
        }
    }
}

impl Write for BoundedText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.is_over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Members of a collection with its features, which stand a line each.
fn collection_text(head: &Value, features: &[u8]) -> Vec<u8> {
    let mut text = head.to_string().into_bytes();
    // Of `{…}` without its end.
    text.pop();
    text.extend(b",\"features\":[\n");
    let lines = features.strip_suffix(b"\n").unwrap_or(features);
    for byte in lines {
        // Texts in JSON have no line breaks of their own.
        if *byte == b'\n' {
            text.push(b',');
        }
        text.push(*byte);
    }
    text.extend(b"\n]}\n");
    text
}

fn page_links(
    base: &str,
    release: &Opened,
    of: &Collection,
    request: &Request,
    next: Option<u64>,
) -> Vec<Value> {
    let collection = format!("{base}/collections/{}", path_part(of.id()));
    let here = request
        .parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let mut links = vec![
        link("self", &address(&collection, here.clone()), GEOJSON, "This page"),
        link("collection", &collection, JSON, of.title()),
    ];
    if let Some(next) = next {
        let next = next.to_string();
        let kept = here.filter(|(name, _)| !["from", RELEASE].contains(name));
        let further = kept.chain([(RELEASE, release.id()), ("from", next.as_str())]);
        links.push(link(
            "next",
            &address(&collection, further),
            GEOJSON,
            "The next page",
        ));
    }
    links
}

fn address<'a>(collection: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let query = query.finish();
    let sign = if query.is_empty() { "" } else { "?" };
    format!("{collection}/items{sign}{query}")
}
