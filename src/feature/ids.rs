//! Names of layers, regions and rows.
//!
//! LEAF.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::shared_text;

/// Identifier of a layer: lower-case letters, digits and `_`, starting with a letter.
///
/// In reports it is a text like any other; a map by it is asked by a `&str`, too.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use cikr::feature::LayerId;
///
/// let rows = BTreeMap::from([(LayerId::new("dams"), 3)]);
/// assert_eq!(rows.get("dams"), Some(&3));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerId(String);

impl LayerId {
    /// Wraps an identifier that `config` has checked, or that a release tells.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as written in the pipeline.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padded where a table asks for it.
        f.pad(&self.0)
    }
}

impl AsRef<str> for LayerId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for LayerId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Code of the region whose team a tile is for, such as `R06`; `unassigned` outside every region.
///
/// ```
/// use cikr::feature::RegionId;
///
/// assert_eq!(RegionId::new(Some("R06")).as_str(), "R06");
/// assert_eq!(RegionId::new(None).as_str(), "unassigned");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegionId(String);

impl RegionId {
    /// The partition of facilities outside every region.
    pub const UNASSIGNED: &'static str = "unassigned";

    /// Wraps a region code; `None` is the unassigned region.
    pub fn new(code: Option<&str>) -> Self {
        Self(code.unwrap_or(Self::UNASSIGNED).to_owned())
    }

    /// The code as it stands in the path (`region=<code>`).
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a row came from: the source as the pipeline names it, and the row in it.
///
/// `row` is 1-based: the line number of a record in a text file (CSV and newline-delimited
/// GeoJSON, header counted), the position of a feature in a GeoJSON collection, the FID of a
/// GDAL layer (which starts where the format starts it), the position of a row in a Parquet file,
/// the row number of a sheet, the position of a row in a page of an ArcGIS layer.
///
/// ```
/// use cikr::feature::Origin;
///
/// let origin = Origin { source: "sample-data/hospitals.csv".into(), row: 118 };
/// assert_eq!(origin.to_string(), "sample-data/hospitals.csv:118");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The source, such as `sample-data/hospitals.csv` or `schools.gdb.zip/schools.gdb (layer Schools)`.
    #[serde(with = "shared_text")]
    pub source: Arc<str>,
    /// Row in the source.
    pub row: u64,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.row)
    }
}
