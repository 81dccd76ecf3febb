//! The codes of a release: states, regions and sectors by its own reference tables.
//!
//! Opens these tables; writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow_array::RecordBatch;

use super::SelectError;
use crate::feature::release::paths::reference_path;
use crate::feature::{RegionId, Texts};
use crate::geoparquet;

/// Names of sectors by their codes.
pub type SectorNames = BTreeMap<String, String>;

/// Codes that rows may have, and what else people call them.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    /// States: USPS code → FIPS code and name.
    states: BTreeMap<String, [String; 2]>,
    /// Regions, and the states of each.
    regions: BTreeMap<String, BTreeSet<String>>,
    /// Sectors.
    sectors: SectorNames,
}

impl Codes {
    /// Those of the release in a folder. A table that isn't there has no codes: an older release may lack one.
    ///
    /// # Errors
    /// When one can't be read.
    pub(super) fn read(release: &Path) -> Result<Self, SelectError> {
        Self::of_tables(&mut |table, columns| {
            let path = release.join(reference_path(table));
            if !path.is_file() {
                return Ok(None);
            }
            Ok(Some(geoparquet::read(&path, Some(columns))?))
        })
    }

    /// Those of reference tables, which `table` reads by their names: some columns, none where a table isn't there.
    ///
    /// # Errors
    /// Whatever `table` fails with.
    pub fn of_tables<E>(table: &mut ReadTable<'_, E>) -> Result<Self, E> {
        let mut codes = Self::default();
        for [code, fips, name] in rows(table, "states", ["state_code", "state_fips", "name"])? {
            codes.states.insert(code, [fips, name]);
        }
        for [region, state] in rows(table, "regions", ["region_code", "state_code"])? {
            codes.regions.entry(region).or_default().insert(state);
        }
        for [code, name] in rows(table, "sectors", ["sector_code", "name"])? {
            codes.sectors.insert(code, name);
        }
        Ok(codes)
    }

    /// Names of the sectors by their codes.
    pub fn sector_names(&self) -> &SectorNames {
        &self.sectors
    }

    /// Codes of states, and the word for places outside all of them.
    pub(super) fn states(&self) -> impl Iterator<Item = &str> {
        let codes = self.states.keys().map(String::as_str);
        codes.chain([RegionId::UNASSIGNED])
    }

    /// Codes of regions, and the word for places outside all of them.
    pub(super) fn regions(&self) -> impl Iterator<Item = &str> {
        let codes = self.regions.keys().map(String::as_str);
        codes.chain([RegionId::UNASSIGNED])
    }

    /// Codes of sectors.
    pub(super) fn sectors(&self) -> impl Iterator<Item = &str> {
        self.sectors.keys().map(String::as_str)
    }

    /// Names of states, for those who mean one by it.
    pub(super) fn state_names(&self) -> impl Iterator<Item = &str> {
        self.states.values().map(|[_, name]| name.as_str())
    }

    /// The code of a state by what people call it: `48` and `Texas` are `TX`.
    pub(super) fn state_called(&self, word: &str) -> Option<&str> {
        let state = self
            .states
            .iter()
            .find(|(_, [fips, name])| fips == word || name.eq_ignore_ascii_case(word));
        state.map(|(code, _)| code.as_str())
    }

    /// The code of a sector by its name.
    pub(super) fn sector_called(&self, word: &str) -> Option<&str> {
        let mut sectors = self.sectors.iter();
        let sector = sectors.find(|(_, name)| name.eq_ignore_ascii_case(word));
        sector.map(|(code, _)| code.as_str())
    }

    /// The regions in which the rows of some states lie; none where the table doesn't tell of every one.
    pub(super) fn regions_of(&self, states: &BTreeSet<String>) -> Option<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for state in states {
            let region = self.regions.iter().find(|(_, states)| states.contains(state));
            let region = region.map(|(region, _)| region.as_str());
            // Outside every state is outside every region.
            let outside = (state == RegionId::UNASSIGNED).then_some(RegionId::UNASSIGNED);
            found.insert(region.or(outside)?.to_owned());
        }
        Some(found)
    }
}

/// Reads some columns of a reference table.
type ReadTable<'a, E> = dyn FnMut(&str, &[&str]) -> Result<Option<RecordBatch>, E> + 'a;

/// The rows of a reference table, named columns; a cell without a value is empty.
fn rows<const N: usize, E>(
    table: &mut ReadTable<'_, E>,
    name: &str,
    columns: [&str; N],
) -> Result<Vec<[String; N]>, E> {
    let Some(table) = table(name, &columns)? else {
        return Ok(vec![]);
    };
    let texts = columns.map(|name| Texts::of_column(&table, name));
    let cell = |column: &Option<Texts<'_>>, row| {
        let text = column.as_ref().and_then(|texts| texts.value(row));
        text.unwrap_or_default().to_owned()
    };
    Ok((0..table.num_rows())
        .map(|row| std::array::from_fn(|column| cell(&texts[column], row)))
        .collect())
}
