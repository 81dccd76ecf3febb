//! Sector of a layer, and how its rows refine it: `[sector]` of a schema or of a layer → plan.

use serde::Serialize;

use super::check::{Check, optional_text, plain_texts, text_or_empty};
use super::field_values::{self, FieldValues, field_names};
use super::reference::{Lifeline, Reference, sector_codes};
use crate::config::{LayerSectorConfig, RuleConfig, SchemaConfig, SectorConfig, Spanned, known_names_hint};

/// Sector of a layer, and how its rows refine it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectorPlan {
    /// Sector code, such as `HLPH`.
    pub code: String,
    /// Subsector of every row unless refined.
    pub subsector: Option<String>,
    /// Further sectors of every row.
    pub also: Vec<String>,
    /// FEMA lifeline of every row, `lifeline/component`.
    pub lifeline: Option<String>,
    /// What the row's NAICS code may do.
    pub naics: NaicsUse,
    /// Rules on field values; the first that matches refines the row.
    pub rules: Vec<SectorRule>,
}

/// What a row's NAICS code may do to its sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NaicsUse {
    /// Nothing.
    Ignore,
    /// Gives the subsector where it agrees with the layer's sector, a further sector where it doesn't.
    Refine,
    /// Gives sector and subsector; the layer's stand where no rule matches.
    Decide,
}

/// Refines the rows whose field has one of some values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectorRule {
    /// Values of the rows that it is for.
    #[serde(flatten)]
    pub values: FieldValues,
    /// Sector, if it changes.
    pub code: Option<String>,
    /// Subsector, if it changes.
    pub subsector: Option<String>,
    /// Further sectors.
    pub also: Vec<String>,
    /// Lifeline, if it changes.
    pub lifeline: Option<String>,
}

pub(super) const NAICS_USES: [(&str, NaicsUse); 3] = [
    ("ignore", NaicsUse::Ignore),
    ("refine", NaicsUse::Refine),
    ("decide", NaicsUse::Decide),
];

/// The sector that a schema gives its layers.
pub(super) fn resolve(check: &mut Check<'_>, config: &SchemaConfig, reference: &Reference) -> SectorPlan {
    let naics = config
        .sector
        .as_ref()
        .and_then(|sector| sector.value.naics.as_ref());
    let naics_use = check
        .choice("a use of the NAICS code", naics, &NAICS_USES)
        .unwrap_or(NaicsUse::Refine);
    if let Some(written) = naics.filter(|_| naics_use != NaicsUse::Ignore)
        && config.include.is_empty()
        && !field_names(config).any(|name| name.value == "naics_code")
    {
        check.warning(
            &written.span,
            "the schema has no field `naics_code`, so this has no effect",
        );
    }
    // That there is no `[sector]` has been reported when the file was read; what is checked of it has nothing to
    // add.
    let empty = SectorConfig {
        code: None,
        subsector: None,
        also: vec![],
        lifeline: None,
        naics: None,
        rules: vec![],
    };
    let sector = config.sector.as_ref().map_or(&empty, |sector| &sector.value);
    check_codes(
        check,
        reference,
        sector.code.as_ref(),
        &sector.also,
        sector.lifeline.as_ref(),
    );
    warn_unless_listed(check, reference, sector.code.as_ref(), sector.subsector.as_ref());
    for rule in sector.rules.iter().map(|rule| &rule.value) {
        warn_unless_listed(
            check,
            reference,
            rule.code.as_ref().or(sector.code.as_ref()),
            rule.subsector.as_ref(),
        );
    }
    SectorPlan {
        code: text_or_empty(sector.code.as_ref()),
        subsector: optional_text(sector.subsector.as_ref()),
        also: plain_texts(&sector.also),
        lifeline: optional_text(sector.lifeline.as_ref()),
        naics: naics_use,
        rules: sector
            .rules
            .iter()
            .map(|rule| resolve_rule(check, config, &rule.value, reference))
            .collect(),
    }
}

/// The sector that a pipeline gives a layer, over its schema's; NAICS codes and rules refine both alike.
pub(super) fn resolve_for_layer(
    check: &mut Check<'_>,
    written: &LayerSectorConfig,
    schema: &SectorPlan,
    reference: &Reference,
) -> SectorPlan {
    check_codes(
        check,
        reference,
        written.code.as_ref(),
        &written.also,
        written.lifeline.as_ref(),
    );
    warn_unless_listed(
        check,
        reference,
        written.code.as_ref(),
        written.subsector.as_ref(),
    );
    SectorPlan {
        code: text_or_empty(written.code.as_ref()),
        subsector: optional_text(written.subsector.as_ref()),
        also: plain_texts(&written.also),
        lifeline: optional_text(written.lifeline.as_ref()),
        naics: schema.naics,
        rules: schema.rules.clone(),
    }
}

fn resolve_rule(
    check: &mut Check<'_>,
    config: &SchemaConfig,
    rule: &RuleConfig,
    reference: &Reference,
) -> SectorRule {
    let values = field_values::resolve(
        check,
        config,
        rule.field.as_ref(),
        &rule.equals,
        &rule.starts_with,
    );
    check_codes(
        check,
        reference,
        rule.code.as_ref(),
        &rule.also,
        rule.lifeline.as_ref(),
    );
    SectorRule {
        values,
        code: optional_text(rule.code.as_ref()),
        subsector: optional_text(rule.subsector.as_ref()),
        also: plain_texts(&rule.also),
        lifeline: optional_text(rule.lifeline.as_ref()),
    }
}

/// Reports sector codes and lifelines that the reference tables don't have.
fn check_codes(
    check: &mut Check<'_>,
    reference: &Reference,
    code: Option<&Spanned<String>>,
    also: &[Spanned<String>],
    lifeline: Option<&Spanned<String>>,
) {
    for code in code.into_iter().chain(also) {
        check.require_among(
            "a sector code of sectors.csv",
            code,
            sector_codes(&reference.sectors),
        );
    }
    if let Some(written) = lifeline {
        let lifelines: Vec<String> = reference.lifelines.iter().map(Lifeline::code).collect();
        check.require_among(
            "a lifeline of lifelines.csv",
            written,
            lifelines.iter().map(String::as_str),
        );
    }
}

/// Warns of a subsector that isn't listed: a row of it is placed in the schemes by its sector alone.
fn warn_unless_listed(
    check: &mut Check<'_>,
    reference: &Reference,
    sector: Option<&Spanned<String>>,
    subsector: Option<&Spanned<String>>,
) {
    let Some(sector) = sector else { return };
    let Some(subsector) = subsector else { return };
    let of_sector = reference
        .subsectors
        .iter()
        .filter(|listed| listed.sector == sector.value);
    let known: Vec<&str> = of_sector.map(|listed| listed.name.as_str()).collect();
    if !known.is_empty() && !known.contains(&subsector.value.as_str()) {
        let message = format!(
            "`{}` is not a subsector of `{}` in subsectors.csv",
            subsector.value, sector.value
        );
        check.warning(&subsector.span, message).label = known_names_hint(&subsector.value, known);
    }
}
