//! Which cell, function or lifeline a sector stands for in each scheme, and the way from scheme to scheme.

use std::collections::{BTreeMap, BTreeSet};

use super::reference::Reference;
use super::scheme::MembershipRule;

/// Id that stands for the National Critical Functions where a scheme is named.
pub const FUNCTIONS: &str = "ncf";

/// Id that stands for FEMA's Community Lifelines where a scheme is named.
pub const LIFELINES: &str = "lifeline";

/// What is known of a facility that decides where it belongs; an empty text is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing<'a> {
    /// Sector code of today.
    pub sector: &'a str,
    /// Subsector.
    pub subsector: &'a str,
    /// NAICS code.
    pub naics: &'a str,
}

/// A way from a cell of one scheme to one of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Scheme it starts from.
    pub from_scheme: String,
    /// Cell it starts from.
    pub from_code: String,
    /// Scheme it leads to.
    pub to_scheme: String,
    /// Cell it leads to; none where something of the first cell has no place in the other scheme.
    pub to_code: Option<String>,
    /// Whether it is the only way from the cell to that scheme.
    pub is_only: bool,
    /// Sectors of today it was found through.
    pub through: Vec<String>,
    /// Why it leads nowhere.
    pub reason: String,
}

impl Reference {
    /// Ids of all that a facility is placed in: the dated schemes, functions, lifelines.
    ///
    /// ```
    /// let tables = cikr::plan::reference_tables("schemas/reference".as_ref()).unwrap();
    /// assert_eq!(tables.scheme_ids().last(), Some(&cikr::plan::LIFELINES));
    /// ```
    pub fn scheme_ids(&self) -> Vec<&str> {
        self.schemes
            .iter()
            .map(|scheme| scheme.id.as_str())
            .chain([FUNCTIONS, LIFELINES])
            .collect()
    }

    /// The rule that decides in a scheme: the longest NAICS prefix first, then the subsector.
    ///
    /// None only for a sector or scheme that the tables don't have.
    ///
    /// ```
    /// use cikr::plan::{Standing, reference_tables};
    ///
    /// let tables = reference_tables("schemas/reference".as_ref()).unwrap();
    /// let hospital = Standing {
    ///     sector: "HLPH",
    ///     subsector: "",
    ///     naics: "622110",
    /// };
    /// let latest = &tables.schemes.last().unwrap().id;
    /// assert_eq!(tables.membership_rule(latest, hospital).unwrap().sector, "HLPH");
    /// assert!(tables.membership_rule("1066", hospital).is_none());
    /// ```
    pub fn membership_rule(&self, scheme: &str, of: Standing<'_>) -> Option<&MembershipRule> {
        self.memberships
            .iter()
            .filter(|rule| rule.scheme == scheme && rule.is_for(of))
            // No two rules have the same key (`membership_tables` refuses the second), so there is one greatest.
            .max_by_key(|rule| (rule.prefix.len(), !rule.subsector.is_empty()))
    }

    /// Ways between any two of the dated schemes, by scheme and code.
    ///
    /// Found through today's sectors: whatever two cells can hold the same facility are joined.
    pub fn scheme_passages(&self) -> Vec<Passage> {
        // Two cells are joined where some facility of today's sectors would stand in both; that way every
        // passage can be told with the sectors it goes through.
        let mut found: BTreeMap<CellPair<'_>, (BTreeSet<&str>, &str)> = BTreeMap::new();
        for standing in self.all_standings() {
            let ends: Vec<Option<&MembershipRule>> = self
                .schemes
                .iter()
                .map(|scheme| self.membership_rule(&scheme.id, standing))
                .collect();
            for (from, start) in ends.iter().enumerate() {
                for (to, end) in ends.iter().enumerate().filter(|(to, _)| *to != from) {
                    for way in ways_between((from, *start), (to, *end)) {
                        let reason = end.map_or("", |rule| rule.reason.as_str());
                        found
                            .entry(way)
                            .or_insert_with(|| (BTreeSet::new(), reason))
                            .0
                            .insert(standing.sector);
                    }
                }
            }
        }
        let mut passages = Vec::new();
        for (way, (through, reason)) in &found {
            let (start, to, end) = *way;
            let ways_to_scheme = found.keys().filter(|other| other.0 == start && other.1 == to);
            passages.push(Passage {
                from_scheme: self.schemes[start.0].id.clone(),
                from_code: start.1.to_owned(),
                to_scheme: self.schemes[to].id.clone(),
                to_code: end.map(str::to_owned),
                is_only: ways_to_scheme.count() == 1,
                through: through.iter().map(|&sector| sector.to_owned()).collect(),
                reason: if end.is_none() {
                    (*reason).to_owned()
                } else {
                    String::new()
                },
            });
        }
        passages
    }

    /// Everything the rules tell apart: each sector with and without each subsector and NAICS prefix.
    fn all_standings(&self) -> BTreeSet<Standing<'_>> {
        let mut standings = BTreeSet::new();
        for sector in self.sectors.iter().map(|sector| sector.code.as_str()) {
            let listed = self.subsectors.iter().filter(|listed| listed.sector == sector);
            let subsectors: Vec<&str> = listed.map(|listed| listed.name.as_str()).chain([""]).collect();
            for rule in self.memberships.iter().filter(|rule| rule.sector == sector) {
                // A prefix stands for every code that begins with it: the rules tell no two of them apart.
                let naics = rule.prefix.as_str();
                standings.extend(subsectors.iter().map(|subsector| Standing {
                    sector,
                    subsector,
                    naics,
                }));
            }
        }
        standings
    }
}

impl MembershipRule {
    /// Whether its sector, subsector and NAICS prefix are those of a facility.
    fn is_for(&self, standing: Standing<'_>) -> bool {
        self.sector == standing.sector
            && (self.subsector.is_empty() || self.subsector == standing.subsector)
            && standing.naics.starts_with(&self.prefix)
    }
}

/// Start (scheme and cell), scheme and cell of the end.
type CellPair<'a> = ((usize, &'a str), usize, Option<&'a str>);

fn ways_between<'a>(
    (from, start): (usize, Option<&'a MembershipRule>),
    (to, end): (usize, Option<&'a MembershipRule>),
) -> Vec<CellPair<'a>> {
    let mut ends: Vec<Option<&str>> = cells_of(end).iter().map(|code| Some(code.as_str())).collect();
    // That a cell has no counterpart is told as well, with the reason.
    if ends.is_empty() {
        ends.push(None);
    }
    cells_of(start)
        .iter()
        .flat_map(|code| ends.iter().map(move |end| ((from, code.as_str()), to, *end)))
        .collect()
}

fn cells_of(rule: Option<&MembershipRule>) -> &[String] {
    rule.map_or(&[], |rule| &rule.targets)
}
