//! A layer's schema, resolved: what its rows are and what its columns mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::field::Field;
use super::field_values::FieldValues;
use super::sector::SectorPlan;
use crate::feature::{Crs, UNVERIFIED};

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

pub(super) const GEOMETRIES: [(&str, GeometryKind); 3] = [
    ("point", GeometryKind::Point),
    ("line", GeometryKind::Line),
    ("polygon", GeometryKind::Polygon),
];

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
    pub fn catalog_title(&self) -> String {
        // Both may hold: made-up rows in a layout that nobody has verified.
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
    pub fn catalog_description(&self) -> String {
        let layout = if self.synthetic {
            "Made-up data in the layout of: "
        } else {
            ""
        };
        let doubt = if self.unverified { UNVERIFIED_ACCOUNT } else { "" };
        format!("{layout}{}{doubt}", self.description)
    }
}

/// Schemas by id; none where the file could not be read.
pub(super) type Schemas = BTreeMap<String, Option<Arc<LayerSchema>>>;
