//! The values that flow through the stages, and the words every room shares.
//!
//! LEAF: imports no other room. Holds data and its invariants, no behaviour of any stage.
//! `RawBatch → FeatureBatch → Tile` is the whole story.

pub mod bare_words;
mod cells;
mod chain;
mod changes;
mod columns;
mod county_claim;
mod crs;
pub mod curves;
pub mod digest;
pub mod entries;
mod export_format;
pub mod extensions;
mod facility_rows;
mod flag;
mod frozen;
mod gate;
mod history;
mod ids;
mod jurisdiction;
mod kept_files;
mod landing;
mod layer_report_json;
mod link;
mod location;
mod outcome;
mod outline;
mod pin;
mod progress;
mod quality;
mod raw;
pub mod records;
mod registry;
mod reject;
pub mod release;
mod release_files;
mod scorecard;
mod scratch;
#[cfg(test)]
pub(crate) mod scratch_in_memory;
mod shape;
mod shared_text;
mod sorter;
pub mod spelling;
mod spool;
mod standing;
mod tables;
mod texts;
mod tile;
mod typed_column;
pub mod unseen;
mod veil;
mod visible;

pub use cells::{Cell, CellKind, Cells, LIST_SEPARATOR};
pub use chain::error_chain;
pub use changes::{ColumnChange, LayerChanges};
pub use columns::{BBOX_SIDES, CORE_COLUMNS, CoreColumn, CoreType, is_row_number};
pub use county_claim::CountyClaim;
pub use crs::{CoordinatesSeen, Crs, Reproject};
pub use export_format::ExportFormat;
pub use facility_rows::FacilityRows;
pub use flag::{Flag, FlagCode, Flags, RowFlag};
pub use frozen::Frozen;
pub use gate::{Acceptance, Check, Finding, GateReport, SourceColumn, SourceProfile, ValueKind, Withheld};
pub use history::{LayerCounts, ReleaseCounts};
pub use ids::{LayerId, Origin, RegionId};
pub use jurisdiction::{Jurisdiction, JurisdictionShape};
pub use kept_files::{KeptFiles, NewKeptFile};
pub use landing::{FetchRecord, Generalised, Landed, PageRecord};
pub use link::{FacilityLink, LinkCount};
pub use location::LocationMethod;
pub use outcome::{FieldCounts, JurisdictionReport, LayerReport, LocationCounts, RunReport, UNVERIFIED};
pub use outline::Outline;
pub use pin::Pin;
pub use progress::{Progress, Task};
pub use quality::{
    ClaimKind, ClaimPair, LayerQuality, NullShare, QualityReport, Score, SourceDates, Unmet, Verdict,
};
pub use raw::{Defect, RawBatch, Repairs};
pub use registry::{GovernmentSum, KindCount, RegistryReport, SetCount};
pub use reject::{Reject, RejectReason, Rejects};
pub use release_files::{FileFailure, FilePart, ReleaseFiles, RequestCost};
pub use scorecard::{ScorecardReport, SectorStanding, StateLine};
pub use scratch::{ScratchFile, ScratchSpace};
pub use shape::Shape;
pub use sorter::Sorter;
pub use spool::{Spool, Spooled};
pub use standing::{LayerStatus, Standing};
pub use tables::{ProductDoc, TableDoc, unit_by_name};
pub use texts::Texts;
pub use tile::{FeatureBatch, FileRecord, Tile, TileRecord};
pub use typed_column::{ColumnArray, ColumnError, typed_column};
pub use veil::{MASKED, Veil, shorten_text};
pub use visible::{is_invisible, visible, visible_json};
