//! Flags: what is doubtful about a row that is published all the same.
//!
//! LEAF. A reject keeps a row out; a flag stands beside one. Neither changes the other: the rows of
//! a tile are the same whether anybody looks at the flags or not.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ids::Origin;
use super::records::RecordBudget;
use super::spool::{self, Spool, Spooled};

/// Why a published row is doubtful. The code is stable: it stands in files and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FlagCode {
    /// A moment in scientific notation: a spreadsheet took its last digits.
    MangledDate,
    /// A spreadsheet's day count in a field that doesn't declare `excel-serial`.
    ExcelSerialDate,
    /// A moment in scientific notation that can only have been one midnight, as every one of its column.
    RecoveredDate,
    /// Day zero of OLE, DBF and spreadsheets (1899-12-30, 1900-01-00, 0000-00-00): no date at all.
    ZeroDate,
    /// A date after 2100.
    FutureDate,
    /// A date before 1700.
    ImplausibleDate,
    /// A value that isn't of its field's type.
    Unparsed,
    /// A code outside the field's coded values.
    UnknownCode,
    /// A code that `pad` rebuilt.
    RestoredZeros,
    /// Control or invisible characters inside a text, left out or replaced by a space.
    RepairedText,
    /// A name that says only that there is none.
    PlaceholderName,
    /// Two statements of the same row that can't both be true.
    SelfContradiction,
    /// A coordinate of exactly zero.
    ZeroCoordinate,
    /// A point outside the claimed state, which would lie in it with coordinates exchanged or negated.
    MisplacedCoordinates,
    /// Another facility of the layer stands at exactly the same point.
    SharedCoordinates,
    /// The row's NAICS code belongs to another sector than the layer.
    NaicsDisagrees,
    /// The claimed county is not the computed one.
    CountyMismatch,
    /// The claimed county is the computed one, spelt otherwise.
    CountySpelling,
    /// The claimed state is not the computed one.
    StateMismatch,
    /// The polygons of states and counties put the row in two states.
    BoundariesDisagree,
    /// A polygon that can't be used may hold the row.
    BoundaryMissing,
    /// Rings of an area cross so often that it can't be shared out among jurisdictions.
    TangledShape,
}

impl FlagCode {
    /// Every code, in the order they are told in.
    pub const ALL: [Self; 22] = [
        Self::MangledDate,
        Self::RecoveredDate,
        Self::ExcelSerialDate,
        Self::ZeroDate,
        Self::FutureDate,
        Self::ImplausibleDate,
        Self::Unparsed,
        Self::UnknownCode,
        Self::RestoredZeros,
        Self::RepairedText,
        Self::PlaceholderName,
        Self::SelfContradiction,
        Self::ZeroCoordinate,
        Self::MisplacedCoordinates,
        Self::SharedCoordinates,
        Self::NaicsDisagrees,
        Self::CountyMismatch,
        Self::CountySpelling,
        Self::StateMismatch,
        Self::BoundariesDisagree,
        Self::BoundaryMissing,
        Self::TangledShape,
    ];

    /// Stable code, as in `quality/flags/<layer>.parquet`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MangledDate => "mangled_date",
            Self::RecoveredDate => "recovered_date",
            Self::ExcelSerialDate => "excel_serial_date",
            Self::ZeroDate => "zero_date",
            Self::FutureDate => "future_date",
            Self::ImplausibleDate => "implausible_date",
            Self::Unparsed => "unparsed",
            Self::UnknownCode => "unknown_code",
            Self::RestoredZeros => "restored_zeros",
            Self::RepairedText => "repaired_text",
            Self::PlaceholderName => "placeholder_name",
            Self::SelfContradiction => "self_contradiction",
            Self::ZeroCoordinate => "zero_coordinate",
            Self::MisplacedCoordinates => "misplaced_coordinates",
            Self::SharedCoordinates => "shared_coordinates",
            Self::NaicsDisagrees => "naics_disagrees",
            Self::CountyMismatch => "county_mismatch",
            Self::CountySpelling => "county_spelling",
            Self::StateMismatch => "state_mismatch",
            Self::BoundariesDisagree => "boundaries_disagree",
            Self::BoundaryMissing => "boundary_missing",
            Self::TangledShape => "tangled_shape",
        }
    }

    /// What the row has, and what became of the value.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::MangledDate => {
                "a moment in scientific notation (`1.25539E+12`), its last digits lost: null"
            }
            Self::RecoveredDate => {
                "such a moment that can only have been one midnight in UTC, as every one of its column can: that day"
            }
            Self::ExcelSerialDate => "a spreadsheet's day count (`39845`) where a date should be: null",
            Self::ZeroDate => "day zero of OLE, DBF or a spreadsheet (`1899-12-30`, `0000-00-00`): null",
            Self::FutureDate => "a date after the year 2100: null",
            Self::ImplausibleDate => "a date before the year 1700: null",
            Self::Unparsed => "a value that is not of its field's type: null",
            Self::UnknownCode => "a code outside the coded values: the code stays, its meaning is null",
            Self::RestoredZeros => "a code that lost leading zeros or was printed as a number: rebuilt",
            Self::RepairedText => "control or invisible characters inside a text: left out, or a space",
            Self::PlaceholderName => "a name such as UNKNOWN107655 that says there is none: as it is",
            Self::SelfContradiction => "two statements that can't both be true: both as they are",
            Self::ZeroCoordinate => "a coordinate of exactly 0, which is often no coordinate: as it is",
            Self::MisplacedCoordinates => {
                "a point outside the claimed state that lies in it once x and y are exchanged or negated: as it is"
            }
            Self::SharedCoordinates => "exactly the point of another facility of the layer: as it is",
            Self::NaicsDisagrees => "a NAICS code of another sector than the layer's: as it is",
            Self::CountyMismatch => "a claimed county other than the computed one: both as they are",
            Self::CountySpelling => {
                "a claimed county that is the computed one, spelt otherwise: both as they are"
            }
            Self::StateMismatch => "a claimed state other than the computed one: both as they are",
            Self::BoundariesDisagree => {
                "a point in one state by the states' polygons, in another by the counties': both as they are"
            }
            Self::BoundaryMissing => {
                "a point near a polygon that can't be used, and in no other: no code of that kind"
            }
            Self::TangledShape => {
                "an area whose own rings cross too often to be shared out: placed by its first vertex, geometry as it is"
            }
        }
    }
}

/// A flag on a row of a batch, before the batch knows its facilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFlag {
    /// Index of the row in its batch.
    pub index: usize,
    /// Canonical field, or `geometry`.
    pub field: String,
    /// The value in the source's words, shortened.
    pub value: String,
    /// What is doubtful.
    pub code: FlagCode,
    /// What it is against, or was made into.
    pub detail: String,
}

/// A flag on a published facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// Where the row came from.
    pub origin: Origin,
    /// `<layer>:<key>`.
    pub facility_id: String,
    /// Canonical field, or `geometry`.
    pub field: String,
    /// The value in the source's words, shortened.
    pub value: String,
    /// What is doubtful.
    pub code: FlagCode,
    /// What it is against, or was made into.
    pub detail: String,
}

impl Spooled for Flag {
    fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.facility_id.len() + self.field.len() + self.value.len() + self.detail.len()
    }
}

/// The flags of a layer in the order of its source: each counted, and of each code the first [`Flags::KEPT`] kept, in
/// memory as far as they have room.
#[derive(Debug)]
pub struct Flags {
    kept: Spool<Flag>,
    kept_of: BTreeMap<FlagCode, u64>,
    counts: BTreeMap<FlagCode, BTreeMap<String, u64>>,
}

impl Flags {
    /// Flags kept per code: more would let one bad column outgrow the layer.
    pub const KEPT: u64 = 100_000;

    /// None yet.
    pub fn new(room: &RecordBudget) -> Self {
        Self {
            kept: Spool::new(room),
            kept_of: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Takes those of the next batch, in any order: counts each, and keeps it if its code has room.
    ///
    /// # Errors
    /// When the scratch file can't be written.
    pub fn extend(&mut self, mut batch: Vec<Flag>) -> io::Result<()> {
        // Before any is kept: which are the first of their code must not depend on the order in which the checks ran.
        // The sort is stable, so that flags which are alike stay as they came.
        batch.sort_by(|a, b| a.order_key().cmp(&b.order_key()));
        for flag in batch {
            self.count(flag.code, &flag.field, 1);
            if self.has_room(flag.code) {
                *self.kept_of.entry(flag.code).or_default() += 1;
                self.kept.push(flag)?;
            }
        }
        Ok(())
    }

    /// Whether a further flag of this code would be kept.
    pub fn has_room(&self, code: FlagCode) -> bool {
        self.kept_of.get(&code).is_none_or(|kept| *kept < Self::KEPT)
    }

    /// Counts flags that are not kept, or elsewhere.
    pub fn count(&mut self, code: FlagCode, field: &str, rows: u64) {
        if rows == 0 {
            return;
        }
        // `entry` would copy the field's name for each flag; there are as many flags as rows where a column is bad.
        let fields = self.counts.entry(code).or_default();
        match fields.get_mut(field) {
            Some(count) => *count += rows,
            None => drop(fields.insert(field.to_owned(), rows)),
        }
    }

    /// The kept flags and `later` ones, which are in order too, in the order of their sources and rows, then of their
    /// codes; an error when the scratch file can't be read.
    pub fn merged_with(&self, later: impl Iterator<Item = Flag>) -> impl Iterator<Item = io::Result<Flag>> {
        // Sources are read in the order of their names.
        spool::in_order(self.kept.rows(), later, |flag| {
            (Arc::clone(&flag.origin.source), flag.origin.row, flag.code)
        })
    }

    /// Number of flags by code and field, those that weren't kept included.
    pub fn counts(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.counts
            .iter()
            .map(|(code, fields)| (code.code().to_owned(), fields.clone()))
            .collect()
    }
}

impl Flag {
    /// What the flags of a batch, which is of one source, are in order of.
    fn order_key(&self) -> (u64, FlagCode, &str) {
        (self.origin.row, self.code, &self.field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::scratch_in_memory::Memory;

    fn flag(row: u64, code: FlagCode, field: &str) -> Flag {
        Flag {
            origin: Origin {
                source: "a.csv".into(),
                row,
            },
            facility_id: format!("a:{row}"),
            field: field.to_owned(),
            value: String::new(),
            code,
            detail: String::new(),
        }
    }

    #[test]
    fn codes_are_distinct_words() {
        let codes: std::collections::BTreeSet<&str> = FlagCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(codes.len(), FlagCode::ALL.len());
        assert!(
            codes
                .iter()
                .all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        );
    }

    #[test]
    fn each_flag_is_counted_and_the_first_of_each_code_are_kept() {
        for bytes in [0, usize::MAX] {
            let mut flags = Flags::new(&RecordBudget {
                bytes,
                space: Arc::new(Memory),
            });
            let zeros = |row: u64| {
                flag(
                    row,
                    FlagCode::RestoredZeros,
                    if row.is_multiple_of(2) { "zip" } else { "fips" },
                )
            };
            // Of each batch the last comes first.
            for start in (0..Flags::KEPT + 5).step_by(999) {
                let end = (start + 999).min(Flags::KEPT + 5);
                flags.extend((start..end).rev().map(zeros).collect()).unwrap();
            }
            flags.count(FlagCode::SharedCoordinates, "geometry", 1);
            let counts = flags.counts();
            assert_eq!(counts["restored_zeros"].values().sum::<u64>(), Flags::KEPT + 5);
            assert_eq!(counts["shared_coordinates"]["geometry"], 1);
            let shared = flag(3, FlagCode::SharedCoordinates, "geometry");
            let kept: Vec<Flag> = flags
                .merged_with([shared.clone()].into_iter())
                .collect::<io::Result<_>>()
                .unwrap();
            assert_eq!(kept.len() as u64, Flags::KEPT + 1);
            assert_eq!(kept[4], shared, "after its row's other flag");
            assert_eq!(kept.last().map(|flag| flag.origin.row), Some(Flags::KEPT - 1));
        }
    }
}
