//! `SchemaSpec` → `LayerSchema`: defaults, and references within the schema and to the tables.

use std::collections::BTreeMap;

use super::check::{Bounds, Check, optional, text, texts};
use super::field;
use super::reference::Reference;
use super::tables;
use super::{Field, FieldValues, GeometryKind, LayerSchema, NaicsUse, SectorPlan, SectorRule};
use crate::spec::{
    Diagnostic, ExcludeSpec, FieldSpec, LayerSectorSpec, RuleSpec, SchemaSpec, SectorSpec, Spanned, one_of,
};

pub(super) const GEOMETRIES: [(&str, GeometryKind); 3] = [
    ("point", GeometryKind::Point),
    ("line", GeometryKind::Line),
    ("polygon", GeometryKind::Polygon),
];

/// Status of a schema → whether it is unverified.
pub(super) const STATUSES: [(&str, bool); 2] = [("verified", false), ("unverified", true)];

/// Which of the rows with one key stays → whether it is the last.
pub(super) const DUPLICATES: [(&str, bool); 2] = [("first", false), ("last", true)];

pub(super) const NAICS_USES: [(&str, NaicsUse); 3] = [
    ("ignore", NaicsUse::Ignore),
    ("refine", NaicsUse::Refine),
    ("decide", NaicsUse::Decide),
];

/// Labels of the Traffic Light Protocol 2.0 (FIRST, 2022).
pub(super) const HANDLINGS: [(&str, ()); 5] = [
    ("TLP:CLEAR", ()),
    ("TLP:GREEN", ()),
    ("TLP:AMBER", ()),
    ("TLP:AMBER+STRICT", ()),
    ("TLP:RED", ()),
];

/// Share of rows that may be rejected.
pub(super) const MAX_REJECTS: Bounds<f64> = Bounds {
    key: "max-rejects",
    range: 0.0..=1.0,
    default: 0.05,
};

/// A schema with every default applied.
pub(super) fn resolve(
    id: &str,
    spec: &SchemaSpec,
    reference: &Reference,
    found: &mut Vec<Diagnostic>,
) -> LayerSchema {
    let mut check = Check { found };
    let handling = spec.handling.as_ref();
    check.choice(
        "a marking of the Traffic Light Protocol 2.0",
        handling,
        &HANDLINGS,
    );
    let status = check.choice("a status of a schema", spec.status.as_ref(), &STATUSES);
    let keeps_last = check.choice(
        "a row of those with one key",
        spec.duplicates.as_ref(),
        &DUPLICATES,
    );
    if let Some(duplicates) = spec.duplicates.as_ref().filter(|_| !spec.key_repeated.is_empty()) {
        check.error(
            &duplicates.span,
            "`duplicates` is for schemas without `key-repeated`",
        );
    }
    let geometry = check.choice("a geometry", spec.geometry.as_ref(), &GEOMETRIES);
    let max_rejects = check.within(spec.max_rejects.as_ref(), &MAX_REJECTS);
    let fields = fields(&mut check, spec);
    let sector = sector(&mut check, spec, reference);
    said(&mut check, [&spec.agency, &spec.licence]);
    unedited(&mut check, spec);
    LayerSchema {
        id: id.to_owned(),
        title: text(spec.title.as_ref()),
        description: text(spec.description.as_ref()),
        agency: text(spec.agency.as_ref()),
        licence: text(spec.licence.as_ref()),
        homepage: optional(spec.homepage.as_ref()),
        synthetic: spec.synthetic.as_ref().is_some_and(|synthetic| synthetic.value),
        unverified: status.unwrap_or(false),
        key: texts(&spec.key),
        key_repeated: texts(&spec.key_repeated),
        keeps_last: keeps_last.unwrap_or(false),
        geometry: geometry.unwrap_or(GeometryKind::Point),
        crs: check.crs(spec.crs.as_ref()),
        max_rejects,
        handling: handling
            .map_or(HANDLINGS[0].0, |handling| &handling.value)
            .to_owned(),
        sector,
        excludes: spec
            .excludes
            .iter()
            .map(|exclude| excluded(&mut check, spec, &exclude.value))
            .collect(),
        fields,
    }
}

fn excluded(check: &mut Check<'_>, spec: &SchemaSpec, exclude: &ExcludeSpec) -> FieldValues {
    exclude
        .field
        .iter()
        .for_each(|field| declared(check, spec, field));
    FieldValues {
        field: text(exclude.field.as_ref()),
        equals: texts(&exclude.equals),
        starts_with: texts(&exclude.starts_with),
    }
}

/// Refuses a word in the place of an agency or a licence that a draft has left to be said: every row would carry it.
pub(super) fn said(check: &mut Check<'_>, texts: [&Option<Spanned<String>>; 2]) {
    for text in texts.into_iter().flatten().filter(|text| is_unsaid(&text.value)) {
        let message = format!("`{}` is no name: every row would carry it", text.value);
        check.error(&text.span, message).help = Some(
            "say whose the rows are, and under which licence; `cikr draft` takes `--agency` and `--licence`"
                .to_owned(),
        );
    }
}

/// Whether a text is the word that a draft leaves, alone or with what is to be said behind it; `Edith Rogers` is a name.
fn is_unsaid(text: &str) -> bool {
    let word = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    word.eq_ignore_ascii_case("EDIT")
}

/// Tells of what a draft left to be said: it would be published as it stands.
fn unedited(check: &mut Check<'_>, spec: &SchemaSpec) {
    let own = [&spec.description].into_iter().flatten();
    let texts = own.chain(
        spec.fields
            .iter()
            .filter_map(|field| field.value.description.as_ref()),
    );
    let unedited: Vec<&Spanned<String>> = texts.filter(|text| is_unsaid(&text.value)).collect();
    if let [first, ..] = unedited.as_slice() {
        let message = format!("{} texts of this schema still say EDIT", unedited.len());
        check.warning(&first.span, message).help = Some("a release would publish them so".to_owned());
    }
}

fn fields(check: &mut Check<'_>, spec: &SchemaSpec) -> Vec<Field> {
    check.unique("key field", &spec.key);
    spec.key
        .iter()
        .chain(&spec.key_repeated)
        .for_each(|key| declared(check, spec, key));
    check.unique("field", names(spec));
    let is_key = |field: &FieldSpec| {
        field
            .name
            .as_ref()
            .is_some_and(|name| spec.key.iter().any(|key| key.value == name.value))
    };
    let mut fields = Vec::new();
    for Spanned { value, .. } in &spec.fields {
        fields.push(field::resolve(check, value, is_key(value)));
    }
    decoded_columns(check, spec, &fields);
    shared_sources(check, spec);
    fields
}

fn names(spec: &SchemaSpec) -> impl Iterator<Item = &Spanned<String>> {
    spec.fields.iter().filter_map(|field| field.value.name.as_ref())
}

fn declared(check: &mut Check<'_>, spec: &SchemaSpec, field: &Spanned<String>) {
    // A block that could not be read may have it.
    if !spec.include.is_empty() || names(spec).any(|name| name.value == field.value) {
        return;
    }
    let message = format!("`{}` is not a field of this schema", field.value);
    check.error(&field.span, message).label =
        one_of(&field.value, names(spec).map(|name| name.value.as_str()));
}

/// A decoded column must not repeat a field, a core column or another decoded column.
fn decoded_columns(check: &mut Check<'_>, spec: &SchemaSpec, fields: &[Field]) {
    let mut taken: BTreeMap<String, String> = fields
        .iter()
        .map(|field| {
            (
                field.name.to_ascii_lowercase(),
                format!("the field `{}`", field.name),
            )
        })
        .collect();
    for (field, written) in fields.iter().zip(&spec.fields) {
        let Some(decoded) = field.decoded.as_ref().filter(|_| !field.name.is_empty()) else {
            continue;
        };
        let place = written.value.decoded.as_ref().or(written.value.name.as_ref());
        let span = place.map_or(&written.span, |place| &place.span);
        let lower = decoded.to_ascii_lowercase();
        let other = match taken.get(&lower) {
            None if field::is_core(&lower) => "a core column".to_owned(),
            None => {
                taken.insert(lower, format!("the decoded column of `{}`", field.name));
                continue;
            }
            Some(other) => other.clone(),
        };
        let message = format!(
            "the decoded column `{decoded}` of `{}` is also {other}",
            field.name
        );
        check.error(span, message).help = Some("name it by `decoded = \"…\"`".to_owned());
    }
}

/// A source name in two fields is most often a slip, but may be meant.
fn shared_sources(check: &mut Check<'_>, spec: &SchemaSpec) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for Spanned { value: field, .. } in &spec.fields {
        let Some(name) = &field.name else { continue };
        for source in field.from.iter().flat_map(|from| &from.value) {
            let first = *seen.entry(source.value.to_lowercase()).or_insert(&name.value);
            if first != name.value {
                let message = format!(
                    "`{}` is a source of `{first}` and of `{}`",
                    source.value, name.value
                );
                check.warning(&source.span, message);
            }
        }
    }
}

fn sector(check: &mut Check<'_>, spec: &SchemaSpec, reference: &Reference) -> SectorPlan {
    let naics = spec
        .sector
        .as_ref()
        .and_then(|sector| sector.value.naics.as_ref());
    let naics_use = check
        .choice("a use of the NAICS code", naics, &NAICS_USES)
        .unwrap_or(NaicsUse::Refine);
    if let Some(written) = naics.filter(|_| naics_use != NaicsUse::Ignore)
        && spec.include.is_empty()
        && !names(spec).any(|name| name.value == "naics_code")
    {
        check.warning(
            &written.span,
            "the schema has no field `naics_code`, so this has no effect",
        );
    }
    let empty = SectorSpec {
        code: None,
        subsector: None,
        also: vec![],
        lifeline: None,
        naics: None,
        rules: vec![],
    };
    let sector = spec.sector.as_ref().map_or(&empty, |sector| &sector.value);
    known(
        check,
        reference,
        sector.code.as_ref(),
        &sector.also,
        sector.lifeline.as_ref(),
    );
    listed(check, reference, sector.code.as_ref(), sector.subsector.as_ref());
    for rule in sector.rules.iter().map(|rule| &rule.value) {
        listed(
            check,
            reference,
            rule.code.as_ref().or(sector.code.as_ref()),
            rule.subsector.as_ref(),
        );
    }
    SectorPlan {
        code: text(sector.code.as_ref()),
        subsector: optional(sector.subsector.as_ref()),
        also: texts(&sector.also),
        lifeline: optional(sector.lifeline.as_ref()),
        naics: naics_use,
        rules: sector
            .rules
            .iter()
            .map(|rule| self::rule(check, spec, &rule.value, reference))
            .collect(),
    }
}

/// The sector that a pipeline gives a layer, over its schema's; NAICS codes and rules refine both alike.
pub(super) fn of_layer(
    check: &mut Check<'_>,
    written: &LayerSectorSpec,
    schema: &SectorPlan,
    reference: &Reference,
) -> SectorPlan {
    known(
        check,
        reference,
        written.code.as_ref(),
        &written.also,
        written.lifeline.as_ref(),
    );
    listed(
        check,
        reference,
        written.code.as_ref(),
        written.subsector.as_ref(),
    );
    SectorPlan {
        code: text(written.code.as_ref()),
        subsector: optional(written.subsector.as_ref()),
        also: texts(&written.also),
        lifeline: optional(written.lifeline.as_ref()),
        naics: schema.naics,
        rules: schema.rules.clone(),
    }
}

fn rule(check: &mut Check<'_>, spec: &SchemaSpec, rule: &RuleSpec, reference: &Reference) -> SectorRule {
    rule.field.iter().for_each(|field| declared(check, spec, field));
    known(
        check,
        reference,
        rule.code.as_ref(),
        &rule.also,
        rule.lifeline.as_ref(),
    );
    SectorRule {
        values: FieldValues {
            field: text(rule.field.as_ref()),
            equals: texts(&rule.equals),
            starts_with: texts(&rule.starts_with),
        },
        code: optional(rule.code.as_ref()),
        subsector: optional(rule.subsector.as_ref()),
        also: texts(&rule.also),
        lifeline: optional(rule.lifeline.as_ref()),
    }
}

/// Reports sector codes and lifelines that the reference tables don't have.
fn known(
    check: &mut Check<'_>,
    reference: &Reference,
    code: Option<&Spanned<String>>,
    also: &[Spanned<String>],
    lifeline: Option<&Spanned<String>>,
) {
    for code in code.into_iter().chain(also) {
        check.among(
            "a sector code of sectors.csv",
            code,
            tables::codes(&reference.sectors),
        );
    }
    if let Some(written) = lifeline {
        let lifelines: Vec<String> = reference
            .lifelines
            .iter()
            .map(|l| format!("{}/{}", l.lifeline, l.component))
            .collect();
        check.among(
            "a lifeline of lifelines.csv",
            written,
            lifelines.iter().map(String::as_str),
        );
    }
}

/// Warns of a subsector that isn't listed: a row of it is placed in the schemes by its sector alone.
fn listed(
    check: &mut Check<'_>,
    reference: &Reference,
    sector: Option<&Spanned<String>>,
    subsector: Option<&Spanned<String>>,
) {
    let (Some(sector), Some(subsector)) = (sector, subsector) else {
        return;
    };
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
        check.warning(&subsector.span, message).label = one_of(&subsector.value, known);
    }
}
