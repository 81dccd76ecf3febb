//! Rejects: rows that can't be used, and why.
//!
//! LEAF. A rejected row never disappears: it is counted, and stands in `rejects/<layer>.parquet`.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use super::ids::Origin;
use super::records::RecordBudget;
use super::spool::{Spool, Spooled};

/// Why a row is kept out of the tiles. The code is stable: it stands in files and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RejectReason {
    /// The key field is null after sentinels.
    NoKey,
    /// An earlier row of the layer has the same key.
    DuplicateKey,
    /// No geometry, or no coordinates.
    NullGeometry,
    /// A geometry without a point.
    EmptyGeometry,
    /// A coordinate that is not a number, or not finite.
    NotANumber,
    /// Longitude or latitude outside ±180 / ±90, or outside the CRS's domain.
    OutOfRange,
    /// Latitude outside ±90 while the swapped pair would be valid.
    SwappedCoordinates,
    /// Geometry that can't be decoded, too few points, or of a type the layer doesn't hold.
    ImpossibleGeometry,
    /// A row that the schema says is no facility of the layer.
    Excluded,
    /// A geometry that states another CRS than its source.
    OtherCrs,
    /// A record that can't be parsed.
    MalformedRecord,
    /// A record over the byte limit.
    RecordTooLong,
}

impl RejectReason {
    /// Stable code, as in `rejects/<layer>.parquet`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::DuplicateKey => "duplicate_key",
            Self::NullGeometry => "null_geometry",
            Self::EmptyGeometry => "empty_geometry",
            Self::NotANumber => "not_a_number",
            Self::OutOfRange => "out_of_range",
            Self::SwappedCoordinates => "swapped_coordinates",
            Self::ImpossibleGeometry => "impossible_geometry",
            Self::Excluded => "excluded",
            Self::OtherCrs => "other_crs",
            Self::MalformedRecord => "malformed_record",
            Self::RecordTooLong => "record_too_long",
        }
    }
}

/// A row kept out of the tiles: it never disappears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Where it came from.
    pub origin: Origin,
    /// Source field, `geometry`, or `record`.
    pub field: String,
    /// The offending value, shortened to 200 characters.
    pub value: String,
    /// Why.
    pub reason: RejectReason,
}

impl Spooled for Reject {
    fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.field.len() + self.value.len()
    }
}

/// The rejects of a layer in the order of its source: counted, and in memory as far as they have room.
#[derive(Debug)]
pub struct Rejects {
    rows: Spool<Reject>,
    by_reason: BTreeMap<RejectReason, u64>,
}

impl Rejects {
    /// None yet.
    pub fn new(room: &RecordBudget) -> Self {
        Self {
            rows: Spool::new(room),
            by_reason: BTreeMap::new(),
        }
    }

    /// Takes those of the next batch, in any order.
    ///
    /// # Errors
    /// When the scratch file can't be written.
    pub fn extend(&mut self, mut batch: Vec<Reject>) -> io::Result<()> {
        // They come check by check, the reader's before those that repeat a key: the source's order is that of its rows.
        batch.sort_by_key(|reject| reject.origin.row);
        for reject in batch {
            *self.by_reason.entry(reject.reason).or_default() += 1;
            self.rows.push(reject)?;
        }
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.by_reason.values().sum()
    }

    /// How many there are that are wrong with the source: rows that a schema excludes are not.
    pub fn count_faults(&self) -> u64 {
        self.count() - self.by_reason.get(&RejectReason::Excluded).copied().unwrap_or(0)
    }

    /// How many there are by reason code.
    pub fn by_reason(&self) -> BTreeMap<String, u64> {
        self.by_reason
            .iter()
            .map(|(reason, rows)| (reason.code().to_owned(), *rows))
            .collect()
    }

    /// All of them, one after the other; an error when the scratch file can't be read.
    pub fn rows(&self) -> impl Iterator<Item = io::Result<Reject>> {
        self.rows.rows()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::feature::scratch_in_memory::Memory;

    #[test]
    fn rejects_are_counted_and_come_back_in_the_order_of_the_source() {
        let mut rejects = Rejects::new(&RecordBudget {
            bytes: 0,
            space: Arc::new(Memory),
        });
        let reject = |row: u64| Reject {
            origin: Origin {
                source: "a.csv".into(),
                row,
            },
            field: "LAT".to_owned(),
            value: "91".to_owned(),
            reason: if row.is_multiple_of(2) {
                RejectReason::OutOfRange
            } else {
                RejectReason::NoKey
            },
        };
        // The reader's come before those that share a key, batch by batch.
        for batch in 0..3 {
            let rows = batch * 4_000..(batch + 1) * 4_000;
            let (even, odd): (Vec<u64>, Vec<u64>) = rows.partition(|row| *row % 2 == 0);
            rejects
                .extend(even.into_iter().chain(odd).map(reject).collect())
                .unwrap();
        }
        let back: Vec<Reject> = rejects.rows().collect::<io::Result<_>>().unwrap();
        assert!(back == (0..12_000).map(reject).collect::<Vec<_>>());
        assert_eq!(rejects.count(), 12_000);
        assert_eq!(rejects.by_reason()["no_key"], 6_000);
    }
}
