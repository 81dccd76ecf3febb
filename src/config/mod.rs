//! What people write: pipelines, schemas and reference tables, with the place of every value.
//!
//! LEAF: imports no other room. Reads each file as far as it can and reports every mistake in it;
//! applies no default and checks no reference between files (that is `plan`'s).

mod block;
mod diagnostic;
mod format;
mod gate;
mod open;
mod pipeline;
mod reference;
mod remote;
mod render;
mod schema;
mod shape;
mod size;
mod source;
mod suggest;
mod table;
mod text;
mod values;

pub use block::BlockConfig;
pub use diagnostic::{Diagnostic, Severity, in_reading_order};
pub use format::{
    CSV, ESRI, FILE_KINDS, FileKind, FormatConfig, GEOJSON, GEOJSONL, GeometryPlace, OGR, PARQUET, XLSX,
    file_keys,
};
pub use gate::GateConfig;
pub use pipeline::{
    JurisdictionConfig, LayerConfig, LayerSectorConfig, LimitsConfig, OutputConfig, PipelineConfig,
};
pub use reference::CsvTable;
pub use remote::{AccessConfig, ArcgisConfig, AuthConfig, HttpConfig};
pub use render::{Finding, findings, render};
pub use schema::{CodeConfig, ExcludeConfig, FieldConfig, RuleConfig, SchemaConfig, SectorConfig};
pub use shape::{KeyShape, Kind, Shape};
pub use size::{SIZE_UNITS, TIME_UNITS, parse_size};
pub use source::{LocationConfig, SourceConfig};
pub use suggest::{did_you_mean, known_names_hint};
pub use text::{Span, Spanned, TextFile, path_beside};
