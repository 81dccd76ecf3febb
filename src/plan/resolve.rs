//! Spec → plan: every default applied once, every reference checked, every mistake reported.
//!
//! Reads what people wrote through `spec`; of data it asks only whether a source is there.

use std::ffi::OsStr;
use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::check::{Bounds, Check, is_identifier, text};
use super::include::Blocks;
use super::layer::{self, Schemas};
use super::{Limits, Output, Plan, ProductName, Reference, expected, products, schema, tables};
use crate::spec::{Diagnostic, PipelineSpec, SchemaSpec, Spanned, beside, did_you_mean, one_of, settle};

pub(super) const KEEP: Bounds<i64> = Bounds {
    key: "keep",
    range: 1..=1_000_000,
    default: 3,
};
// Text columns of a batch have 32-bit offsets, so a record of 2 GiB could never be held.
pub(super) const RECORD: Bounds<u64> = Bounds {
    key: "record",
    range: 1 << 10..=1 << 30,
    default: 16 << 20,
};
pub(super) const BATCH_ROWS: Bounds<i64> = Bounds {
    key: "batch-rows",
    range: 1..=1 << 20,
    default: 16_384,
};
/// Seconds that reading a source in a process of its own may take.
pub(super) const READ_S: Bounds<u64> = Bounds {
    key: "read",
    range: 1..=7 * 86_400,
    default: 2 * 3_600,
};
/// Seconds that a source behind a server may take: a week at most.
pub(super) const FETCH_S: Bounds<u64> = Bounds {
    key: "fetch",
    range: 1..=7 * 86_400,
    default: 2 * 3_600,
};
/// Largest content of an archive.
pub(super) const ARCHIVE: Bounds<u64> = Bounds {
    key: "archive",
    range: 1 << 10..=1 << 50,
    default: 16 << 30,
};
/// The least is what a run of points needs on two threads, measured.
pub(super) const MEMORY: Bounds<u64> = Bounds {
    key: "memory",
    range: LEAST_MEMORY..=1 << 50,
    default: LEAST_MEMORY,
};
pub(super) const ZSTD_LEVEL: Bounds<i64> = Bounds {
    key: "zstd-level",
    range: 1..=22,
    default: 3,
};
pub(super) const TILE_ROWS: Bounds<i64> = Bounds {
    key: "tile-rows",
    range: 1..=1_000_000_000,
    default: 1_000_000,
};
pub(super) const GROUP_ROWS: Bounds<i64> = Bounds {
    key: "group-rows",
    range: 1..=100_000_000,
    default: 20_480,
};
pub(super) const PAGE_ROWS: Bounds<i64> = Bounds {
    key: "page-rows",
    range: 1..=10_000_000,
    default: 1_024,
};

/// Least memory that a run can be given, bytes.
pub const LEAST_MEMORY: u64 = 128 << 20;

pub(super) const PROFILES: [(&str, ()); 1] = [("compat", ())];

/// What the command line says about a run, over what the pipeline says.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Store folder, relative to the working directory.
    pub store: Option<PathBuf>,
    /// Layers to run; empty for all.
    pub layers: Vec<String>,
    /// Rows to read per layer.
    pub rows: Option<u64>,
    /// Products there are to choose from.
    pub products: Vec<ProductName>,
    /// The environment, for `${NAME}` in a source's path: values are used, names are shown.
    pub variables: Variables,
}

/// Looks a variable of the environment up; finds none by default.
#[derive(Debug, Clone, Copy)]
pub struct Variables(pub fn(&str) -> Option<String>);

impl Default for Variables {
    fn default() -> Self {
        Self(|_| None)
    }
}

/// Reads a pipeline and everything it names; the plan comes with the warnings.
///
/// # Errors
/// Every mistake in the pipeline, its schemas and the reference tables, and the warnings, in
/// reading order.
pub fn load(pipeline: &Path, overrides: &Overrides) -> Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut found = Vec::new();
    let plan = PipelineSpec::read(pipeline, &mut found).map(|spec| plan(&spec, overrides, &mut found));
    let found = settle(found, &pipeline.display().to_string());
    match plan {
        Some(plan) if !found.iter().any(Diagnostic::is_error) => Ok((plan, found)),
        _ => Err(found),
    }
}

/// Reads the reference tables of a folder, without regions.
///
/// # Errors
/// Every mistake in the tables.
pub fn reference_tables(folder: &Path) -> Result<Reference, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let reference = tables::load(folder, None, &mut found);
    let found = settle(found, &folder.display().to_string());
    if found.iter().any(Diagnostic::is_error) {
        Err(found)
    } else {
        Ok(reference)
    }
}

fn plan(spec: &PipelineSpec, overrides: &Overrides, found: &mut Vec<Diagnostic>) -> Plan {
    let folder = beside(
        &spec.path,
        spec.schemas
            .as_ref()
            .map_or("../schemas", |schemas| &schemas.value),
    );
    let reference = reference(spec, &folder, found);
    let schemas = schemas(spec, &folder, &reference, found);
    let jurisdictions = layer::jurisdictions(spec, &schemas, overrides.variables, found);
    select(spec, &overrides.layers, found);
    let layers = layer::layers(spec, &schemas, &reference, overrides, found);
    let expected = expected::load(spec, &reference.states, found);
    let mut check = Check { found };
    Plan {
        id: check.identifier("a pipeline id", spec.id.as_ref()),
        title: text(spec.title.as_ref()),
        description: text(spec.description.as_ref()),
        store: overrides
            .store
            .clone()
            .unwrap_or_else(|| beside(&spec.path, &text(spec.store.as_ref()))),
        keep: check.count(spec.keep.as_ref(), &KEEP),
        limits: limits(&mut check, spec, overrides.rows),
        memory_bytes: spec
            .limits
            .memory
            .as_ref()
            .map(|written| check.within(Some(written), &MEMORY)),
        fetch_s: check.within(spec.limits.fetch.as_ref(), &FETCH_S),
        output: output(&mut check, spec),
        products: products::wanted(&mut check, &spec.output, &overrides.products),
        reference: Arc::new(reference),
        jurisdictions,
        layers,
        expected,
    }
}

fn limits(check: &mut Check<'_>, spec: &PipelineSpec, rows: Option<u64>) -> Limits {
    let limits = &spec.limits;
    let record = check.within(limits.record.as_ref(), &RECORD);
    Limits {
        record_bytes: usize::try_from(record).unwrap_or(usize::MAX),
        batch_rows: check.count(limits.batch_rows.as_ref(), &BATCH_ROWS),
        rows,
        archive_bytes: check.within(limits.archive.as_ref(), &ARCHIVE),
        isolate: limits.isolate.as_ref().is_none_or(|written| written.value),
        read: Duration::from_secs(check.within(limits.read.as_ref(), &READ_S)),
    }
}

fn output(check: &mut Check<'_>, spec: &PipelineSpec) -> Output {
    let written = &spec.output;
    check.choice("an output profile", written.profile.as_ref(), &PROFILES);
    let zstd_level = check.count(written.zstd_level.as_ref(), &ZSTD_LEVEL);
    let output = Output {
        tile_rows: check.count(written.tile_rows.as_ref(), &TILE_ROWS),
        group_rows: check.count(written.group_rows.as_ref(), &GROUP_ROWS),
        page_rows: check.count(written.page_rows.as_ref(), &PAGE_ROWS),
        zstd_level: i32::try_from(zstd_level).unwrap_or(3),
        base_url: check.base_url(written.base_url.as_ref()),
    };
    let mut at_most = |small: (&str, usize), large: (&str, usize), places: [&Option<Spanned<i64>>; 2]| {
        if small.1 > large.1
            && let Some(place) = places.into_iter().flatten().next()
        {
            let message = format!(
                "`{}` ({}) is more than `{}` ({})",
                small.0, small.1, large.0, large.1
            );
            check.error(&place.span, message);
        }
    };
    let (page, group) = (("page-rows", output.page_rows), ("group-rows", output.group_rows));
    at_most(page, group, [&written.page_rows, &written.group_rows]);
    at_most(
        group,
        ("tile-rows", output.tile_rows),
        [&written.group_rows, &written.tile_rows],
    );
    output
}

fn reference(spec: &PipelineSpec, schemas: &Path, found: &mut Vec<Diagnostic>) -> Reference {
    let written = spec.reference.as_ref();
    let folder = written.map_or_else(
        || schemas.join("reference"),
        |path| beside(&spec.path, &path.value),
    );
    if !folder.is_dir() {
        let message = format!("there is no reference folder `{}`", folder.display());
        found.push(Diagnostic::error(
            &spec.file,
            written.map(|path| path.span.clone()),
            message,
        ));
        return Reference::default();
    }
    let regions = spec.regions.as_ref().map_or("fema", |regions| &regions.value);
    let table = folder.join(format!("regions-{regions}.csv"));
    let is_named = is_identifier(regions);
    let is_there = is_named && table.is_file();
    if !is_named {
        Check { found }.identifier("the name of a region table", spec.regions.as_ref());
    } else if !is_there {
        let message = format!("there is no region table `{}`", table.display());
        let place = spec.regions.as_ref().map(|regions| regions.span.clone());
        let tables = stems(&folder, "csv");
        let mut diagnostic = Diagnostic::error(&spec.file, place, message);
        diagnostic.label = one_of(
            regions,
            tables.iter().filter_map(|stem| stem.strip_prefix("regions-")),
        );
        found.push(diagnostic);
    }
    tables::load(&folder, is_there.then_some(table.as_path()), found)
}

/// Every schema a layer names, read and resolved once.
fn schemas(
    spec: &PipelineSpec,
    folder: &Path,
    reference: &Reference,
    found: &mut Vec<Diagnostic>,
) -> Schemas {
    let mut schemas = Schemas::new();
    let mut blocks = Blocks::new(folder);
    for Spanned { value: layer, .. } in &spec.layers {
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
        let whole = written.map(|spec| blocks.expand(spec, found));
        let schema = whole.map(|spec| Arc::new(schema::resolve(&id.value, &spec, reference, found)));
        schemas.insert(id.value.clone(), schema);
    }
    schemas
}

fn read_schema(check: &mut Check<'_>, folder: &Path, id: &Spanned<String>) -> Option<SchemaSpec> {
    let path = folder.join(format!("{}.toml", id.value));
    if path.exists() {
        return SchemaSpec::read(&path, check.found);
    }
    let known = stems(folder, "toml");
    let diagnostic = check.error(&id.span, format!("there is no schema `{}`", path.display()));
    diagnostic.label = did_you_mean(&id.value, known.iter().map(String::as_str));
    None
}

/// Reports the layers asked for on the command line that the pipeline doesn't have.
fn select(spec: &PipelineSpec, wanted: &[String], found: &mut Vec<Diagnostic>) {
    let known: Vec<&str> = spec
        .layers
        .iter()
        .filter_map(|layer| layer.value.id.as_ref())
        .map(|id| id.value.as_str())
        .collect();
    for wanted in wanted.iter().filter(|wanted| !known.contains(&wanted.as_str())) {
        let mut diagnostic = Diagnostic::error(
            &spec.file,
            None,
            format!("`--layer {wanted}` is no layer of this pipeline"),
        );
        diagnostic.help = one_of(wanted, known.iter().copied());
        found.push(diagnostic);
    }
}

/// Names, without extension, of a folder's files of one extension, sorted; for suggestions only.
pub(super) fn stems(folder: &Path, extension: &str) -> Vec<String> {
    let files = read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut stems: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|other| other == extension))
        .filter_map(|path| path.file_stem().and_then(OsStr::to_str).map(str::to_owned))
        .collect();
    stems.sort();
    stems
}
