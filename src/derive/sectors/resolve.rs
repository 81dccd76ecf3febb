//! From what is known of a facility to everything it belongs to, by the plan's reference tables.

use std::collections::BTreeMap;

use crate::kernel::sector::class::ClassValues;
use crate::plan::{
    FUNCTIONS, LIFELINES, Lifeline, MembershipRule, NaicsRule, Reference, SchemeCell, Standing,
};

/// What a facility belongs to in one scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) scheme: String,
    pub(super) code: Option<String>,
    pub(super) name: Option<String>,
    pub(super) lead_agency: Option<String>,
    pub(super) is_primary: bool,
    /// What decided: `sector`, `subsector`, `naics` or `layer`.
    pub(super) basis: &'static str,
    pub(super) is_judged: bool,
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
}

/// Looks memberships up.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    reference: &'a Reference,
    schemes: Vec<&'a str>,
    cells: BTreeMap<(&'a str, &'a str), &'a SchemeCell>,
    functions: BTreeMap<&'a str, &'a str>,
    lifelines: BTreeMap<String, &'a str>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(reference: &'a Reference) -> Self {
        let cells = reference
            .cells
            .iter()
            .map(|cell| ((cell.scheme.as_str(), cell.code.as_str()), cell));
        let functions = reference
            .functions
            .iter()
            .map(|f| (f.code.as_str(), f.name.as_str()));
        let lifelines = reference
            .lifelines
            .iter()
            .map(|l: &Lifeline| (l.code(), l.component.as_str()));
        Self {
            reference,
            schemes: reference.scheme_ids(),
            cells: cells.collect(),
            functions: functions.collect(),
            lifelines: lifelines.collect(),
        }
    }

    /// Place of a scheme in the order of the tables.
    pub(super) fn scheme_position(&self, scheme: &str) -> usize {
        self.schemes
            .iter()
            .position(|known| *known == scheme)
            .unwrap_or(self.schemes.len())
    }

    /// A primary membership per scheme, with a code or a reason, then the further ones, each with a code.
    pub(super) fn membership_rows(&self, of: &ClassValues) -> Vec<Membership> {
        self.schemes
            .iter()
            .flat_map(|scheme| self.in_scheme(scheme, of))
            .collect()
    }

    fn in_scheme(&self, scheme: &str, of: &ClassValues) -> Vec<Membership> {
        let by_naics = self.reference.naics_rule(&of.naics);
        // What the layer's schema says of its lifeline is somebody's word on these facilities; rules are for those
        // without.
        let stated = scheme == LIFELINES && !of.lifeline.is_empty();
        let mut found = if stated {
            vec![self.membership(scheme, Some(&of.lifeline), None, "layer")]
        } else {
            self.by_rule(scheme, of, &of.sector, by_naics)
        };
        // Only with a code, and only with another one: that a further sector has no place in a scheme says nothing of
        // the facility, whose primary row tells why there is none.
        for sector in &of.also {
            for further in self.by_rule(scheme, of, sector, by_naics) {
                if further.code.is_some() && found.iter().all(|known| known.code != further.code) {
                    found.push(further);
                }
            }
        }
        found
            .iter_mut()
            .enumerate()
            .for_each(|(at, membership)| membership.is_primary = at == 0);
        found
    }

    /// Memberships by the rule for one of the facility's sectors.
    fn by_rule(
        &self,
        scheme: &str,
        of: &ClassValues,
        sector: &str,
        by_naics: Option<&NaicsRule>,
    ) -> Vec<Membership> {
        // A further sector has no subsector but the one its NAICS code gives.
        let inferred = by_naics
            .filter(|rule| rule.sector == sector)
            .map(|rule| rule.subsector.as_str());
        let stated = if sector == of.sector {
            of.subsector.as_str()
        } else {
            ""
        };
        let subsector = if stated.is_empty() {
            inferred.unwrap_or_default()
        } else {
            stated
        };
        let Some(rule) = self.reference.membership_rule(
            scheme,
            Standing {
                sector,
                subsector,
                naics: &of.naics,
            },
        ) else {
            return vec![unknown_sector(scheme, sector)];
        };
        let basis = match (rule.prefix.is_empty(), rule.subsector.is_empty()) {
            (true, true) => "sector",
            (true, false) if !stated.is_empty() => "subsector",
            _ => "naics",
        };
        if rule.targets.is_empty() {
            return vec![self.membership(scheme, None, Some(rule), basis)];
        }
        let targets = rule.targets.iter();
        targets
            .map(|code| self.membership(scheme, Some(code), Some(rule), basis))
            .collect()
    }

    fn membership(
        &self,
        scheme: &str,
        code: Option<&str>,
        rule: Option<&MembershipRule>,
        basis: &'static str,
    ) -> Membership {
        let cell = code.and_then(|code| self.cells.get(&(scheme, code)));
        let name = code.and_then(|code| match scheme {
            FUNCTIONS => self.functions.get(code).map(|name| (*name).to_owned()),
            LIFELINES => self.lifelines.get(code).map(|name| (*name).to_owned()),
            _ => cell.map(|cell| cell.name()),
        });
        Membership {
            scheme: scheme.to_owned(),
            code: code.map(str::to_owned),
            name,
            lead_agency: cell.and_then(|cell| non_empty(&cell.lead_agency)),
            is_primary: true,
            basis,
            is_judged: rule.is_some_and(|rule| rule.is_judged),
            reason: rule.and_then(|rule| non_empty(&rule.reason)),
            note: cell.and_then(|cell| non_empty(&cell.note)),
        }
    }
}

fn non_empty(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// A carried tile may hold a sector that the tables have no longer.
fn unknown_sector(scheme: &str, sector: &str) -> Membership {
    let reason = if sector.is_empty() {
        "the facility has no sector".to_owned()
    } else {
        format!("the reference tables have no sector `{sector}`")
    };
    Membership {
        scheme: scheme.to_owned(),
        code: None,
        name: None,
        lead_agency: None,
        is_primary: true,
        basis: "sector",
        is_judged: false,
        reason: Some(reason),
        note: None,
    }
}
