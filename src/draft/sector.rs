//! Which sector the layer may belong to, from its NAICS codes.
//!
//! Pure. A guess, and marked as one: the schema's author knows.

use std::collections::BTreeMap;

use crate::plan::{NaicsRule, Reference};

/// Where nothing tells, a code that every reference has had since 2003.
const PLACEHOLDER: &str = "GOVF";

/// A sector and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Guess {
    /// Sector code.
    pub(super) code: String,
    /// Subsector that nine in ten codes agree on.
    pub(super) subsector: Option<String>,
    /// What speaks for it; none for a placeholder.
    pub(super) why: Option<String>,
}

/// The sector of most of the NAICS codes, given with their counts.
pub(super) fn guess(codes: &[(String, u64)], reference: &Reference) -> Guess {
    let mut sectors: BTreeMap<&str, u64> = BTreeMap::new();
    let mut subsectors: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (code, count) in codes {
        if let Some(rule) = longest(code, &reference.naics) {
            *sectors.entry(&rule.sector).or_default() += count;
            *subsectors.entry((&rule.sector, &rule.subsector)).or_default() += count;
        }
    }
    let all: u64 = codes.iter().map(|(_, count)| count).sum();
    let Some((sector, count)) = sectors.into_iter().max_by_key(|(_, count)| *count) else {
        return placeholder(reference);
    };
    let agreed = subsectors.into_iter().find(|((of, _), agreeing)| *of == sector && agreeing * 10 >= all * 9);
    Guess {
        code: sector.to_owned(),
        subsector: agreed.map(|((_, subsector), _)| subsector.to_owned()),
        why: Some(format!("{count} of {all} NAICS codes belong there")),
    }
}

fn placeholder(reference: &Reference) -> Guess {
    let mut codes = reference.sectors.iter().map(|sector| sector.code.as_str());
    let is_known = reference.sectors.is_empty() || codes.clone().any(|code| code == PLACEHOLDER);
    let code = if is_known { PLACEHOLDER } else { codes.next().unwrap_or(PLACEHOLDER) };
    Guess { code: code.to_owned(), subsector: None, why: None }
}

fn longest<'a>(code: &str, rules: &'a [NaicsRule]) -> Option<&'a NaicsRule> {
    let fitting = rules.iter().filter(|rule| code.starts_with(&rule.prefix));
    fitting.max_by_key(|rule| rule.prefix.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        let rule = |prefix: &str, sector: &str, subsector: &str| NaicsRule {
            prefix: prefix.to_owned(),
            sector: sector.to_owned(),
            subsector: subsector.to_owned(),
            also: vec![],
            source: String::new(),
        };
        let naics =
            vec![rule("62", "HLPH", "Care"), rule("621910", "EMSV", "EMS"), rule("922", "EMSV", "Law")];
        Reference { naics, ..Reference::default() }
    }

    fn codes(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
        counts.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect()
    }

    #[test]
    fn the_longest_prefix_of_most_rows_decides() {
        let ambulances = guess(&codes(&[("621910", 30), ("622110", 20)]), &reference());
        assert_eq!((ambulances.code.as_str(), ambulances.subsector), ("EMSV", None));
        let hospitals = guess(&codes(&[("622110", 99), ("621910", 1)]), &reference());
        assert_eq!((hospitals.code.as_str(), hospitals.subsector.as_deref()), ("HLPH", Some("Care")));
        assert_eq!(hospitals.why.as_deref(), Some("99 of 100 NAICS codes belong there"));
    }

    #[test]
    fn without_codes_a_placeholder_stands_in() {
        assert_eq!(guess(&[], &reference()).why, None);
        assert_eq!(guess(&codes(&[("999", 5)]), &reference()).code, "GOVF");
    }
}
