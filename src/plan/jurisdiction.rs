//! Polygon sets to join: `[[jurisdiction]]` → plan.

use std::collections::BTreeMap;

use serde::Serialize;

use super::check::{Bounds, Check, LONGEST_ID, optional_text, text_or_empty};
use super::field::is_core;
use super::layer_schema::Schemas;
use super::source::{self, SourcePlan};
use super::unanswered::refuse_unanswered;
use super::variables::Variables;
use crate::config::{Diagnostic, JurisdictionConfig, PipelineConfig, Spanned};

/// A polygon set to join.
#[derive(Debug, Clone, Serialize)]
pub struct JurisdictionPlan {
    /// Id in the pipeline, lower snake case.
    pub id: String,
    /// What it answers.
    pub kind: JurisdictionKind,
    /// Vintage of the boundaries, as written (`2023`).
    pub vintage: String,
    /// Where the polygons are.
    pub source: SourcePlan,
    /// Source field of the code.
    pub code: String,
    /// Source field of the name, if any.
    pub name: Option<String>,
    /// Farthest distance of the nearest-polygon fallback, metres; 0 turns it off.
    pub nearest_m: f64,
    /// Agency the boundaries come from.
    pub agency: String,
    /// Licence of the boundaries.
    pub licence: String,
}

/// What a polygon set answers, and so which columns it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JurisdictionKind {
    /// 2-digit state FIPS → `state_fips`, `state_code`, `region_code`.
    State,
    /// 5-digit county FIPS → `county_fips`, `county_name`.
    County,
    /// 7-digit place GEOID → `place_geoid`.
    Place,
    /// Tribal area code → `tribal_geoid`.
    Tribal,
    /// Any other set → a further column `<id>_code`, after the core columns.
    Other,
}

/// Characters that the id of a polygon set has at most.
const LONGEST_SET: usize = 87;

pub(super) const KINDS: [(&str, JurisdictionKind); 5] = [
    ("state", JurisdictionKind::State),
    ("county", JurisdictionKind::County),
    ("place", JurisdictionKind::Place),
    ("tribal", JurisdictionKind::Tribal),
    ("other", JurisdictionKind::Other),
];

/// How far the fallback to the nearest polygon reaches, metres.
pub(super) const NEAREST_M: Bounds<f64> = Bounds {
    key: "nearest-m",
    range: 0.0..=200_000.0,
    default: 0.0,
};

/// The jurisdictions, in pipeline order.
pub(super) fn resolve(
    config: &PipelineConfig,
    schemas: &Schemas,
    variables: Variables,
    found: &mut Vec<Diagnostic>,
) -> Vec<JurisdictionPlan> {
    let mut check = Check { found };
    check.report_repeats_in_any_case(
        "jurisdiction",
        config
            .jurisdictions
            .iter()
            .filter_map(|set| set.value.id.as_ref()),
    );
    let mut sets: Vec<JurisdictionPlan> = Vec::new();
    let mut kinds: BTreeMap<JurisdictionKind, &str> = BTreeMap::new();
    for Spanned { value: set, .. } in &config.jurisdictions {
        let id = check.identifier("a jurisdiction id", set.id.as_ref());
        // Its landing is called after it, with a word before.
        if let Some(written) = set
            .id
            .as_ref()
            .filter(|id| (LONGEST_SET + 1..=LONGEST_ID).contains(&id.value.len()))
        {
            let message = format!("a jurisdiction id has {LONGEST_SET} characters at most");
            check.error(&written.span, message);
        }
        let kind = check.choice("a kind of jurisdiction", set.kind.as_ref(), &KINDS);
        if let (Some(kind), Some(written)) = (kind, &set.kind) {
            one_per_kind(&mut check, kind, written, &mut kinds, set);
            own_column(&mut check, kind, set, schemas);
        }
        refuse_unanswered(&mut check, [&set.agency, &set.licence]);
        let nearest_m = check.in_range_or_default(set.nearest_m.as_ref(), &NEAREST_M);
        let source = source::resolve(
            &mut check,
            &config.path,
            set.source.as_ref(),
            // A set has no schema that could declare its CRS.
            Some(&None),
            variables,
        );
        let Some(source) = source else { continue };
        source::warn_if_absent(&mut check, set.source.as_ref(), &source);
        sets.push(JurisdictionPlan {
            id,
            kind: kind.unwrap_or(JurisdictionKind::Other),
            vintage: text_or_empty(set.vintage.as_ref()),
            source,
            code: text_or_empty(set.code.as_ref()),
            name: optional_text(set.name.as_ref()),
            nearest_m,
            agency: text_or_empty(set.agency.as_ref()),
            licence: text_or_empty(set.licence.as_ref()),
        });
    }
    sets
}

fn one_per_kind<'a>(
    check: &mut Check<'_>,
    kind: JurisdictionKind,
    written: &Spanned<String>,
    kinds: &mut BTreeMap<JurisdictionKind, &'a str>,
    set: &'a JurisdictionConfig,
) {
    // Each kind fills columns of its own (`state_fips`, `county_fips`, …), so a second set of it would have
    // nowhere to write.
    let id = set.id.as_ref().map_or("", |id| &id.value);
    match kinds.get(&kind) {
        Some(first) if kind != JurisdictionKind::Other => {
            let message = format!(
                "`{first}` is already the jurisdiction of kind `{}`",
                written.value
            );
            check.error(&written.span, message).help = Some("further sets are of kind `other`".to_owned());
        }
        _ => {
            kinds.insert(kind, id);
        }
    }
}

/// A set of kind `other` fills `<id>_code`, which nothing else may be called.
fn own_column(check: &mut Check<'_>, kind: JurisdictionKind, set: &JurisdictionConfig, schemas: &Schemas) {
    let Some(id) = set.id.as_ref().filter(|_| kind == JurisdictionKind::Other) else {
        return;
    };
    // Every layer's tile has it, so no schema may have a column of that name either.
    let column = format!("{}_code", id.value);
    if is_core(&column) {
        check.error(
            &id.span,
            format!("`{}` would fill `{column}`, which is a core column", id.value),
        );
    }
    for schema in schemas.values().flatten() {
        let mut columns = schema
            .fields
            .iter()
            .flat_map(|field| [Some(&field.name), field.decoded.as_ref()]);
        if columns.any(|other| other == Some(&column)) {
            let message = format!(
                "`{}` would fill `{column}`, which is a column of schema `{}`",
                id.value, schema.id
            );
            check.error(&id.span, message);
        }
    }
}
