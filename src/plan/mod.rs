//! The plan: what a run will do, with every default applied and every reference checked.
//!
//! `resolve` turns what people wrote (`config`) into a `Plan`, or into every mistake at once.
//! May use: `config`, `feature`. Must not read data, network, clock or environment.

mod access;
mod address;
mod base_url;
mod check;
mod csv;
mod csv_geometry;
mod date_formats;
mod dialect;
mod expected;
mod export_formats;
mod field;
mod field_values;
mod folder;
mod format;
mod gate;
mod include;
mod json_schema;
mod jurisdiction;
mod jurisdiction_kinds;
mod key;
mod layer;
mod layer_schema;
mod limits;
mod membership;
mod membership_tables;
mod output;
mod overrides;
mod pipeline;
mod products;
mod reference;
mod region_tables;
mod remote;
mod resolve;
mod schema;
mod scheme;
mod scheme_tables;
mod sector;
mod serialize;
mod source;
mod tables;
#[cfg(test)]
mod tests;
mod unanswered;
mod variables;

pub use access::{Access, Credential};
pub use csv_geometry::CsvGeometry;
pub use date_formats::{EPOCH_MS, EXCEL_SERIAL, USUAL_PATTERNS};
pub use dialect::Dialect;
pub use expected::{ALL_STATES, EXPECTED_COLUMNS, Expectations, ExpectedCount};
pub use field::{FILLABLE, Field, FieldKind};
pub use field_values::FieldValues;
pub use format::Format;
pub use gate::GatePlan;
pub use include::{fitting_schemas, schema_fits};
pub use json_schema::{WrittenFile, json_schema};
pub use jurisdiction::JurisdictionPlan;
pub use jurisdiction_kinds::JurisdictionKind;
pub use layer::LayerPlan;
pub use layer_schema::{GeometryKind, LayerSchema};
pub use limits::{LEAST_MEMORY, Limits};
pub use membership::{FUNCTIONS, LIFELINES, Passage, Standing};
pub use output::Output;
pub use overrides::Overrides;
pub use pipeline::Plan;
pub use products::ProductName;
pub use reference::{Lifeline, NaicsRule, Reference, Region, Sector, State, longest_prefix};
pub use region_tables::is_region_code;
pub use remote::{ArcgisPlan, HttpPlan, PageFormat};
pub use resolve::{load, reference_tables};
pub use scheme::{CriticalFunction, MembershipRule, Scheme, SchemeCell, Subsector};
pub use sector::{NaicsUse, SectorPlan, SectorRule};
pub use source::{Location, SourcePlan};
pub use variables::{Secret, Variables};
