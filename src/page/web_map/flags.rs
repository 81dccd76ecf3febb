//! What of a facility's place is doubtful, as the map filters by it.
//!
//! LEAF. Columns and values are those of the tiles; the bits of `counts` in `map.json` go by the order here.

use arrow_array::{Array, BooleanArray};
use serde_json::{Value, json};

use crate::feature::{FacilityRows, Texts};

/// A doubt that a column tells of.
pub(super) struct MapFlag {
    code: &'static str,
    name: &'static str,
    column: &'static str,
    /// Value that tells of it; none where the column is true.
    word: Option<&'static str>,
    says: &'static str,
}

/// The doubts.
pub(super) const FLAGS: [MapFlag; 4] = [
    MapFlag {
        code: "state",
        name: "Another state claimed",
        column: "is_state_mismatch",
        word: None,
        says: "Its source says another state than the one that it lies in.",
    },
    MapFlag {
        code: "county",
        name: "Another county claimed",
        column: "is_county_mismatch",
        word: None,
        says: "Its source says another county than the one that it lies in.",
    },
    MapFlag {
        code: "nearest",
        name: "Placed by nearness",
        column: "location_method",
        word: Some("nearest"),
        says: "It lies in no polygon of states and counties: those given are the nearest.",
    },
    MapFlag {
        code: "nowhere",
        name: "In no state or county",
        column: "location_method",
        word: Some("none"),
        says: "It lies in no state or county, and near none.",
    },
];

impl MapFlag {
    /// As `map.json` has it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "code": self.code,
            "name": self.name,
            "column": self.column,
            "value": self.word.map_or(json!(true), Value::from),
            "says": self.says,
        })
    }
}

/// The columns that tell of the doubts, looked up once for many rows.
pub(super) struct FlagColumns<'a> {
    by_flag: Vec<FlagColumn<'a>>,
}

enum FlagColumn<'a> {
    Truth(&'a BooleanArray),
    Word(Texts<'a>, &'static str),
    Absent,
}

impl<'a> FlagColumns<'a> {
    pub(super) fn of_rows(rows: &'a FacilityRows) -> Self {
        let by_flag = FLAGS.iter().map(|flag| match flag.word {
            None => rows
                .booleans(flag.column)
                .map_or(FlagColumn::Absent, FlagColumn::Truth),
            Some(word) => {
                let texts = rows.texts(flag.column);
                texts.map_or(FlagColumn::Absent, |texts| FlagColumn::Word(texts, word))
            }
        });
        Self {
            by_flag: by_flag.collect(),
        }
    }

    /// The doubts of a row, a bit each.
    pub(super) fn bits(&self, row: usize) -> i32 {
        let flags = self.by_flag.iter().enumerate();
        flags.fold(0, |bits, (at, flag)| bits | i32::from(flag.is_of(row)) << at)
    }
}

impl FlagColumn<'_> {
    fn is_of(&self, row: usize) -> bool {
        match self {
            Self::Truth(column) => column.is_valid(row) && column.value(row),
            Self::Word(texts, word) => texts.value(row) == Some(*word),
            Self::Absent => false,
        }
    }
}
