//! Locate: state, county, region and every further polygon set, for one point per row.
//!
//! Pure. Sets are asked one by one: the polygon that holds the point (ties: lowest code), else
//! the nearest within the set's declared distance. Computed and claimed codes are both kept. A row's answer is a
//! rank in the set's list of codes: columns are dictionaries over that list, shared by every batch of a run.

mod answers;
mod context;
mod lists;

use std::sync::Arc;

use arrow_array::{Float64Array, Int32Array};
use geo::Point;

use super::CodedArray;
use super::cluster::along_curve;
use crate::feature::LocationMethod;
use crate::plan::{GeometryKind, JurisdictionKind};
use answers::{Answers, SetAnswers};

pub use context::{Gap, JoinContext, JoinSet};

/// Location columns, one value per row; names as the core columns'.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named and documented as the core columns they fill")]
pub struct Located {
    pub state_code: CodedArray,
    pub state_fips: CodedArray,
    pub county_fips: CodedArray,
    pub county_name: CodedArray,
    pub place_geoid: CodedArray,
    pub place_name: CodedArray,
    pub tribal_geoid: CodedArray,
    pub tribal_name: CodedArray,
    pub region_code: CodedArray,
    pub location_method: CodedArray,
    pub location_distance_m: Float64Array,
    /// Codes of the sets of kind `Other`, in the order of [`JoinContext::further_sets`].
    pub further: Vec<CodedArray>,
    /// Rows in one state by the states' polygons, in another by the counties'.
    pub disagreements: Vec<Disagreement>,
    /// Rows that may be in a polygon that can't be used, each with the column that is null therefore.
    pub missing: Vec<(usize, &'static str)>,
}

/// A row that two sets put in two states, by their USPS codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Which row.
    pub row: usize,
    /// State whose polygon holds it.
    pub state: String,
    /// State of the county whose polygon holds it.
    pub of_county: String,
}

/// Places one point per row; `kind` tells whether it is the feature itself or stands for it.
///
/// ```
/// use cikr::feature::Texts;
/// use cikr::kernel::locate::{JoinContext, locate};
/// use cikr::plan::{GeometryKind, Reference};
/// use geo::Point;
///
/// let without_polygons = JoinContext::new(vec![], &Reference::default());
/// let located = locate(&[Point::new(-95.4, 29.8)], GeometryKind::Point, &without_polygons);
/// let method = Texts::from_array(&located.location_method).expect("a column of texts");
/// assert_eq!(method.value(0), Some("none"));
/// ```
pub fn locate(points: &[Point<f64>], kind: GeometryKind, context: &JoinContext) -> Located {
    // Neighbours are asked for one after the other: they look at the same edges.
    let places: Vec<[f64; 2]> = points.iter().map(|point| [point.x(), point.y()]).collect();
    let order = along_curve(&places);
    let [county, place, tribal] = [
        JurisdictionKind::County,
        JurisdictionKind::Place,
        JurisdictionKind::Tribal,
    ]
    .map(|kind| SetAnswers::new(points, &order, context.set_of_kind(kind)));
    let mut disagreements = Vec::new();
    let own_state = context.set_of_kind(JurisdictionKind::State).map(|(set, _)| {
        let state = Answers::of_set(points, &order, set);
        complete_by_counties(state, &county.answers, context, &mut disagreements)
    });
    // Without a state set, the county's rank stands for its state.
    let state = own_state.as_ref().unwrap_or(&county.answers);
    let missing = missing_rows(&[&county, &place, &tribal], own_state.as_ref());
    let placements: Vec<Placement> = (0..points.len())
        .map(|row| Placement::of_row(row, kind, state, &county.answers))
        .collect();
    Located {
        state_code: context.states.usps.to_column(&state.ranks),
        state_fips: context.states.fips.to_column(&state.ranks),
        county_fips: county.code_column(),
        county_name: county.name_column(),
        place_geoid: place.code_column(),
        place_name: place.name_column(),
        tribal_geoid: tribal.code_column(),
        tribal_name: tribal.name_column(),
        region_code: context.states.region.to_column(&state.ranks),
        location_method: method_column(&placements, context),
        location_distance_m: placements.iter().map(|row| row.distance_m).collect(),
        further: context
            .sets_of_kind_other()
            .map(|set| SetAnswers::new(points, &order, Some(set)).code_column())
            .collect(),
        disagreements,
        missing,
    }
}

/// The states of the rows, where the counties' polygons know more: states often end at the shore, and counties don't.
///
/// A county that holds a row has a state, and counts before a state that is only near. Where both hold it and differ, the
/// state's own polygon counts and the row is told of.
fn complete_by_counties(
    mut state: Answers,
    county: &Answers,
    context: &JoinContext,
    disagreements: &mut Vec<Disagreement>,
) -> Answers {
    for (row, rank) in county.ranks.iter().enumerate() {
        let Some(of_county) = rank.and_then(|rank| context.county_states[rank as usize]) else {
            continue;
        };
        let is_county_near = county.away.contains_key(&row);
        match state.ranks[row] {
            Some(own) if own == of_county => {}
            Some(_) if state.away.contains_key(&row) && !is_county_near => {
                state.ranks[row] = Some(of_county);
                state.away.remove(&row);
            }
            Some(own) => {
                let usps = &context.states.usps;
                disagreements.push(Disagreement {
                    row,
                    state: usps.text_of(own).unwrap_or_default().to_owned(),
                    of_county: usps.text_of(of_county).unwrap_or_default().to_owned(),
                });
            }
            // The state's own polygon may be the one that can't be used; a county that is only near says nothing then.
            None if state.missing.contains(&row) && is_county_near => {}
            None => {
                state.ranks[row] = Some(of_county);
                state.missing.remove(&row);
            }
        }
    }
    state
}

/// Rows that may be in a polygon that can't be used, and the column that is null therefore.
fn missing_rows(asked: &[&SetAnswers<'_>; 3], state: Option<&Answers>) -> Vec<(usize, &'static str)> {
    let columns = ["county_fips", "place_geoid", "tribal_geoid"];
    let sets = asked.iter().map(|asked| &asked.answers).zip(columns);
    let all = sets.chain(state.map(|state| (state, "state_code")));
    all.flat_map(|(answers, column)| answers.missing.iter().map(move |row| (*row, column)))
        .collect()
}

/// How a row was located, and the distance to the nearest jurisdiction.
struct Placement {
    method: LocationMethod,
    distance_m: Option<f64>,
}

impl Placement {
    /// The weaker of the two steps names the method; the longer way is the distance.
    fn of_row(row: usize, kind: GeometryKind, state: &Answers, county: &Answers) -> Self {
        if state.ranks[row].is_none() {
            return Self {
                method: LocationMethod::None,
                distance_m: None,
            };
        }
        let away = [state.away.get(&row), county.away.get(&row)];
        let distance_m = away.into_iter().flatten().copied().reduce(f64::max);
        let method = match (kind, distance_m) {
            (_, Some(_)) => LocationMethod::Nearest,
            (GeometryKind::Point, None) => LocationMethod::Within,
            (GeometryKind::Line | GeometryKind::Polygon, None) => LocationMethod::RepresentativePoint,
        };
        Self { method, distance_m }
    }
}

fn method_column(placements: &[Placement], context: &JoinContext) -> CodedArray {
    let keys: Int32Array = placements.iter().map(|row| Some(row.method.key())).collect();
    CodedArray::try_new(keys, Arc::clone(&context.methods)).expect("a method is a place in their list")
}
