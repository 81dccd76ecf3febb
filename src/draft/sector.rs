//! Which sector the layer may belong to, from its NAICS codes.
//!
//! Pure. A guess, and marked as one: the schema's author knows.

use std::collections::BTreeMap;

use csv::ReaderBuilder;

use crate::plan::Reference;

/// The sectors as shipped: a list to choose from where there are no reference tables.
const SHIPPED: &str = include_str!("../../schemas/reference/sectors.csv");

/// A sector and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SectorGuess {
    /// Sector code; none where nothing tells.
    pub(super) code: Option<String>,
    /// Subsector that nine in ten codes agree on.
    pub(super) subsector: Option<String>,
    /// What speaks for it.
    pub(super) why: String,
}

/// The sector of most of the NAICS codes, given with their counts.
pub(super) fn guess_by_naics(codes: &[(String, u64)], reference: &Reference) -> Option<SectorGuess> {
    let mut sectors: BTreeMap<&str, u64> = BTreeMap::new();
    let mut subsectors: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (code, count) in codes {
        if let Some(rule) = reference.naics_rule(code) {
            *sectors.entry(&rule.sector).or_default() += count;
            *subsectors.entry((&rule.sector, &rule.subsector)).or_default() += count;
        }
    }
    let all: u64 = codes.iter().map(|(_, count)| count).sum();
    let (sector, count) = sectors.into_iter().max_by_key(|(_, count)| *count)?;
    let agreed = subsectors
        .into_iter()
        .find(|((of, _), agreeing)| *of == sector && agreeing * 10 >= all * 9);
    Some(SectorGuess {
        code: Some(sector.to_owned()),
        subsector: agreed.map(|((_, subsector), _)| subsector.to_owned()),
        why: format!("{count} of {all} NAICS codes belong there by the longest prefix"),
    })
}

/// Code and name of every sector: the table's, or, without one, those that are shipped.
pub(super) fn known_sectors(reference: &Reference) -> Vec<(String, String)> {
    if !reference.sectors.is_empty() {
        return reference
            .sectors
            .iter()
            .map(|sector| (sector.code.clone(), sector.name.clone()))
            .collect();
    }
    let mut rows = ReaderBuilder::new().from_reader(SHIPPED.as_bytes());
    rows.records()
        .flatten()
        .filter_map(|row| Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::NaicsRule;

    fn reference() -> Reference {
        let rule = |prefix: &str, sector: &str, subsector: &str| NaicsRule {
            prefix: prefix.to_owned(),
            sector: sector.to_owned(),
            subsector: subsector.to_owned(),
            also: vec![],
            source: String::new(),
        };
        let naics = vec![
            rule("62", "HLPH", "Care"),
            rule("621910", "EMSV", "EMS"),
            rule("922", "EMSV", "Law"),
        ];
        Reference {
            naics,
            ..Reference::default()
        }
    }

    fn codes(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
        counts
            .iter()
            .map(|(code, count)| ((*code).to_owned(), *count))
            .collect()
    }

    #[test]
    fn the_longest_prefix_of_most_rows_decides() {
        let ambulances = guess_by_naics(&codes(&[("621910", 30), ("622110", 20)]), &reference()).unwrap();
        assert_eq!(
            (ambulances.code.as_deref(), ambulances.subsector),
            (Some("EMSV"), None)
        );
        let hospitals = guess_by_naics(&codes(&[("622110", 99), ("621910", 1)]), &reference()).unwrap();
        assert_eq!(
            (hospitals.code.as_deref(), hospitals.subsector.as_deref()),
            (Some("HLPH"), Some("Care"))
        );
        assert!(hospitals.why.starts_with("99 of 100 NAICS codes belong there"));
    }

    #[test]
    fn sectors_are_listed_without_a_table_too() {
        let known = known_sectors(&Reference::default());
        assert_eq!(known.len(), 16);
        assert!(known.contains(&(
            "NUCL".to_owned(),
            "Nuclear Reactors, Materials, and Waste".to_owned()
        )));
    }

    #[test]
    fn without_known_codes_nothing_is_guessed() {
        assert_eq!(guess_by_naics(&[], &reference()), None);
        assert_eq!(guess_by_naics(&codes(&[("999", 5)]), &reference()), None);
    }
}
