//! Search for items, by parameters or by a body, a page at a time.
//!
//! Pages go on by the place of an item within its release, and stay with that release.

use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use chrono::NaiveDate;
use geo::{Geometry, Intersects, Rect};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::places::Places;
use crate::select::Window;
use crate::serve::answer::Answer;
use crate::serve::extent::{days, window};
use crate::serve::links::{GEOJSON, JSON, link};
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::Request;
use crate::serve::site::{RELEASE, Site};
use crate::serve::summary::{Summary, item_at};

/// Items of a page where no limit is asked for (STAC API: 10).
const USUAL_LIMIT: usize = 10;
/// Items of a page at most.
const MOST_ITEMS: usize = 1_000;
/// Parameters of a search.
pub(super) const PARAMETERS: [&str; 9] = [
    "bbox",
    "datetime",
    "limit",
    "from",
    "collections",
    "ids",
    "intersects",
    "f",
    RELEASE,
];

/// What is searched for; of a list any.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) collections: Option<Vec<String>>,
    ids: Option<Vec<String>>,
    window: Option<Window>,
    shape: Option<Geometry<f64>>,
    days: [Option<NaiveDate>; 2],
    limit: usize,
    from: usize,
}

/// A search as the body of a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    bbox: Option<Vec<f64>>,
    datetime: Option<String>,
    collections: Option<Vec<String>>,
    ids: Option<Vec<String>>,
    intersects: Option<Value>,
    limit: Option<usize>,
    from: Option<usize>,
    release: Option<String>,
}

/// `/stac/search`.
pub(in crate::serve) fn search(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&PARAMETERS)?;
    request.json_alone()?;
    let base = site.base_url(request).to_string();
    if request.method != Method::POST {
        let release = site.release(request)?;
        return answer(&release, base, request, &Asked::of_parameters(request)?);
    }
    let body = body_of(request)?;
    let release = match &body.release {
        Some(word) => site.releases.named(word)?,
        None => site.release(request)?,
    };
    answer(&release, base, request, &Asked::of_body(body)?)
}

fn body_of(request: &Request) -> Result<Body, Problem> {
    let kind = request.header(CONTENT_TYPE.as_str()).unwrap_or(JSON);
    if !kind.starts_with(JSON) {
        return Err(Problem::media_type(JSON));
    }
    serde_json::from_slice(&request.body)
        .map_err(|error| Problem::bad_request(format!("expected a search as JSON: {error}")))
}

impl Asked {
    pub(super) fn of_parameters(request: &Request) -> Result<Self, Problem> {
        let list = |name: &str| -> Result<Option<Vec<String>>, Problem> {
            let written = request.parameter(name)?;
            Ok(written.map(|list| list.split(',').map(|one| one.trim().to_owned()).collect()))
        };
        let number = |name: &str| -> Result<Option<usize>, Problem> {
            Ok(request
                .number(name)?
                .map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
        };
        let shape = request.parameter("intersects")?.map(|text| {
            let value = serde_json::from_str(text);
            value
                .map_err(|error| Problem::bad_request(format!("intersects: {error}")))
                .and_then(shape)
        });
        Self {
            collections: list("collections")?,
            ids: list("ids")?,
            window: request.parameter("bbox")?.map(window).transpose()?,
            shape: shape.transpose()?,
            days: request
                .parameter("datetime")?
                .map(days)
                .transpose()?
                .unwrap_or_default(),
            limit: number("limit")?.unwrap_or(USUAL_LIMIT),
            from: number("from")?.unwrap_or_default(),
        }
        .checked()
    }

    fn of_body(body: Body) -> Result<Self, Problem> {
        let sides = body.bbox.map(|sides| {
            let sides: Vec<String> = sides.iter().map(ToString::to_string).collect();
            window(&sides.join(","))
        });
        Self {
            collections: body.collections.filter(|list| !list.is_empty()),
            ids: body.ids.filter(|list| !list.is_empty()),
            window: sides.transpose()?,
            shape: body.intersects.map(shape).transpose()?,
            days: body
                .datetime
                .as_deref()
                .map(days)
                .transpose()?
                .unwrap_or_default(),
            limit: body.limit.unwrap_or(USUAL_LIMIT),
            from: body.from.unwrap_or_default(),
        }
        .checked()
    }

    fn checked(mut self) -> Result<Self, Problem> {
        if self.limit == 0 {
            return Err(Problem::bad_request("expected a `limit` from 1 up"));
        }
        if self.window.is_some() && self.shape.is_some() {
            return Err(Problem::bad_request("expected `bbox` or `intersects`, not both"));
        }
        self.limit = self.limit.min(MOST_ITEMS);
        Ok(self)
    }

    fn finds(&self, item: &Summary) -> bool {
        let is_in =
            |list: &Option<Vec<String>>, word: &String| list.as_ref().is_none_or(|list| list.contains(word));
        let [west, south, east, north] = item.bounds;
        let meets = |shape: &Geometry<f64>| shape.intersects(&Rect::new((west, south), (east, north)));
        is_in(&self.collections, &item.collection)
            && is_in(&self.ids, &item.id)
            && self.window.is_none_or(|window| window.meets(item.bounds))
            && self.shape.as_ref().is_none_or(meets)
            && are_days_met(self.days, item.days)
    }
}

/// Whether two intervals of days have one in common; an end that isn't told is open.
fn are_days_met([first, last]: [Option<NaiveDate>; 2], [begin, end]: [Option<NaiveDate>; 2]) -> bool {
    let is_before = |one: Option<NaiveDate>, other: Option<NaiveDate>| {
        one.zip(other).is_some_and(|(one, other)| one < other)
    };
    !is_before(end, first) && !is_before(last, begin)
}

/// A shape of GeoJSON.
fn shape(value: Value) -> Result<Geometry<f64>, Problem> {
    let expected = || Problem::bad_request("intersects: expected a geometry as GeoJSON has it");
    let geometry: geojson::Geometry = serde_json::from_value(value).map_err(|_other| expected())?;
    Geometry::try_from(geometry).map_err(|_empty| expected())
}

/// A page of what is found.
pub(super) fn answer(
    release: &Opened,
    base: String,
    request: &Request,
    asked: &Asked,
) -> Result<Answer, Problem> {
    let items = release.items().map_err(|reason| Problem::internal(&reason))?;
    let found: Vec<&Summary> = items.0.iter().filter(|item| asked.finds(item)).collect();
    let places = Places::new(base, release.id());
    let page = found.iter().skip(asked.from).take(asked.limit);
    let mut features = Vec::new();
    for summary in page {
        let item = item_at(release.files(), &summary.path).map_err(|reason| Problem::internal(&reason))?;
        features.push(places.told_item(item, &summary.path));
    }
    let next = asked.from.saturating_add(features.len());
    let mut links = vec![places.root_link(), own_link(&places, request)];
    if next < found.len() && !features.is_empty() {
        links.push(next_link(&places, request, release.id(), next));
    }
    let told = json!({
        "type": "FeatureCollection",
        "numberMatched": found.len(),
        "numberReturned": features.len(),
        "features": features,
        "links": links,
    });
    Ok(Answer::json_text(told.to_string(), GEOJSON))
}

fn own_link(places: &Places, request: &Request) -> Value {
    let here = request
        .parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    link("self", &address(places, request, here), GEOJSON, "This page")
}

fn next_link(places: &Places, request: &Request, release: &str, next: usize) -> Value {
    if request.method == Method::POST {
        let mut body: Map<String, Value> = serde_json::from_slice(&request.body).unwrap_or_default();
        body.insert("from".to_owned(), json!(next));
        body.insert(RELEASE.to_owned(), json!(release));
        let mut link = link(
            "next",
            &address(places, request, std::iter::empty()),
            GEOJSON,
            "The next page",
        );
        link["method"] = json!("POST");
        link["body"] = json!(body);
        return link;
    }
    let next = next.to_string();
    let here = request
        .parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let kept = here.filter(|(name, _)| !["from", RELEASE].contains(name));
    let further = kept.chain([(RELEASE, release), ("from", next.as_str())]);
    link(
        "next",
        &address(places, request, further),
        GEOJSON,
        "The next page",
    )
}

fn address<'a>(
    places: &Places,
    request: &Request,
    parameters: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let query = query.finish();
    let sign = if query.is_empty() { "" } else { "?" };
    format!("{}{}{sign}{query}", places.base(), request.path)
}
