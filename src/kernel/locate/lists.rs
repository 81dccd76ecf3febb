//! Lists of codes and names that the columns of locations are dictionaries over.
//!
//! Pure. A rank is a place in such a list; whose rank it is, `context` knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Int32Array, StringArray};

use crate::kernel::CodedArray;
use crate::kernel::jurisdiction::JurisdictionIndex;
use crate::plan::Reference;

/// A list of texts that ranks point into; a rank without a text has no key.
#[derive(Debug, Clone)]
pub(super) struct RankedTexts {
    values: ArrayRef,
    has_value: Vec<bool>,
}

/// What follows from the rank of a state.
#[derive(Debug)]
pub(super) struct StateLists {
    pub(super) fips: RankedTexts,
    pub(super) usps: RankedTexts,
    pub(super) region: RankedTexts,
}

/// The lists that the columns of a set are dictionaries over.
#[derive(Debug)]
pub(super) struct SetLists {
    pub(super) codes: RankedTexts,
    pub(super) names: RankedTexts,
}

impl RankedTexts {
    pub(super) fn new<'v>(values: impl Iterator<Item = Option<&'v str>>) -> Self {
        let values: StringArray = values.collect();
        let has_value = values.iter().map(|value| value.is_some()).collect();
        Self {
            values: Arc::new(values),
            has_value,
        }
    }

    /// The text of a rank.
    pub(super) fn text_of(&self, rank: u32) -> Option<&str> {
        let texts = self.values.as_string::<i32>();
        self.has_value[rank as usize].then(|| texts.value(rank as usize))
    }

    /// Whether a text is in the list.
    pub(super) fn has_text(&self, text: &str) -> bool {
        self.values
            .as_string::<i32>()
            .iter()
            .any(|other| other == Some(text))
    }

    /// The column of these ranks.
    pub(super) fn to_column(&self, ranks: &[Option<u32>]) -> CodedArray {
        // The null is the key's, not that of the text it points at: Arrow's `null_count` and `is_null` of a dictionary
        // look at keys alone.
        let keys: Int32Array = ranks
            .iter()
            .map(|rank| rank.filter(|rank| self.has_value[*rank as usize]))
            .map(|rank| Some(i32::try_from(rank?).expect("a set has less than 2^31 codes")))
            .collect();
        CodedArray::try_new(keys, Arc::clone(&self.values)).expect("a rank is a place in its own list")
    }
}

impl StateLists {
    /// Of states in this order of FIPS codes.
    pub(super) fn new<'v>(fips: impl Iterator<Item = Option<&'v str>>, reference: &Reference) -> Self {
        let usps: BTreeMap<&str, &str> = reference.states.iter().map(|s| (&*s.fips, &*s.usps)).collect();
        let regions: BTreeMap<&str, &str> = reference
            .regions
            .iter()
            .filter(|region| region.county.is_none())
            .map(|region| (&*region.state, &*region.code))
            .collect();
        let fips: Vec<Option<&str>> = fips.collect();
        let usps: Vec<Option<&str>> = fips.iter().map(|fips| usps.get((*fips)?).copied()).collect();
        Self {
            region: RankedTexts::new(usps.iter().map(|usps| regions.get((*usps)?).copied())),
            fips: RankedTexts::new(fips.into_iter()),
            usps: RankedTexts::new(usps.into_iter()),
        }
    }
}

impl SetLists {
    /// Of a set, in the order of its index's ranks.
    pub(super) fn of_index(index: &JurisdictionIndex) -> Self {
        Self {
            codes: RankedTexts::new(index.names().map(|found| Some(found.code))),
            names: RankedTexts::new(index.names().map(|found| found.name)),
        }
    }
}

/// A column without a value.
pub(super) fn null_column(rows: usize) -> CodedArray {
    RankedTexts::new(std::iter::empty()).to_column(&vec![None; rows])
}
