//! Config → plan: every default applied once, every reference checked, every mistake reported.
//!
//! Reads what people wrote through `config`; of data it asks only whether a source is there.

use std::path::Path;
use std::sync::Arc;

use super::check::{Bounds, Check, is_identifier, text_or_empty};
use super::folder::file_stems;
use super::include::Blocks;
use super::jurisdiction::JurisdictionPlan;
use super::jurisdiction_kinds::shipped_kinds;
use super::layer;
use super::layer_schema::Schemas;
use super::limits::{FETCH_S, MEMORY};
use super::overrides::Overrides;
use super::pipeline::Plan;
use super::reference::Reference;
use super::{expected, export_formats, jurisdiction, limits, output, products, schema, tables};
use crate::config::{
    Diagnostic, PipelineConfig, SchemaConfig, Spanned, did_you_mean, in_reading_order, known_names_hint,
    path_beside,
};

pub(super) const KEEP: Bounds<i64> = Bounds {
    key: "keep",
    range: 1..=1_000_000,
    default: 3,
};

pub(super) const KEEP_DAYS: Bounds<i64> = Bounds {
    key: "keep-days",
    range: 1..=36_525,
    default: 30,
};

/// Reads a pipeline and everything it names; the plan comes with the warnings.
///
/// ```
/// use std::path::Path;
///
/// use cikr::plan::{Overrides, load};
///
/// let (plan, warnings) = load(Path::new("pipelines/demo.toml"), &Overrides::default()).unwrap();
/// assert_eq!((plan.id.as_str(), warnings.len()), ("demo", 0));
/// assert!(load(Path::new("pipelines/no_such.toml"), &Overrides::default()).unwrap_err()[0].is_error());
/// ```
///
/// # Errors
/// Every mistake in the pipeline, its schemas and the reference tables, and the warnings, in
/// reading order.
pub fn load(pipeline: &Path, overrides: &Overrides) -> Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut found = Vec::new();
    let plan =
        PipelineConfig::read(pipeline, &mut found).map(|config| resolve_plan(&config, overrides, &mut found));
    let found = in_reading_order(found, &pipeline.display().to_string());
    // What stood in for mistaken values is in the plan, too: one with an error is never handed out.
    match plan {
        Some(plan) if !found.iter().any(Diagnostic::is_error) => Ok((plan, found)),
        _ => Err(found),
    }
}

/// Reads the reference tables of a folder, without regions.
///
/// ```
/// let tables = cikr::plan::reference_tables("schemas/reference".as_ref()).unwrap();
/// assert_eq!(tables.sectors.len(), 16);
/// assert!(tables.states.iter().any(|state| state.usps == "TX" && state.fips == "48"));
/// ```
///
/// # Errors
/// Every mistake in the tables.
pub fn reference_tables(folder: &Path) -> Result<Reference, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let reference = tables::load_tables(folder, None, &mut found);
    let found = in_reading_order(found, &folder.display().to_string());
    if found.iter().any(Diagnostic::is_error) {
        Err(found)
    } else {
        Ok(reference)
    }
}

fn resolve_plan(config: &PipelineConfig, overrides: &Overrides, found: &mut Vec<Diagnostic>) -> Plan {
    let folder = path_beside(
        &config.path,
        config
            .schemas
            .as_ref()
            .map_or("../schemas", |schemas| &schemas.value),
    );
    // In the order of what names what: schemas name codes of the tables, layers name schemas, expected counts
    // name layers.
    let mut reference = load_reference(config, &folder, found);
    let schemas = load_schemas(config, &folder, &reference, found);
    let jurisdictions = jurisdiction::resolve(config, &schemas, &reference, overrides.variables, found);
    if let Some(set) = jurisdictions.iter().find(|set| set.kind.is_region()) {
        refuse_second_regions(config, set, found);
        reference.regions.clear();
    }
    report_unknown_layers(config, &overrides.layers, found);
    let layers = layer::resolve(config, &schemas, &reference, overrides, found);
    let expected = expected::load(config, &reference.states, found);
    let mut check = Check { found };
    let formats = export_formats::wanted_formats(&mut check, config);
    Plan {
        id: check.identifier("a pipeline id", config.id.as_ref()),
        title: text_or_empty(config.title.as_ref()),
        description: text_or_empty(config.description.as_ref()),
        store: overrides
            .store
            .clone()
            .unwrap_or_else(|| path_beside(&config.path, &text_or_empty(config.store.as_ref()))),
        keep: check.count_in_range(config.keep.as_ref(), &KEEP),
        keep_days: config
            .keep_days
            .as_ref()
            .map(|days| check.in_range_or_default(Some(days), &KEEP_DAYS))
            .and_then(|days| u32::try_from(days).ok()),
        limits: limits::resolve(&mut check, config, overrides.rows),
        memory_bytes: config
            .limits
            .memory
            .as_ref()
            .map(|written| check.in_range_or_default(Some(written), &MEMORY)),
        fetch_s: check.in_range_or_default(config.limits.fetch.as_ref(), &FETCH_S),
        output: output::resolve(&mut check, config),
        products: products::wanted_products(
            &mut check,
            &config.output,
            !formats.is_empty(),
            &overrides.products,
        ),
        formats,
        reference: Arc::new(reference),
        jurisdictions,
        layers,
        expected,
    }
}

/// Regions come from a table or from a polygon set, not from both.
fn refuse_second_regions(config: &PipelineConfig, set: &JurisdictionPlan, found: &mut Vec<Diagnostic>) {
    let Some(written) = &config.regions else { return };
    let message = format!(
        "`regions` names a table, and `{}` has the regions' polygons",
        set.id
    );
    let mut check = Check { found };
    check.error(&written.span, message).help = Some("leave one of them out".to_owned());
}

fn load_reference(config: &PipelineConfig, schemas: &Path, found: &mut Vec<Diagnostic>) -> Reference {
    let written = config.reference.as_ref();
    let folder = written.map_or_else(
        || schemas.join("reference"),
        |path| path_beside(&config.path, &path.value),
    );
    if !folder.is_dir() {
        let message = format!("there is no reference folder `{}`", folder.display());
        found.push(Diagnostic::error(
            &config.file,
            written.map(|path| path.span.clone()),
            message,
        ));
        // One cause, one report: each table of it would be missing, too, and so would every code that is looked
        // up.
        return Reference {
            kinds: shipped_kinds(),
            ..Reference::default()
        };
    }
    let regions = config.regions.as_ref().map_or("fema", |regions| &regions.value);
    let table = folder.join(format!("regions-{regions}.csv"));
    let is_named = is_identifier(regions);
    let is_there = is_named && table.is_file();
    if !is_named {
        Check { found }.identifier("the name of a region table", config.regions.as_ref());
    } else if !is_there {
        let message = format!("there is no region table `{}`", table.display());
        let place = config.regions.as_ref().map(|regions| regions.span.clone());
        let tables = file_stems(&folder, "csv");
        let mut diagnostic = Diagnostic::error(&config.file, place, message);
        diagnostic.label = known_names_hint(
            regions,
            tables.iter().filter_map(|stem| stem.strip_prefix("regions-")),
        );
        found.push(diagnostic);
    }
    tables::load_tables(&folder, is_there.then_some(table.as_path()), found)
}

/// Every schema a layer names, read and resolved once.
fn load_schemas(
    config: &PipelineConfig,
    folder: &Path,
    reference: &Reference,
    found: &mut Vec<Diagnostic>,
) -> Schemas {
    let mut schemas = Schemas::new();
    let mut blocks = Blocks::new(folder);
    for Spanned { value: layer, .. } in &config.layers {
        // Several layers may name one schema: it is read once, and its mistakes are told once.
        let Some(id) = layer::schema_id(layer).filter(|id| !schemas.contains_key(&id.value)) else {
            continue;
        };
        let mut check = Check { found };
        if layer.schema.is_some() {
            check.identifier("a schema id", Some(id));
        }
        // An id that is none is reported with its layer; it must not become a path.
        let written = if is_identifier(&id.value) {
            read_schema(&mut check, folder, id)
        } else {
            None
        };
        let whole = written.map(|config| blocks.expand(config, found));
        let schema = whole.map(|config| Arc::new(schema::resolve(&id.value, &config, reference, found)));
        schemas.insert(id.value.clone(), schema);
    }
    schemas
}

fn read_schema(check: &mut Check<'_>, folder: &Path, id: &Spanned<String>) -> Option<SchemaConfig> {
    let path = folder.join(format!("{}.toml", id.value));
    if path.exists() {
        return SchemaConfig::read(&path, check.found);
    }
    let known = file_stems(folder, "toml");
    let diagnostic = check.error(&id.span, format!("there is no schema `{}`", path.display()));
    diagnostic.label = did_you_mean(&id.value, known.iter().map(String::as_str));
    None
}

/// Reports the layers asked for on the command line that the pipeline doesn't have.
fn report_unknown_layers(config: &PipelineConfig, wanted: &[String], found: &mut Vec<Diagnostic>) {
    let known: Vec<&str> = config
        .layers
        .iter()
        .filter_map(|layer| layer.value.id.as_ref())
        .map(|id| id.value.as_str())
        .collect();
    for wanted in wanted.iter().filter(|wanted| !known.contains(&wanted.as_str())) {
        let mut diagnostic = Diagnostic::error(
            &config.file,
            None,
            format!("`--layer {wanted}` is no layer of this pipeline"),
        );
        diagnostic.help = known_names_hint(wanted, known.iter().copied());
        found.push(diagnostic);
    }
}
