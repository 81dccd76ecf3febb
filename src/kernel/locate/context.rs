//! The polygon sets of a run, and what is known of states and counties by them.
//!
//! Pure. Which rows lie where, `answers` asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use geo::{CoordsIter, Geometry, Point, Rect};

use super::lists::{SetLists, StateLists};
use super::regions::Regions;
use super::row_link::RowLink;
use crate::feature::{FacilityLink, LocationMethod};
use crate::kernel::jurisdiction::{JurisdictionIndex, Match, SurfaceIndex};
use crate::plan::{JurisdictionKind, JurisdictionPlan, Reference, State};

/// The polygon sets of a run with their indexes, and the lists that columns are dictionaries over.
#[derive(Debug)]
pub struct JoinContext {
    pub(super) sets: Vec<(JoinSet, SetLists)>,
    pub(super) regions: Regions,
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
    /// The same as surfaces, where the run has layers of lines or areas.
    pub surfaces: Option<SurfaceIndex>,
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
        let counties = index_of_kind(&listed, JurisdictionKind::COUNTY);
        let state_of_each_county: Vec<Option<&str>> = counties
            .into_iter()
            .flat_map(JurisdictionIndex::names)
            .map(|county| county.code.get(..2))
            .collect();
        // The states' own ranks have to stay what they are: states that only counties have come behind them.
        let (states, county_states) = match index_of_kind(&listed, JurisdictionKind::STATE) {
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
        let own_set = listed.iter().find(|(set, _)| set.plan.kind.is_region());
        let regions = Regions::new(
            own_set.map(|(_, lists)| lists),
            index_of_kind(&listed, JurisdictionKind::COUNTY),
            &states,
            reference,
        );
        Self {
            sets: listed,
            regions,
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
            .set_of_kind(JurisdictionKind::STATE)
            .and_then(|(set, _)| set.index.rank_at(point));
        let rank = own.or_else(|| self.state_by_county(point))?;
        self.states.usps.text_of(rank)
    }

    /// The rank of the state of the county that holds a point.
    fn state_by_county(&self, point: Point<f64>) -> Option<u32> {
        let (counties, _) = self.set_of_kind(JurisdictionKind::COUNTY)?;
        let county = counties.index.rank_at(point)?;
        match self.set_of_kind(JurisdictionKind::STATE) {
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
        self.set_of_kind(JurisdictionKind::COUNTY)
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
        let set = self.set_of_kind(JurisdictionKind::COUNTY);
        set.into_iter().flat_map(|(set, _)| {
            set.index
                .ranks_touching(geometry)
                .into_iter()
                .map(|rank| set.index.match_of(rank))
        })
    }

    /// Columns of the sets whose kinds fill no core column, in pipeline order: of codes, and of names where a set has any.
    ///
    /// ```
    /// use cikr::kernel::locate::JoinContext;
    /// use cikr::plan::Reference;
    ///
    /// let without_polygons = JoinContext::new(vec![], &Reference::default());
    /// assert!(without_polygons.own_columns().is_empty());
    /// ```
    pub fn own_columns(&self) -> Vec<String> {
        let own = self.sets.iter().filter(|(set, _)| !set.plan.kind.is_core());
        own.flat_map(|(set, _)| [set.plan.code_column(), set.plan.name_column()])
            .flatten()
            .collect()
    }

    /// The link of a row, as the facility of this id has it.
    pub fn link_of(&self, link: RowLink, facility_id: &str) -> FacilityLink {
        let (_, lists) = &self.sets[link.set];
        let code = lists.codes.text_of(link.code).unwrap_or_default();
        link.into_link(facility_id, code)
    }

    /// Whether a computed state can be had at all.
    pub fn knows_states(&self) -> bool {
        self.set_of_states().is_some()
    }

    /// Whether a computed county can be had at all.
    pub fn knows_counties(&self) -> bool {
        self.set_of_kind(JurisdictionKind::COUNTY).is_some()
    }

    /// The set that answers for the state: that of states, else that of counties.
    fn set_of_states(&self) -> Option<&(JoinSet, SetLists)> {
        self.set_of_kind(JurisdictionKind::STATE)
            .or(self.set_of_kind(JurisdictionKind::COUNTY))
    }

    pub(super) fn set_of_kind(&self, kind: &str) -> Option<&(JoinSet, SetLists)> {
        self.sets.get(self.place_of_kind(kind)?)
    }

    /// Where the set of a kind that has one stands among the sets.
    pub(super) fn place_of_kind(&self, kind: &str) -> Option<usize> {
        self.sets.iter().position(|(set, _)| set.plan.kind.id == kind)
    }
}

fn index_of_kind<'s>(sets: &'s [(JoinSet, SetLists)], kind: &str) -> Option<&'s JurisdictionIndex> {
    sets.iter()
        .find(|(set, _)| set.plan.kind.id == kind)
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
