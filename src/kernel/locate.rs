//! Locate: state, county, region and every further polygon set, for one point per row.
//!
//! Pure. Sets are asked one by one: the polygon that holds the point (ties: lowest code), else
//! the nearest within the set's declared distance. Computed and claimed codes are both kept.

use std::collections::BTreeMap;

use arrow_array::{BooleanArray, Float64Array, StringArray};
use geo::Point;
use rayon::prelude::*;

use super::jurisdiction::JurisdictionIndex;
use crate::feature::LocationCounts;
use crate::plan::{GeometryKind, JurisdictionKind, JurisdictionPlan, Reference};

/// The polygon sets of a run with their indexes, and the tables that turn codes into regions.
#[derive(Debug)]
pub struct JoinContext {
    sets: Vec<JoinSet>,
    usps_by_fips: BTreeMap<String, String>,
    region_by_usps: BTreeMap<String, String>,
}

/// One polygon set, indexed.
#[derive(Debug)]
pub struct JoinSet {
    /// As planned.
    pub plan: JurisdictionPlan,
    /// Its polygons.
    pub index: JurisdictionIndex,
}

impl JoinContext {
    /// Joins `sets` with the state and region tables.
    pub fn new(sets: Vec<JoinSet>, reference: &Reference) -> Self {
        Self {
            sets,
            usps_by_fips: reference.states.iter().map(|s| (s.fips.clone(), s.usps.clone())).collect(),
            region_by_usps: reference.regions.iter().map(|r| (r.state.clone(), r.code.clone())).collect(),
        }
    }

    /// Ids of the sets of kind `Other`, in pipeline order: each fills a column `<id>_code`.
    pub fn further_sets(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().filter(|set| set.plan.kind == JurisdictionKind::Other).map(|set| &*set.plan.id)
    }

    /// Whether a computed state can be had at all.
    pub fn knows_states(&self) -> bool {
        self.set(JurisdictionKind::State).or(self.set(JurisdictionKind::County)).is_some()
    }

    fn set(&self, kind: JurisdictionKind) -> Option<&JoinSet> {
        self.sets.iter().find(|set| set.plan.kind == kind)
    }
}

/// Location columns, one value per row; names as the core columns'.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named and documented as the core columns they fill")]
pub struct Located {
    pub state_code: StringArray,
    pub state_fips: StringArray,
    pub county_fips: StringArray,
    pub county_name: StringArray,
    pub place_geoid: StringArray,
    pub tribal_geoid: StringArray,
    pub region_code: StringArray,
    pub is_county_mismatch: BooleanArray,
    pub location_method: StringArray,
    pub location_distance_m: Float64Array,
    /// Codes of the sets of kind `Other`, in the order of [`JoinContext::further_sets`].
    pub further: Vec<StringArray>,
    /// How many rows were located how.
    pub counts: LocationCounts,
}

/// A jurisdiction found for a row.
#[derive(Debug, Clone, Copy)]
struct Hit<'a> {
    code: &'a str,
    name: Option<&'a str>,
    distance_m: Option<f64>,
}

/// Places one point per row; `kind` tells whether it is the feature itself or stands for it.
pub fn locate(
    points: &[Point<f64>],
    kind: GeometryKind,
    county_claimed: Option<&StringArray>,
    context: &JoinContext,
) -> Located {
    let ask = |kind| context.set(kind).map_or_else(|| vec![None; points.len()], |set| hits(points, set));
    let county = ask(JurisdictionKind::County);
    let state = if context.set(JurisdictionKind::State).is_some() {
        ask(JurisdictionKind::State)
    } else {
        county.iter().map(|hit| hit.and_then(state_of_county)).collect()
    };
    let usps = state.iter().map(|hit| context.usps_by_fips.get(hit.as_ref()?.code).map(String::as_str));
    let usps: StringArray = usps.collect();
    let (place, tribal) = (ask(JurisdictionKind::Place), ask(JurisdictionKind::Tribal));
    let region = usps.iter().map(|code| context.region_by_usps.get(code?).map(String::as_str)).collect();
    let claimed = county_claimed.filter(|_| context.set(JurisdictionKind::County).is_some());
    let mismatch = mismatch(&county, claimed);
    let (method, distance): (Vec<_>, Vec<_>) =
        state.iter().zip(&county).map(|(state, county)| method(kind, *state, *county)).unzip();
    let further = context.sets.iter().filter(|set| set.plan.kind == JurisdictionKind::Other);
    let mut totals = count(&method);
    totals.county_mismatch = mismatch.iter().filter(|is| *is == Some(true)).count() as u64;
    Located {
        state_fips: codes(&state),
        state_code: usps,
        county_fips: codes(&county),
        county_name: county.iter().map(|hit| hit.and_then(|hit| hit.name)).collect(),
        place_geoid: codes(&place),
        tribal_geoid: codes(&tribal),
        region_code: region,
        is_county_mismatch: mismatch,
        location_method: method.into_iter().map(Some).collect(),
        location_distance_m: distance.into_iter().collect(),
        further: further.map(|set| codes(&hits(points, set))).collect(),
        counts: totals,
    }
}

fn hits<'a>(points: &[Point<f64>], set: &'a JoinSet) -> Vec<Option<Hit<'a>>> {
    points.par_iter().with_min_len(256).map(|point| hit(*point, set)).collect()
}

fn hit(point: Point<f64>, set: &JoinSet) -> Option<Hit<'_>> {
    if let Some(found) = set.index.locate(point) {
        return Some(Hit { code: found.code, name: found.name, distance_m: None });
    }
    if set.plan.nearest_m <= 0.0 {
        return None;
    }
    let (found, metres) = set.index.nearest(point, set.plan.nearest_m)?;
    Some(Hit { code: found.code, name: found.name, distance_m: Some(metres) })
}

/// Without a state set, a county's first two digits are its state.
fn state_of_county(county: Hit<'_>) -> Option<Hit<'_>> {
    Some(Hit { code: county.code.get(..2)?, name: None, ..county })
}

fn codes(hits: &[Option<Hit<'_>>]) -> StringArray {
    hits.iter().map(|hit| hit.map(|hit| hit.code)).collect()
}

/// Null where nothing was claimed; a claimed county where no county was found is a mismatch.
fn mismatch(county: &[Option<Hit<'_>>], claimed: Option<&StringArray>) -> BooleanArray {
    let Some(claimed) = claimed else { return BooleanArray::new_null(county.len()) };
    county.iter().zip(claimed).map(|(hit, claimed)| Some(hit.map(|hit| hit.code) != Some(claimed?))).collect()
}

/// The weaker of the two steps names the method; the longer way is the distance.
fn method(
    kind: GeometryKind,
    state: Option<Hit<'_>>,
    county: Option<Hit<'_>>,
) -> (&'static str, Option<f64>) {
    let Some(state) = state else { return ("none", None) };
    let away = [state.distance_m, county.and_then(|hit| hit.distance_m)];
    let distance = away.into_iter().flatten().reduce(f64::max);
    match (kind, distance) {
        (_, Some(metres)) => ("nearest", Some(metres)),
        (GeometryKind::Point, None) => ("within", None),
        (GeometryKind::Line | GeometryKind::Polygon, None) => ("representative_point", None),
    }
}

fn count(methods: &[&str]) -> LocationCounts {
    let of = |name| methods.iter().filter(|method| **method == name).count() as u64;
    LocationCounts {
        within: of("within"),
        nearest: of("nearest"),
        representative_point: of("representative_point"),
        none: of("none"),
        county_mismatch: 0,
    }
}
