//! Polygon sets to join: `[[jurisdiction]]` → plan.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::check::{Bounds, Check, LONGEST_ID, optional_text, text_or_empty};
use super::field::is_core;
use super::jurisdiction_kinds::JurisdictionKind;
use super::layer_schema::Schemas;
use super::reference::Reference;
use super::source::{self, SourcePlan};
use super::unanswered::refuse_unanswered;
use super::variables::Variables;
use crate::config::{Diagnostic, JurisdictionConfig, PipelineConfig, Spanned};

/// A polygon set to join.
#[derive(Debug, Clone, Serialize)]
pub struct JurisdictionPlan {
    /// Id in the pipeline, lower snake case.
    pub id: String,
    /// What it answers. Its row is a table's: in a plan stands its word.
    #[serde(serialize_with = "serialize_kind")]
    pub kind: JurisdictionKind,
    /// Vintage of the boundaries, as written (`2023`).
    pub vintage: String,
    /// Where the polygons are.
    pub source: SourcePlan,
    /// Source field of the code.
    pub code: String,
    /// Source field of the name, if any.
    pub name: Option<String>,
    /// Source field of the code of what it is a part of, if any.
    pub parent: Option<String>,
    /// Whether its polygons may lie over each other.
    pub overlaps: bool,
    /// Farthest distance of the nearest-polygon fallback, metres; 0 turns it off.
    pub nearest_m: f64,
    /// Agency the boundaries come from.
    pub agency: String,
    /// Licence of the boundaries.
    pub licence: String,
}

fn serialize_kind<S: Serializer>(kind: &JurisdictionKind, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&kind.id)
}

impl JurisdictionPlan {
    /// The column of its codes, where there is one: a row may have several codes of a set whose polygons lie over each
    /// other, and these stand in `links/facility_jurisdiction` alone.
    pub fn code_column(&self) -> Option<String> {
        (!self.overlaps).then(|| self.kind.code_column_of(&self.id))
    }

    /// The column of its names, where it has names and a column of codes.
    pub fn name_column(&self) -> Option<String> {
        self.name.as_ref().filter(|_| !self.overlaps)?;
        self.kind.name_column_of(&self.id)
    }
}

/// Characters that the id of a polygon set has at most.
const LONGEST_SET: usize = 87;

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
    reference: &Reference,
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
    let mut core_sets: BTreeMap<&str, &str> = BTreeMap::new();
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
        let kind = known_kind(&mut check, set.kind.as_ref(), reference);
        if let (Some(kind), Some(written)) = (kind, &set.kind) {
            one_of_core_kind(&mut check, kind, written, &mut core_sets, set);
            own_columns(&mut check, kind, set, schemas);
        }
        let overlaps = set.overlap.as_ref().map(|written| written.value);
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
            // Of a kind that isn't known there is a report, and the plan is never handed out.
            overlaps: overlaps.unwrap_or_else(|| kind.is_some_and(|kind| kind.overlaps)),
            kind: kind
                .or(reference.kinds.first())
                .cloned()
                .unwrap_or_else(unknown_kind),
            vintage: text_or_empty(set.vintage.as_ref()),
            source,
            code: text_or_empty(set.code.as_ref()),
            name: optional_text(set.name.as_ref()),
            parent: optional_text(set.parent.as_ref()),
            nearest_m,
            agency: text_or_empty(set.agency.as_ref()),
            licence: text_or_empty(set.licence.as_ref()),
        });
    }
    sets
}

/// What stands for a kind where no table of kinds could be read.
fn unknown_kind() -> JurisdictionKind {
    JurisdictionKind::shipped("other").expect("the shipped table has the kind `other`")
}

fn known_kind<'r>(
    check: &mut Check<'_>,
    written: Option<&Spanned<String>>,
    reference: &'r Reference,
) -> Option<&'r JurisdictionKind> {
    let written = written?;
    let words = reference.kinds.iter().map(|kind| kind.id.as_str());
    check.require_among("a kind of jurisdiction", written, words);
    reference.kinds.iter().find(|kind| kind.id == written.value)
}

/// Each kind that fills core columns (`state_fips`, `county_fips`, …) has one set: a second would have nowhere to write.
fn one_of_core_kind<'a>(
    check: &mut Check<'_>,
    kind: &'a JurisdictionKind,
    written: &Spanned<String>,
    core_sets: &mut BTreeMap<&'a str, &'a str>,
    set: &'a JurisdictionConfig,
) {
    if !kind.is_core() {
        return;
    }
    if let Some(overlap) = set.overlap.as_ref().filter(|overlap| overlap.value) {
        let message = format!("a set of kind `{}` can't overlap: it fills a column", kind.id);
        check.error(&overlap.span, message).help =
            Some("sets whose polygons lie over each other are of other kinds, such as `other`".to_owned());
    }
    let id = set.id.as_ref().map_or("", |id| &id.value);
    if let Some(first) = core_sets.get(kind.id.as_str()) {
        let message = format!(
            "`{first}` is already the jurisdiction of kind `{}`",
            written.value
        );
        check.error(&written.span, message).help = Some("further sets are of kind `other`".to_owned());
        return;
    }
    core_sets.insert(&kind.id, id);
}

/// A set of another kind fills columns named after it, which nothing else may be called.
fn own_columns(check: &mut Check<'_>, kind: &JurisdictionKind, set: &JurisdictionConfig, schemas: &Schemas) {
    let Some(id) = set.id.as_ref().filter(|_| !kind.is_core()) else {
        return;
    };
    let names = [
        Some(kind.code_column_of(&id.value)),
        kind.name_column_of(&id.value),
    ];
    for column in names.into_iter().flatten() {
        // Every layer's tile has it, so no schema may have a column of that name either.
        if is_core(&column) {
            let message = format!("`{}` would fill `{column}`, which is a core column", id.value);
            check.error(&id.span, message);
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
}
