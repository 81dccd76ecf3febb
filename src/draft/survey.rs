//! What a look through a file has shown: its table, its columns, its geometries.
//!
//! Pure.

use super::column::Column;
use super::crs_evidence::CrsEvidence;
use super::geometry::GeometryTally;
use super::places::{MissingPosition, Places};
use super::rejected::RejectedRows;
use crate::plan::Format;

/// What a look through a file has shown.
#[derive(Debug)]
pub(super) struct Survey {
    /// The file, as the draft names it.
    pub(super) path: String,
    /// Id of the layer.
    pub(super) id: String,
    /// Name of the table, or the file's stem.
    pub(super) name: String,
    /// How to read it.
    pub(super) format: Format,
    /// Whether columns of coordinates were found, in a text file.
    pub(super) has_coordinates: bool,
    /// Columns that hold degrees, minutes or seconds of a coordinate.
    pub(super) parts: Vec<String>,
    /// CRS of the coordinates.
    pub(super) crs: CrsEvidence,
    /// What else is to be known of where the rows are.
    pub(super) remarks: Vec<String>,
    /// Other tables of the file with geometries.
    pub(super) others: Vec<String>,
    /// Columns in source order.
    pub(super) columns: Vec<Column>,
    /// Geometries.
    pub(super) shapes: GeometryTally,
    /// Rows looked at, broken records left out.
    pub(super) rows: u64,
    /// Records that can't be parsed.
    pub(super) broken: u64,
    /// Rows without a position or geometry.
    pub(super) nowhere: u64,
    /// The first of them, where columns should give it one.
    pub(super) first_nowhere: Option<MissingPosition>,
    /// Whether these are not all.
    pub(super) is_partial: bool,
    /// Rows that a key may lose.
    pub(super) most_lost: u64,
    /// Rows that a run would reject, where they have been counted.
    pub(super) rejected: Option<RejectedRows>,
    /// What is to be asked where most rows lie outside the state that they name.
    pub(super) outside: Option<String>,
    /// Where the rows say they are, until one place is chosen.
    pub(super) places: Places,
}
