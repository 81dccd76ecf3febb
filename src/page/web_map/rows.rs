//! Rows of facilities as the map's page counts, finds and places them.
//!
//! Pure.

use arrow_array::Float32Array;

use super::flags::FlagColumns;
use crate::feature::{FacilityRows, Texts};

/// The columns of tiles that are looked at; an older tile may lack some.
pub const MAP_COLUMNS: [&str; 11] = [
    "facility_id",
    "layer",
    "name",
    "sector_code",
    "lifeline",
    "state_code",
    "is_state_mismatch",
    "is_county_mismatch",
    "location_method",
    "handling",
    "bbox",
];

/// The marking that lets everybody see a row (FIRST, Traffic Light Protocol 2.0).
const FOR_EVERYBODY: &str = "TLP:CLEAR";

/// A facility.
#[derive(Debug, Clone, Copy)]
pub struct MapRow<'a> {
    /// `facility_id`.
    pub id: &'a str,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its layer.
    pub layer: &'a str,
    /// Code of its sector.
    pub sector: Option<&'a str>,
    /// Its lifeline, as lifeline/component.
    pub lifeline: Option<&'a str>,
    /// USPS code of its state.
    pub state: Option<&'a str>,
    /// What is doubtful, a bit for each of `FLAGS`.
    pub flags: i32,
    /// Longitude and latitude of the middle of its box, degrees.
    pub at: [f64; 2],
}

/// The rows that a map may show: a page on it is for everybody, and rows above TLP:CLEAR are not.
pub fn map_rows(rows: &FacilityRows) -> impl Iterator<Item = MapRow<'_>> {
    let columns = Columns::of_rows(rows);
    (0..rows.num_rows()).filter_map(move |row| columns.as_ref()?.row(row))
}

/// The columns of many rows, looked up once.
struct Columns<'a> {
    id: Texts<'a>,
    layer: Texts<'a>,
    name: Option<Texts<'a>>,
    sector: Option<Texts<'a>>,
    lifeline: Option<Texts<'a>>,
    state: Option<Texts<'a>>,
    handling: Option<Texts<'a>>,
    flags: FlagColumns<'a>,
    sides: [&'a Float32Array; 4],
}

impl<'a> Columns<'a> {
    /// None where no row can be told from another, or placed.
    fn of_rows(rows: &'a FacilityRows) -> Option<Self> {
        Some(Self {
            id: rows.ids()?,
            layer: rows.texts("layer")?,
            name: rows.names(),
            sector: rows.texts("sector_code"),
            lifeline: rows.texts("lifeline"),
            state: rows.states(),
            handling: rows.texts("handling"),
            flags: FlagColumns::of_rows(rows),
            sides: rows.covering()?,
        })
    }

    fn row(&self, row: usize) -> Option<MapRow<'a>> {
        let value = |texts: Option<Texts<'a>>| texts.and_then(|texts| texts.value(row));
        if value(self.handling).is_some_and(|handling| handling != FOR_EVERYBODY) {
            return None;
        }
        let [west, south, east, north] = self.sides.map(|side| f64::from(side.value(row)));
        Some(MapRow {
            id: self.id.value(row)?,
            layer: self.layer.value(row)?,
            name: value(self.name),
            sector: value(self.sector),
            lifeline: value(self.lifeline),
            state: value(self.state),
            flags: self.flags.bits(row),
            at: [f64::midpoint(west, east), f64::midpoint(south, north)],
        })
    }
}
