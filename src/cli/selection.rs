//! Which rows of a layer, on the command line: what `export` and `query` both ask by.

use clap::Args;

use crate::select::{Asked, Condition, Filter, Window};

/// Which rows are asked for: of each list several values, repeated or with commas.
#[derive(Debug, Args)]
pub(super) struct SelectionFlags {
    /// State: USPS or FIPS code, or name; `unassigned` is outside all
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<String>,
    /// Region: its code; `unassigned` is outside all
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// Sector: its code, or its name (which may hold no comma)
    #[arg(long, value_name = "SECTOR", value_delimiter = ',')]
    sector: Vec<String>,
    /// Window in degrees; west of east is across the antimeridian
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    bbox: Option<Window>,
    /// What a column must be: status=OPEN, beds>=100, name= for rows without one; several must all hold
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    conditions: Vec<Condition>,
    /// What must hold, in CQL2 Text: "beds >= 100 AND NOT (status = 'CLOSED' OR name LIKE '%VA%')"
    #[arg(long, value_name = "CQL2")]
    filter: Option<Filter>,
}

impl SelectionFlags {
    /// What is asked for of some layers.
    pub(super) fn asked(&self, layers: &[String]) -> Asked {
        Asked {
            layers: layers.to_vec(),
            states: self.state.clone(),
            regions: self.region.clone(),
            sectors: self.sector.clone(),
            window: self.bbox,
            conditions: self.conditions.clone(),
            filter: self.filter.clone(),
        }
    }
}
