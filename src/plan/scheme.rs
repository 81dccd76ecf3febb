//! Rows of the dated sector schemes, of the functions and lifelines beside them, and of the rules that map to them.

use serde::Serialize;

/// A dated sector scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scheme {
    /// Id, such as `2009`.
    pub id: String,
    /// Short title.
    pub title: String,
    /// Document that sets it.
    pub document: String,
    /// Date of the document.
    pub date: String,
    /// Sectors as the document counts them.
    pub sectors: usize,
    /// Agencies that support every sector, with their roles.
    pub supporting_agencies: String,
    /// Source of the row.
    pub source: String,
}

/// A cell of a scheme: a sector, or the part of one that has a lead of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchemeCell {
    /// Scheme id.
    pub scheme: String,
    /// Code, unique within the scheme.
    pub code: String,
    /// Sector as the document spells it.
    pub sector: String,
    /// Part of the sector, where it is split.
    pub part: String,
    /// Name the document's text uses, where it differs from its table.
    pub also_called: String,
    /// Lead agency (sector-specific, later sector risk management agency).
    pub lead_agency: String,
    /// Agencies that support it.
    pub supporting_agencies: String,
    /// Councils the sector has: `SCC`, `GCC`; empty where not recorded.
    pub councils: Vec<String>,
    /// Footnote, to be shown wherever the cell is.
    pub note: String,
    /// Source of the row.
    pub source: String,
}

impl SchemeCell {
    /// Sector, and its part where it is split.
    ///
    /// ```
    /// let tables = cikr::plan::reference_tables("schemas/reference".as_ref()).unwrap();
    /// let meat = tables.cells.iter().find(|cell| cell.code == "FOOD_MEAT").unwrap();
    /// assert_eq!(meat.name(), "Food: Meat and poultry");
    /// ```
    pub fn name(&self) -> String {
        if self.part.is_empty() {
            self.sector.clone()
        } else {
            format!("{}: {}", self.sector, self.part)
        }
    }
}

/// A subsector of today's sectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subsector {
    /// Sector code.
    pub sector: String,
    /// Subsector.
    pub name: String,
    /// Schemes whose sector plans name it.
    pub schemes: Vec<String>,
    /// Whether the word is this project's own.
    pub is_own: bool,
    /// Source of the row.
    pub source: String,
}

/// A National Critical Function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CriticalFunction {
    /// Code of this project.
    pub code: String,
    /// `Connect`, `Distribute`, `Manage` or `Supply`.
    pub area: String,
    /// Function in CISA's words.
    pub name: String,
    /// Source of the row.
    pub source: String,
}

/// What a sector, one of its subsectors or a NAICS prefix in it belongs to in a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MembershipRule {
    /// Scheme id, [`FUNCTIONS`](super::FUNCTIONS) or [`LIFELINES`](super::LIFELINES).
    pub scheme: String,
    /// Sector code of today.
    pub sector: String,
    /// Subsector; empty for any.
    pub subsector: String,
    /// NAICS prefix; empty for any.
    pub prefix: String,
    /// Codes it belongs to, the primary first; empty where there is a reason.
    pub targets: Vec<String>,
    /// Why it belongs to nothing.
    pub reason: String,
    /// Whether it is judged, not read in a document.
    pub is_judged: bool,
    /// Source of the row.
    pub source: String,
}
