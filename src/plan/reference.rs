//! The reference tables a plan carries: plain rows, as `schemas/reference/*.csv` holds them.

use serde::Serialize;

use super::governments::GovernmentCount;
use super::jurisdiction_kinds::JurisdictionKind;
use super::scheme::{CriticalFunction, MembershipRule, Scheme, SchemeCell, Subsector};
use super::succession::CountySuccession;

/// Every table that classify and locate look up.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reference {
    /// States and territories.
    pub states: Vec<State>,
    /// Regions, one row per region and member.
    pub regions: Vec<Region>,
    /// Kinds of jurisdictions.
    pub kinds: Vec<JurisdictionKind>,
    /// Which county code follows which, since 1970.
    pub county_successions: Vec<CountySuccession>,
    /// Numbers of governments, one row per type and census.
    pub governments: Vec<GovernmentCount>,
    /// Sectors with their lead agency, current scheme.
    pub sectors: Vec<Sector>,
    /// NAICS prefix rules.
    pub naics: Vec<NaicsRule>,
    /// FEMA community lifelines and components.
    pub lifelines: Vec<Lifeline>,
    /// Dated sector schemes, oldest first.
    pub schemes: Vec<Scheme>,
    /// Their sectors, a row for each part with a lead of its own.
    pub cells: Vec<SchemeCell>,
    /// Subsectors of today's sectors.
    pub subsectors: Vec<Subsector>,
    /// National Critical Functions.
    pub functions: Vec<CriticalFunction>,
    /// From today's sectors to every scheme, to functions and to lifelines.
    pub memberships: Vec<MembershipRule>,
}

impl Reference {
    /// The NAICS rule with the longest prefix of a code.
    ///
    /// ```
    /// let tables = cikr::plan::reference_tables("schemas/reference".as_ref()).unwrap();
    /// assert_eq!(tables.naics_rule("622110").unwrap().sector, "HLPH");
    /// assert!(tables.naics_rule("x").is_none());
    /// ```
    pub fn naics_rule(&self, code: &str) -> Option<&NaicsRule> {
        longest_prefix(&self.naics, code)
    }
}

/// The rule with the longest prefix of `code`.
///
/// ```
/// use cikr::plan::{NaicsRule, longest_prefix};
///
/// let rule = |prefix: &str, sector: &str| NaicsRule {
///     prefix: prefix.to_owned(),
///     sector: sector.to_owned(),
///     subsector: String::new(),
///     also: vec![],
///     source: String::new(),
/// };
/// let rules = [rule("62", "HLPH"), rule("62191", "EMSV")];
/// assert_eq!(longest_prefix(&rules, "621910").unwrap().sector, "EMSV");
/// assert_eq!(longest_prefix(&rules, "622110").unwrap().sector, "HLPH");
/// ```
pub fn longest_prefix<'a>(rules: &'a [NaicsRule], code: &str) -> Option<&'a NaicsRule> {
    rules
        .iter()
        .filter(|rule| code.starts_with(&rule.prefix))
        // A prefix stands in one row alone (`tables` refuses the second), so there is one longest.
        .max_by_key(|rule| rule.prefix.len())
}

/// A state or territory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// 2-digit FIPS code.
    pub fips: String,
    /// USPS code.
    pub usps: String,
    /// Name.
    pub name: String,
    /// `state`, `district`, `territory`, `outlying area` or `freely associated state`.
    pub kind: String,
    /// Source of the row.
    pub source: String,
}

/// Membership of a state, or of a county, in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Region code, such as `R06`.
    pub code: String,
    /// Name, such as `Region 6 (Dallas)`.
    pub name: String,
    /// USPS code of the member, or of the state that it lies in.
    pub state: String,
    /// 5-digit FIPS code of the member; none where a whole state is.
    pub county: Option<String>,
    /// Source of the row.
    pub source: String,
}

/// A sector and its lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sector {
    /// Code, such as `HLPH`.
    pub code: String,
    /// Name.
    pub name: String,
    /// Lead (sector risk management) agency.
    pub lead_agency: String,
    /// Source of the row.
    pub source: String,
}

/// A NAICS prefix and its sector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NaicsRule {
    /// Prefix, 2 to 6 digits; the longest that fits wins.
    pub prefix: String,
    /// Sector code.
    pub sector: String,
    /// Subsector.
    pub subsector: String,
    /// Further sector codes.
    pub also: Vec<String>,
    /// Source of the row.
    pub source: String,
}

/// A lifeline component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lifeline {
    /// Lifeline, such as `Health and Medical`.
    pub lifeline: String,
    /// Component, such as `Medical Care`.
    pub component: String,
    /// Source of the row.
    pub source: String,
}

impl Lifeline {
    /// `lifeline/component`, as schemas and tiles write it.
    ///
    /// ```
    /// let lifeline = cikr::plan::Lifeline {
    ///     lifeline: "Health and Medical".to_owned(),
    ///     component: "Medical Care".to_owned(),
    ///     source: String::new(),
    /// };
    /// assert_eq!(lifeline.code(), "Health and Medical/Medical Care");
    /// ```
    pub fn code(&self) -> String {
        format!("{}/{}", self.lifeline, self.component)
    }
}

/// Codes of the sectors.
pub(super) fn sector_codes(sectors: &[Sector]) -> impl Iterator<Item = &str> {
    sectors.iter().map(|sector| sector.code.as_str())
}
