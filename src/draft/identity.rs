//! Whether a column is an identifier, by its name and its values.
//!
//! Pure. The names are those of agencies' files.

use super::column::Column;
use super::kind::Kind;
use super::names::{is_coordinate, unit_of};
use super::snake_case::{letters_and_digits, snake_case};
use crate::feature::is_row_number;

/// How well a column serves as a key; lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Called what identifiers are called.
    Identifier,
    /// Ends as their names do.
    NamedLikeOne,
    /// Called a code or a number.
    Code,
    /// Short and unique.
    Unique,
    /// Counts the rows, and is called an identifier.
    Counter,
    /// Long and unique.
    Words,
    /// Whole numbers, unique and in no order.
    Number,
    /// Counts the rows.
    RunningNumber,
    /// Numbered anew whenever the file is made.
    Unstable,
}

const IDENTIFIERS: [&str; 17] = [
    "id",
    "permanentidentifier",
    "globalid",
    "uniqueid",
    "facilityid",
    "guid",
    "uuid",
    "geoid",
    "nidid",
    "ncesid",
    "ipedsid",
    "plantcode",
    "registryid",
    "api",
    "npi",
    "ccn",
    "icao",
];

/// How well a column would do that loses `lost` rows; `None` where it can't be a key.
pub(super) fn key_rank(column: &Column, kind: &Kind, lost: u64) -> Option<Rank> {
    if is_excluded(column, kind) {
        return None;
    }
    let rank = match &column.name {
        // Of 11,989 power plants that two releases of 2023 share by their plant code, none has the same OBJECTID
        // in both.
        name if is_row_number(name) => Rank::Unstable,
        name if column.is_running_number() && (is_identifier(name) || is_named_like_one(name)) => {
            Rank::Counter
        }
        _ if column.is_running_number() => Rank::RunningNumber,
        name if is_identifier(name) => Rank::Identifier,
        name if is_named_like_one(name) => Rank::NamedLikeOne,
        name if is_named_code(name) && column.is_code_like => Rank::Code,
        // Without a name that says so, a measure may be unique by chance.
        _ if lost > 0 => return None,
        _ if column.is_code_like && column.lengths.1 <= 20 && *kind == Kind::Text => Rank::Unique,
        name if *kind == Kind::Integer => {
            return (!is_measure(name)).then_some(if is_of_one_length(column) {
                Rank::Unique
            } else {
                Rank::Number
            });
        }
        _ if column.lengths.1 <= 80 => Rank::Words,
        _ => return None,
    };
    Some(rank)
}

/// Whether numbers are all of one length, as those that somebody gives out are; counts and measures are small and large.
fn is_of_one_length(column: &Column) -> bool {
    const LEAST: usize = 4;
    column.lengths.0 == column.lengths.1 && column.lengths.0 >= LEAST
}

/// Whether a column is called a count or a measure, which may be unique by chance: `BEDS`, `ELEV_FT`, `TOTAL_POP`.
pub(super) fn is_measure(name: &str) -> bool {
    const WORDS: [&str; 44] = [
        "acreage",
        "amount",
        "area",
        "average",
        "avg",
        "beds",
        "capacity",
        "cap",
        "cost",
        "count",
        "depth",
        "distance",
        "elev",
        "elevation",
        "employees",
        "enrollment",
        "flow",
        "generation",
        "height",
        "length",
        "load",
        "max",
        "mean",
        "min",
        "mileage",
        "output",
        "population",
        "pop",
        "power",
        "pressure",
        "rate",
        "size",
        "speed",
        "staff",
        "storage",
        "students",
        "sum",
        "teachers",
        "total",
        "ttl",
        "value",
        "volume",
        "width",
        "year",
    ];
    let name = snake_case(name);
    unit_of(&format!("_{name}")).is_some() || name.split('_').any(|word| WORDS.contains(&word))
}

/// Whether a column can be no part of a key.
pub(super) fn is_excluded(column: &Column, kind: &Kind) -> bool {
    let name = letters_and_digits(&column.name);
    let is_kind = matches!(kind, Kind::Date(_) | Kind::Boolean | Kind::Number);
    // A state that isn't one becomes null, and a key with it.
    let is_misfit = *kind == Kind::State && column.states < column.values;
    let is_contact = ["phone", "fax", "website", "email", "url"]
        .iter()
        .any(|part| name.contains(part));
    column.values == 0 || is_kind || is_misfit || is_contact || is_coordinate(&column.name)
}

/// Whether a column is numbered anew whenever the file is made: a number that few rows share.
pub(super) fn is_unstable(column: &Column) -> bool {
    let is_counter = column.is_running_number() && column.distinct.count() * 2 > column.values;
    is_row_number(&column.name) || is_counter
}

pub(super) fn is_part_by_name(column: &Column) -> bool {
    const WORDS: [&str; 9] = [
        "unit", "line", "seq", "sequence", "location", "segment", "part", "chamber", "version",
    ];
    let name = &column.name;
    let is_word = snake_case(name).split('_').any(|word| WORDS.contains(&word));
    (is_identifier(name) || is_named_like_one(name) || is_named_code(name) || is_word) && column.is_code_like
}

pub(super) fn is_identifier(name: &str) -> bool {
    IDENTIFIERS.contains(&letters_and_digits(name).as_str())
}

pub(super) fn is_named_like_one(name: &str) -> bool {
    let squeezed = letters_and_digits(name);
    squeezed.ends_with("id") || squeezed.ends_with("identifier") || squeezed.ends_with("key")
}

pub(super) fn is_named_code(name: &str) -> bool {
    const WORDS: [&str; 6] = ["code", "number", "num", "no", "callsign", "siteno"];
    snake_case(name).split('_').any(|word| WORDS.contains(&word))
        || letters_and_digits(name).ends_with("code")
}
