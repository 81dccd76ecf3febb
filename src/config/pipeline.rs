//! `pipelines/*.toml` as written.
//!
//! LEAF. No defaults: what is not written is `None`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::gate::{self, GateConfig};
use super::shape::Shape;
use super::source::{self, SourceConfig};
use super::table::{self, Table};
use super::text::{Spanned, TextFile};

/// Largest pipeline or schema file, bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// A pipeline file.
#[derive(Debug, Clone)]
pub struct PipelineConfig {
    /// Where it was read; relative paths in it start in its folder.
    pub path: PathBuf,
    /// Its text.
    pub file: Arc<TextFile>,
    /// `id`.
    pub id: Option<Spanned<String>>,
    /// `title`.
    pub title: Option<Spanned<String>>,
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// `store`.
    pub store: Option<Spanned<String>>,
    /// `schemas`.
    pub schemas: Option<Spanned<String>>,
    /// `reference`.
    pub reference: Option<Spanned<String>>,
    /// `regions`.
    pub regions: Option<Spanned<String>>,
    /// `expected`.
    pub expected: Option<Spanned<String>>,
    /// `keep`.
    pub keep: Option<Spanned<i64>>,
    /// `keep-days`.
    pub keep_days: Option<Spanned<i64>>,
    /// `[limits]`.
    pub limits: LimitsConfig,
    /// `[output]`.
    pub output: OutputConfig,
    /// `[[jurisdiction]]`, each with its header's place.
    pub jurisdictions: Vec<Spanned<JurisdictionConfig>>,
    /// `[[layer]]`, each with its header's place.
    pub layers: Vec<Spanned<LayerConfig>>,
}

/// `[limits]`.
#[derive(Debug, Clone, Default)]
pub struct LimitsConfig {
    /// `record`, bytes.
    pub record: Option<Spanned<u64>>,
    /// `batch-rows`.
    pub batch_rows: Option<Spanned<i64>>,
    /// `archive`, bytes.
    pub archive: Option<Spanned<u64>>,
    /// `memory`, bytes.
    pub memory: Option<Spanned<u64>>,
    /// `isolate`.
    pub isolate: Option<Spanned<bool>>,
    /// `fetch`, seconds.
    pub fetch: Option<Spanned<u64>>,
    /// `read`, seconds.
    pub read: Option<Spanned<u64>>,
    /// `unmet-counts`.
    pub unmet_counts: Option<Spanned<i64>>,
}

/// `[output]`.
#[derive(Debug, Clone, Default)]
pub struct OutputConfig {
    /// `profile`.
    pub profile: Option<Spanned<String>>,
    /// `tile-rows`.
    pub tile_rows: Option<Spanned<i64>>,
    /// `group-rows`.
    pub group_rows: Option<Spanned<i64>>,
    /// `page-rows`.
    pub page_rows: Option<Spanned<i64>>,
    /// `zstd-level`.
    pub zstd_level: Option<Spanned<i64>>,
    /// `products`.
    pub products: Option<Spanned<Vec<Spanned<String>>>>,
    /// `national`.
    pub national: Option<Spanned<bool>>,
    /// `deltas`.
    pub deltas: Option<Spanned<bool>>,
    /// `formats`.
    pub formats: Option<Spanned<Vec<Spanned<String>>>>,
    /// `map`.
    pub map: Option<Spanned<bool>>,
    /// `base-url`.
    pub base_url: Option<Spanned<String>>,
}

/// `[[jurisdiction]]`.
#[derive(Debug, Clone)]
pub struct JurisdictionConfig {
    /// `id`.
    pub id: Option<Spanned<String>>,
    /// `kind`.
    pub kind: Option<Spanned<String>>,
    /// `vintage`.
    pub vintage: Option<Spanned<String>>,
    /// `source`.
    pub source: Option<Spanned<SourceConfig>>,
    /// `code`.
    pub code: Option<Spanned<String>>,
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `parent`.
    pub parent: Option<Spanned<String>>,
    /// `overlap`.
    pub overlap: Option<Spanned<bool>>,
    /// `nearest-m`, metres.
    pub nearest_m: Option<Spanned<f64>>,
    /// `agency`.
    pub agency: Option<Spanned<String>>,
    /// `licence`.
    pub licence: Option<Spanned<String>>,
}

/// `[[layer]]`.
#[derive(Debug, Clone)]
pub struct LayerConfig {
    /// `id`.
    pub id: Option<Spanned<String>>,
    /// `schema`.
    pub schema: Option<Spanned<String>>,
    /// `inventory`.
    pub inventory: Option<Spanned<bool>>,
    /// `synthetic`, over the schema's.
    pub synthetic: Option<Spanned<bool>>,
    /// `agency`, over the schema's.
    pub agency: Option<Spanned<String>>,
    /// `licence`, over the schema's.
    pub licence: Option<Spanned<String>>,
    /// `title`, over the schema's.
    pub title: Option<Spanned<String>>,
    /// `geometry`, over the schema's.
    pub geometry: Option<Spanned<String>>,
    /// `sector`, over the schema's.
    pub sector: Option<Spanned<LayerSectorConfig>>,
    /// `formats`, over those of `[output]`.
    pub formats: Option<Spanned<Vec<Spanned<String>>>>,
    /// `current-days`.
    pub current_days: Option<Spanned<i64>>,
    /// `gate`.
    pub gate: Option<Spanned<GateConfig>>,
    /// `source`.
    pub source: Option<Spanned<SourceConfig>>,
}

/// `sector = { … }` of a layer.
#[derive(Debug, Clone)]
pub struct LayerSectorConfig {
    /// `code`.
    pub code: Option<Spanned<String>>,
    /// `subsector`.
    pub subsector: Option<Spanned<String>>,
    /// `also`.
    pub also: Vec<Spanned<String>>,
    /// `lifeline`.
    pub lifeline: Option<Spanned<String>>,
}

impl PipelineConfig {
    /// Reads a pipeline file as far as possible; none if there is no text to read.
    ///
    /// ```
    /// let mut mistakes = Vec::new();
    /// let config = cikr::config::PipelineConfig::read("pipelines/demo.toml".as_ref(), &mut mistakes).unwrap();
    /// assert!(mistakes.is_empty());
    /// assert_eq!(config.id.unwrap().value, "demo");
    /// ```
    pub fn read(path: &Path, found: &mut Vec<Diagnostic>) -> Option<Self> {
        let file = TextFile::open(path, LARGEST)
            .map_err(|diagnostic| found.push(diagnostic))
            .ok()?;
        Some(table::read_document(&file, "the pipeline", found, |t| {
            read_pipeline(t, path, &file)
        }))
    }

    /// What a pipeline file may hold.
    pub fn shape() -> Shape {
        table::shape_of(|table| read_pipeline(table, Path::new(""), &TextFile::empty()))
    }
}

fn read_pipeline(table: &mut Table<'_>, path: &Path, file: &Arc<TextFile>) -> PipelineConfig {
    PipelineConfig {
        path: path.to_owned(),
        file: Arc::clone(file),
        id: table.required_text("id"),
        title: table.required_text("title"),
        description: table.optional_text("description"),
        store: table.required_text("store"),
        schemas: table.optional_text("schemas"),
        reference: table.optional_text("reference"),
        regions: table.optional_text("regions"),
        expected: table.optional_text("expected"),
        keep: table.optional_integer("keep"),
        keep_days: table.optional_integer("keep-days"),
        // Tables that needn't be there: without them all that they hold is absent.
        limits: table
            .optional_table("limits", read_limits)
            .map(|limits| limits.value)
            .unwrap_or_default(),
        output: table
            .optional_table("output", read_output)
            .map(|output| output.value)
            .unwrap_or_default(),
        jurisdictions: table.optional_tables("jurisdiction", read_jurisdiction),
        layers: read_layers(table),
    }
}

fn read_limits(table: &mut Table<'_>) -> LimitsConfig {
    LimitsConfig {
        record: table.optional_size("record"),
        batch_rows: table.optional_integer("batch-rows"),
        archive: table.optional_size("archive"),
        memory: table.optional_size("memory"),
        isolate: table.optional_flag("isolate"),
        fetch: table.optional_time("fetch"),
        read: table.optional_time("read"),
        unmet_counts: table.optional_integer("unmet-counts"),
    }
}

fn read_output(table: &mut Table<'_>) -> OutputConfig {
    OutputConfig {
        profile: table.optional_text("profile"),
        tile_rows: table.optional_integer("tile-rows"),
        group_rows: table.optional_integer("group-rows"),
        page_rows: table.optional_integer("page-rows"),
        zstd_level: table.optional_integer("zstd-level"),
        products: table.optional_texts("products"),
        national: table.optional_flag("national"),
        deltas: table.optional_flag("deltas"),
        formats: table.optional_texts("formats"),
        map: table.optional_flag("map"),
        base_url: table.optional_text("base-url"),
    }
}

fn read_jurisdiction(table: &mut Table<'_>) -> JurisdictionConfig {
    JurisdictionConfig {
        id: table.required_text("id"),
        kind: table.required_text("kind"),
        vintage: table.required_text("vintage"),
        source: source::read_source(table),
        code: table.required_text("code"),
        name: table.optional_text("name"),
        parent: table.optional_text("parent"),
        overlap: table.optional_flag("overlap"),
        nearest_m: table.optional_number("nearest-m"),
        agency: table.required_text("agency"),
        licence: table.required_text("licence"),
    }
}

fn read_sector(table: &mut Table<'_>) -> LayerSectorConfig {
    LayerSectorConfig {
        code: table.required_text("code"),
        subsector: table.optional_text("subsector"),
        also: table
            .optional_texts("also")
            .map(|also| also.value)
            .unwrap_or_default(),
        lifeline: table.optional_text("lifeline"),
    }
}

fn read_layers(table: &mut Table<'_>) -> Vec<Spanned<LayerConfig>> {
    table.required_tables("layer", |t| LayerConfig {
        id: t.required_text("id"),
        schema: t.optional_text("schema"),
        inventory: t.optional_flag("inventory"),
        synthetic: t.optional_flag("synthetic"),
        agency: t.optional_text("agency"),
        licence: t.optional_text("licence"),
        title: t.optional_text("title"),
        geometry: t.optional_text("geometry"),
        sector: t.optional_table("sector", read_sector),
        formats: t.optional_texts("formats"),
        current_days: t.optional_integer("current-days"),
        gate: t.optional_table("gate", gate::read_gate),
        source: source::read_source(t),
    })
}
