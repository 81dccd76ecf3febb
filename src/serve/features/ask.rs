//! What the parameters of a request ask for: a question for the release.
//!
//! Pure. Each parameter is read by its own rule of the standard, and what it can't be is told.

use crate::feature::release::paths::FACILITIES;
use crate::query::Question;
use crate::select::{Condition, Filter};
use crate::serve::collection::Collection;
use crate::serve::extent::{days, window};
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::Request;
use crate::serve::site::RELEASE;

/// Features of a page where no limit is asked for.
const USUAL_LIMIT: u64 = 100;
/// The column that `datetime` is about: what day the row's source tells of.
const DAY_COLUMN: &str = "source_date";
/// Languages of filters.
const LANGUAGES: [&str; 2] = ["cql2-text", "cql-text"];

/// Parameters of a page beside the columns.
pub(super) const PARAMETERS: [&str; 9] = [
    "bbox",
    "datetime",
    "limit",
    "from",
    "filter",
    "filter-lang",
    "filter-crs",
    "f",
    RELEASE,
];
/// Those that choose rows.
const CHOOSING: [&str; 3] = ["bbox", "datetime", "filter"];

/// A page of features that is asked for.
#[derive(Debug)]
pub(super) struct AskedPage {
    pub(super) question: Question,
    /// Features of the page at most.
    pub(super) limit: u64,
    /// Whether all rows of the collection are meant.
    pub(super) is_all: bool,
}

/// The page that a request asks for.
///
/// # Errors
/// At the first parameter that isn't as the standard says, or that nobody knows.
pub(super) fn page(
    request: &Request,
    release: &Opened,
    of: &Collection,
    most: u64,
) -> Result<AskedPage, Problem> {
    let columns: Vec<&str> = of.columns().map(|column| column.name).collect();
    let is_known = |name: &str| PARAMETERS.contains(&name) || columns.contains(&name);
    request.check_parameters(is_known, PARAMETERS.into_iter().chain(columns.iter().copied()))?;
    let limit = match request.number("limit")? {
        Some(0) => return Err(Problem::bad_request("expected a `limit` from 1 up")),
        // More than is answered at once is no mistake (`/req/core/fc-limit-response-1`).
        Some(limit) => limit.min(most),
        None => USUAL_LIMIT.min(most),
    };
    let mut question = Question {
        layer: of.id().to_owned(),
        from_row: request.number("from")?.unwrap_or_default(),
        are_numbered: true,
        limit: Some(limit + 1),
        ..Question::default()
    };
    question.rows.window = request.parameter("bbox")?.map(window).transpose()?;
    let mut filters = Vec::new();
    if let Some(written) = request.parameter("datetime")? {
        let days = days_filter(written)?;
        // What has no time is of any time (`/req/core/fc-time-response`).
        filters.extend(of.has_column(DAY_COLUMN).then_some(days));
    }
    filters.extend(written_filter(request)?);
    for (name, value) in &request.parameters {
        if !PARAMETERS.contains(&name.as_str()) {
            filters.push(equal(name, value)?);
        }
    }
    question.rows.filter = joined(filters);
    show_no_more(&mut question, release);
    let chooses = |name: &str| CHOOSING.contains(&name) || !PARAMETERS.contains(&name);
    Ok(AskedPage {
        is_all: question.rows.conditions.is_empty()
            && !request.parameters.iter().any(|(name, _)| chooses(name)),
        question,
        limit,
    })
}

/// The one feature of an id.
///
/// # Errors
/// When the id can't be one.
pub(super) fn feature(release: &Opened, of: &Collection, id: &str) -> Result<Question, Problem> {
    let mut question = Question {
        layer: of.id().to_owned(),
        limit: Some(1),
        ..Question::default()
    };
    question.rows.filter = Some(equal("facility_id", id)?);
    show_no_more(&mut question, release);
    Ok(question)
}

/// Of the inventory, rows of layers that aren't shown are left out.
pub(in crate::serve) fn show_no_more(question: &mut Question, release: &Opened) {
    if question.layer == FACILITIES && !release.shown().is_all() {
        let markings = release.shown().markings().map(str::to_owned).collect();
        question
            .rows
            .conditions
            .push(Condition::one_of("handling", markings, false));
    }
}

/// A day or an interval of days, as RFC 3339 has times (`/req/core/fc-time-definition`).
fn days_filter(written: &str) -> Result<Filter, Problem> {
    let [first, last] = days(written)?;
    let mut parts = Vec::new();
    parts.extend(first.map(|day| format!("{DAY_COLUMN} >= DATE('{day}')")));
    parts.extend(last.map(|day| format!("{DAY_COLUMN} <= DATE('{day}')")));
    let within = if parts.is_empty() {
        format!("{DAY_COLUMN} IS NOT NULL")
    } else {
        parts.join(" AND ")
    };
    parsed(&format!("{DAY_COLUMN} IS NULL OR ({within})"))
}

fn written_filter(request: &Request) -> Result<Option<Filter>, Problem> {
    if let Some(language) = request.parameter("filter-lang")?
        && !LANGUAGES.contains(&language)
    {
        return Err(Problem::bad_request("expected `cql2-text` as `filter-lang`"));
    }
    if let Some(crs) = request.parameter("filter-crs")?
        && crs != super::collections::CRS84
    {
        return Err(Problem::bad_request(format!(
            "expected `{}` as `filter-crs`",
            super::collections::CRS84
        )));
    }
    request.parameter("filter")?.map(parsed).transpose()
}

fn equal(column: &str, value: &str) -> Result<Filter, Problem> {
    let column = column.replace('"', "\"\"");
    let value = value.replace('\'', "''");
    parsed(&format!("\"{column}\" = '{value}'"))
}

fn parsed(text: &str) -> Result<Filter, Problem> {
    text.parse()
        .map_err(|error: crate::select::BadFilter| Problem::bad_request(error.to_string()))
}

fn joined(mut filters: Vec<Filter>) -> Option<Filter> {
    match filters.len() {
        0 | 1 => filters.pop(),
        _ => Some(Filter::All(filters)),
    }
}
