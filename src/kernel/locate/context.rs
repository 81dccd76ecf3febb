//! The polygon sets of a run, and what is known of states and counties by them.
//!
//! Pure. Which rows lie where, `answers` asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use geo::{CoordsIter, Geometry, Point, Rect};

use super::lists::{SetLists, StateLists};
use crate::feature::LocationMethod;
use crate::kernel::jurisdiction::{JurisdictionIndex, Match};
use crate::plan::{JurisdictionKind, JurisdictionPlan, Reference, State};

/// The polygon sets of a run with their indexes, and the lists that columns are dictionaries over.
#[derive(Debug)]
pub struct JoinContext {
    sets: Vec<(JoinSet, SetLists)>,
    /// By rank of the set that answers for the state: that of kind state, and behind its ranks the states that only counties
    /// have; without such a set, that of kind county.
    pub(super) states: StateLists,
    /// By rank of a county, the rank of its state, where there is a set of kind state: the first two digits of its code.
    pub(super) county_states: Vec<Option<u32>>,
    /// All that there are, with a polygon or without.
    every_state: Vec<State>,
    /// The codes of all methods, each under its key.
    pub(super) methods: ArrayRef,
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

impl JoinContext {
    /// Joins `sets` with the state and region tables.
    ///
    /// ```
    /// use cikr::kernel::locate::JoinContext;
    /// use cikr::plan::Reference;
    ///
    /// let without_polygons = JoinContext::new(vec![], &Reference::default());
    /// assert!(!without_polygons.knows_states() && !without_polygons.has_county("48201"));
    /// ```
    pub fn new(sets: Vec<JoinSet>, reference: &Reference) -> Self {
        let mut listed: Vec<(JoinSet, SetLists)> = Vec::with_capacity(sets.len());
        for set in sets {
            let lists = SetLists::of_index(&set.index);
            listed.push((set, lists));
        }
        let counties = index_of_kind(&listed, JurisdictionKind::County);
        let state_of_each_county: Vec<Option<&str>> = counties
            .into_iter()
            .flat_map(JurisdictionIndex::names)
            .map(|county| county.code.get(..2))
            .collect();
        // The states' own ranks have to stay what they are: states that only counties have come behind them.
        let (states, county_states) = match index_of_kind(&listed, JurisdictionKind::State) {
            Some(states) => {
                let own = states.names().map(|found| found.code);
                let fips = with_further(own, state_of_each_county.iter().copied().flatten());
                let ranks: BTreeMap<&str, u32> = fips.iter().copied().zip(0..).collect();
                let of_counties = state_of_each_county
                    .iter()
                    .map(|fips| ranks.get((*fips)?).copied())
                    .collect();
                (
                    StateLists::new(fips.into_iter().map(Some), reference),
                    of_counties,
                )
            }
            // Without a state set, a county's first two digits are its state.
            None => (
                StateLists::new(state_of_each_county.into_iter(), reference),
                vec![],
            ),
        };
        Self {
            sets: listed,
            states,
            county_states,
            every_state: reference.states.clone(),
            methods: Arc::new(StringArray::from_iter_values(
                LocationMethod::ALL.map(LocationMethod::code),
            )),
        }
    }

    /// USPS code of the state that holds a point, its border included, by the polygons of states or else of counties.
    pub fn state_at(&self, point: Point<f64>) -> Option<&str> {
        let own = self
            .set_of_kind(JurisdictionKind::State)
            .and_then(|(set, _)| set.index.rank_at(point));
        let rank = own.or_else(|| self.state_by_county(point))?;
        self.states.usps.text_of(rank)
    }

    /// The rank of the state of the county that holds a point.
    fn state_by_county(&self, point: Point<f64>) -> Option<u32> {
        let (counties, _) = self.set_of_kind(JurisdictionKind::County)?;
        let county = counties.index.rank_at(point)?;
        match self.set_of_kind(JurisdictionKind::State) {
            Some(_) => self.county_states.get(county as usize).copied().flatten(),
            None => Some(county),
        }
    }

    /// Whether a polygon is known to be of the state with this USPS code, or of a county of it.
    pub fn has_state(&self, usps: &str) -> bool {
        self.states.usps.has_text(usps)
    }

    /// Whether there is a polygon of the county with this code.
    pub fn has_county(&self, code: &str) -> bool {
        self.set_of_kind(JurisdictionKind::County)
            .is_some_and(|(set, _)| set.index.has_code(code))
    }

    /// All states and territories of the reference, with a polygon or without.
    pub fn every_state(&self) -> &[State] {
        &self.every_state
    }

    /// USPS codes of the states that a geometry shares a point with, and of those in whose counties a vertex lies off shore.
    pub fn states_touched(&self, geometry: &Geometry<f64>) -> Vec<&str> {
        let mut states: Vec<&str> = Vec::new();
        if let Some((set, _)) = self.set_of_states() {
            let touched = set.index.ranks_touching(geometry).into_iter();
            states.extend(touched.filter_map(|rank| self.states.usps.text_of(rank)));
        }
        // Polygons of states often end at the shore, and those of counties don't: a pipeline out to a rig touches its
        // state by the counties' waters alone.
        let vertices = geometry.coords_iter();
        states.extend(vertices.filter_map(|vertex| self.state_at(Point(vertex))));
        states.sort_unstable();
        states.dedup();
        states
    }

    /// Counties that a geometry shares a point with.
    pub fn counties_touched(&self, geometry: &Geometry<f64>) -> impl Iterator<Item = Match<'_>> {
        let set = self.set_of_kind(JurisdictionKind::County);
        set.into_iter().flat_map(|(set, _)| {
            set.index
                .ranks_touching(geometry)
                .into_iter()
                .map(|rank| set.index.match_of(rank))
        })
    }

    /// Ids of the sets of kind `Other`, in pipeline order: each fills a column `<id>_code`.
    pub fn further_sets(&self) -> impl Iterator<Item = &str> {
        self.sets_of_kind_other().map(|(set, _)| &*set.plan.id)
    }

    pub(super) fn sets_of_kind_other(&self) -> impl Iterator<Item = &(JoinSet, SetLists)> {
        self.sets
            .iter()
            .filter(|(set, _)| set.plan.kind == JurisdictionKind::Other)
    }

    /// Whether a computed state can be had at all.
    pub fn knows_states(&self) -> bool {
        self.set_of_states().is_some()
    }

    /// Whether a computed county can be had at all.
    pub fn knows_counties(&self) -> bool {
        self.set_of_kind(JurisdictionKind::County).is_some()
    }

    /// The set that answers for the state: that of states, else that of counties.
    fn set_of_states(&self) -> Option<&(JoinSet, SetLists)> {
        self.set_of_kind(JurisdictionKind::State)
            .or(self.set_of_kind(JurisdictionKind::County))
    }

    pub(super) fn set_of_kind(&self, kind: JurisdictionKind) -> Option<&(JoinSet, SetLists)> {
        self.sets.iter().find(|(set, _)| set.plan.kind == kind)
    }
}

fn index_of_kind(sets: &[(JoinSet, SetLists)], kind: JurisdictionKind) -> Option<&JurisdictionIndex> {
    sets.iter()
        .find(|(set, _)| set.plan.kind == kind)
        .map(|(set, _)| &set.index)
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
