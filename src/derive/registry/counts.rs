//! Facilities by the codes of polygon sets and by sector.
//!
//! Pure. What is kept of a tile is a count for each code and sector that it has; the empty text stands for none.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::derive::product::Seen;

/// The column of sectors.
pub(super) const SECTOR: &str = "sector_code";

/// Facilities by sector.
pub(super) type SectorCounts = BTreeMap<String, u64>;

/// What was counted of a layer: by column of codes, then by code, then by sector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LayerCounts(BTreeMap<String, BTreeMap<String, SectorCounts>>);

impl LayerCounts {
    /// Counts rows by these columns; one that a tile of before lacks has no code in any row.
    pub(super) fn of_rows(seen: &Seen<'_>, columns: &[String]) -> Self {
        let sectors = seen.rows.texts(SECTOR);
        let mut counts = Self::default();
        for column in columns {
            let codes = seen.rows.texts(column);
            let mut by_pair: HashMap<(&str, &str), u64> = HashMap::new();
            // Rows lie along a curve: most have the code of the one before, which saves a look-up.
            let mut run = (("", ""), 0);
            for row in 0..seen.rows.num_rows() {
                let code = codes.and_then(|codes| codes.value(row)).unwrap_or_default();
                let sector = sectors.and_then(|sectors| sectors.value(row)).unwrap_or_default();
                if run.0 == (code, sector) {
                    run.1 += 1;
                    continue;
                }
                *by_pair.entry(run.0).or_default() += run.1;
                run = ((code, sector), 1);
            }
            *by_pair.entry(run.0).or_default() += run.1;
            let by_code = counts.0.entry(column.clone()).or_default();
            for ((code, sector), rows) in by_pair.into_iter().filter(|(_, rows)| *rows > 0) {
                by_code
                    .entry(code.to_owned())
                    .or_default()
                    .insert(sector.to_owned(), rows);
            }
        }
        counts
    }

    /// Adds others.
    pub(super) fn add_counts(&mut self, others: &Self) {
        for (column, by_code) in &others.0 {
            let all = self.0.entry(column.clone()).or_default();
            for (code, sectors) in by_code {
                let of_code = all.entry(code.clone()).or_default();
                for (sector, rows) in sectors {
                    *of_code.entry(sector.clone()).or_default() += rows;
                }
            }
        }
    }

    /// Whether these columns were counted.
    pub(super) fn has_columns(&self, columns: &[String]) -> bool {
        columns.iter().all(|column| self.0.contains_key(column))
    }

    /// Facilities by code and sector; the empty code stands for those without one.
    pub(super) fn of_column(&self, column: &str) -> Option<&BTreeMap<String, SectorCounts>> {
        self.0.get(column)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, RecordBatch, StringArray};

    use super::*;
    use crate::feature::{FacilityRows, RegionId};

    #[test]
    fn each_row_counts_once_by_every_column() {
        let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
        let batch = RecordBatch::try_from_iter([
            (
                "sector_code",
                text(vec![Some("DAMS"), Some("DAMS"), None, Some("DAMS")]),
            ),
            (
                "county_fips",
                text(vec![Some("48001"), Some("48001"), Some("48001"), None]),
            ),
        ]);
        let rows = FacilityRows::try_new(batch.unwrap()).unwrap();
        let seen = Seen {
            layer: "dams",
            region: &RegionId::new(Some("R06")),
            ordinal: 0,
            rows: &rows,
            places: None,
            nulls: None,
        };
        let columns = ["county_fips".to_owned(), "place_geoid".to_owned()];
        let mut counts = LayerCounts::of_rows(&seen, &columns);
        counts.add_counts(&counts.clone());
        let counties = counts.of_column("county_fips").unwrap();
        assert_eq!(
            counties["48001"],
            [(String::new(), 2), ("DAMS".to_owned(), 4)].into()
        );
        assert_eq!(counties[""], [("DAMS".to_owned(), 2)].into());
        let places = counts.of_column("place_geoid").unwrap();
        assert_eq!(
            places[""].values().sum::<u64>(),
            8,
            "a column that isn't there has no code"
        );
        assert!(counts.has_columns(&columns) && !counts.has_columns(&["region_code".to_owned()]));
    }
}
