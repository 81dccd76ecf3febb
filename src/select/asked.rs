//! What somebody asks for, as written, and the selection that it is in a release.
//!
//! Pure.

use std::collections::BTreeSet;

use super::layers::{unknown, unknown_layer};
use super::{Codes, Condition, Filter, Held, RowFilter, SelectError, Window};
use crate::feature::RegionId;

/// Rows that are asked for, as people write it: of every list any value, and no value for all.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Ids of layers; `facilities` is the inventory of all.
    pub layers: Vec<String>,
    /// States: USPS or FIPS codes, or names; `unassigned` is outside all of them.
    pub states: Vec<String>,
    /// Codes of regions; `unassigned` is outside all of them.
    pub regions: Vec<String>,
    /// Codes or names of sectors.
    pub sectors: Vec<String>,
    /// What lies in a window.
    pub window: Option<Window>,
    /// What columns must be, all of them.
    pub conditions: Vec<Condition>,
    /// What else must hold.
    pub filter: Option<Filter>,
}

/// A selection of which the release knows every name.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Ids of its layers, as they were asked for.
    pub layers: Vec<String>,
    /// Which of their rows.
    pub rows: RowFilter,
}

impl Asked {
    /// Holds what is asked for against a release.
    ///
    /// ```
    /// use cikr::feature::RunReport;
    /// use cikr::select::{Asked, Held};
    ///
    /// let report: RunReport = serde_json::from_str(
    ///     r#"{"version": 1, "release": "20261130T021500123Z", "pipeline": "demo", "title": "Demo", "cikr_version": "0.1.0",
    ///         "started": "2026-11-30T02:15:00Z", "seconds": 1, "peak_memory_bytes": null, "layers": [], "jurisdictions": [],
    ///         "inventory_rows": 1, "inventory_bytes": 9}"#,
    /// )?;
    /// let release = tempfile::tempdir()?;
    /// let files = ["facilities/data/region=R06/part-000.parquet"];
    /// let held = Held::new(release.path(), report, files)?;
    /// let asked = |layer: &str| Asked { layers: vec![layer.to_owned()], ..Asked::default() };
    /// assert!(asked("facilities").resolve(&held).is_ok());
    /// let told = asked("facility").resolve(&held).unwrap_err().to_string();
    /// assert_eq!(told, "the release has no layer `facility`; known: `facilities`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// At the first name that the release doesn't know, and where it has no rows of a layer.
    pub fn resolve(&self, held: &Held) -> Result<Selection, SelectError> {
        let layers = self.layers.iter().map(|layer| resolve_layer(held, layer));
        let mut layers: Vec<String> = layers.collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        layers.retain(|layer| seen.insert(layer.clone()));
        Ok(Selection {
            layers,
            rows: self.resolve_rows(held.codes())?,
        })
    }

    /// Which rows, whatever the layers: holds what is asked for against a release's codes. Conditions are held against the columns
    /// of a layer once these are known ([`RowFilter::check`]).
    ///
    /// # Errors
    /// At the first name that the release doesn't know.
    pub fn resolve_rows(&self, codes: &Codes) -> Result<RowFilter, SelectError> {
        let states = resolve_all(
            &self.states,
            &Names {
                what: "state",
                codes: codes.states().collect(),
                others: codes.state_names().collect(),
                called: &|word| codes.state_called(word),
            },
        )?;
        let regions = resolve_all(
            &self.regions,
            &Names {
                what: "region",
                codes: codes.regions().collect(),
                others: vec![],
                called: &|_| None,
            },
        )?;
        let sectors = resolve_all(
            &self.sectors,
            &Names {
                what: "sector",
                codes: codes.sectors().collect(),
                others: codes.sector_names().values().map(String::as_str).collect(),
                called: &|word| codes.sector_called(word),
            },
        )?;
        let regions_of_states = states.as_ref().and_then(|states| codes.regions_of(states));
        let by_codes = [("state_code", states), ("sector_code", sectors)];
        let by_codes = by_codes.into_iter().filter_map(|(column, wanted)| {
            let wanted = wanted?;
            let or_null = wanted.contains(RegionId::UNASSIGNED);
            Some(Condition::one_of(column, wanted, or_null))
        });
        Ok(RowFilter {
            regions,
            regions_of_states,
            conditions: by_codes.chain(self.conditions.iter().cloned()).collect(),
            window: self.window,
            filter: self.filter.clone(),
        })
    }

    /// Whether anything is asked for by a name of the release's reference tables.
    pub fn names_codes(&self) -> bool {
        !(self.states.is_empty() && self.regions.is_empty() && self.sectors.is_empty())
    }
}

fn resolve_layer(held: &Held, written: &str) -> Result<String, SelectError> {
    if held.layers().any(|layer| layer == written) {
        return Ok(written.to_owned());
    }
    Err(unknown_layer(held.report(), held.has_inventory(), written))
}

/// What the values of a list may be called.
struct Names<'a> {
    /// What they are.
    what: &'static str,
    /// Their codes.
    codes: Vec<&'a str>,
    /// Their names.
    others: Vec<&'a str>,
    /// The code of what people call it.
    called: &'a dyn Fn(&str) -> Option<&'a str>,
}

/// The codes of all that is written; none where nothing is, which means all.
fn resolve_all(written: &[String], names: &Names<'_>) -> Result<Option<BTreeSet<String>>, SelectError> {
    let mut codes = BTreeSet::new();
    for word in written {
        let code = names.codes.iter().find(|code| code.eq_ignore_ascii_case(word));
        let Some(code) = code.copied().or_else(|| (names.called)(word)) else {
            let known = names.codes.iter().chain(&names.others).copied();
            return Err(unknown(names.what, word, known));
        };
        codes.insert(code.to_owned());
    }
    Ok((!written.is_empty()).then_some(codes))
}
