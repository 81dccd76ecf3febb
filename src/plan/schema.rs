//! `SchemaConfig` → `LayerSchema`: defaults, and references within the schema and to the tables.

use std::collections::BTreeMap;

use super::check::{Bounds, Check, optional_text, plain_texts, text_or_empty};
use super::field::{self, Field};
use super::field_values::{self, check_declared, field_names};
use super::layer_schema::{GEOMETRIES, GeometryKind, LayerSchema};
use super::reference::Reference;
use super::sector;
use super::unanswered::{refuse_unanswered, warn_of_unedited};
use crate::config::{Diagnostic, SchemaConfig, Spanned};
use crate::feature::Handling;

/// Status of a schema → whether it is unverified.
pub(super) const STATUSES: [(&str, bool); 2] = [("verified", false), ("unverified", true)];

/// Which of the rows with one key stays → whether it is the last.
pub(super) const DUPLICATES: [(&str, bool); 2] = [("first", false), ("last", true)];

/// Labels of the Traffic Light Protocol 2.0 (FIRST, 2022).
pub(super) const HANDLINGS: [(&str, ()); 5] = [
    (Handling::Clear.word(), ()),
    (Handling::Green.word(), ()),
    (Handling::Amber.word(), ()),
    (Handling::AmberStrict.word(), ()),
    (Handling::Red.word(), ()),
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
    config: &SchemaConfig,
    reference: &Reference,
    found: &mut Vec<Diagnostic>,
) -> LayerSchema {
    let mut check = Check { found };
    let handling = config.handling.as_ref();
    check.choice(
        "a marking of the Traffic Light Protocol 2.0",
        handling,
        &HANDLINGS,
    );
    let status = check.choice("a status of a schema", config.status.as_ref(), &STATUSES);
    let keeps_last = keeps_last_of_key(&mut check, config);
    let geometry = check.choice("a geometry", config.geometry.as_ref(), &GEOMETRIES);
    let max_rejects = check.in_range_or_default(config.max_rejects.as_ref(), &MAX_REJECTS);
    let fields = resolve_fields(&mut check, config);
    let sector = sector::resolve(&mut check, config, reference);
    refuse_unanswered(&mut check, [&config.agency, &config.licence]);
    warn_of_unedited(&mut check, config);
    LayerSchema {
        id: id.to_owned(),
        title: text_or_empty(config.title.as_ref()),
        description: text_or_empty(config.description.as_ref()),
        agency: text_or_empty(config.agency.as_ref()),
        licence: text_or_empty(config.licence.as_ref()),
        homepage: optional_text(config.homepage.as_ref()),
        synthetic: config.synthetic.as_ref().is_some_and(|synthetic| synthetic.value),
        unverified: status.unwrap_or(false),
        key: plain_texts(&config.key),
        key_repeated: plain_texts(&config.key_repeated),
        keeps_last,
        geometry: geometry.unwrap_or(GeometryKind::Point),
        crs: check.written_crs(config.crs.as_ref()),
        max_rejects,
        handling: handling
            .map_or(HANDLINGS[0].0, |handling| &handling.value)
            .to_owned(),
        sector,
        excludes: config
            .excludes
            .iter()
            .map(|Spanned { value, .. }| {
                field_values::resolve(
                    &mut check,
                    config,
                    value.field.as_ref(),
                    &value.equals,
                    &value.starts_with,
                )
            })
            .collect(),
        fields,
    }
}

/// Whether the last row of those with one key stays, and not the first.
fn keeps_last_of_key(check: &mut Check<'_>, config: &SchemaConfig) -> bool {
    let keeps_last = check.choice(
        "a row of those with one key",
        config.duplicates.as_ref(),
        &DUPLICATES,
    );
    // Where further fields tell rows of one key apart, none of them is first or last.
    if let Some(duplicates) = config
        .duplicates
        .as_ref()
        .filter(|_| !config.key_repeated.is_empty())
    {
        check.error(
            &duplicates.span,
            "`duplicates` is for schemas without `key-repeated`",
        );
    }
    keeps_last.unwrap_or(false)
}

fn resolve_fields(check: &mut Check<'_>, config: &SchemaConfig) -> Vec<Field> {
    check.report_repeats_in_any_case("key field", &config.key);
    config
        .key
        .iter()
        .chain(&config.key_repeated)
        .for_each(|key| check_declared(check, config, key));
    check.report_repeats_in_any_case("field", field_names(config));
    let mut fields = Vec::new();
    for Spanned { value, .. } in &config.fields {
        let name = value.name.as_ref();
        let is_key = name.is_some_and(|name| config.key.iter().any(|key| key.value == name.value));
        fields.push(field::resolve(check, value, is_key));
    }
    decoded_columns(check, config, &fields);
    shared_sources(check, config);
    fields
}

/// A decoded column must not repeat a field, a core column or another decoded column.
fn decoded_columns(check: &mut Check<'_>, config: &SchemaConfig, fields: &[Field]) {
    let mut taken: BTreeMap<String, String> = fields
        .iter()
        .map(|field| {
            (
                field.name.to_ascii_lowercase(),
                format!("the field `{}`", field.name),
            )
        })
        .collect();
    for (field, written) in fields.iter().zip(&config.fields) {
        let Some(decoded) = field.decoded.as_ref().filter(|_| !field.name.is_empty()) else {
            continue;
        };
        let place = written.value.decoded.as_ref().or(written.value.name.as_ref());
        let span = place.map_or(&written.span, |place| &place.span);
        // Without case: readers such as DuckDB see one column where two differ in case alone.
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
fn shared_sources(check: &mut Check<'_>, config: &SchemaConfig) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for Spanned { value: field, .. } in &config.fields {
        let Some(name) = &field.name else { continue };
        for source in field.from.iter().flat_map(|from| &from.value) {
            // Names of columns are found in any case where none fits to the letter, so `ID` and `Id` may be one
            // column.
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
