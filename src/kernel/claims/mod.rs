//! What sources claim of where their rows lie, held against what was computed: states by code, counties by code and name.
//!
//! Pure. A point lies in one state and one county; a line or a surface lies in every one that it touches, and may claim
//! any of them. One comparison, of which flags, columns and counts follow.

mod names;

use arrow_array::{Array, BooleanArray, RecordBatch, StringArray};
use geo::{Geometry, Point};

use super::CodedArray;
use super::jurisdiction::Match;
use super::locate::{JoinContext, Located};
use crate::feature::{FlagCode, RowFlag, Texts};
use names::is_same_county;

const STATE: &str = "state_code_claimed";
const COUNTY: &str = "county_fips_claimed";
const COUNTY_NAME: &str = "county_name_claimed";

/// A batch's rows, and where they were found to be.
#[derive(Clone, Copy)]
pub struct Placed<'a> {
    /// Their columns.
    pub columns: &'a RecordBatch,
    /// Their geometries, in degrees.
    pub geometries: &'a [Geometry<f64>],
    /// The point that stands for each.
    pub points: &'a [Point<f64>],
    /// What was computed of them.
    pub located: &'a Located,
}

impl Placed<'_> {
    /// Whether polygons hold a row with what was computed of it, rather than being near.
    fn is_held(&self, pair: &Pair<'_>) -> bool {
        pair.computed.is_some() && self.located.location_distance_m.is_null(pair.index)
    }
}

/// What came of the claims.
#[derive(Debug)]
pub struct Claims {
    /// Whether a row claims another state; null where it claims none, or none can be computed.
    pub is_state_mismatch: BooleanArray,
    /// Whether a row claims another county, by its code or by its name; null where it claims none that could be compared.
    pub is_county_mismatch: BooleanArray,
    /// Each claim that doesn't hold or is spelt otherwise; `detail` is `claimed → computed`, with `none` for a row outside
    /// every polygon.
    pub flags: Vec<RowFlag>,
}

/// Holds the claims of rows against what was computed.
pub fn compare(placed: &Placed<'_>, join: &JoinContext) -> Claims {
    let mut flags = Vec::new();
    let states = join.knows_states().then(|| states(placed, join, &mut flags));
    let counties = join.knows_counties().then(|| {
        let by_code = counties(placed, join, &mut flags);
        let by_name = county_names(placed, join, &mut flags);
        by_code
            .into_iter()
            .zip(by_name)
            .map(|(code, name)| either(code, name))
            .collect()
    });
    let none = || BooleanArray::new_null(placed.points.len());
    Claims {
        is_state_mismatch: states.map_or_else(none, BooleanArray::from),
        is_county_mismatch: counties.map_or_else(none, |counties: Vec<_>| BooleanArray::from(counties)),
        flags,
    }
}

/// Whether a claim doesn't hold, by row; none where nothing is claimed.
type Mismatches = Vec<Option<bool>>;

/// Of two verdicts the worse.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one || other),
        (one, other) => one.or(other),
    }
}

/// A claim beside what was computed.
struct Pair<'a> {
    index: usize,
    claimed: &'a str,
    computed: Option<&'a str>,
}

impl Pair<'_> {
    fn flag(&self, field: &str, code: FlagCode) -> RowFlag {
        RowFlag {
            index: self.index,
            field: field.to_owned(),
            value: self.claimed.to_owned(),
            code,
            detail: format!("{} → {}", self.claimed, self.computed.unwrap_or("none")),
        }
    }
}

/// Takes every claim of a column through `is_mismatch`, but for those that are what was computed.
fn each<'a>(
    placed: &Placed<'a>,
    column: &str,
    computed: &'a CodedArray,
    mut is_mismatch: impl FnMut(&Pair<'a>) -> Option<bool>,
) -> Mismatches {
    let claimed: Option<&'a StringArray> = placed
        .columns
        .column_by_name(column)
        .and_then(|column| column.as_any().downcast_ref());
    let Some(claimed) = claimed else {
        return vec![None; placed.points.len()];
    };
    let computed = Texts::of(computed).expect("computed codes are text");
    let pairs = claimed.iter().zip(computed.iter()).enumerate();
    pairs
        .map(|(index, (claimed, computed))| {
            let claimed = claimed?;
            if Some(claimed) == computed {
                return Some(false);
            }
            is_mismatch(&Pair {
                index,
                claimed,
                computed,
            })
        })
        .collect()
}

fn states(placed: &Placed<'_>, join: &JoinContext, flags: &mut Vec<RowFlag>) -> Mismatches {
    each(placed, STATE, &placed.located.state_code, |pair| {
        // A state of which there is no polygon can't be missed: only what another's holds is surely elsewhere.
        if !join.has_state(pair.claimed) && !placed.is_held(pair) {
            return None;
        }
        let geometry = &placed.geometries[pair.index];
        let is_touched = |states: &[&str]| states.contains(&pair.claimed);
        if !is_point(geometry) && is_touched(&join.states_touched(geometry)) {
            return Some(false);
        }
        flags.push(pair.flag(STATE, FlagCode::StateMismatch));
        flags.extend(misplaced(placed.points[pair.index], pair, join));
        Some(true)
    })
}

fn counties(placed: &Placed<'_>, join: &JoinContext, flags: &mut Vec<RowFlag>) -> Mismatches {
    each(placed, COUNTY, &placed.located.county_fips, |pair| {
        // As with states.
        if !join.has_county(pair.claimed) && !placed.is_held(pair) {
            return None;
        }
        let geometry = &placed.geometries[pair.index];
        let is_claimed = |county: Match<'_>| county.code == pair.claimed;
        if !is_point(geometry) && join.counties_touched(geometry).any(is_claimed) {
            return Some(false);
        }
        flags.push(pair.flag(COUNTY, FlagCode::CountyMismatch));
        Some(true)
    })
}

/// By name a county may be the same and only spelt otherwise. A row in no county claims nothing that could be held against
/// it: names alone say little.
fn county_names(placed: &Placed<'_>, join: &JoinContext, flags: &mut Vec<RowFlag>) -> Mismatches {
    let codes = Texts::of(&placed.located.county_fips).expect("computed codes are text");
    let states = join.every_state();
    each(placed, COUNTY_NAME, &placed.located.county_name, |pair| {
        let computed = pair.computed?;
        if pair.claimed.to_lowercase() == computed.to_lowercase() {
            return Some(false);
        }
        if is_same_county(pair.claimed, computed, codes.value(pair.index), states) {
            flags.push(pair.flag(COUNTY_NAME, FlagCode::CountySpelling));
            return Some(false);
        }
        let geometry = &placed.geometries[pair.index];
        let is_claimed = |county: Match<'_>| {
            county
                .name
                .is_some_and(|name| is_same_county(pair.claimed, name, Some(county.code), states))
        };
        if !is_point(geometry) && join.counties_touched(geometry).any(is_claimed) {
            return Some(false);
        }
        flags.push(pair.flag(COUNTY_NAME, FlagCode::CountyMismatch));
        Some(true)
    })
}

/// Whether a geometry is one point, which lies in one state and one county.
fn is_point(geometry: &Geometry<f64>) -> bool {
    matches!(geometry, Geometry::Point(_))
}

/// The flag of a point that lies in the state that it claims, once its coordinates are exchanged or negated.
fn misplaced(point: Point<f64>, pair: &Pair<'_>, join: &JoinContext) -> Option<RowFlag> {
    let (x, y) = point.x_y();
    let proposals = [
        ("x negated", [-x, y]),
        ("y negated", [x, -y]),
        ("x and y negated", [-x, -y]),
        ("x and y exchanged", [y, x]),
        ("x and y exchanged, x negated", [-y, x]),
        ("x and y exchanged, y negated", [y, -x]),
    ];
    let is_meant = |[x, y]: &[f64; 2]| {
        y.abs() <= 90.0
            && join
                .state_at(Point::new(*x, *y))
                .is_some_and(|state| state == pair.claimed)
    };
    let (how, [to_x, to_y]) = proposals.into_iter().find(|(_, place)| is_meant(place))?;
    Some(RowFlag {
        index: pair.index,
        field: "geometry".to_owned(),
        value: format!("POINT({x} {y})"),
        code: FlagCode::MisplacedCoordinates,
        detail: format!("in {} as POINT({to_x} {to_y}): {how}", pair.claimed),
    })
}
