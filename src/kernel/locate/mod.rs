//! Locate: state, county, region and every further polygon set, for one point per row.
//!
//! Pure. Sets are asked one by one: the polygon that holds the point (ties: lowest code), else
//! the nearest within the set's declared distance. Computed and claimed codes are both kept. A row's answer is a
//! rank in the set's list of codes: columns are dictionaries over that list, shared by every batch of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Float64Array, Int32Array, StringArray};
use geo::{CoordsIter, Geometry, Intersects, Point, Rect};

use super::CodedArray;
use super::cluster::along_curve;
use super::jurisdiction::{JurisdictionIndex, Match};
use crate::plan::{GeometryKind, JurisdictionKind, JurisdictionPlan, Reference, State};

/// How a row may be located, in the order of the keys of `location_method`.
const METHODS: [&str; 4] = ["within", "nearest", "representative_point", "none"];

/// The polygon sets of a run with their indexes, and the lists that columns are dictionaries over.
#[derive(Debug)]
pub struct JoinContext {
    sets: Vec<(JoinSet, Lists)>,
    /// By rank of the set that answers for the state: that of kind state, and behind its ranks the states that only counties
    /// have; without such a set, that of kind county.
    states: States,
    /// By rank of a county, the rank of its state, where there is a set of kind state: the first two digits of its code.
    county_states: Vec<Option<u32>>,
    /// All that there are, with a polygon or without.
    every_state: Vec<State>,
    methods: ArrayRef,
}

/// One polygon set, indexed.
#[derive(Debug)]
pub struct JoinSet {
    /// As planned.
    pub plan: JurisdictionPlan,
    /// Its polygons.
    pub index: JurisdictionIndex,
    /// Where polygons that can't be used may be: what lies there and in no other may be theirs.
    pub gaps: Vec<Gap>,
}

/// Where a polygon that can't be used may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Box in degrees.
    pub bounds: Rect<f64>,
    /// Whether it is somewhere in the box, which is far larger: only a nearest polygon is in doubt there.
    pub is_vague: bool,
}

/// A list of texts that ranks point into; a rank without a text has no key.
#[derive(Debug, Clone)]
struct Lookup {
    values: ArrayRef,
    has_value: Vec<bool>,
}

/// What follows from the rank of a state.
#[derive(Debug)]
struct States {
    fips: Lookup,
    usps: Lookup,
    region: Lookup,
}

/// The lists that the columns of a set are dictionaries over.
#[derive(Debug)]
struct Lists {
    codes: Lookup,
    names: Lookup,
}

impl Lookup {
    fn new<'v>(values: impl Iterator<Item = Option<&'v str>>) -> Self {
        let values: StringArray = values.collect();
        let has_value = values.iter().map(|value| value.is_some()).collect();
        Self {
            values: Arc::new(values),
            has_value,
        }
    }

    /// The text of a rank.
    fn text(&self, rank: u32) -> Option<&str> {
        let texts = self.values.as_string::<i32>();
        self.has_value[rank as usize].then(|| texts.value(rank as usize))
    }

    /// The column of these ranks.
    fn column(&self, ranks: &[Option<u32>]) -> CodedArray {
        let key = |rank: &Option<u32>| {
            let rank = rank.filter(|rank| self.has_value[*rank as usize])?;
            Some(i32::try_from(rank).expect("a set has less than 2^31 codes"))
        };
        let keys: Int32Array = ranks.iter().map(key).collect();
        CodedArray::try_new(keys, Arc::clone(&self.values)).expect("a rank is a place in its own list")
    }
}

impl States {
    /// Of states in this order of FIPS codes.
    fn new<'v>(fips: impl Iterator<Item = Option<&'v str>>, reference: &Reference) -> Self {
        let usps: BTreeMap<&str, &str> = reference.states.iter().map(|s| (&*s.fips, &*s.usps)).collect();
        let regions: BTreeMap<&str, &str> = reference
            .regions
            .iter()
            .map(|region| (&*region.state, &*region.code))
            .collect();
        let fips: Vec<Option<&str>> = fips.collect();
        let usps: Vec<Option<&str>> = fips.iter().map(|fips| usps.get((*fips)?).copied()).collect();
        Self {
            region: Lookup::new(usps.iter().map(|usps| regions.get((*usps)?).copied())),
            fips: Lookup::new(fips.into_iter()),
            usps: Lookup::new(usps.into_iter()),
        }
    }
}

impl JoinContext {
    /// Joins `sets` with the state and region tables.
    pub fn new(sets: Vec<JoinSet>, reference: &Reference) -> Self {
        let lists = |set: JoinSet| {
            let codes = Lookup::new(set.index.names().map(|found| Some(found.code)));
            let names = Lookup::new(set.index.names().map(|found| found.name));
            (set, Lists { codes, names })
        };
        let sets: Vec<(JoinSet, Lists)> = sets.into_iter().map(lists).collect();
        let of_kind = |kind| {
            sets.iter()
                .find(|(set, _)| set.plan.kind == kind)
                .map(|(set, _)| &set.index)
        };
        let (states, counties) = (
            of_kind(JurisdictionKind::State),
            of_kind(JurisdictionKind::County),
        );
        let of_counties = || {
            counties
                .into_iter()
                .flat_map(JurisdictionIndex::names)
                .map(|c| c.code.get(..2))
        };
        let (states, county_states) = match states {
            Some(states) => {
                let fips = with_further(states.names().map(|found| found.code), of_counties().flatten());
                let ranks: BTreeMap<&str, u32> = fips.iter().copied().zip(0..).collect();
                let of_counties = of_counties().map(|fips| ranks.get(fips?).copied()).collect();
                (States::new(fips.into_iter().map(Some), reference), of_counties)
            }
            // Without a state set, a county's first two digits are its state.
            None => (States::new(of_counties(), reference), vec![]),
        };
        let methods = Arc::new(StringArray::from_iter_values(METHODS));
        Self {
            sets,
            states,
            county_states,
            every_state: reference.states.clone(),
            methods,
        }
    }

    /// USPS code of the state that holds a point, its border included, by the polygons of states or else of counties.
    pub fn state_at(&self, point: Point<f64>) -> Option<&str> {
        let of_county = || self.set(JurisdictionKind::County)?.0.index.rank(point);
        let rank = match self.set(JurisdictionKind::State) {
            None => of_county(),
            Some((set, _)) => {
                let own = set.index.rank(point);
                own.or_else(|| self.county_states.get(of_county()? as usize).copied().flatten())
            }
        };
        self.states.usps.text(rank?)
    }

    /// Whether a polygon is known to be of the state with this USPS code, or of a county of it.
    pub fn has_state(&self, usps: &str) -> bool {
        self.states
            .usps
            .values
            .as_string::<i32>()
            .iter()
            .any(|state| state == Some(usps))
    }

    /// Whether there is a polygon of the county with this code.
    pub fn has_county(&self, code: &str) -> bool {
        self.set(JurisdictionKind::County)
            .is_some_and(|(set, _)| set.index.has(code))
    }

    /// All states and territories of the reference, with a polygon or without.
    pub fn every_state(&self) -> &[State] {
        &self.every_state
    }

    /// USPS codes of the states that a geometry shares a point with, and of those in whose counties a vertex lies off shore.
    pub fn states_touched(&self, geometry: &Geometry<f64>) -> Vec<&str> {
        let set = self
            .set(JurisdictionKind::State)
            .or(self.set(JurisdictionKind::County));
        let touched = set.into_iter().flat_map(|(set, _)| set.index.touched(geometry));
        let mut states: Vec<&str> = touched.filter_map(|rank| self.states.usps.text(rank)).collect();
        states.extend(
            geometry
                .coords_iter()
                .filter_map(|vertex| self.state_at(Point(vertex))),
        );
        states.sort_unstable();
        states.dedup();
        states
    }

    /// Counties that a geometry shares a point with.
    pub fn counties_touched(&self, geometry: &Geometry<f64>) -> impl Iterator<Item = Match<'_>> {
        let set = self.set(JurisdictionKind::County);
        set.into_iter().flat_map(|(set, _)| {
            set.index
                .touched(geometry)
                .into_iter()
                .map(|rank| set.index.named(rank))
        })
    }

    /// Ids of the sets of kind `Other`, in pipeline order: each fills a column `<id>_code`.
    pub fn further_sets(&self) -> impl Iterator<Item = &str> {
        self.further().map(|(set, _)| &*set.plan.id)
    }

    fn further(&self) -> impl Iterator<Item = &(JoinSet, Lists)> {
        self.sets
            .iter()
            .filter(|(set, _)| set.plan.kind == JurisdictionKind::Other)
    }

    /// Whether a computed state can be had at all.
    pub fn knows_states(&self) -> bool {
        self.set(JurisdictionKind::State)
            .or(self.set(JurisdictionKind::County))
            .is_some()
    }

    /// Whether a computed county can be had at all.
    pub fn knows_counties(&self) -> bool {
        self.set(JurisdictionKind::County).is_some()
    }

    fn set(&self, kind: JurisdictionKind) -> Option<&(JoinSet, Lists)> {
        self.sets.iter().find(|(set, _)| set.plan.kind == kind)
    }
}

/// FIPS codes of the states of a set, and behind them those that only counties have, in order.
fn with_further<'v>(
    own: impl Iterator<Item = &'v str>,
    of_counties: impl Iterator<Item = &'v str>,
) -> Vec<&'v str> {
    let mut fips: Vec<&str> = own.collect();
    let further: BTreeSet<&str> = of_counties.filter(|county| !fips.contains(county)).collect();
    fips.extend(further);
    fips
}

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

/// What a set answers for every row: the rank found, and how far away it is where no polygon holds the point.
#[derive(Debug, Clone, Default)]
struct Answers {
    ranks: Vec<Option<u32>>,
    /// Metres, by row; only rows outside every polygon are here.
    away: BTreeMap<usize, f64>,
    /// Rows outside every polygon, but not surely outside one that can't be used.
    missing: BTreeSet<usize>,
}

/// Places one point per row; `kind` tells whether it is the feature itself or stands for it.
pub fn locate(points: &[Point<f64>], kind: GeometryKind, context: &JoinContext) -> Located {
    // Neighbours are asked for one after the other: they look at the same edges.
    let places: Vec<[f64; 2]> = points.iter().map(|point| [point.x(), point.y()]).collect();
    let order = along_curve(&places);
    let [county, place, tribal] = [
        JurisdictionKind::County,
        JurisdictionKind::Place,
        JurisdictionKind::Tribal,
    ]
    .map(|kind| Asked::new(points, &order, context.set(kind)));
    let state_set = context.set(JurisdictionKind::State);
    let own_state = state_set.map(|(set, _)| ask(points, &order, set));
    let mut disagreements = Vec::new();
    let own_state = own_state.map(|state| with_counties(state, &county.answers, context, &mut disagreements));
    // Without a state set, the county's rank stands for its state.
    let state = own_state.as_ref().unwrap_or(&county.answers);
    let missing = missing_rows(&[&county, &place, &tribal], own_state.as_ref());
    let region_code = context.states.region.column(&state.ranks);
    let ways: Vec<Way> = (0..points.len())
        .map(|row| way(row, kind, state, &county.answers))
        .collect();
    Located {
        state_code: context.states.usps.column(&state.ranks),
        state_fips: context.states.fips.column(&state.ranks),
        county_fips: county.codes(),
        county_name: county.names(),
        place_geoid: place.codes(),
        place_name: place.names(),
        tribal_geoid: tribal.codes(),
        tribal_name: tribal.names(),
        region_code,
        location_method: methods(&ways, context),
        location_distance_m: ways.iter().map(|way| way.distance_m).collect(),
        further: context
            .further()
            .map(|set| Asked::new(points, &order, Some(set)).codes())
            .collect(),
        disagreements,
        missing,
    }
}

/// The states of the rows, where the counties' polygons know more: states often end at the shore, and counties don't.
///
/// A county that holds a row has a state, and counts before a state that is only near. Where both hold it and differ, the
/// state's own polygon counts and the row is told of.
fn with_counties(
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
                let usps = |rank| context.states.usps.text(rank).unwrap_or_default().to_owned();
                disagreements.push(Disagreement {
                    row,
                    state: usps(own),
                    of_county: usps(of_county),
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
fn missing_rows(asked: &[&Asked<'_>; 3], state: Option<&Answers>) -> Vec<(usize, &'static str)> {
    let columns = ["county_fips", "place_geoid", "tribal_geoid"];
    let sets = asked.iter().map(|asked| &asked.answers).zip(columns);
    let all = sets.chain(state.map(|state| (state, "state_code")));
    all.flat_map(|(answers, column)| answers.missing.iter().map(move |row| (*row, column)))
        .collect()
}

/// A set, if there is one, and its answers.
struct Asked<'a> {
    lists: Option<&'a Lists>,
    answers: Answers,
}

impl<'a> Asked<'a> {
    fn new(points: &[Point<f64>], order: &[u32], set: Option<&'a (JoinSet, Lists)>) -> Self {
        match set {
            Some((set, lists)) => Self {
                lists: Some(lists),
                answers: ask(points, order, set),
            },
            None => Self {
                lists: None,
                answers: Answers {
                    ranks: vec![None; points.len()],
                    ..Answers::default()
                },
            },
        }
    }

    fn codes(&self) -> CodedArray {
        self.lists.map_or_else(
            || nothing(self.answers.ranks.len()),
            |lists| lists.codes.column(&self.answers.ranks),
        )
    }

    fn names(&self) -> CodedArray {
        self.lists.map_or_else(
            || nothing(self.answers.ranks.len()),
            |lists| lists.names.column(&self.answers.ranks),
        )
    }
}

/// A column without a value.
fn nothing(rows: usize) -> CodedArray {
    Lookup::new(std::iter::empty()).column(&vec![None; rows])
}

/// Asks for every point, in this order.
fn ask(points: &[Point<f64>], order: &[u32], set: &JoinSet) -> Answers {
    let mut answers = Answers {
        ranks: vec![None; points.len()],
        ..Answers::default()
    };
    for row in order.iter().map(|row| *row as usize) {
        let mut rank = set.index.rank(points[row]);
        let gap = set
            .gaps
            .iter()
            .filter(|gap| rank.is_none() && gap.bounds.intersects(&points[row]));
        let gap = gap.min_by_key(|gap| gap.is_vague);
        if gap.is_some_and(|gap| !gap.is_vague) {
            answers.missing.insert(row);
            continue;
        }
        if rank.is_none()
            && set.plan.nearest_m > 0.0
            && let Some((near, metres)) = set.index.nearest_rank(points[row], set.plan.nearest_m)
        {
            if gap.is_some() {
                answers.missing.insert(row);
                continue;
            }
            rank = Some(near);
            answers.away.insert(row, metres);
        }
        answers.ranks[row] = rank;
    }
    answers
}

/// How a row was located: a place in [`METHODS`], and the distance to the nearest jurisdiction.
struct Way {
    method: i32,
    distance_m: Option<f64>,
}

/// The weaker of the two steps names the method; the longer way is the distance.
fn way(row: usize, kind: GeometryKind, state: &Answers, county: &Answers) -> Way {
    if state.ranks[row].is_none() {
        return Way {
            method: 3,
            distance_m: None,
        };
    }
    let away = [state.away.get(&row), county.away.get(&row)];
    let distance_m = away.into_iter().flatten().copied().reduce(f64::max);
    let method = match (kind, distance_m) {
        (_, Some(_)) => 1,
        (GeometryKind::Point, None) => 0,
        (GeometryKind::Line | GeometryKind::Polygon, None) => 2,
    };
    Way { method, distance_m }
}

fn methods(ways: &[Way], context: &JoinContext) -> CodedArray {
    let keys: Int32Array = ways.iter().map(|way| Some(way.method)).collect();
    CodedArray::try_new(keys, Arc::clone(&context.methods)).expect("a method is a place in their list")
}
