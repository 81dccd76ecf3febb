//! What became of a run: the content of `report.json`.
//!
//! LEAF. Written by `run`, read by `catalog` and `report`; `cikr verify` checks its sums.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::changes::LayerChanges;
use super::flag::Flags;
use super::frozen::Frozen;
use super::gate::{GateReport, SourceProfile};
use super::ids::LayerId;
use super::link::LinkCount;
use super::quality::QualityReport;
use super::raw::Repairs;
use super::release::ReleaseId;
use super::standing::{LayerStatus, Standing};

/// How lists, catalogs and summaries mark what a schema nobody has seen the fields of made.
pub const UNVERIFIED: &str = "unverified schema";

// Reports are read again by later versions: by `verify`, for the history that products and the page show, and for what
// a carried layer was. Every field that came after the first version has a default, so that the reports of earlier
// releases still read.

/// What became of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunReport {
    /// Version of this format.
    pub version: u32,
    /// Release the run published.
    pub release: ReleaseId,
    /// Pipeline id.
    pub pipeline: String,
    /// Title of the pipeline.
    pub title: String,
    /// URL under which the store is served, where the pipeline says.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Version of the program.
    pub cikr_version: String,
    /// When the run began, RFC 3339 UTC.
    pub started: String,
    /// Seconds from start to report.
    pub seconds: f64,
    /// Peak resident memory, bytes; none where the system doesn't tell.
    pub peak_memory_bytes: Option<u64>,
    /// One entry per layer of the pipeline.
    pub layers: Vec<LayerReport>,
    /// Polygon sets joined.
    pub jurisdictions: Vec<JurisdictionReport>,
    /// Rows of the inventory `facilities`.
    pub inventory_rows: u64,
    /// Size of the inventory's tiles.
    pub inventory_bytes: u64,
    /// Why the release didn't become the latest, where somebody had frozen another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
    /// How complete, current and accurate the release is; none in reports of earlier versions.
    #[serde(default)]
    pub quality: Option<QualityReport>,
    /// Products in the release, and what each tells beyond the above; none in reports of earlier versions.
    #[serde(default)]
    pub products: Option<BTreeMap<String, Value>>,
}

impl RunReport {
    /// Whether the release holds a product, as far as is known: an earlier version doesn't say.
    pub fn may_hold(&self, product: &str) -> bool {
        self.products
            .as_ref()
            .is_none_or(|products| products.contains_key(product))
    }

    /// What a product tells; none where the release doesn't say that it holds it.
    pub fn product(&self, name: &str) -> Option<&Value> {
        self.products.as_ref()?.get(name)
    }
}

/// What became of a layer. Its JSON is flat: `layer_report_json` says how.
#[derive(Debug, Clone)]
pub struct LayerReport {
    /// Layer id.
    pub id: LayerId,
    /// Whether its rows are of this run, and why not.
    pub standing: Standing,
    /// Digest of all that its files follow from: source, plan, boundaries, reference tables, program.
    pub fingerprint: Option<String>,
    /// Whether the fields of its schema were seen neither in a file nor in a published list.
    pub unverified: bool,
    /// Source as the pipeline names it.
    pub source: String,
    /// Whether the plan has its server's certificate not verified (`insecure-tls`).
    pub insecure_tls: bool,
    /// SHA-256 of the landed source.
    pub source_sha256: Option<String>,
    /// When the source was landed, RFC 3339 UTC.
    pub landed_at: Option<String>,
    /// Rows the source had.
    pub rows_read: u64,
    /// Rows in tiles.
    pub rows_written: u64,
    /// Rows in `rejects/<layer>.parquet`.
    pub rows_rejected: u64,
    /// Rejected rows by reason code.
    pub rejects_by_reason: BTreeMap<String, u64>,
    /// Size of the source.
    pub bytes_in: u64,
    /// Size of the layer's tiles.
    pub bytes_out: u64,
    /// Size of the layer's `national.parquet`, where there is one.
    pub national_bytes: Option<u64>,
    /// Seconds it took.
    pub seconds: f64,
    /// Number of tiles.
    pub tiles: u64,
    /// Rows in `crossing/`: lines and areas again, once for every further region that they reach into.
    pub rows_crossing: u64,
    /// Links to jurisdictions that no column holds, by polygon set.
    pub links: Vec<LinkCount>,
    /// Shares of its lines and areas in jurisdictions that are too small to be told.
    pub slivers: u64,
    /// Its points on borders, which the lowest code has; once for each polygon set.
    pub ties: u64,
    /// How its rows were located.
    pub located: LocationCounts,
    /// Rows by computed state code; `unassigned` outside every state.
    pub rows_by_state: BTreeMap<String, u64>,
    /// Per field with anything to tell: values turned to null, and why.
    pub fields: BTreeMap<String, FieldCounts>,
    /// Schema fields the source doesn't have.
    pub fields_missing: Vec<String>,
    /// Schema fields that the source has, without a value in any row.
    pub fields_empty: Vec<String>,
    /// What reading has left out or repaired.
    pub repairs: Repairs,
    /// What can't be known of its rows, such as whether all have come; none in reports of earlier versions.
    pub doubts: Vec<String>,
    /// Flags on published rows: code → field → count, those cut from the table included.
    pub flags: BTreeMap<String, BTreeMap<String, u64>>,
    /// Codes of which `quality/flags/<layer>.parquet` holds only the first, in source order.
    pub flags_truncated: Vec<String>,
    /// What the gate said in this run; none where the layer didn't come to it (another failure, `--limit`).
    pub gate: Option<GateReport>,
    /// What the rows' source looked like; none in reports of earlier versions.
    pub profile: Option<SourceProfile>,
    /// What differs from the release before; none where there is nothing to compare with.
    pub changes: Option<LayerChanges>,
    /// Why nothing was compared, where `changes` is none; none in reports of earlier versions.
    pub not_compared: Option<String>,
}

impl LayerReport {
    /// Of a layer of which nothing is known yet.
    pub fn new(id: LayerId, standing: Standing) -> Self {
        Self {
            id,
            standing,
            fingerprint: None,
            unverified: false,
            source: String::new(),
            insecure_tls: false,
            source_sha256: None,
            landed_at: None,
            rows_read: 0,
            rows_written: 0,
            rows_rejected: 0,
            rejects_by_reason: BTreeMap::new(),
            bytes_in: 0,
            bytes_out: 0,
            national_bytes: None,
            seconds: 0.0,
            tiles: 0,
            rows_crossing: 0,
            links: Vec::new(),
            slivers: 0,
            ties: 0,
            located: LocationCounts::default(),
            rows_by_state: BTreeMap::new(),
            fields: BTreeMap::new(),
            fields_missing: vec![],
            fields_empty: vec![],
            repairs: Repairs::default(),
            doubts: vec![],
            flags: BTreeMap::new(),
            flags_truncated: vec![],
            gate: None,
            profile: None,
            changes: None,
            not_compared: None,
        }
    }

    /// Law 1: rows read = rows in tiles + rows rejected.
    ///
    /// ```
    /// use cikr::feature::{LayerId, LayerReport, Standing};
    ///
    /// let mut report = LayerReport::new(LayerId::new("hospitals"), Standing::made());
    /// report.rows_read = 10;
    /// report.rows_written = 9;
    /// assert!(!report.is_conserved(), "a row has gone missing");
    /// report.rows_rejected = 1;
    /// assert!(report.is_conserved());
    /// ```
    pub fn is_conserved(&self) -> bool {
        self.rows_read == self.rows_written + self.rows_rejected
    }

    /// Rows that `quality/flags/<layer>.parquet` must have: of many flags of a code, only the first are kept.
    pub fn kept_flags(&self) -> u64 {
        self.flags
            .values()
            .map(|fields| fields.values().sum::<u64>().min(Flags::KEPT))
            .sum()
    }

    /// How it stands in the release, in a word.
    pub fn status(&self) -> LayerStatus {
        self.standing.status()
    }

    /// Whether its rows are of this run.
    pub fn is_published(&self) -> bool {
        self.status() == LayerStatus::Published
    }

    /// Whether its rows are those of an earlier release.
    pub fn is_carried(&self) -> bool {
        self.status() == LayerStatus::Carried
    }

    /// Whether the release has no rows of it.
    pub fn is_absent(&self) -> bool {
        self.status() == LayerStatus::Absent
    }

    /// Why it failed, where it did.
    ///
    /// ```
    /// use cikr::feature::{LayerId, LayerReport, Standing};
    ///
    /// let reason = "the source is empty".to_owned();
    /// let absent = LayerReport::new(LayerId::new("dams"), Standing::Absent { reason });
    /// assert_eq!(absent.reason(), Some("the source is empty"));
    /// assert_eq!(LayerReport::new(LayerId::new("dams"), Standing::made()).reason(), None);
    /// ```
    pub fn reason(&self) -> Option<&str> {
        match &self.standing {
            Standing::Published { .. } => None,
            Standing::Carried { reason, .. } | Standing::Absent { reason } => Some(reason),
        }
    }

    /// Release its rows were made for, where carried.
    pub fn carried_from(&self) -> Option<&ReleaseId> {
        match &self.standing {
            Standing::Carried { from, .. } => from.as_ref(),
            Standing::Published { .. } | Standing::Absent { .. } => None,
        }
    }

    /// Whole days from that release to the start of the run, where they are known.
    pub fn carried_days(&self) -> Option<i64> {
        match self.standing {
            Standing::Carried { days, .. } => days,
            Standing::Published { .. } | Standing::Absent { .. } => None,
        }
    }

    /// Release its files were made for, where neither source nor plan has changed since.
    pub fn unchanged_since(&self) -> Option<&ReleaseId> {
        match &self.standing {
            Standing::Published { unchanged_since } => unchanged_since.as_ref(),
            Standing::Carried { .. } | Standing::Absent { .. } => None,
        }
    }
}

/// How rows were located.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationCounts {
    /// In a polygon.
    pub within: u64,
    /// Near a polygon.
    pub nearest: u64,
    /// By the largest of several shares. Earlier versions looked up one point of every line and area.
    #[serde(alias = "representative_point")]
    pub overlap: u64,
    /// Not at all.
    pub none: u64,
    /// Claimed county differs from the computed one.
    pub county_mismatch: u64,
    /// Claimed county is the computed one under the codes of another vintage.
    #[serde(default)]
    pub county_succession: u64,
}

impl LocationCounts {
    /// Adds those of further rows.
    pub fn add(&mut self, more: Self) {
        self.within += more.within;
        self.nearest += more.nearest;
        self.overlap += more.overlap;
        self.none += more.none;
        self.county_mismatch += more.county_mismatch;
        self.county_succession += more.county_succession;
    }
}

/// Values of a field that became null, and codes without a meaning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldCounts {
    /// Sentinels of the schema.
    pub sentinel: u64,
    /// Values that don't parse as the field's type.
    pub unparsed: u64,
    /// Codes outside the coded values (the code is kept).
    pub unknown_code: u64,
    /// Values that there are.
    #[serde(default)]
    pub values: u64,
}

impl FieldCounts {
    /// Whether there is something to tell of the field.
    pub fn has_losses(&self) -> bool {
        self.sentinel + self.unparsed + self.unknown_code > 0
    }

    /// Whether none of its values could be read.
    pub fn is_unread(&self) -> bool {
        self.values == 0 && self.unparsed > 0
    }
}

/// A polygon set as joined.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JurisdictionReport {
    /// Id in the pipeline.
    pub id: String,
    /// Vintage of the boundaries.
    pub vintage: String,
    /// Source as the pipeline names it.
    pub source: String,
    /// SHA-256 of the landed source.
    pub source_sha256: String,
    /// Agency the boundaries come from.
    pub agency: String,
    /// Licence of the boundaries.
    pub licence: String,
    /// Polygons indexed.
    pub polygons: u64,
    /// Polygons that can't be used.
    #[serde(default)]
    pub unusable_polygons: u64,
    /// The first of them: row, code, name and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<String>,
    /// Codes that were restored to the digits of their kind.
    #[serde(default)]
    pub restored_codes: u64,
    /// Why the copy that the last release was made with stands in for the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
}
