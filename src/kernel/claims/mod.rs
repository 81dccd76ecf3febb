//! What sources claim of where their rows lie, held against what was computed: states by code, counties by code and name.
//!
//! Pure. A point lies in one state and one county; a line or a surface lies in every one that it touches, and may claim
//! any of them. One comparison, of which flags, columns and counts follow.

mod names;

use arrow_array::{Array, BooleanArray};
use geo::{Geometry, Point};

use super::CodedArray;
use super::attributes::Attributes;
use super::jurisdiction::Match;
use super::locate::{JoinContext, Located};
use crate::feature::{FlagCode, RowFlag, Texts};
use crate::plan::State;
use names::is_same_county;

const STATE: &str = "state_code_claimed";
const COUNTY: &str = "county_fips_claimed";
const COUNTY_NAME: &str = "county_name_claimed";

/// A batch's rows, and where they were found to be.
#[derive(Clone, Copy)]
pub struct Placed<'a> {
    /// Their columns.
    pub columns: &'a Attributes,
    /// Their geometries, in degrees.
    pub geometries: &'a [Geometry<f64>],
    /// The point that stands for each.
    pub points: &'a [Point<f64>],
    /// What was computed of them.
    pub located: &'a Located,
}

impl Placed<'_> {
    /// Whether polygons hold a row with what was computed of it, rather than being near.
    fn is_held(&self, claim: &Claim<'_>) -> bool {
        claim.computed.is_some() && self.located.location_distance_m.is_null(claim.index)
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
pub fn compare_claims(placed: &Placed<'_>, join: &JoinContext) -> Claims {
    let mut flags = Vec::new();
    let rows = placed.points.len();
    let is_state_mismatch = if join.knows_states() {
        BooleanArray::from(compare_states(placed, join, &mut flags))
    } else {
        BooleanArray::new_null(rows)
    };
    let is_county_mismatch = if join.knows_counties() {
        let by_code = compare_counties(placed, join, &mut flags);
        let by_name = compare_county_names(placed, join, &mut flags);
        let verdicts = by_code.into_iter().zip(by_name);
        verdicts.map(|(code, name)| worse_verdict(code, name)).collect()
    } else {
        BooleanArray::new_null(rows)
    };
    Claims {
        is_state_mismatch,
        is_county_mismatch,
        flags,
    }
}

/// Whether a claim doesn't hold, by row; none where nothing is claimed.
type Mismatches = Vec<Option<bool>>;

/// Of two verdicts the worse.
fn worse_verdict(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one || other),
        (one, other) => one.or(other),
    }
}

/// A claim beside what was computed.
struct Claim<'a> {
    index: usize,
    claimed: &'a str,
    computed: Option<&'a str>,
}

impl Claim<'_> {
    fn to_flag(&self, field: &str, code: FlagCode) -> RowFlag {
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
fn compare_column<'a>(
    placed: &Placed<'a>,
    column: &str,
    computed: &'a CodedArray,
    mut is_mismatch: impl FnMut(&Claim<'a>) -> Option<bool>,
) -> Mismatches {
    let Some(claimed) = placed.columns.text(column) else {
        return vec![None; placed.points.len()];
    };
    let computed = Texts::from_array(computed).expect("computed codes are text");
    // Most claims are true and cost one comparison of texts here; geometries are asked only for the rest.
    let pairs = claimed.iter().zip(computed.iter()).enumerate();
    pairs
        .map(|(index, (claimed, computed))| {
            let claimed = claimed?;
            if Some(claimed) == computed {
                return Some(false);
            }
            is_mismatch(&Claim {
                index,
                claimed,
                computed,
            })
        })
        .collect()
}

fn compare_states(placed: &Placed<'_>, join: &JoinContext, flags: &mut Vec<RowFlag>) -> Mismatches {
    compare_column(placed, STATE, &placed.located.state_code, |claim| {
        // A state of which there is no polygon can't be missed: only what another's holds is surely elsewhere.
        if !join.has_state(claim.claimed) && !placed.is_held(claim) {
            return None;
        }
        let geometry = &placed.geometries[claim.index];
        if !is_point(geometry) && join.states_touched(geometry).contains(&claim.claimed) {
            return Some(false);
        }
        flags.push(claim.to_flag(STATE, FlagCode::StateMismatch));
        flags.extend(flag_misplaced(placed.points[claim.index], claim, join));
        Some(true)
    })
}

fn compare_counties(placed: &Placed<'_>, join: &JoinContext, flags: &mut Vec<RowFlag>) -> Mismatches {
    compare_column(placed, COUNTY, &placed.located.county_fips, |claim| {
        // As with states.
        if !join.has_county(claim.claimed) && !placed.is_held(claim) {
            return None;
        }
        let geometry = &placed.geometries[claim.index];
        let mut touched = join.counties_touched(geometry);
        if !is_point(geometry) && touched.any(|county| county.code == claim.claimed) {
            return Some(false);
        }
        flags.push(claim.to_flag(COUNTY, FlagCode::CountyMismatch));
        Some(true)
    })
}

/// By name a county may be the same and only spelt otherwise. A row in no county claims nothing that could be held against
/// it: names alone say little.
fn compare_county_names(placed: &Placed<'_>, join: &JoinContext, flags: &mut Vec<RowFlag>) -> Mismatches {
    let codes = Texts::from_array(&placed.located.county_fips).expect("computed codes are text");
    let states = join.every_state();
    compare_column(placed, COUNTY_NAME, &placed.located.county_name, |claim| {
        let computed = claim.computed?;
        if claim.claimed.to_lowercase() == computed.to_lowercase() {
            return Some(false);
        }
        if is_same_county(claim.claimed, computed, codes.value(claim.index), states) {
            flags.push(claim.to_flag(COUNTY_NAME, FlagCode::CountySpelling));
            return Some(false);
        }
        let geometry = &placed.geometries[claim.index];
        let mut touched = join.counties_touched(geometry);
        if !is_point(geometry) && touched.any(|county| is_county_called(county, claim.claimed, states)) {
            return Some(false);
        }
        flags.push(claim.to_flag(COUNTY_NAME, FlagCode::CountyMismatch));
        Some(true)
    })
}

/// Whether a county has this name, however it is spelt.
fn is_county_called(county: Match<'_>, claimed: &str, states: &[State]) -> bool {
    county
        .name
        .is_some_and(|name| is_same_county(claimed, name, Some(county.code), states))
}

/// Whether a geometry is one point, which lies in one state and one county.
fn is_point(geometry: &Geometry<f64>) -> bool {
    matches!(geometry, Geometry::Point(_))
}

/// The flag of a point that lies in the state that it claims, once its coordinates are exchanged or negated.
fn flag_misplaced(point: Point<f64>, claim: &Claim<'_>, join: &JoinContext) -> Option<RowFlag> {
    let (x, y) = point.x_y();
    // The usual slip first: a longitude of the western hemisphere without its sign. The claimed state decides, so that
    // the order matters only where two of them lie in one state. Nothing is moved: it is a flag with a proposal.
    let proposals = [
        ("x negated", [-x, y]),
        ("y negated", [x, -y]),
        ("x and y negated", [-x, -y]),
        ("x and y exchanged", [y, x]),
        ("x and y exchanged, x negated", [-y, x]),
        ("x and y exchanged, y negated", [y, -x]),
    ];
    let (how, [to_x, to_y]) = proposals
        .into_iter()
        .filter(|(_, [_, y])| y.abs() <= 90.0)
        .find(|(_, [x, y])| join.state_at(Point::new(*x, *y)) == Some(claim.claimed))?;
    Some(RowFlag {
        index: claim.index,
        field: "geometry".to_owned(),
        value: format!("POINT({x} {y})"),
        code: FlagCode::MisplacedCoordinates,
        detail: format!("in {} as POINT({to_x} {to_y}): {how}", claim.claimed),
    })
}
