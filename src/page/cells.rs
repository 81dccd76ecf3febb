//! Facilities by small cells of the globe, for the map.
//!
//! Pure counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Cells per degree: far finer than a dot of the map.
const PER_DEGREE: f64 = 50.0;

/// Facilities per small cell of the globe: all that the map needs of them, whatever their number.
///
/// ```
/// use cikr::page::Cells;
///
/// let mut cells = Cells::default();
/// cells.extend([(-98.001, 31.001), (-98.002, 31.002)]);
/// assert_eq!(serde_json::to_string(&cells)?, r#"{"-4901":[[1550,2]]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Columns", into = "Columns")]
pub struct Cells(BTreeMap<(i32, i32), u64>);

/// Cells as they are kept: by longitude, latitudes and facilities in turn, which is half as long.
#[derive(Serialize, Deserialize)]
struct Columns(BTreeMap<i32, Vec<(i32, u64)>>);

impl From<Columns> for Cells {
    fn from(columns: Columns) -> Self {
        let cells = columns.0.into_iter().flat_map(|(lon, cells)| {
            cells
                .into_iter()
                .map(move |(lat, facilities)| ((lon, lat), facilities))
        });
        Self(cells.collect())
    }
}

impl From<Cells> for Columns {
    fn from(cells: Cells) -> Self {
        let mut columns: BTreeMap<i32, Vec<(i32, u64)>> = BTreeMap::new();
        for ((lon, lat), facilities) in cells.0 {
            columns.entry(lon).or_default().push((lat, facilities));
        }
        Self(columns)
    }
}

impl Extend<(f64, f64)> for Cells {
    /// Counts facilities at longitudes and latitudes, degrees.
    fn extend<P: IntoIterator<Item = (f64, f64)>>(&mut self, places: P) {
        // Sorted and counted by themselves first: facilities of a tile are neighbours, and the map is asked once for a
        // cell, not once for a facility.
        let mut cells: Vec<(i32, i32)> = places
            .into_iter()
            .map(|(lon, lat)| (cell_of(lon), cell_of(lat)))
            .collect();
        cells.sort_unstable();
        let counted = cells
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len() as u64));
        self.add_cells(Self(counted.collect()));
    }
}

impl Cells {
    /// Adds the facilities of others.
    pub(super) fn add_cells(&mut self, mut more: Self) {
        // Sums are the same either way; the smaller goes into the larger.
        if self.0.len() < more.0.len() {
            std::mem::swap(self, &mut more);
        }
        for (cell, n) in more.0 {
            *self.0.entry(cell).or_default() += n;
        }
    }

    /// Middle of each cell, and the facilities in it.
    pub(super) fn middles(&self) -> impl Iterator<Item = (f64, f64, u64)> {
        self.0
            .iter()
            .map(|((lon, lat), n)| (middle_of(*lon), middle_of(*lat), *n))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "degrees times fifty are small")]
fn cell_of(degrees: f64) -> i32 {
    (degrees * PER_DEGREE).floor() as i32
}

fn middle_of(cell: i32) -> f64 {
    (f64::from(cell) + 0.5) / PER_DEGREE
}
