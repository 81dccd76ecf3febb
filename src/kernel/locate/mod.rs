//! Locate: state, county, region and every further polygon set, for every row.
//!
//! Pure. A set answers for a point by the polygon that holds it (ties: lowest code), for a line or an area by the largest
//! share of its length or surface; outside every polygon by the nearest within the set's declared distance. Computed and
//! claimed codes are both kept. A row's answer is a rank in the set's list of codes: columns are dictionaries over that
//! list, shared by every batch of a run. What a column can't hold are `links`.

mod answers;
mod context;
mod links;
mod lists;
mod places;
mod regions;
mod row_link;
mod slivers;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{Float64Array, Int32Array};

use super::CodedArray;
use crate::feature::LocationMethod;
use crate::plan::JurisdictionKind;
use answers::Answers;
use lists::null_column;
use regions::RegionSource;

pub use context::{Gap, JoinContext, JoinSet};
pub use places::Places;
pub use row_link::RowLink;

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
    /// Columns of sets of other kinds, by name, as [`JoinContext::own_columns`] has them.
    pub own: Vec<(String, CodedArray)>,
    /// What no column holds: several jurisdictions of a set, shares, distances.
    pub links: Vec<RowLink>,
    /// Lines and areas that reach into further regions, each with the region.
    pub crossings: Vec<Crossing>,
    /// Shares below the tolerance, which are not told.
    pub slivers: u64,
    /// Points on a border within a set whose polygons don't overlap, which the lowest code has; once for each such set.
    pub ties: u64,
    /// Areas whose own rings cross too often to be shared out.
    pub tangled: BTreeSet<usize>,
    /// Rows in one state by the states' polygons, in another by the counties'.
    pub disagreements: Vec<Disagreement>,
    /// Rows that may be in a polygon that can't be used, each with the column that is null therefore.
    pub missing: Vec<(usize, String)>,
}

/// A line or an area that reaches into a region that is not its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Which row.
    pub row: usize,
    /// The region.
    pub region: String,
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

/// Places every row.
///
/// ```
/// use cikr::feature::Texts;
/// use cikr::kernel::locate::{JoinContext, Places, locate};
/// use cikr::plan::{GeometryKind, Reference};
/// use geo::Point;
///
/// let without_polygons = JoinContext::new(vec![], &Reference::default());
/// let houston = Point::new(-95.4, 29.8);
/// let places = Places {
///     kind: GeometryKind::Point,
///     geometries: &[houston.into()],
///     points: &[houston],
/// };
/// let located = locate(&places, &without_polygons);
/// let method = Texts::from_array(&located.location_method).expect("a column of texts");
/// assert_eq!(method.value(0), Some("none"));
/// ```
pub fn locate(places: &Places<'_>, context: &JoinContext) -> Located {
    let rows = places.points.len();
    let mut answers = Vec::with_capacity(context.sets.len());
    for (set, _) in &context.sets {
        answers.push(Answers::of_set(places, set));
    }
    let mut disagreements = Vec::new();
    let state_place = context.place_of_kind(JurisdictionKind::STATE);
    let county_place = context.place_of_kind(JurisdictionKind::COUNTY);
    if let (Some(states), Some(counties)) = (state_place, county_place) {
        let state = std::mem::take(&mut answers[states]);
        answers[states] = complete_by_counties(state, &answers[counties], context, &mut disagreements);
    }
    let nothing = Answers::without_set(rows);
    let county = county_place.map_or(&nothing, |place| &answers[place]);
    // Without a state set, the county's rank stands for its state.
    let state = state_place.map_or(county, |place| &answers[place]);
    let region_place = context.place_of_kind(JurisdictionKind::REGION);
    let region = match context.regions.source {
        RegionSource::States => state,
        RegionSource::Counties => county,
        RegionSource::Polygons => region_place.map_or(&nothing, |place| &answers[place]),
    };
    let placements: Vec<Placement> = (0..rows)
        .map(|row| Placement::of_row(row, state, county))
        .collect();
    let columns = Columns {
        context,
        answers: &answers,
        rows,
    };
    Located {
        state_code: context.states.usps.to_column(&state.ranks),
        state_fips: context.states.fips.to_column(&state.ranks),
        county_fips: columns.codes_of_kind(JurisdictionKind::COUNTY),
        county_name: columns.names_of_kind(JurisdictionKind::COUNTY),
        place_geoid: columns.codes_of_kind("place"),
        place_name: columns.names_of_kind("place"),
        tribal_geoid: columns.codes_of_kind("tribal"),
        tribal_name: columns.names_of_kind("tribal"),
        region_code: context.regions.texts.to_column(&region.ranks),
        location_method: method_column(&placements, context),
        location_distance_m: placements.iter().map(|row| row.distance_m).collect(),
        own: columns.own_columns(),
        links: links_of_sets(context, &answers),
        crossings: crossings(context, region, county, state),
        slivers: answers.iter().map(|answers| answers.slivers).sum(),
        ties: answers.iter().map(|answers| answers.ties).sum(),
        tangled: answers
            .iter()
            .flat_map(|answers| answers.tangled.iter().copied())
            .collect(),
        disagreements,
        missing: missing_rows(context, &answers),
    }
}

/// The columns of codes and names that sets fill.
struct Columns<'a> {
    context: &'a JoinContext,
    answers: &'a [Answers],
    rows: usize,
}

impl Columns<'_> {
    fn codes_of_kind(&self, kind: &str) -> CodedArray {
        let Some(place) = self.context.place_of_kind(kind) else {
            return null_column(self.rows);
        };
        let (_, lists) = &self.context.sets[place];
        lists.codes.to_column(&self.answers[place].ranks)
    }

    fn names_of_kind(&self, kind: &str) -> CodedArray {
        let Some(place) = self.context.place_of_kind(kind) else {
            return null_column(self.rows);
        };
        let (_, lists) = &self.context.sets[place];
        lists.names.to_column(&self.answers[place].ranks)
    }

    /// Of the sets whose kinds fill no core column.
    fn own_columns(&self) -> Vec<(String, CodedArray)> {
        let mut columns = Vec::new();
        for ((set, lists), answers) in self.context.sets.iter().zip(self.answers) {
            if set.plan.kind.is_core() {
                continue;
            }
            let codes = set.plan.code_column();
            columns.extend(codes.map(|name| (name, lists.codes.to_column(&answers.ranks))));
            let names = set.plan.name_column();
            columns.extend(names.map(|name| (name, lists.names.to_column(&answers.ranks))));
        }
        columns
    }
}

/// What no column holds, set by set.
fn links_of_sets(context: &JoinContext, answers: &[Answers]) -> Vec<RowLink> {
    let mut found = Vec::new();
    for (place, ((set, _), answers)) in context.sets.iter().zip(answers).enumerate() {
        found.extend(links::links_of(place, !set.plan.overlaps, answers));
    }
    found
}

/// Rows that reach into regions besides their own.
fn crossings(context: &JoinContext, region: &Answers, county: &Answers, state: &Answers) -> Vec<Crossing> {
    let mut found = Vec::new();
    // Polygons of states often end at the shore, and those of counties don't: both are asked where regions are of states.
    let by_states = context.regions.source == RegionSource::States;
    let rows: BTreeSet<usize> = [region, county, state]
        .into_iter()
        .flat_map(|answers| answers.several.keys().copied())
        .collect();
    for row in rows {
        let own = region.ranks[row];
        let of_counties = county.every_rank(row).filter(|_| by_states);
        let of_counties =
            of_counties.filter_map(|rank| context.county_states.get(rank as usize).copied().flatten());
        let touched = region.every_rank(row).chain(of_counties);
        let others = context.regions.others_than(own, touched);
        found.extend(others.into_iter().map(|region| Crossing {
            row,
            region: region.to_owned(),
        }));
    }
    found
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
            // A line or an area may lie in several states, with its largest share in a county of another than the first.
            Some(_) if state.every_rank(row).any(|own| own == of_county) => {}
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
fn missing_rows(context: &JoinContext, answers: &[Answers]) -> Vec<(usize, String)> {
    let mut missing = Vec::new();
    for ((set, _), answers) in context.sets.iter().zip(answers) {
        let column = if set.plan.kind.is_state() {
            "state_code".to_owned()
        } else {
            set.plan.code_column().unwrap_or_else(|| set.plan.id.clone())
        };
        missing.extend(answers.missing.iter().map(|row| (*row, column.clone())));
    }
    missing
}

/// How a row was located, and the distance to the nearest jurisdiction.
struct Placement {
    method: LocationMethod,
    distance_m: Option<f64>,
}

impl Placement {
    /// The weaker of the two steps names the method; the longer way is the distance.
    fn of_row(row: usize, state: &Answers, county: &Answers) -> Self {
        if state.ranks[row].is_none() {
            return Self {
                method: LocationMethod::None,
                distance_m: None,
            };
        }
        let away = [state.away.get(&row), county.away.get(&row)];
        let distance_m = away.into_iter().flatten().copied().reduce(f64::max);
        let method = if distance_m.is_some() {
            LocationMethod::Nearest
        } else if state.is_in_part(row) || county.is_in_part(row) {
            LocationMethod::Overlap
        } else {
            LocationMethod::Within
        };
        Self { method, distance_m }
    }
}

fn method_column(placements: &[Placement], context: &JoinContext) -> CodedArray {
    let keys: Int32Array = placements.iter().map(|row| Some(row.method.key())).collect();
    CodedArray::try_new(keys, Arc::clone(&context.methods)).expect("a method is a place in their list")
}
