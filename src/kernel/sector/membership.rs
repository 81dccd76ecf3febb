//! What a row belongs to: the layer's sector, refined by the schema's rule and the row's NAICS code.
//!
//! Pure.

use std::collections::BTreeSet;

use crate::plan::{NaicsRule, NaicsUse, SectorPlan, SectorRule, longest_prefix};

/// Sector of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) code: String,
    pub(super) subsector: Option<String>,
    pub(super) also: BTreeSet<String>,
    pub(super) lifeline: Option<String>,
    /// Sector of the NAICS code, where it is neither the layer's nor one of the further ones.
    pub(super) disagrees: Option<String>,
}

/// Membership of the rows that a rule and a NAICS code stand for.
pub(super) fn membership(
    sector: &SectorPlan,
    rule: Option<&SectorRule>,
    naics: &str,
    naics_rules: &[NaicsRule],
) -> Membership {
    let mut membership = Membership {
        code: sector.code.clone(),
        subsector: sector.subsector.clone(),
        also: sector.also.iter().cloned().collect(),
        lifeline: sector.lifeline.clone(),
        disagrees: None,
    };
    let matched = longest_prefix(naics_rules, naics);
    membership.disagrees = matched.and_then(|matched| naics_disagreement(sector, rule, matched));
    // The rule last: it is of this layer alone, and what people wrote of it goes before what a national code list says.
    if let Some(matched) = matched.filter(|_| sector.naics != NaicsUse::Ignore) {
        apply_naics(&mut membership, matched, sector.naics);
    }
    if let Some(rule) = rule {
        apply_rule(&mut membership, rule);
    }
    // Whatever came before: where a code or a rule changes the sector, the new one may stand among the further ones.
    membership.also.remove(&membership.code);
    membership
}

/// The NAICS code's sector against the layer's, as its rules have it, and all further sectors of either.
/// Where the schema lets the code decide, there is nothing to disagree with.
fn naics_disagreement(sector: &SectorPlan, rule: Option<&SectorRule>, matched: &NaicsRule) -> Option<String> {
    let code = rule.and_then(|rule| rule.code.as_ref()).unwrap_or(&sector.code);
    let also = sector.also.iter().chain(rule.iter().flat_map(|rule| &rule.also));
    let agrees = matched.sector == *code
        || matched.also.contains(code)
        || also.into_iter().any(|also| *also == matched.sector)
        || sector.naics == NaicsUse::Decide;
    (!agrees).then(|| format!("{} → {}, layer {code}", matched.prefix, matched.sector))
}

/// Refines a membership by what a NAICS code says, or lets it decide; the sector that was is then one of the further ones.
fn apply_naics(membership: &mut Membership, rule: &NaicsRule, using: NaicsUse) {
    let subsector = Some(&rule.subsector).filter(|text| !text.is_empty()).cloned();
    if rule.sector == membership.code {
        membership.subsector = membership.subsector.take().or(subsector);
    } else if using == NaicsUse::Decide {
        membership
            .also
            .insert(std::mem::replace(&mut membership.code, rule.sector.clone()));
        membership.subsector = subsector;
    } else {
        membership.also.insert(rule.sector.clone());
    }
    membership.also.extend(rule.also.iter().cloned());
}

/// A rule that gives another sector takes the old one's subsector away; a lifeline belongs to no sector and stays.
fn apply_rule(membership: &mut Membership, rule: &SectorRule) {
    if let Some(code) = rule.code.as_ref().filter(|code| **code != membership.code) {
        membership.code.clone_from(code);
        membership.subsector = None;
    }
    membership.subsector = rule.subsector.clone().or(membership.subsector.take());
    membership.lifeline = rule.lifeline.clone().or(membership.lifeline.take());
    membership.also.extend(rule.also.iter().cloned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FieldValues;

    fn rule(prefix: &str, sector: &str, also: &[&str]) -> NaicsRule {
        NaicsRule {
            prefix: prefix.into(),
            sector: sector.into(),
            subsector: format!("sub {prefix}"),
            also: also.iter().map(|s| (*s).to_owned()).collect(),
            source: String::new(),
        }
    }

    fn plan(naics: NaicsUse) -> SectorPlan {
        SectorPlan {
            code: "ENER".into(),
            subsector: None,
            also: vec![],
            lifeline: Some("Energy/Power Grid".into()),
            naics,
            rules: vec![],
        }
    }

    #[test]
    fn longest_prefix_wins() {
        let rules = [
            rule("22", "WATR", &[]),
            rule("2211", "ENER", &[]),
            rule("221113", "NUCL", &["ENER"]),
        ];
        assert_eq!(longest_prefix(&rules, "221113").map(|r| &*r.sector), Some("NUCL"));
        assert_eq!(longest_prefix(&rules, "221118").map(|r| &*r.sector), Some("ENER"));
        assert_eq!(longest_prefix(&rules, "622110"), None);
    }

    #[test]
    fn naics_refines_decides_or_is_ignored() {
        let rules = [rule("221113", "NUCL", &["ENER"])];
        let refined = membership(&plan(NaicsUse::Refine), None, "221113", &rules);
        assert_eq!(
            (refined.code.as_str(), refined.also.contains("NUCL")),
            ("ENER", true)
        );
        let decided = membership(&plan(NaicsUse::Decide), None, "221113", &rules);
        assert_eq!(
            (decided.code.as_str(), decided.also.contains("ENER")),
            ("NUCL", true)
        );
        let ignored = membership(&plan(NaicsUse::Ignore), None, "221113", &rules);
        assert_eq!((ignored.code.as_str(), ignored.also.len()), ("ENER", 0));
    }

    #[test]
    fn a_sector_is_never_its_own_second_membership() {
        let rules = [rule("2211", "ENER", &["ENER", "DAMS"])];
        let kept = membership(&plan(NaicsUse::Refine), None, "221111", &rules).also;
        assert_eq!(kept.into_iter().collect::<Vec<_>>(), ["DAMS"]);
    }

    #[test]
    fn a_code_of_another_sector_is_told_of_unless_somebody_allows_for_it() {
        let rules = [
            rule("6221", "HLPH", &[]),
            rule("6111", "GOVF", &[]),
            rule("221113", "NUCL", &["ENER"]),
        ];
        let told = |plan: &SectorPlan, code: &str| membership(plan, None, code, &rules).disagrees;
        let mut energy = plan(NaicsUse::Refine);
        assert_eq!(
            told(&energy, "611110").as_deref(),
            Some("6111 → GOVF, layer ENER")
        );
        assert_eq!(
            told(&energy, "221113"),
            None,
            "the code's further sector is the layer's"
        );
        assert_eq!(told(&energy, "999"), None, "no rule, no sector");
        assert_eq!(told(&plan(NaicsUse::Decide), "611110"), None, "the code decides");
        assert_eq!(
            told(&plan(NaicsUse::Ignore), "622110").as_deref(),
            Some("6221 → HLPH, layer ENER")
        );
        energy.also = vec!["GOVF".into()];
        assert_eq!(
            told(&energy, "611110"),
            None,
            "the layer's further sector is the code's"
        );
    }

    #[test]
    fn a_rule_of_the_schema_has_the_last_word() {
        let rule_of_schema = SectorRule {
            values: FieldValues {
                field: "facility_type".into(),
                equals: vec!["Hydro".into()],
                starts_with: vec![],
            },
            code: Some("DAMS".into()),
            subsector: Some("Hydropower".into()),
            also: vec!["ENER".into()],
            lifeline: None,
        };
        let found = membership(&plan(NaicsUse::Refine), Some(&rule_of_schema), "", &[]);
        assert_eq!(
            (found.code.as_str(), found.subsector.as_deref()),
            ("DAMS", Some("Hydropower"))
        );
        assert_eq!(found.lifeline.as_deref(), Some("Energy/Power Grid"));
        let bare = SectorRule {
            subsector: None,
            ..rule_of_schema
        };
        let found = membership(&plan(NaicsUse::Refine), Some(&bare), "", &[]);
        assert_eq!(
            (found.code.as_str(), found.subsector),
            ("DAMS", None),
            "no subsector of another sector"
        );
    }
}
