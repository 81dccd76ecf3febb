//! The plan: what a run will do, with every default applied and every reference checked.
//!
//! `resolve` turns what people wrote (`spec`) into a `Plan`, or into every mistake at once.
//! May use: `spec`, `feature`. Must not read data, network, clock or environment.

mod base_url;
mod check;
mod csv_geometry;
mod date_formats;
mod dialect;
mod expected;
mod field;
mod format;
mod gate;
mod include;
mod json_schema;
mod key;
mod layer;
mod membership;
mod products;
mod reference;
mod remote;
mod resolve;
mod schema;
mod scheme;
mod scheme_tables;
mod source;
mod tables;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use csv_geometry::CsvGeometry;
pub use date_formats::USUAL_PATTERNS;
pub use dialect::Dialect;
pub use expected::{ALL_STATES, EXPECTED_COLUMNS};
pub use field::{EPOCH_MS, EXCEL_SERIAL};
pub use format::Format;
pub use gate::GatePlan;
pub use include::{fits, fitting};
pub use json_schema::{Written, json_schema};
pub use membership::{FUNCTIONS, LIFELINES, Passage, Standing};
pub use products::ProductName;
pub use reference::{Lifeline, NaicsRule, Reference, Region, Sector, State, longest_prefix};
pub use resolve::{LEAST_MEMORY, Overrides, Variables, load, reference_tables};
pub use scheme::{CriticalFunction, MembershipRule, Scheme, SchemeCell, Subsector};
pub use source::{Access, ArcgisPlan, Credential, HttpPlan, Location, PageFormat, Secret, SourcePlan};

use serde::{Deserialize, Serialize, Serializer};

use crate::feature::{Crs, LayerId, UNVERIFIED};

/// Everything a run needs to know.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Pipeline id.
    pub id: String,
    /// Title for the catalog.
    pub title: String,
    /// Description for the catalog.
    pub description: String,
    /// Store folder, absolute or relative to the working directory.
    pub store: PathBuf,
    /// Releases kept; older ones are removed after a publish.
    pub keep: usize,
    /// Bounds on what comes from outside.
    pub limits: Limits,
    /// Memory for a run, bytes; none where nobody says.
    pub memory_bytes: Option<u64>,
    /// Seconds in which a source behind a server has to be there.
    pub fetch_s: u64,
    /// How tiles are cut and written.
    pub output: Output,
    /// Names of the products to be made.
    pub products: Vec<String>,
    /// Sectors, states, regions, NAICS rules, lifelines.
    #[serde(skip)]
    pub reference: Arc<Reference>,
    /// Polygon sets to join, in pipeline order.
    pub jurisdictions: Vec<JurisdictionPlan>,
    /// Layers, in pipeline order.
    pub layers: Vec<LayerPlan>,
    /// What a reviewer expects to find; none where the pipeline names no such file.
    pub expected: Option<Expectations>,
}

/// Counts that a reviewer expects, per layer and state.
#[derive(Debug, Clone, Serialize)]
pub struct Expectations {
    /// The file, as shown.
    pub shown: String,
    /// Counts that may be other than expected before the exit code says so; none for any number.
    pub unmet: Option<u64>,
    /// Its rows, in its order.
    #[serde(skip)]
    pub counts: Vec<ExpectedCount>,
}

/// Rows that a reviewer expects of a layer in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedCount {
    /// Layer id.
    pub layer: String,
    /// USPS code, `unassigned`, or [`ALL_STATES`] for the layer's total.
    pub state: String,
    /// Least rows.
    pub low: u64,
    /// Most rows; none for no upper bound.
    pub high: Option<u64>,
    /// What the reviewer went by.
    pub source: String,
    /// Day of the review, ISO 8601; none where nobody has reviewed it yet, so that it expects nothing.
    pub reviewed: Option<String>,
}

impl Plan {
    /// Values of the environment that servers are asked with, and what stands for them.
    pub fn secrets(&self) -> Vec<(&Secret, String)> {
        let sets = self.jurisdictions.iter().map(|set| &set.source);
        sets.chain(self.layers.iter().map(|layer| &layer.source))
            .flat_map(SourcePlan::secrets)
            .collect()
    }
}

/// Serialises what is shared as if it were owned.
fn shared<T: Serialize + ?Sized, S: Serializer>(value: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
    (**value).serialize(to)
}

/// Bounds on what comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest record or feature, bytes.
    pub record_bytes: usize,
    /// Rows read, normalised and located at a time.
    pub batch_rows: usize,
    /// Rows to read per layer (`--limit`); none means all.
    pub rows: Option<u64>,
    /// Largest unpacked size of an archive, bytes.
    pub archive_bytes: u64,
    /// Whether a source that isn't read by this project's own code is read in a process of its own.
    pub isolate: bool,
    /// Longest that reading a source in a process of its own may take.
    pub read: Duration,
}

/// How tiles are cut and written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Row ceiling of a tile.
    pub tile_rows: usize,
    /// Row ceiling of a row group.
    pub group_rows: usize,
    /// Rows of a data page.
    pub page_rows: usize,
    /// zstd level.
    pub zstd_level: i32,
    /// Where the store's folder is served, without a slash at the end; `urls.txt` starts there.
    pub base_url: Option<String>,
}

/// A polygon set to join.
#[derive(Debug, Clone, Serialize)]
pub struct JurisdictionPlan {
    /// Id in the pipeline, lower snake case.
    pub id: String,
    /// What it answers.
    pub kind: JurisdictionKind,
    /// Vintage of the boundaries, as written (`2023`).
    pub vintage: String,
    /// Where the polygons are.
    pub source: SourcePlan,
    /// Source field of the code.
    pub code: String,
    /// Source field of the name, if any.
    pub name: Option<String>,
    /// Farthest distance of the nearest-polygon fallback, metres; 0 turns it off.
    pub nearest_m: f64,
    /// Agency the boundaries come from.
    pub agency: String,
    /// Licence of the boundaries.
    pub licence: String,
}

/// What a polygon set answers, and so which columns it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JurisdictionKind {
    /// 2-digit state FIPS → `state_fips`, `state_code`, `region_code`.
    State,
    /// 5-digit county FIPS → `county_fips`, `county_name`.
    County,
    /// 7-digit place GEOID → `place_geoid`.
    Place,
    /// Tribal area code → `tribal_geoid`.
    Tribal,
    /// Any other set → a further column `<id>_code`, after the core columns.
    Other,
}

/// One layer of the run.
#[derive(Debug, Clone, Serialize)]
pub struct LayerPlan {
    /// Layer id.
    pub id: LayerId,
    /// Its schema, resolved.
    #[serde(serialize_with = "shared")]
    pub schema: Arc<LayerSchema>,
    /// Where its rows are.
    pub source: SourcePlan,
    /// Whether its facilities stand in the all-layers inventory `facilities`.
    pub inventory: bool,
    /// Days for which a source date counts as current.
    pub current_days: u32,
    /// What the gate lets through.
    pub gate: GatePlan,
}

/// Geometry family a layer holds; single and multi types are both accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GeometryKind {
    /// Point, MultiPoint.
    Point,
    /// LineString, MultiLineString.
    Line,
    /// Polygon, MultiPolygon.
    Polygon,
}

const UNVERIFIED_ACCOUNT: &str =
    " The schema is unverified: its fields were seen neither in a file nor in a published list.";

/// A layer's schema with every default applied.
#[derive(Debug, Clone, Serialize)]
pub struct LayerSchema {
    /// Schema id: the file's stem.
    pub id: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Agency that owns the layer → `source_agency`.
    pub agency: String,
    /// Licence, SPDX identifier or words.
    pub licence: String,
    /// Where the layer is described.
    pub homepage: Option<String>,
    /// Whether the data are synthetic.
    pub synthetic: bool,
    /// Whether the fields were seen neither in a file nor in a published list.
    pub unverified: bool,
    /// Canonical names of the key fields; their values, joined with `/`, identify a facility.
    pub key: Vec<String>,
    /// Fields that join the key where it repeats, so that its rows are told apart; it stays as it is elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_repeated: Vec<String>,
    /// Whether the last row of those with one key stays, not the first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keeps_last: bool,
    /// Geometry family.
    pub geometry: GeometryKind,
    /// CRS where neither file nor pipeline says; `None` makes that an error.
    pub crs: Option<Crs>,
    /// Share of rows (0 to 1) that may be rejected before the layer fails.
    pub max_rejects: f64,
    /// Handling marking (TLP).
    pub handling: String,
    /// Sector of the layer and how rows refine it.
    pub sector: SectorPlan,
    /// Rows that are no facilities of the layer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<FieldValues>,
    /// Fields, in output order.
    pub fields: Vec<Field>,
}

impl LayerSchema {
    /// The title as catalogs show it: made-up data and unverified schemas say so.
    pub fn label(&self) -> String {
        let notes = [(self.synthetic, "synthetic"), (self.unverified, UNVERIFIED)];
        let notes: Vec<&str> = notes
            .iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, note)| *note)
            .collect();
        if notes.is_empty() {
            self.title.clone()
        } else {
            format!("{} ({})", self.title, notes.join(", "))
        }
    }

    /// The description as catalogs show it: of made-up data it tells the layout alone.
    pub fn account(&self) -> String {
        let layout = if self.synthetic {
            "Made-up data in the layout of: "
        } else {
            ""
        };
        let doubt = if self.unverified { UNVERIFIED_ACCOUNT } else { "" };
        format!("{layout}{}{doubt}", self.description)
    }
}

/// Values of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldValues {
    /// Canonical field to look at.
    pub field: String,
    /// Values that match, compared without case.
    pub equals: Vec<String>,
    /// What values that match begin with, compared without case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
}

impl FieldValues {
    /// Whether a value is one of them.
    ///
    /// ```
    /// let hydro = cikr::plan::FieldValues {
    ///     field: "purposes".to_owned(),
    ///     equals: vec!["power".to_owned()],
    ///     starts_with: vec!["H".to_owned()],
    /// };
    /// assert!(hydro.are("Power") && hydro.are("hcr") && !hydro.are("CH"));
    /// ```
    pub fn are(&self, value: &str) -> bool {
        let begins = |start: &String| {
            value
                .get(..start.len())
                .is_some_and(|value| value.eq_ignore_ascii_case(start))
        };
        self.equals
            .iter()
            .any(|wanted| wanted.eq_ignore_ascii_case(value))
            || self.starts_with.iter().any(begins)
    }
}

/// Sector of a layer, and how its rows refine it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectorPlan {
    /// Sector code, such as `HLPH`.
    pub code: String,
    /// Subsector of every row unless refined.
    pub subsector: Option<String>,
    /// Further sectors of every row.
    pub also: Vec<String>,
    /// FEMA lifeline of every row, `lifeline/component`.
    pub lifeline: Option<String>,
    /// What the row's NAICS code may do.
    pub naics: NaicsUse,
    /// Rules on field values; the first that matches refines the row.
    pub rules: Vec<SectorRule>,
}

/// What a row's NAICS code may do to its sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NaicsUse {
    /// Nothing.
    Ignore,
    /// Gives the subsector where it agrees with the layer's sector, a further sector where it doesn't.
    Refine,
    /// Gives sector and subsector; the layer's stand where no rule matches.
    Decide,
}

/// Refines the rows whose field has one of some values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectorRule {
    /// Values of the rows that it is for.
    #[serde(flatten)]
    pub values: FieldValues,
    /// Sector, if it changes.
    pub code: Option<String>,
    /// Subsector, if it changes.
    pub subsector: Option<String>,
    /// Further sectors.
    pub also: Vec<String>,
    /// Lifeline, if it changes.
    pub lifeline: Option<String>,
}

/// One field of a schema.
///
/// A field whose name is a core column (`name`, `facility_type`, `status`, `naics_code`,
/// `state_code_claimed`, `county_fips_claimed`, `source_date`) fills it; any other is an
/// attribute of the layer's own tiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Canonical name, lower snake case.
    pub name: String,
    /// Source names, most trusted first; compared without case where no exact match exists.
    pub from: Vec<String>,
    /// Type.
    pub kind: FieldKind,
    /// Unit, such as `MW`; empty for none.
    pub unit: Option<String>,
    /// Meaning, for the data dictionary.
    pub description: String,
    /// Values that mean null in this field, compared after trimming, upper and lower case alike.
    pub null: Vec<String>,
    /// Whether a file without this field fails the layer.
    pub required: bool,
    /// Digits to restore by leading zeros to a shorter run of digits.
    pub pad: Option<usize>,
    /// Coded values; the decoded text goes to `decoded`.
    pub codes: Vec<(String, String)>,
    /// Whether a value may be several codes, one behind the other.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_concatenated: bool,
    /// Name of the column with the decoded text, where `codes` is not empty.
    pub decoded: Option<String>,
}

#[cfg(test)]
impl Field {
    /// A field that asks for nothing but its kind.
    pub(crate) fn plain(name: &str, kind: FieldKind, from: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            from: from.iter().map(|name| (*name).to_owned()).collect(),
            kind,
            unit: None,
            description: String::new(),
            null: vec![],
            required: false,
            pad: None,
            codes: vec![],
            is_concatenated: false,
            decoded: None,
        }
    }
}

/// Type of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Utf8.
    Text,
    /// Int64; `12.0` counts as 12, `12.5` does not parse.
    Integer,
    /// Float64.
    Number,
    /// Boolean, from these words (compared without case).
    Boolean {
        /// Words for true.
        truth: Vec<String>,
        /// Words for false.
        falsity: Vec<String>,
    },
    /// Date32, from the first of these patterns that fits (chrono's strftime; `epoch-ms`, `excel-serial`).
    Date {
        /// Patterns, in order.
        formats: Vec<String>,
    },
    /// USPS code of a state or territory, from USPS code, name or 2-digit FIPS code.
    State,
}
