//! What sources claim of where their rows lie, held against what was computed: states by code, counties by code and name.
//!
//! Pure. A point lies in one state and one county; a line or a surface lies in every one that it touches, and may claim
//! any of them. One comparison, of which flags, columns and counts follow.

mod names;
mod successions;

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, Int32Array, StringArray};
use geo::{Geometry, Point};

use super::CodedArray;
use super::attributes::Attributes;
use super::jurisdiction::Match;
use super::locate::{JoinContext, Located};
use crate::feature::{CountyClaim, FlagCode, RowFlag, Texts};
use crate::plan::{CountySuccession, State};
use names::is_same_county;
use successions::Successions;

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
    /// What the claimed county is to the computed one: a code of [`CountyClaim`], never null.
    pub county_claim: CodedArray,
    /// Each claim that doesn't hold or is spelt otherwise; `detail` is `claimed → computed`, with `none` for a row outside
    /// every polygon.
    pub flags: Vec<RowFlag>,
}

/// Holds the claims of rows against what was computed; `successions` tell which codes of counties are of another vintage.
pub fn compare_claims(placed: &Placed<'_>, join: &JoinContext, successions: &[CountySuccession]) -> Claims {
    let mut flags = Vec::new();
    let rows = placed.points.len();
    let is_state_mismatch = if join.knows_states() {
        BooleanArray::from(compare_states(placed, join, &mut flags))
    } else {
        BooleanArray::new_null(rows)
    };
    let county_claims: Vec<CountyClaim> = if join.knows_counties() {
        let vintages = Vintages {
            join,
            successions: Successions(successions),
        };
        let by_code = compare_counties(placed, &vintages, &mut flags).into_iter();
        let by_name = compare_county_names(placed, &vintages, &mut flags);
        by_code
            .zip(by_name)
            .map(|(code, name)| code.or_worse(name))
            .collect()
    } else {
        vec![CountyClaim::Absent; rows]
    };
    Claims {
        is_state_mismatch,
        is_county_mismatch: county_claims.iter().map(|claim| claim.is_mismatch()).collect(),
        county_claim: verdict_column(&county_claims),
        flags,
    }
}

/// Verdicts as codes.
fn verdict_column(claims: &[CountyClaim]) -> CodedArray {
    let keys = Int32Array::from_iter_values(claims.iter().map(|claim| claim.key()));
    let codes = StringArray::from_iter_values(CountyClaim::ALL.map(CountyClaim::code));
    CodedArray::try_new(keys, Arc::new(codes)).expect("every key is a place among the codes")
}

/// The counties that there are, and what they were called before and since.
struct Vintages<'a> {
    join: &'a JoinContext,
    successions: Successions<'a>,
}

impl Vintages<'_> {
    /// Whether a claimed code stands for the computed one under another vintage.
    fn connect_codes(&self, claimed: &str, computed: &str) -> bool {
        self.successions
            .connect(claimed, computed, self.join.has_county(claimed))
    }

    /// Whether the county with this code has the claimed name under another vintage.
    fn know_name(&self, claimed: &str, computed: &str) -> bool {
        let states = self.join.every_state();
        self.successions
            .names_of(computed, |code| self.join.has_county(code))
            .any(|(code, name)| is_same_county(claimed, name, Some(code), states))
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

/// What is said of a row without a claim, and of a claim that is what was computed.
#[derive(Clone, Copy)]
struct Verdicts<V> {
    absent: V,
    agrees: V,
}

/// Takes every claim of a column through `judge`, but for those that are what was computed.
fn compare_column<'a, V: Copy>(
    placed: &Placed<'a>,
    column: &str,
    computed: &'a CodedArray,
    verdicts: Verdicts<V>,
    mut judge: impl FnMut(&Claim<'a>) -> V,
) -> Vec<V> {
    let Some(claimed) = placed.columns.text(column) else {
        return vec![verdicts.absent; placed.points.len()];
    };
    let computed = Texts::from_array(computed).expect("computed codes are text");
    // Most claims are true and cost one comparison of texts here; geometries are asked only for the rest.
    let pairs = claimed.iter().zip(computed.iter()).enumerate();
    pairs
        .map(|(index, (claimed, computed))| {
            let Some(claimed) = claimed else {
                return verdicts.absent;
            };
            if Some(claimed) == computed {
                return verdicts.agrees;
            }
            judge(&Claim {
                index,
                claimed,
                computed,
            })
        })
        .collect()
}

/// Whether the claimed state is another; none where there is no claim to judge.
fn compare_states(placed: &Placed<'_>, join: &JoinContext, flags: &mut Vec<RowFlag>) -> Vec<Option<bool>> {
    let verdicts = Verdicts {
        absent: None,
        agrees: Some(false),
    };
    compare_column(placed, STATE, &placed.located.state_code, verdicts, |claim| {
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

/// What is said of a claimed county that need not be looked at.
const COUNTY_VERDICTS: Verdicts<CountyClaim> = Verdicts {
    absent: CountyClaim::Absent,
    agrees: CountyClaim::Agrees,
};

fn compare_counties(
    placed: &Placed<'_>,
    vintages: &Vintages<'_>,
    flags: &mut Vec<RowFlag>,
) -> Vec<CountyClaim> {
    let join = vintages.join;
    let computed = &placed.located.county_fips;
    compare_column(placed, COUNTY, computed, COUNTY_VERDICTS, |claim| {
        let touched = counties_touched(&placed.geometries[claim.index], join);
        if touched.iter().any(|county| county.code == claim.claimed) {
            return CountyClaim::Agrees;
        }
        let mut codes = claim
            .computed
            .into_iter()
            .chain(touched.iter().map(|county| county.code));
        if codes.any(|code| vintages.connect_codes(claim.claimed, code)) {
            return CountyClaim::AgreesBySuccession;
        }
        // As with states.
        if !join.has_county(claim.claimed) && !placed.is_held(claim) {
            return CountyClaim::Absent;
        }
        flags.push(claim.to_flag(COUNTY, FlagCode::CountyMismatch));
        CountyClaim::Disagrees
    })
}

/// By name a county may be the same and only spelt otherwise. A row in no county claims nothing that could be held against
/// it: names alone say little.
fn compare_county_names(
    placed: &Placed<'_>,
    vintages: &Vintages<'_>,
    flags: &mut Vec<RowFlag>,
) -> Vec<CountyClaim> {
    let join = vintages.join;
    let codes = Texts::from_array(&placed.located.county_fips).expect("computed codes are text");
    let states = join.every_state();
    let computed = &placed.located.county_name;
    compare_column(placed, COUNTY_NAME, computed, COUNTY_VERDICTS, |claim| {
        let Some(computed) = claim.computed else {
            return CountyClaim::Absent;
        };
        if claim.claimed.to_lowercase() == computed.to_lowercase() {
            return CountyClaim::Agrees;
        }
        let code = codes.value(claim.index);
        if is_same_county(claim.claimed, computed, code, states) {
            flags.push(claim.to_flag(COUNTY_NAME, FlagCode::CountySpelling));
            return CountyClaim::Agrees;
        }
        let touched = counties_touched(&placed.geometries[claim.index], join);
        if touched
            .iter()
            .any(|county| is_county_called(*county, claim.claimed, states))
        {
            return CountyClaim::Agrees;
        }
        let mut codes = code.into_iter().chain(touched.iter().map(|county| county.code));
        if codes.any(|code| vintages.know_name(claim.claimed, code)) {
            return CountyClaim::AgreesBySuccession;
        }
        flags.push(claim.to_flag(COUNTY_NAME, FlagCode::CountyMismatch));
        CountyClaim::Disagrees
    })
}

/// Counties that a line or a surface touches, any of which it may claim; none of a point, which lies in the computed one.
fn counties_touched<'j>(geometry: &Geometry<f64>, join: &'j JoinContext) -> Vec<Match<'j>> {
    if is_point(geometry) {
        return Vec::new();
    }
    join.counties_touched(geometry).collect()
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
