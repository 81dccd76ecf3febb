//! Regions: of a row's state, of its county, or of a polygon set of their own.
//!
//! Pure. A row has one region, that of its tile; a line or an area may reach into others.

use std::collections::BTreeSet;

use super::lists::{RankedTexts, SetLists, StateLists};
use crate::kernel::jurisdiction::JurisdictionIndex;
use crate::plan::Reference;

/// What the region of a row follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RegionSource {
    /// Its state: the table has a row per state.
    States,
    /// Its county: the table has a row per county.
    Counties,
    /// The polygon of a set that holds it.
    Polygons,
}

/// The regions, by ranks of what they follow from.
#[derive(Debug)]
pub(super) struct Regions {
    pub(super) source: RegionSource,
    pub(super) texts: RankedTexts,
}

impl Regions {
    /// By the set of regions where there is one, else as the table says.
    pub(super) fn new(
        own_set: Option<&SetLists>,
        counties: Option<&JurisdictionIndex>,
        states: &StateLists,
        reference: &Reference,
    ) -> Self {
        if let Some(lists) = own_set {
            return Self {
                source: RegionSource::Polygons,
                texts: lists.codes.clone(),
            };
        }
        if reference.regions.iter().any(|region| region.county.is_some()) {
            let codes = counties.into_iter().flat_map(JurisdictionIndex::names);
            let regions = codes.map(|county| region_of_county(county.code, reference));
            return Self {
                source: RegionSource::Counties,
                texts: RankedTexts::new(regions),
            };
        }
        Self {
            source: RegionSource::States,
            texts: states.region.clone(),
        }
    }

    /// The regions of these ranks but for the one that is `own`.
    pub(super) fn others_than(&self, own: Option<u32>, ranks: impl Iterator<Item = u32>) -> BTreeSet<&str> {
        let own = own.and_then(|rank| self.texts.text_of(rank));
        ranks
            .filter_map(|rank| self.texts.text_of(rank))
            .filter(|region| Some(*region) != own)
            .collect()
    }
}

fn region_of_county<'r>(county: &str, reference: &'r Reference) -> Option<&'r str> {
    let mut regions = reference.regions.iter();
    let region = regions.find(|region| region.county.as_deref() == Some(county));
    region.map(|region| region.code.as_str())
}
